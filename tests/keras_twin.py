"""Train the chapters' systems in Keras for a few steps: `python keras_twin.py FOLDER CHAPTER ...`.

`run` starts this file in a process of its own, with TF2 as the readers of the chapters have it.
`gan_tf1` turns the behaviour of TF2 off for a whole process, and Keras then uses another `Model` with
another `train_on_batch` (`training_v1`), which is not what the chapters ran. Both sides draw from
equal NumPy generators in the order of the chapter's loop, start from the weights of the Keras side,
and compute in float64 (`double`). The chapters call `predict`; `predict_on_batch` runs the same step
without a pipeline of data, which takes longer than the step.
"""

import functools
import os
import pathlib
import subprocess
import sys
import warnings

import numpy as np

import double

ITERATIONS = 10
SEED = 4
BATCH, Z = 16, 10
WIDTHS = {  # of the layers, which are narrow so that the tests are fast
    "dcgan_mnist": (8, 6), "vanilla_gan": (8,), "dcgan_upsampling": (3,), "conditional_gan": (8,),
    "wasserstein_gan": (8,)}
GRADIENTS = np.array([0, 1e-7, 1e-5, 3e-4, 1e-2, -1])


def drawn_numbers():
    """Images uint8 [50, 28, 28], and the random generator from which the loop draws.

    Half of each image is black, so that leaky ReLUs of the article are at their kink there.
    """
    images = np.random.default_rng(3).integers(0, 256, (50, 28, 28), np.uint8)
    images[:, :, :14] = 0
    return images, np.random.default_rng(SEED)


def drawn_labels():
    """The labels of the images, uint8 [50]. A batch of 16 does not have all digits."""
    return np.arange(50, dtype=np.uint8) % 10


def run(chapters, folder):
    """Train the `chapters` in Keras, in one process. Returns a dict chapter -> dict of arrays.

    `start/PART/NUMBER` and `end/PART/NUMBER` are the variables before and after the training, with the
    parts of `parts` below. `losses` [ITERATIONS, columns] are those that the chapter prints.
    """
    environment = {**os.environ, "TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "2",
                   "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run([sys.executable, __file__, folder, *chapters], env=environment,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return {chapter: dict(np.load(pathlib.Path(folder) / f"{chapter}.npz")) for chapter in chapters}


def load(found, variables, sess):
    """Set `variables`, a dict from part to list, to the first values of the Keras side, if it has them."""
    import conftest
    conftest.load(sess, {var: found[f"start/{part}/{number}"] for part, own in variables.items()
                         for number, var in enumerate(own) if f"start/{part}/{number}" in found})


def differences(found, variables, sess):
    """For each variable, by name: its difference from Keras, and the change of the one in Keras."""
    result = {}
    for part, own in variables.items():
        assert len(own) == sum(name.startswith(f"end/{part}/") for name in found), part
        for number, (var, value) in enumerate(zip(own, sess.run(own))):
            end, start = found[f"end/{part}/{number}"], found.get(f"start/{part}/{number}", 0)
            assert tuple(var.shape) == end.shape, (var.name, end.shape)
            result[var.op.name] = (np.abs(value - end).max(), np.abs(end - start).max())
    return result


# --- what follows runs in the process with TF2 and Keras ---

def parts(gen, disc, gen_adam=None, disc_adam=None):
    """Lists of variables by part; the optimizers' slots are in the order of their network's weights."""
    averages = [var for var in disc.weights if "moving_" in var.name]
    found = {"gen": gen.trainable_weights, "gen_averages": gen.non_trainable_weights,
             "disc": [var for var in disc.weights if "moving_" not in var.name],
             "disc_averages": averages}
    for name, adam in (("gen", gen_adam), ("disc", disc_adam)):
        if hasattr(adam, "get_slot"):  # an optimizer as in TensorFlow 2.4: RMSprop
            found |= {f"{name}_v": [adam.get_slot(var, "rms") for var in found[name]]}
        elif adam:
            found |= {f"{name}_m": adam._momentums, f"{name}_v": adam._velocities}
    return {name: [var.numpy() for var in variables] for name, variables in found.items()}


def dropout_of_the_graph(tf):
    """`(moment, Dropout)`: a layer with the masks of the graph at `moment`, a variable (step, pass)."""
    from tf_keras import layers
    moment = tf.Variable([0, 0], dtype=tf.int64, trainable=False)

    class Dropout(layers.Layer):
        """Dropout when Keras applies it, with the masks that the graph draws."""
        def __init__(self, rate, layer):
            super().__init__()
            self.rate, self.layer = rate, layer

        def call(self, x, training=None):
            if not training:
                return x
            seed = tf.stack([tf.constant(SEED, tf.int64),
                             100 * moment[0] + 10 * moment[1] + self.layer])
            kept = tf.nn.experimental.stateless_dropout(tf.ones(tf.shape(x), tf.float32), self.rate, seed) > 0
            return tf.cast(kept, x.dtype) * x / (1 - self.rate)

    return moment, Dropout


def dcgan_mnist(keras, tf):
    """The article's models, with the dropout masks that the graph draws."""
    from tf_keras import Sequential, layers
    gen_channels, disc_channels = WIDTHS["dcgan_mnist"]
    moment, Dropout = dropout_of_the_graph(tf)
    generator = Sequential([
        layers.Dense(7 * 7 * gen_channels, input_shape=(Z,)), layers.LeakyReLU(0.2),
        layers.Reshape((7, 7, gen_channels)),
        layers.Conv2DTranspose(gen_channels, 4, 2, "same"), layers.LeakyReLU(0.2),
        layers.Conv2DTranspose(gen_channels, 4, 2, "same"), layers.LeakyReLU(0.2),
        layers.Conv2D(1, 7, padding="same", activation="sigmoid")])
    discriminator = Sequential([
        layers.Conv2D(disc_channels, 3, 2, "same", input_shape=(28, 28, 1)), layers.LeakyReLU(0.2),
        Dropout(0.4, 1),
        layers.Conv2D(disc_channels, 3, 2, "same"), layers.LeakyReLU(0.2), Dropout(0.4, 2),
        layers.Flatten(), layers.Dense(1, activation="sigmoid")])
    discriminator.compile(keras.optimizers.Adam(0.0002, 0.5), "binary_crossentropy",
                          metrics=["accuracy"])
    discriminator.trainable = False
    gan = Sequential([generator, discriminator])
    gan.compile(keras.optimizers.Adam(0.0002, 0.5), "binary_crossentropy")

    images, rng = drawn_numbers()
    images = images[..., None] / 255
    half = BATCH // 2

    def iterate(number):
        real = images[rng.integers(0, len(images), half)]
        fake = generator.predict_on_batch(rng.normal(size=(half, Z)))
        moment.assign([number, 0])
        disc_loss, _ = discriminator.train_on_batch(
            np.concatenate([real, fake]), np.repeat([[1.], [0.]], half, axis=0))
        moment.assign([number + 1, 1])  # the graph counts the discriminator's updates
        return disc_loss, gan.train_on_batch(rng.normal(size=(BATCH, Z)), np.ones((BATCH, 1)))

    return generator, discriminator, gan, iterate


def vanilla_gan(keras, tf):
    """The book's dense models, with two updates of the discriminator per iteration."""
    from tf_keras import Model, Sequential, layers
    [hidden] = WIDTHS["vanilla_gan"]
    generator = Sequential([layers.Input((Z,))])
    for width in (hidden, 2 * hidden, 4 * hidden):
        for layer in (layers.Dense(width), layers.LeakyReLU(0.2),
                      layers.BatchNormalization(momentum=0.8)):
            generator.add(layer)
    generator.add(layers.Dense(784, activation="tanh"))
    generator.add(layers.Reshape((28, 28)))
    discriminator = Sequential([
        layers.Input((28, 28)), layers.Flatten(), layers.Dense(2 * hidden), layers.LeakyReLU(0.2),
        layers.Dense(hidden), layers.LeakyReLU(0.2), layers.Dense(1, activation="sigmoid")])
    discriminator.compile(keras.optimizers.Adam(0.0002, 0.5), "binary_crossentropy",
                          metrics=["accuracy"])
    z = layers.Input((Z,))
    generated = generator(z)
    discriminator.trainable = False
    gan = Model(z, discriminator(generated))
    gan.compile(keras.optimizers.Adam(0.0002, 0.5), "binary_crossentropy")

    images, rng = drawn_numbers()
    images = images / 127.5 - 1

    def iterate(number):
        real = images[rng.integers(0, len(images), BATCH)]
        fake = generator.predict_on_batch(rng.normal(0, 1, (BATCH, Z)))
        on_real = discriminator.train_on_batch(real, np.ones((BATCH, 1)))
        on_fake = discriminator.train_on_batch(fake, np.zeros((BATCH, 1)))
        gen_loss = gan.train_on_batch(rng.normal(0, 1, (BATCH, Z)), np.ones((BATCH, 1)))
        return *(0.5 * np.add(on_real, on_fake)), gen_loss

    return generator, discriminator, gan, iterate


def dcgan_upsampling_tf1(keras, tf):
    """The same models with the batch norm of TensorFlow 1, which uses batch statistics even if it is frozen."""
    return dcgan_upsampling(keras, tf, tf.compat.v1.keras.layers.BatchNormalization)


def dcgan_upsampling(keras, tf, BatchNormalization=None):
    """The book's convolutional models; the combined model uses the discriminator's moving averages."""
    from tf_keras import Model, Sequential, layers
    BatchNormalization = BatchNormalization or layers.BatchNormalization
    [channels] = WIDTHS["dcgan_upsampling"]
    moment, Dropout = dropout_of_the_graph(tf)
    generator = Sequential([
        layers.Input((Z,)), layers.Dense(4 * channels * 7 * 7, activation="relu"),
        layers.Reshape((7, 7, 4 * channels)), layers.UpSampling2D(),
        layers.Conv2D(4 * channels, kernel_size=3, padding="same"),
        BatchNormalization(momentum=0.8), layers.Activation("relu"), layers.UpSampling2D(),
        layers.Conv2D(2 * channels, kernel_size=3, padding="same"),
        BatchNormalization(momentum=0.8), layers.Activation("relu"),
        layers.Conv2D(1, kernel_size=3, padding="same"), layers.Activation("tanh")])

    def norm(layer):
        return BatchNormalization(momentum=0.8), layers.LeakyReLU(0.2), Dropout(0.25, layer)

    discriminator = Sequential([
        layers.Conv2D(channels, 3, 2, "same", input_shape=(28, 28, 1)), layers.LeakyReLU(0.2),
        Dropout(0.25, 1),
        layers.Conv2D(2 * channels, 3, 2, "same"), layers.ZeroPadding2D(((0, 1), (0, 1))), *norm(2),
        layers.Conv2D(4 * channels, 3, 2, "same"), *norm(3),
        layers.Conv2D(8 * channels, 3, 1, "same"), *norm(4),
        layers.Flatten(), layers.Dense(1, activation="sigmoid")])
    discriminator.compile(keras.optimizers.Adam(0.0002, 0.5), "binary_crossentropy",
                          metrics=["accuracy"])
    z = layers.Input((Z,))
    generated = generator(z)
    discriminator.trainable = False
    gan = Model(z, discriminator(generated))
    gan.compile(keras.optimizers.Adam(0.0002, 0.5), "binary_crossentropy")

    images, rng = drawn_numbers()
    images = images[..., None] / 127.5 - 1

    def iterate(number):
        real = images[rng.integers(0, len(images), BATCH)]
        fake = generator.predict_on_batch(rng.normal(0, 1, (BATCH, Z)))
        moment.assign([2 * number, 0])
        on_real = discriminator.train_on_batch(real, np.ones((BATCH, 1)))
        moment.assign([2 * number + 1, 0])
        on_fake = discriminator.train_on_batch(fake, np.zeros((BATCH, 1)))
        moment.assign([2 * number + 2, 1])  # the graph counts the discriminator's updates
        gen_loss = gan.train_on_batch(rng.normal(0, 1, (BATCH, Z)), np.ones((BATCH, 1)))
        return *(0.5 * np.add(on_real, on_fake)), gen_loss

    return generator, discriminator, gan, iterate


def conditional_gan(keras, tf):
    """The book's models with labels, with the dropout masks that the graph draws."""
    from tf_keras import Model, layers
    [hidden] = WIDTHS["conditional_gan"]
    moment, Dropout = dropout_of_the_graph(tf)

    def labelled(x, size):
        label = layers.Input((1,), dtype="int32")
        embedding = layers.Flatten()(layers.Embedding(10, size)(label))
        return label, layers.multiply([x, embedding])

    noise = layers.Input((Z,))
    label, x = labelled(noise, Z)
    x = layers.LeakyReLU(0.2)(layers.Dense(hidden)(x))
    x = layers.BatchNormalization(momentum=0.8)(x)
    x = layers.LeakyReLU(0.2)(layers.Dense(2 * hidden)(x))
    x = layers.LeakyReLU(0.2)(layers.Dense(4 * hidden)(x))
    x = layers.BatchNormalization(momentum=0.8)(x)
    x = layers.Dense(784, activation="tanh")(x)
    generator = Model([noise, label], layers.Reshape((28, 28))(x))

    img = layers.Input((28, 28))
    label, x = labelled(layers.Flatten()(img), 784)
    x = layers.LeakyReLU(0.2)(layers.Dense(2 * hidden)(x))
    for number in (1, 2):
        x = layers.LeakyReLU(0.2)(layers.Dense(2 * hidden)(x))
        x = Dropout(0.4, number)(x)
    discriminator = Model([img, label], layers.Dense(1, activation="sigmoid")(x))
    discriminator.compile(keras.optimizers.Adam(0.0002, 0.5), "binary_crossentropy",
                          metrics=["accuracy"])
    z, label = layers.Input((Z,)), layers.Input((1,), dtype="int32")
    generated = generator([z, label])
    discriminator.trainable = False
    gan = Model([z, label], discriminator([generated, label]))
    gan.compile(keras.optimizers.Adam(0.0002, 0.5), "binary_crossentropy")

    images, rng = drawn_numbers()
    images = np.expand_dims(images / 127.5 - 1, axis=3)  # as printed, with one axis too many
    own_labels = drawn_labels().reshape(-1, 1)
    real_y, fake_y = np.ones((BATCH, 1)), np.zeros((BATCH, 1))

    def iterate(number):
        idx = rng.integers(0, len(images), BATCH)
        real, labels = images[idx], own_labels[idx]
        fake = generator.predict_on_batch([rng.normal(0, 1, (BATCH, Z)), labels])
        moment.assign([2 * number, 0])  # the graph counts the discriminator's updates
        on_real = discriminator.train_on_batch([real, labels], real_y)
        moment.assign([2 * number + 1, 0])
        on_fake = discriminator.train_on_batch([fake, labels], fake_y)
        moment.assign([2 * number + 2, 1])
        noise = rng.normal(0, 1, (BATCH, Z))
        sampled = rng.integers(0, 10, BATCH).reshape(-1, 1)
        return *(0.5 * np.add(on_real, on_fake)), gan.train_on_batch([noise, sampled], real_y)

    return generator, discriminator, gan, iterate


def wasserstein_gan(keras, tf):
    """The book's dense models with a critic without sigmoid, updated and clipped five times.

    `RMSprop` is that of TensorFlow 2.4, the version of the chapter.
    """
    from tf_keras import Model, Sequential, layers
    RMSprop = keras.optimizers.legacy.RMSprop
    [hidden] = WIDTHS["wasserstein_gan"]
    clip_value = 0.01

    def wasserstein_loss(y_true, y_pred):
        return keras.backend.mean(y_true * y_pred)

    generator = Sequential([layers.Input((Z,))])
    for width in (hidden, 2 * hidden, 4 * hidden):
        for layer in (layers.Dense(width), layers.LeakyReLU(0.2),
                      layers.BatchNormalization(momentum=0.8)):
            generator.add(layer)
    generator.add(layers.Dense(784, activation="tanh"))
    generator.add(layers.Reshape((28, 28)))
    discriminator = Sequential([
        layers.Input((28, 28)), layers.Flatten(), layers.Dense(2 * hidden), layers.LeakyReLU(0.2),
        layers.Dense(hidden), layers.LeakyReLU(0.2), layers.Dense(1)])
    discriminator.compile(RMSprop(0.00005), wasserstein_loss)
    z = layers.Input((Z,))
    generated = generator(z)
    discriminator.trainable = False
    gan = Model(z, discriminator(generated))
    gan.compile(RMSprop(0.00005), wasserstein_loss)

    images, rng = drawn_numbers()
    images = images / 127.5 - 1
    real_y, fake_y = -np.ones((BATCH, 1)), np.ones((BATCH, 1))

    def iterate(number):
        for _ in range(5):
            real = images[rng.integers(0, len(images), BATCH)]
            fake = generator.predict_on_batch(rng.normal(0, 1, (BATCH, Z)))
            on_real = discriminator.train_on_batch(real, real_y)
            on_fake = discriminator.train_on_batch(fake, fake_y)
            for layer in discriminator.layers:
                layer.set_weights([np.clip(weights, -clip_value, clip_value)
                                   for weights in layer.get_weights()])
        on_both = discriminator.predict_on_batch(np.concatenate([real, fake]))
        estimate = on_both[:BATCH].mean() - on_both[BATCH:].mean()
        gen_loss = gan.train_on_batch(rng.normal(0, 1, (BATCH, Z)), real_y)
        return 0.5 * np.add(on_real, on_fake), gen_loss, estimate

    return generator, discriminator, gan, iterate


def trains_in_keras_3():
    """Whether Keras 3 trains a model that was frozen after `compile`."""
    import keras
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(loss="binary_crossentropy", optimizer="adam", run_eagerly=True)
    model.trainable = False
    before = model.get_weights()
    model.train_on_batch(np.ones((8, 4)), np.ones((8, 1)))
    return any((old != new).any() for old, new in zip(before, model.get_weights()))


def rmsprops(keras, tf):
    """Weights, from 0, after three steps of `GRADIENTS` with the chapter's RMSprop and with today's."""
    found = {}
    for name, RMSprop in (("chapter", keras.optimizers.legacy.RMSprop),
                          ("today", keras.optimizers.RMSprop)):
        weights, rmsprop = tf.Variable(np.zeros_like(GRADIENTS)), in_float64(RMSprop(0.00005))
        for _ in range(3):
            rmsprop.apply_gradients([(tf.constant(GRADIENTS), weights)])
        found[f"rmsprop/{name}"] = weights.numpy()
    return found


def main(folder, *chapters):
    import tensorflow as tf
    import tf_keras as keras
    assert tf.executing_eagerly()
    # With two threads, a step of the critic sometimes differed by 4e-8. This is too much for rounding
    # errors in float64, so Keras does not fix the order of some operations.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})  # takes longer than it saves
    keras.backend.set_floatx("float64")
    for chapter in chapters:
        keras.backend.clear_session()
        keras.utils.set_random_seed(SEED)
        with double.unfused_batch_norm():
            found = found_by(chapter, keras, tf)
        np.savez(pathlib.Path(folder) / f"{chapter}.npz", **found)


def in_float64(optimizer):
    """Make the settings of `optimizer` float64, since TensorFlow converts Python floats to float32."""
    for name in ("beta_1", "beta_2"):
        if hasattr(optimizer, name):
            setattr(optimizer, name, np.float64(getattr(optimizer, name)))
    for name, value in getattr(optimizer, "_hyper", {}).items():  # one as in TensorFlow 2.4
        optimizer._hyper[name] = functools.partial(np.float64, value)
    return optimizer


def found_by(chapter, keras, tf):
    """Train `chapter` and return the dict of arrays that `run` describes."""
    generator, discriminator, gan, iterate = globals()[chapter](keras, tf)
    for layer in generator.layers + discriminator.layers:
        if hasattr(layer, "momentum"):  # of batch norm
            layer.momentum = np.float64(layer.momentum)
    in_float64(discriminator.optimizer)
    in_float64(gan.optimizer)
    found = {"start": parts(generator, discriminator)}
    losses = [iterate(number) for number in range(ITERATIONS)]
    found["end"] = parts(generator, discriminator, gan.optimizer, discriminator.optimizer)
    arrays = {f"{moment}/{part}/{number}": value for moment, named in found.items()
              for part, values in named.items() for number, value in enumerate(values)}
    arrays["updates"] = [adam.iterations.numpy() for adam in (gan.optimizer,
                                                              discriminator.optimizer)]
    if discriminator.loss == "binary_crossentropy":
        # The loss of a discriminator that is certain that all images are real, when all are fake.
        discriminator.layers[-1].bias.assign([40.])
        batch = [np.zeros((BATCH, *part.shape[1:])) for part in discriminator.inputs]
        nothing = np.zeros((BATCH, 1))  # as in training, so that no step is traced again
        by_hand = keras.losses.binary_crossentropy(nothing, discriminator.predict_on_batch(batch))
        arrays["saturated"] = [discriminator.train_on_batch(batch, nothing)[0],
                               by_hand.numpy().mean()]
    if chapter == "wasserstein_gan":
        arrays |= rmsprops(keras, tf)
    if chapter == "dcgan_upsampling":
        with warnings.catch_warnings(record=True) as caught:
            arrays["trains_in_keras_3"] = trains_in_keras_3()
        arrays["warned"] = ["does not have any trainable weights" in str(each) for each in caught]
    return arrays | {"losses": np.array(losses)}


if __name__ == "__main__":
    main(*sys.argv[1:])
