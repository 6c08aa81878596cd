"""The MNIST GAN as Keras' users write GANs: `predict`, then `train_on_batch` of either model.

The form is that of chapters printed in Keras, *Stepping into the Magical World of GANs* and
*Generative AI with Python and TensorFlow 2* (Packt 2021): a discriminator compiled by itself, and a
stack of generator and frozen discriminator. Real and fake images are one batch, as the first of the
two has it: the loss is their mean, half of the sum that the first chapter descends on, and Adam
steps as far along half a gradient. (Two batches, as the second has it, are two steps of Adam: other
work.)

This is the Keras that `pip install keras` installs, version 3. It wants a process with TensorFlow 2
as it is: `gan_tf1.tf1` would turn that off, so nothing here imports it. In Keras 3 `trainable` holds
when a model's step is first traced, not when it is compiled, as it was when the chapters were
printed: there, a discriminator frozen before its first batch would never train. So it sees a batch
first.
"""

import numpy as np

from gan_tf1.bench import work as works
from gan_tf1.bench.rows import Runner

PACKAGES = ("keras", "tensorflow")
PART = 0.05  # of an epoch is timed: a whole one takes minutes, a step like any other
EPSILON = 1e-7  # of Keras' Adam


def mnist_gan_epoch(work, config, data, epsilon=EPSILON):
    from keras import Input, Sequential, layers, optimizers, utils
    utils.set_random_seed(0)
    alpha, batch = config.leaky_relu_alpha, config.batch_size

    def adam():
        return optimizers.Adam(config.learning_rate, epsilon=epsilon)

    generator = Sequential([
        Input((config.gen_z_size,)), layers.Dense(config.gen_hidden_size),
        layers.LeakyReLU(negative_slope=alpha), layers.Dense(784, activation="tanh")])
    discriminator = Sequential([
        Input((784,)), layers.Dense(config.disc_hidden_size),
        layers.LeakyReLU(negative_slope=alpha), layers.Dense(1, activation="sigmoid")])
    discriminator.compile(loss="binary_crossentropy", optimizer=adam())

    y = np.repeat(np.float32([[1 - config.label_smooth], [0]]), batch, axis=0)
    start = discriminator.get_weights()
    discriminator.train_on_batch(np.zeros((2 * batch, 784), np.float32), y)
    discriminator.set_weights(start)
    for variable in discriminator.optimizer.variables:
        if variable is not discriminator.optimizer.learning_rate:
            variable.assign(np.zeros(variable.shape, variable.dtype))

    discriminator.trainable = False
    gan = Sequential([generator, discriminator])
    gan.compile(loss="binary_crossentropy", optimizer=adam())

    def step(real, z):
        fake = generator.predict(z, verbose=0)
        disc_loss = 2 * discriminator.train_on_batch(np.concatenate([real, fake]), y)
        return disc_loss, gan.train_on_batch(z, np.ones((batch, 1), np.float32))

    images, steps = data.flat(), works.steps(work, config, data)
    timed = max(1, round(PART * steps))
    rng = np.random.default_rng(0)

    def run(units):
        for _ in range(units * timed):
            real = images[rng.integers(0, len(images), batch)]
            disc_loss, gen_loss = step(real, rng.uniform(-1, 1, (batch, config.gen_z_size)))
            # A model's losses are its mean since this was last called.
            for model in (discriminator, gan):
                model.reset_metrics()
        return {"disc_loss": float(disc_loss), "gen_loss": float(gen_loss)}

    def replay(weights, feeds):
        generator.set_weights(weights["gen"])
        discriminator.set_weights(weights["disc"])
        told = []
        for feed in feeds:
            told.append([float(loss) for loss in step(*feed)])
            for model in (discriminator, gan):
                model.reset_metrics()
        return np.array(told), {"gen": generator.get_weights(), "disc": discriminator.get_weights()}

    return Runner(run, replay, PACKAGES, part=timed / steps)


WORKS = {"mnist_gan": mnist_gan_epoch}
