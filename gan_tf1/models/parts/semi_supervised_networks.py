"""The networks of `semi_supervised_svhn.py`, and which of the chapter's errors they keep."""

from typing import NamedTuple

from gan_tf1.layers import fresh_dropout
from gan_tf1.tf1 import tf

NUM_CLASSES = 10


class Net(NamedTuple):
    """What the printed discriminator does, field by field; ../README.md describes each error."""
    relu2_skips_bn2: bool = True
    dropout_never_fires: bool = True
    x6: str = "dead"                # or "deleted", as its authors did, or "stride 1": it takes part
    test_statistics: str = "batch"  # as the setting of this name


VARIANTS = {
    "as_printed": Net(),
    "corrected": Net(relu2_skips_bn2=False, dropout_never_fires=False, x6="deleted", test_statistics="dropout_off"),
    # As printed except for one error, to see what that error costs.
    "mend_bn2": Net(relu2_skips_bn2=False),
    "mend_dropout": Net(dropout_never_fires=False),
    "mend_test_statistics": Net(test_statistics="dropout_off"),
    "revive_x6": Net(x6="stride 1"),
}


def net_of(config):
    """The `Net` of `config.variant`, with the test statistics that `config` asks for."""
    net = VARIANTS[config.variant]
    return (net if config.test_statistics == "of_variant" else
            net._replace(test_statistics=config.test_statistics))


def generator(z, output_dim, reuse=False, alpha=0.2, training=True, size_mult=128):
    """Noise [B, z] to images [B, 32, 32, output_dim] in (-1, 1)."""
    with tf.variable_scope("generator", reuse=reuse):
        x1 = tf.layers.dense(z, 4 * 4 * size_mult * 4)              # [B,100] -> [B,2048]
        x1 = tf.reshape(x1, (-1, 4, 4, size_mult * 4))              # -> [B,4,4,128]
        x1 = tf.layers.batch_normalization(x1, training=training)
        x1 = tf.maximum(alpha * x1, x1)

        x2 = tf.layers.conv2d_transpose(x1, size_mult * 2, 5, strides=2, padding="same")  # -> [B,8,8,64]
        x2 = tf.layers.batch_normalization(x2, training=training)
        x2 = tf.maximum(alpha * x2, x2)

        x3 = tf.layers.conv2d_transpose(x2, size_mult, 5, strides=2, padding="same")      # -> [B,16,16,32]
        x3 = tf.layers.batch_normalization(x3, training=training)
        x3 = tf.maximum(alpha * x3, x3)

        logits = tf.layers.conv2d_transpose(x3, output_dim, 5, strides=2, padding="same")  # -> [B,32,32,3]
        return tf.tanh(logits)


def discriminator(x, reuse=False, alpha=0.2, drop_rate=0., num_classes=NUM_CLASSES, size_mult=64,
                  extra_class=1, net=Net(), training=True, number=0):
    """Images [B, 32, 32, 3] in [-1, 1] to `(out, class_logits, gan_logits, features)`.

    out: probabilities [B, num_classes + extra_class]; class_logits: their logits;
    gan_logits [B]: P(real) = sigmoid(gan_logits); features [B, 2 * size_mult].
    `training=False` normalizes with moving averages; it is for the test images of a `net` that has
    collected such averages. Passes with different `number` drop different units.
    """
    def conv2d(x, filters, strides=1, padding="same"):
        return tf.layers.conv2d(x, filters, 3, strides=strides, padding=padding)

    def batch_normalization(x):
        return tf.layers.batch_normalization(x, training=training)

    def leaky(x):
        return tf.maximum(alpha * x, x)

    def dropout(x, rate, layer):
        if net.dropout_never_fires:
            return tf.layers.dropout(x, rate=rate)  # its `training` is False by default
        return fresh_dropout(x, rate, number=10 * number + layer)

    with tf.variable_scope("discriminator", reuse=reuse):
        x = dropout(x, drop_rate / 2.5, 0)

        x1 = conv2d(x, size_mult, strides=2)                                # -> [B,16,16,64]
        relu1 = dropout(leaky(x1), drop_rate, 1)

        x2 = conv2d(relu1, size_mult, strides=2)                            # -> [B,8,8,64]
        bn2 = batch_normalization(x2)
        relu2 = leaky(x2 if net.relu2_skips_bn2 else bn2)

        x3 = conv2d(relu2, size_mult, strides=2)                            # -> [B,4,4,64]
        bn3 = batch_normalization(x3)
        relu3 = dropout(leaky(bn3), drop_rate, 3)

        x4 = conv2d(relu3, 2 * size_mult)                                   # -> [B,4,4,128]
        bn4 = batch_normalization(x4)
        relu4 = leaky(bn4)

        x5 = conv2d(relu4, 2 * size_mult)                                   # -> [B,4,4,128]
        bn5 = batch_normalization(x5)
        relu5 = leaky(bn5)

        if net.x6 != "deleted":
            # The printed stride of 2 leaves a map of 2 x 2, too small for x7's kernel of 3 x 3.
            stride = 2 if net.x6 == "dead" else 1
            x6 = conv2d(relu5, 2 * size_mult, strides=stride)               # -> [B,2,2,128] or
            bn6 = batch_normalization(x6)                                   #    [B,4,4,128]
            relu6 = dropout(leaky(bn6), drop_rate, 6)

        x7 = conv2d(relu6 if net.x6 == "stride 1" else relu5, 2 * size_mult,
                    padding="valid")                                        # -> [B,2,2,128]
        # No batch norm here: the features of data and of samples would have the same mean, and
        # feature matching would have nothing to match.
        relu7 = leaky(x7)

        features = tf.reduce_mean(relu7, axis=(1, 2))                       # -> [B,128]

        class_logits = tf.layers.dense(features, num_classes + extra_class)  # -> [B,11]
        out = tf.nn.softmax(class_logits)
        gan_logits = real_against_fake(class_logits, num_classes)
        return out, class_logits, gan_logits, features


def real_against_fake(class_logits, num_classes=NUM_CLASSES):
    """gan_logits [B] of class_logits [B, num_classes + extra_class].

    With l the logits of the softmax,

        P(real) = sum_real exp(l) / (sum_real exp(l) + exp(l_fake)) = sigmoid(gan_logits)
        gan_logits = log sum_real exp(l) - l_fake

    Without a fake class l_fake is 0, since one logit of a softmax is redundant.
    """
    real_class_logits = class_logits[:, :num_classes]
    fake_class_logits = tf.reduce_sum(class_logits[:, num_classes:], axis=1)  # 0 if there is none

    # log sum exp(l) = m + log sum exp(l - m) for any m. If m is the largest l, no exp overflows and
    # one of them is exp(0), so the log is finite; m may be treated as constant in the gradient.
    m = tf.stop_gradient(tf.reduce_max(real_class_logits, axis=1, keepdims=True))
    log_sum_exp = tf.squeeze(m, 1) + tf.log(tf.reduce_sum(tf.exp(real_class_logits - m), axis=1))
    return log_sum_exp - fake_class_logits
