"""The losses of TF-GAN: of tensors (`tfgan.losses.wargs`), and of models (`tfgan.losses`)."""

import functools
import inspect

from gan_tf1.tf1 import tf

MEAN = "weighted_sum_by_nonzero_weights"  # tf.losses.Reduction.SUM_BY_NONZERO_WEIGHTS


def _weighted(loss, weights, collection, reduction, summary=None):
    loss = tf.losses.compute_weighted_loss(loss, weights, None, collection, reduction)
    if summary:
        tf.summary.scalar(summary, loss)
    return loss


def wasserstein_generator_loss(discriminator_gen_outputs, weights=1.0, scope=None,
                               loss_collection="losses", reduction=MEAN, add_summaries=False):
    """-D(G(z))."""
    with tf.name_scope(scope, "generator_wasserstein_loss"):
        return _weighted(-discriminator_gen_outputs, weights, loss_collection, reduction,
                         add_summaries and "generator_wass_loss")


def wasserstein_discriminator_loss(
        discriminator_real_outputs, discriminator_gen_outputs, real_weights=1.0,
        generated_weights=1.0, scope=None, loss_collection="losses", reduction=MEAN,
        add_summaries=False):
    """D(G(z)) - D(x)."""
    with tf.name_scope(scope, "discriminator_wasserstein_loss"):
        loss = (_weighted(discriminator_gen_outputs, generated_weights, None, reduction)
                - _weighted(discriminator_real_outputs, real_weights, None, reduction))
        return _kept(loss, loss_collection, add_summaries and "discriminator_wass_loss")


def _kept(loss, collection, summary):
    if collection:
        tf.losses.add_loss(loss, collection)
    if summary:
        tf.summary.scalar(summary, loss)
    return loss


def minimax_discriminator_loss(
        discriminator_real_outputs, discriminator_gen_outputs, label_smoothing=0.25,
        real_weights=1.0, generated_weights=1.0, scope=None, loss_collection="losses",
        reduction=MEAN, add_summaries=False):
    """-log D(x) - log(1 - D(G(z))), for logits, with smoothed labels for real data."""
    with tf.name_scope(scope, "discriminator_minimax_loss"):
        real = tf.losses.sigmoid_cross_entropy(
            tf.ones_like(discriminator_real_outputs), discriminator_real_outputs, real_weights,
            label_smoothing, loss_collection=None, reduction=reduction)
        fake = tf.losses.sigmoid_cross_entropy(
            tf.zeros_like(discriminator_gen_outputs), discriminator_gen_outputs,
            generated_weights, loss_collection=None, reduction=reduction)
        return _kept(real + fake, loss_collection,
                     add_summaries and "discriminator_minimax_loss")


modified_discriminator_loss = minimax_discriminator_loss


def minimax_generator_loss(discriminator_gen_outputs, label_smoothing=0.0, weights=1.0, scope=None,
                           loss_collection="losses", reduction=MEAN, add_summaries=False):
    """log(1 - D(G(z))), as the negative loss of the discriminator."""
    with tf.name_scope(scope, "generator_minimax_loss"):
        loss = -minimax_discriminator_loss(
            tf.ones_like(discriminator_gen_outputs), discriminator_gen_outputs, label_smoothing,
            weights, weights, loss_collection=None, reduction=reduction)
        return _kept(loss, loss_collection, add_summaries and "generator_minimax_loss")


def modified_generator_loss(discriminator_gen_outputs, label_smoothing=0.0, weights=1.0,
                            scope=None, loss_collection="losses", reduction=MEAN,
                            add_summaries=False):
    """-log D(G(z)), for logits."""
    with tf.name_scope(scope, "generator_modified_loss"):
        loss = tf.losses.sigmoid_cross_entropy(
            tf.ones_like(discriminator_gen_outputs), discriminator_gen_outputs, weights,
            label_smoothing, None, loss_collection, reduction)
        return _kept(loss, None, add_summaries and "generator_modified_loss")


def least_squares_generator_loss(discriminator_gen_outputs, real_label=1, weights=1.0, scope=None,
                                 loss_collection="losses", reduction=MEAN, add_summaries=False):
    """(D(G(z)) - real_label)² / 2."""
    with tf.name_scope(scope, "lsq_generator_loss"):
        return _weighted(0.5 * tf.squared_difference(discriminator_gen_outputs, real_label),
                         weights, loss_collection, reduction,
                         add_summaries and "generator_lsq_loss")


def least_squares_discriminator_loss(
        discriminator_real_outputs, discriminator_gen_outputs, real_label=1, fake_label=0,
        real_weights=1.0, generated_weights=1.0, scope=None, loss_collection="losses",
        reduction=MEAN, add_summaries=False):
    """((D(x) - real_label)² + (D(G(z)) - fake_label)²) / 2."""
    with tf.name_scope(scope, "lsq_discriminator_loss"):
        real, fake = (
            _weighted(0.5 * tf.squared_difference(outputs, label), weights, None, reduction)
            for outputs, label, weights in (
                (discriminator_real_outputs, real_label, real_weights),
                (discriminator_gen_outputs, fake_label, generated_weights)))
        return _kept(real + fake, loss_collection, add_summaries and "discriminator_lsq_loss")


def acgan_discriminator_loss(
        discriminator_real_classification_logits, discriminator_gen_classification_logits,
        one_hot_labels, label_smoothing=0.0, real_weights=1.0, generated_weights=1.0, scope=None,
        loss_collection="losses", reduction=MEAN, add_summaries=False):
    """The cross-entropy of the classes of real and of generated data."""
    with tf.name_scope(scope, "acgan_discriminator_loss"):
        real, fake = (
            tf.losses.softmax_cross_entropy(one_hot_labels, logits, weights, label_smoothing,
                                            loss_collection=None, reduction=reduction)
            for logits, weights in (
                (discriminator_real_classification_logits, real_weights),
                (discriminator_gen_classification_logits, generated_weights)))
        return _kept(real + fake, loss_collection, add_summaries and "discriminator_ac_loss")


def acgan_generator_loss(discriminator_gen_classification_logits, one_hot_labels, weights=1.0,
                         scope=None, loss_collection="losses", reduction=MEAN,
                         add_summaries=False):
    """The cross-entropy of the classes of generated data."""
    with tf.name_scope(scope, "acgan_generator_loss"):
        return tf.losses.softmax_cross_entropy(
            one_hot_labels, discriminator_gen_classification_logits, weights,
            loss_collection=loss_collection, reduction=reduction)


def wasserstein_gradient_penalty(
        real_data, generated_data, generator_inputs, discriminator_fn, discriminator_scope,
        epsilon=1e-10, target=1.0, one_sided=False, weights=1.0, scope=None,
        loss_collection="losses", reduction=MEAN, add_summaries=False):
    """(|gradient of D| / target - 1)², between real and generated data."""
    with tf.name_scope(scope, "wasserstein_gradient_penalty"):
        differences = generated_data - real_data
        rank = differences.shape.ndims
        count = differences.shape[0].value or tf.shape(differences)[0]
        alpha = tf.random_uniform([count] + [1] * (rank - 1))
        between = real_data + alpha * differences
        with tf.name_scope(None), tf.variable_scope(discriminator_scope, reuse=True):
            outputs = discriminator_fn(between, generator_inputs)
        if isinstance(outputs, tuple):
            outputs = outputs[0]
        [gradients] = tf.gradients(outputs, between)
        slopes = tf.sqrt(tf.reduce_sum(tf.square(gradients), list(range(1, rank))) + epsilon)
        penalties = slopes / target - 1.0
        if one_sided:
            penalties = tf.maximum(0.0, penalties)
        return _weighted(tf.square(penalties), weights, loss_collection, reduction,
                         add_summaries and "gradient_penalty_loss")


def mutual_information_penalty(structured_generator_inputs, predicted_distributions, weights=1.0,
                               scope=None, loss_collection="losses", reduction=MEAN,
                               add_summaries=False):
    """-log q(c | G(z, c)), averaged."""
    with tf.name_scope(scope, "mutual_information_loss"):
        logs = [tf.reduce_mean(distribution.log_prob(code)) for distribution, code in zip(
            predicted_distributions, structured_generator_inputs)]
        return _kept(-_weighted(tf.stack(logs), weights, None, reduction), loss_collection,
                     add_summaries and "mutual_information_penalty")


def cycle_consistency_loss(data_x, reconstructed_data_x, data_y, reconstructed_data_y, scope=None,
                           add_summaries=False):
    """(|x - x'| + |y - y'|) / 2."""
    with tf.name_scope(scope, "cycle_consistency_loss"):
        x, y = (tf.losses.absolute_difference(*pair, loss_collection=None) for pair in (
            (data_x, reconstructed_data_x), (data_y, reconstructed_data_y)))
        return _kept((x + y) / 2.0, "losses", add_summaries and "cycle_consistency_loss")


def cycle_consistency_of_model(cyclegan_model, scope=None, add_summaries=False):
    """`cycle_consistency_loss` of a CycleGAN model."""
    model = cyclegan_model
    return cycle_consistency_loss(
        model.model_x2y.generator_inputs, model.reconstructed_x, model.model_y2x.generator_inputs,
        model.reconstructed_y, scope, add_summaries)


LOSSES = (
    wasserstein_generator_loss, wasserstein_discriminator_loss, minimax_generator_loss,
    minimax_discriminator_loss, modified_generator_loss, least_squares_generator_loss,
    least_squares_discriminator_loss, acgan_generator_loss, acgan_discriminator_loss,
    wasserstein_gradient_penalty, mutual_information_penalty)


def of_tensors() -> dict:
    """The losses as functions of tensors: name -> function."""
    return {loss.__name__: loss for loss in LOSSES} | {
        "modified_discriminator_loss": modified_discriminator_loss,
        "cycle_consistency_loss": cycle_consistency_loss}


def of_models() -> dict:
    """The losses as functions of a model, whose fields are the tensors: name -> function."""
    def of_model(loss):
        parameters = inspect.signature(loss).parameters

        @functools.wraps(loss)
        def function(gan_model, **options):
            fields = {name: getattr(gan_model, name) for name in parameters
                      if name in gan_model._fields}
            return loss(**{**fields, **options})
        return function

    found = {name: of_model(loss) for name, loss in of_tensors().items()}
    return found | {"cycle_consistency_loss": cycle_consistency_of_model}
