"""Our own rows: the chapters' models with this package's loops, one function per work.

`replay` and the count of operations always use the graph of the feed loop.
"""

import numpy as np

from gan_tf1.bench import flops, work as works
from gan_tf1.bench.rows import Runner
from gan_tf1.data import digits, mnist, svhn
from gan_tf1.models import dcgan_svhn, mnist_gan, semi_supervised_svhn, wasserstein_gan_gp
from gan_tf1.tf1 import session_config, tf
from gan_tf1.training import graph_loop as loops

PACKAGES = ("tensorflow",)


def opened(model, config, loop="feed", mixed_precision=False):
    """Build the chapter's graph and initialize its weights in a session: `(gan, session)`."""
    graph = loops.Loop(loop).new_graph(0)
    with graph.as_default():
        gan = model.build(config)
        initialize = tf.global_variables_initializer()
    sess = tf.Session(graph=graph, config=session_config(mixed_precision))
    sess.run(initialize)
    return gan, sess


def stepper(sess, step, train_set, epoch, loop, xla):
    """A function of a number of steps that runs them and returns what the last one fetched."""
    if loop == "feed":
        rng = np.random.default_rng(0)

        def feed(count):
            for _ in range(count):
                fetched = step(sess, train_set, rng)
            return fetched
        return feed

    with sess.graph.as_default():
        graph = loops.build(step, train_set, 0, epoch, xla=xla)
    loops.load(sess, graph)
    run = loops.runner(sess, graph)
    return lambda count: run(count)[-1].fetched


def replay_of(sess, step, losses=2):
    """`Runner.replay` for `step(*feed) -> losses` in the session `sess`."""
    def replay(weights, feeds):
        found = trainable(sess)
        for part, own in found.items():
            for var, value in zip(own, weights[part], strict=True):
                var.load(value, sess)
        told = np.array([step(*feed) for feed in feeds]).reshape(-1, losses)
        return told, {part: sess.run(own) for part, own in found.items()}
    return replay


def trainable(sess) -> dict[str, list]:
    """The variables that Adam updates: {"gen": [...], "disc": [...]}, in the graph's order.

    A branch that is dead by an error of the book has no gradients, and so no Adam slots. The peers
    don't have it.
    """
    with sess.graph.as_default():
        names = [var.op.name for var in tf.global_variables()]
        return {part: [var for var in tf.trainable_variables(f"{scope}/")
                       if any(f"{var.op.name}/" in name for name in names)]
                for part, scope in (("gen", "generator"), ("disc", "discriminator"))}


def weights_of(sess) -> dict[str, list]:
    """The values of the `trainable` variables, in the form that `Runner.replay` takes."""
    return {part: sess.run(own) for part, own in trainable(sess).items()}


def mnist_gan_epoch(work, config, data, loop="feed", xla=False, mixed_precision=False) -> Runner:
    """An epoch of `mnist_gan.step`, and the losses that the chapter prints after it."""
    gan, sess = opened(mnist_gan, config, loop, mixed_precision)
    batch, steps = config.batch_size, works.steps(work, config, data)
    images = [batch, mnist_gan.INPUT_IMG_SIZE]
    noise = [batch, config.gen_z_size]
    make_steps = stepper(sess, loops.bound(mnist_gan.step, gan, config),
                         mnist.DataSet(data.images, data.labels), steps, loop, xla)

    def run(units):
        return mnist_gan.report(sess, gan, make_steps(units * steps))

    def one(x, z):
        feed = {gan.real_discriminator_input: x, gan.generator_input_z: z}
        disc_loss, _ = sess.run([gan.disc_loss, gan.disc_train_opt], feed)
        gen_loss, _ = sess.run([gan.gen_loss, gan.gen_train_opt], feed)
        return disc_loss, gen_loss

    sizes = {gan.real_discriminator_input: images, gan.generator_input_z: noise}
    count = flops.of_runs([[gan.disc_train_opt], [gan.gen_train_opt]], sizes, same=[gan.gen_model])
    return Runner(run, replay_of(sess, one), PACKAGES, flops.Count(*(steps * number for number in count)))


def semi_supervised_step(work, config, data, loop="feed", xla=False,
                         mixed_precision=False) -> Runner:
    """`semi_supervised_svhn.step`, which updates both networks in one `session.run`."""
    model = semi_supervised_svhn
    net, sess = opened(model, config, loop, mixed_precision)
    streets = street_numbers(data)
    make_steps = stepper(sess, loops.bound(model.step, net, config), streets,
                         streets.steps(config.batch_size), loop, xla)

    def run(units):
        _, _, d_loss, g_loss = make_steps(units)
        return {"d_loss": float(d_loss), "g_loss": float(g_loss)}

    def one(x, z, y, label_mask):
        return sess.run([net.d_loss, net.g_loss, net.d_opt, net.g_opt], {
            net.input_real: x, net.input_z: z, net.y: y, net.label_mask: label_mask})[:2]

    batch = config.batch_size
    sizes = {net.input_real: [batch, *model.REAL_SIZE], net.input_z: [batch, config.z_size],
             net.y: [batch], net.label_mask: [batch]}
    fetches = [net.d_opt, net.g_opt, net.masked_correct, net.d_loss, net.g_loss]
    return Runner(run, replay_of(sess, one), PACKAGES, flops.of_runs([fetches], sizes))


def dcgan_svhn_step(work, config, data, loop="feed", xla=False, mixed_precision=False) -> Runner:
    """`dcgan_svhn.step`, with one `session.run` for each network, which also fetches its loss.

    The chapter prints other losses, which `dcgan_svhn.report` computes after an epoch in passes of
    their own. The peers do not make these passes, so they are not measured here either.
    """
    model = dcgan_svhn
    net, sess = opened(model, config, loop, mixed_precision)
    streets = street_numbers(data)
    batch = config.batch_size

    def one(x, z, sess=sess):
        feed = {net.input_real: x, net.input_z: z}
        d_loss, _ = sess.run([net.d_loss, net.d_opt], feed)
        g_loss, _ = sess.run([net.g_loss, net.g_opt], feed)
        return d_loss, g_loss

    def step(sess, train_set, rng):
        x, *_ = train_set.next_batch(batch)
        return one(model.scaled(x, config.scaling), rng.uniform(-1, 1, (len(x), config.z_size)), sess)

    make_steps = stepper(sess, step, streets, streets.steps(batch), loop, xla)

    def run(units):
        return dict(zip(work.losses, map(float, make_steps(units))))

    sizes = {net.input_real: [batch, *model.REAL_SIZE], net.input_z: [batch, config.z_size]}
    # A pass through the generator has as many operations with moving statistics, as `samples` has.
    count = flops.of_runs([[net.d_opt], [net.g_opt]], sizes, same=[net.samples])
    return Runner(run, replay_of(sess, one), PACKAGES, count)


def wgan_gp_critic(work, config, data, loop="feed", xla=False, mixed_precision=False) -> Runner:
    """One critic update of `wasserstein_gan_gp.step`, with the same kind of feed."""
    model = wasserstein_gan_gp
    gan, sess = opened(model, config, loop, mixed_precision)
    train_set = digits.Pool(mnist.DataSet(data.images, data.labels))
    batch = config.batch_size

    def one(x, z, epsilon, sess=sess):
        return sess.run([gan.disc_loss, gan.estimate, gan.penalty, gan.disc_opt],
                        {gan.imgs: x, gan.noise: z, gan.epsilon: epsilon})[:1]

    def step(sess, train_set, rng):
        idx = rng.integers(0, train_set.num_examples, batch)
        return one(train_set.images[idx] * 2 - 1, rng.normal(0, 1, (batch, config.z_dim)),
                   rng.uniform(0, 1, (batch, 1)), sess)

    make_steps = stepper(sess, step, train_set, work.units, loop, xla)

    def run(units):
        return {"disc_loss": float(make_steps(units)[0])}

    sizes = {gan.imgs: [batch, model.INPUT_SIZE], gan.noise: [batch, config.z_dim],
             gan.epsilon: [batch, 1]}
    fetches = [gan.disc_loss, gan.estimate, gan.penalty, gan.disc_opt]
    return Runner(run, replay_of(sess, one, losses=1), PACKAGES,
                  flops.of_runs([fetches], sizes))


def street_numbers(data):
    """The training set from which the chapter's loop draws its batches `x, y, label_mask`."""
    arrays = svhn.Arrays(data.images, data.labels, data.images[:1], data.labels[:1])
    return svhn.Dataset(arrays, data.label_mask, seed=0)


WORKS = {"mnist_gan": mnist_gan_epoch, "semi_supervised": semi_supervised_step,
         "dcgan_svhn": dcgan_svhn_step, "wgan_gp": wgan_gp_critic}
