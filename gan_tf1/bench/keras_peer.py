"""The MNIST GAN in the usual style of Keras: `predict`, then `train_on_batch` of both models.

The form is that of two chapters in Keras, *Stepping into the Magical World of GANs* and the one in
*Generative AI with Python and TensorFlow 2* (Packt 2021): a discriminator that is compiled by
itself, and a stack of the generator and the frozen discriminator. As in the first of them, real and
fake images form one batch. The loss is then a mean, half of the sum that the first chapter
minimizes, and Adam takes the same step with half the gradient. (The second of them uses two
batches, which are two steps of Adam and so another work.)

This is Keras 3, which `pip install keras` installs. It needs a process with TensorFlow 2's
behaviour, which `gan_tf1.tf1` would turn off, so nothing here imports that module. In Keras 3,
`trainable` takes effect when a model's step is first traced, and no longer when it is compiled. A
discriminator that is frozen before its first batch would never train, so it is given one batch
first.
"""

import numpy as np

from gan_tf1.bench import work as works
from gan_tf1.bench.rows import Runner

PACKAGES = ("keras", "tensorflow")
PART = 0.05  # timed share of an epoch, which would take minutes; all steps are alike
EPSILON = 1e-7  # Keras' default for Adam


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
            # train_on_batch returns the mean loss since the last reset.
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
