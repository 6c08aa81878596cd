"""The works in JAX, with the data on the device and the steps of a round in one `lax.fori_loop`.

With `single`, each step is a call of its own: on a processor, XLA's convolutions are slow in a loop. With
`bfloat16`, the networks compute in bfloat16; weights, statistics of batch norm and losses remain float32.

Networks are functions of a list of arrays, in TensorFlow's layout and order. Adam is written out in
the form of the last sentence of section 2 of its paper, with the same epsilon as in TensorFlow.
"""

import functools

import numpy as np

from gan_tf1.bench import work as works
from gan_tf1.bench.jax_layers import (
    batch_norm, convolution, convolution_weights, dense_weights, image_generator,
    image_generator_weights, leaky_relu, minus_log_likelihood, norm_weights)
from gan_tf1.bench.rows import Runner

PACKAGES = ("jax",)
EPSILON = 1e-8  # of Adam


def adam_state(params):
    import jax.numpy as jnp
    m, v = ([jnp.zeros_like(param) for param in params] for _ in range(2))
    return {"params": params, "m": m, "v": v, "count": jnp.zeros((), jnp.int32)}


def adam(state, grads, config, epsilon):
    """The state after an Adam step with `grads`."""
    import jax.numpy as jnp
    beta1, beta2 = getattr(config, "beta1", 0.9), getattr(config, "beta2", 0.999)
    count = state["count"] + 1
    rate = config.learning_rate * jnp.sqrt(1 - beta2**count) / (1 - beta1**count)
    m = [beta1 * m + (1 - beta1) * grad for m, grad in zip(state["m"], grads)]
    v = [beta2 * v + (1 - beta2) * grad * grad for v, grad in zip(state["v"], grads)]
    params = [param - rate * m / (jnp.sqrt(v) + epsilon)
              for param, m, v in zip(state["params"], m, v)]
    return {"params": params, "m": m, "v": v, "count": count}


def looped(step, feed_of, size):
    """A compiled function `rounds(state, key, count, data) -> (state, losses)` of `count` steps.

    `size` is (batch size, number of losses). `step(state, *feed) -> (state, losses)` is one step.
    `feed_of(key, rows, data)` makes its feed; `rows` are the next indices of a permutation of the
    data, which is drawn in each round and repeated if the round is longer.
    """
    import jax
    import jax.numpy as jnp
    from jax import lax
    batch, losses = size

    @functools.partial(jax.jit, donate_argnums=0)
    def rounds(state, key, count, data):
        order_key, noise_key = jax.random.split(key)
        examples = len(data[0])
        whole = examples // batch
        order = jax.random.permutation(order_key, examples)[:whole * batch].reshape(whole, batch)

        def body(number, carry):
            key = jax.random.fold_in(noise_key, number)
            return step(carry[0], *feed_of(key, order[number % whole], data))

        return lax.fori_loop(0, count, body, (state, (jnp.zeros(()),) * losses))

    return rounds


def stepped(step, feed_of, size):
    """The same function as `looped` returns, with a compiled call for each step."""
    import jax
    import jax.numpy as jnp
    batch, losses = size

    @functools.partial(jax.jit, static_argnums=1)
    def shuffled(key, examples):
        whole = examples // batch
        return jax.random.permutation(key, examples)[:whole * batch].reshape(whole, batch)

    @functools.partial(jax.jit, donate_argnums=0)
    def one(state, key, number, order, data):
        key = jax.random.fold_in(key, number)
        return step(state, *feed_of(key, order[number % len(order)], data))

    def rounds(state, key, count, data):
        order_key, noise_key = jax.random.split(key)
        order, found = shuffled(order_key, len(data[0])), (jnp.zeros(()),) * losses
        for number in range(count):
            state, found = one(state, noise_key, number, order, data)
        return state, found

    return rounds


def computed(bfloat16, *functions):
    """The functions of arrays, which are given bfloat16 in place of float32 if `bfloat16`."""
    import jax
    import jax.numpy as jnp

    def cast(leaf):
        return leaf.astype(jnp.bfloat16) if leaf.dtype == jnp.float32 else leaf

    def lowered(function):
        return lambda *arguments: function(*jax.tree.map(cast, arguments))

    return [lowered(function) if bfloat16 else function for function in functions]


def runner(work, config, data, weights, step, feed_of, steps=1, gen_only=(), single=False):
    """The `Runner` of `step(state, *feed) -> (state, losses)`; `feed_of` as for `looped`.

    `weights` are the initial ones, {"gen": [...], "disc": [...]}, `data` are arrays for the device,
    and `steps` is the number of steps per unit. `gen_only` are the generator's moving averages. With
    `single`, each step is a call.
    """
    import jax
    import jax.numpy as jnp
    rounds = (stepped if single else looped)(step, feed_of, (config.batch_size, len(work.losses)))
    now = {"state": state_of(weights, gen_only), "key": jax.random.key(1)}
    on_device = tuple(map(jnp.asarray, data))

    def run(units):
        now["key"], key = jax.random.split(now["key"])
        now["state"], losses = rounds(now["state"], key, units * steps, on_device)
        return dict(zip(work.losses, map(float, losses)))

    def replay(weights, feeds):
        state, told, once = state_of(weights, gen_only), [], jax.jit(step)
        for feed in feeds:
            state, losses = once(state, *map(jnp.asarray, feed))
            told.append([float(loss) for loss in losses])
        return np.array(told), {part: [np.asarray(param) for param in state[part]["params"]]
                                for part in ("gen", "disc")}

    return Runner(run, replay, PACKAGES)


def state_of(weights, gen_only):
    """The Adam states of both networks, and the generator's moving averages."""
    import jax
    import jax.numpy as jnp
    return {**{part: adam_state([jnp.array(value) for value in weights[part]])
               for part in ("gen", "disc")},
            "averages": jax.tree.map(jnp.array, gen_only)}


def mnist_gan_epoch(work, config, data, single=False, bfloat16=False, epsilon=EPSILON):
    import jax
    alpha, real_label = config.leaky_relu_alpha, 1 - config.label_smooth
    rng = np.random.default_rng(0)

    def generate(params, z):
        hidden = leaky_relu(z @ params[0] + params[1], alpha)
        return jax.numpy.tanh(hidden @ params[2] + params[3])

    def score(params, x):
        return leaky_relu(x @ params[0] + params[1], alpha) @ params[2] + params[3]

    def disc_loss_of(disc, gen, real, z):
        return (minus_log_likelihood(score(disc, real), real_label)
                + minus_log_likelihood(score(disc, generate(gen, z)), 0.))

    def gen_loss_of(gen, disc, z):
        return minus_log_likelihood(score(disc, generate(gen, z)), 1.)

    disc_loss_of, gen_loss_of = computed(bfloat16, disc_loss_of, gen_loss_of)

    def step(state, real, z):
        gen, disc = state["gen"], state["disc"]
        disc_loss, grads = jax.value_and_grad(disc_loss_of)(disc["params"], gen["params"], real, z)
        disc = adam(disc, grads, config, epsilon)
        gen_loss, grads = jax.value_and_grad(gen_loss_of)(gen["params"], disc["params"], z)
        gen = adam(gen, grads, config, epsilon)
        return {**state, "gen": gen, "disc": disc}, (disc_loss, gen_loss)

    def feed_of(key, rows, data):
        return data[0][rows], jax.random.uniform(key, (len(rows), config.gen_z_size), minval=-1.)

    weights = {"gen": dense_weights(rng, config.gen_z_size, config.gen_hidden_size, 784),
               "disc": dense_weights(rng, 784, config.disc_hidden_size, 1)}
    return runner(work, config, (data.flat(),), weights, step, feed_of,
                  works.steps(work, config, data), single=single)


def semi_supervised_step(work, config, data, single=False, bfloat16=False, epsilon=EPSILON):
    """As printed: batch statistics always, no batch norm in layer 2, and dropout without effect."""
    import jax
    import jax.numpy as jnp
    width, alpha, classes = config.d_size_mult, config.alpha, 10
    strides = (2, 2, 2, 1, 1)  # of all convolutions but the last, which has "valid" padding
    rng = np.random.default_rng(0)

    def discriminate(params, x):
        params = iter(params)
        for number, stride in enumerate(strides):
            x = convolution(x, next(params), next(params), stride)
            if number >= 2:
                x, _, _ = batch_norm(x, next(params), next(params))
            x = leaky_relu(x, alpha)
        x = leaky_relu(convolution(x, next(params), next(params), 1, "VALID"), alpha)
        features = x.mean((1, 2))
        logits = features @ next(params) + next(params)
        return logits.astype(jnp.float32), features.astype(jnp.float32)

    def gan_logits(logits):
        return jax.nn.logsumexp(logits[:, :classes], 1) - logits[:, classes:].sum(1)

    def d_loss_of(disc, gen, real, z, y, label_mask):
        on_real, _ = discriminate(disc, real)
        on_fake, _ = discriminate(disc, image_generator(gen, z, alpha)[0])
        picked = jnp.take_along_axis(jax.nn.log_softmax(on_real), y[:, None], 1)[:, 0]
        class_loss = -(label_mask * picked).sum() / jnp.maximum(1, label_mask.sum())
        return (class_loss + minus_log_likelihood(gan_logits(on_real), 1.)
                + minus_log_likelihood(gan_logits(on_fake), 0.))

    def g_loss_of(gen, disc, real, z):
        _, of_real = discriminate(disc, real)
        _, of_fake = discriminate(disc, image_generator(gen, z, alpha)[0])
        return jnp.abs(of_real.mean(0) - of_fake.mean(0)).mean()

    d_loss_of, g_loss_of = computed(bfloat16, d_loss_of, g_loss_of)

    def step(state, real, z, y, label_mask):
        gen, disc = state["gen"], state["disc"]
        d_loss, d_grads = jax.value_and_grad(d_loss_of)(disc["params"], gen["params"], real, z, y,
                                                        label_mask)
        g_loss, g_grads = jax.value_and_grad(g_loss_of)(gen["params"], disc["params"], real, z)
        return {**state, "gen": adam(gen, g_grads, config, epsilon),
                "disc": adam(disc, d_grads, config, epsilon)}, (d_loss, g_loss)

    def feed_of(key, rows, data):
        images, labels, label_mask = data
        return (images[rows], jax.random.normal(key, (len(rows), config.z_size)), labels[rows],
                label_mask[rows])

    disc, inputs = [], 3
    for number, outputs in enumerate([width] * 3 + [2 * width] * 3):
        disc += convolution_weights(rng, 3, inputs, outputs, norm=2 <= number < 5)
        inputs = outputs
    disc += dense_weights(rng, inputs, classes + config.extra_class)
    weights = {"gen": image_generator_weights(rng, config), "disc": disc}
    return runner(work, config, (data.scaled(), data.labels.astype(np.int32), data.label_mask),
                  weights, step, feed_of, single=single)


def dcgan_svhn_step(work, config, data, single=False, bfloat16=False, epsilon=EPSILON):
    import jax
    width, alpha, momentum = config.d_size_mult, config.alpha, 0.99
    rng = np.random.default_rng(0)

    def score(params, x):
        params = iter(params)
        for number in range(3):
            x = convolution(x, next(params), next(params), 2)
            if number:
                x, _, _ = batch_norm(x, next(params), next(params))
            x = leaky_relu(x, alpha)
        return x.reshape(len(x), -1) @ next(params) + next(params)

    def d_loss_of(disc, gen, real, z):
        return (minus_log_likelihood(score(disc, real), 1.)
                + minus_log_likelihood(score(disc, image_generator(gen, z, alpha)[0]), 0.))

    def g_loss_of(gen, disc, z):
        fake, statistics = image_generator(gen, z, alpha)
        return minus_log_likelihood(score(disc, fake), 1.), statistics

    d_loss_of, g_loss_of = computed(bfloat16, d_loss_of, g_loss_of)

    def step(state, real, z):
        gen, disc = state["gen"], state["disc"]
        d_loss, grads = jax.value_and_grad(d_loss_of)(disc["params"], gen["params"], real, z)
        disc = adam(disc, grads, config, epsilon)
        (g_loss, statistics), grads = jax.value_and_grad(g_loss_of, has_aux=True)(
            gen["params"], disc["params"], z)
        averages = jax.tree.map(lambda old, new: momentum * old + (1 - momentum) * new,
                                state["averages"], statistics)
        return {"gen": adam(gen, grads, config, epsilon), "disc": disc,
                "averages": averages}, (d_loss, g_loss)

    def feed_of(key, rows, data):
        return data[0][rows], jax.random.uniform(key, (len(rows), config.z_size), minval=-1.)

    disc, inputs = [], 3
    for number, outputs in enumerate((width, 2 * width, 4 * width)):
        disc += convolution_weights(rng, 5, inputs, outputs, norm=number > 0)
        inputs = outputs
    disc += dense_weights(rng, 16 * inputs, 1)
    averages = [tuple(reversed(norm_weights(config.g_size_mult * wide))) for wide in (4, 2, 1)]
    weights = {"gen": image_generator_weights(rng, config), "disc": disc}
    return runner(work, config, (data.scaled(),), weights, step, feed_of, gen_only=averages, single=single)


def wgan_gp_critic(work, config, data, single=False, bfloat16=False, epsilon=EPSILON):
    import jax
    import jax.numpy as jnp
    width, alpha, batch = config.hidden_size, config.alpha, config.batch_size
    rng = np.random.default_rng(0)

    def generate(params, z):
        params, x = iter(params), z
        for _ in range(3):
            x = leaky_relu(x @ next(params) + next(params), alpha)
            x, _, _ = batch_norm(x, next(params), next(params))
        return jnp.tanh(x @ next(params) + next(params))

    def score(params, x):
        x = leaky_relu(x @ params[0] + params[1], alpha)
        x = leaky_relu(x @ params[2] + params[3], alpha)
        return (x @ params[4] + params[5]).astype(jnp.float32)

    def disc_loss_of(disc, gen, real, z, mixture):
        fake = generate(gen, z)
        points = mixture * real + (1 - mixture) * fake
        slopes = jax.grad(lambda points: score(disc, points).sum())(points)
        norms = jnp.sqrt((slopes.astype(jnp.float32)**2).sum(1) + work.model.ROOT_EPSILON)
        return (score(disc, fake).mean() - score(disc, real).mean()
                + config.penalty_weight * ((norms - 1)**2).mean())

    disc_loss_of, = computed(bfloat16, disc_loss_of)

    def step(state, real, z, mixture):
        disc_loss, grads = jax.value_and_grad(disc_loss_of)(
            state["disc"]["params"], state["gen"]["params"], real, z, mixture)
        return {**state, "disc": adam(state["disc"], grads, config, epsilon)}, (disc_loss,)

    def feed_of(key, rows, data):
        rows_key, z_key, mixture_key = jax.random.split(key, 3)
        rows = jax.random.randint(rows_key, (batch,), 0, len(data[0]))
        return (data[0][rows], jax.random.normal(z_key, (batch, config.z_dim)),
                jax.random.uniform(mixture_key, (batch, 1)))

    gen, inputs = [], config.z_dim
    for outputs in (width, 2 * width, 4 * width):
        gen += dense_weights(rng, inputs, outputs) + norm_weights(outputs)
        inputs = outputs
    gen += dense_weights(rng, inputs, 784)
    weights = {"gen": gen, "disc": dense_weights(rng, 784, 2 * width, width, 1)}
    return runner(work, config, (data.flat(),), weights, step, feed_of, single=single)


WORKS = {"mnist_gan": mnist_gan_epoch, "semi_supervised": semi_supervised_step,
         "dcgan_svhn": dcgan_svhn_step, "wgan_gp": wgan_gp_critic}
