"""The works in PyTorch in its usual style: eager with fused Adam, or with `torch.compile`.

With `channels_last`, images and kernels are stored in TensorFlow's order; with `bfloat16`, forward passes
run under autocast.

All data is in memory as one tensor, and a batch is selected by a part of a permutation. (A
`DataLoader` would collate image by image, which is many times slower.) The generator's images are
computed once per step, as in PyTorch's own DCGAN: the discriminator trains on them detached, and
the generator trains through them. The chapters' sessions compute them twice. With `compiled`, the
networks and the losses are compiled; fused Adam is already one kernel.

Some details differ from TensorFlow, without an effect on the works:

- `padding=2` pads equally before and after, but TensorFlow's "same" at stride 2 pads one pixel less
  before than after. The networks are the same if the images are rotated by 180 degrees.
- PyTorch adds Adam's epsilon to the root of the corrected second moment, TensorFlow to that of the
  raw one, so that in the first steps it has up to 30 times as much effect there.
- The discriminator's moving averages are updated in other passes, but they are never used.
"""

import numpy as np

from gan_tf1.bench import work as works
from gan_tf1.bench.rows import Runner

PACKAGES = ("torch",)
EPSILON = 1e-8  # PyTorch's default for Adam
NORM_EPSILON = 1e-3  # of batch norm, as in tf.layers


def adam(net, config, epsilon, beta1=0.9, beta2=0.999):
    import torch
    return torch.optim.Adam(net.parameters(), lr=config.learning_rate, eps=epsilon,
                            betas=(getattr(config, "beta1", beta1), getattr(config, "beta2", beta2)),
                            fused=True)


def prepared(compiled, bfloat16, *functions):
    """The functions or modules, compiled at their first call if `compiled`.

    With `bfloat16` they run under autocast, which computes products and convolutions in bfloat16.
    Weights and losses remain float32.
    """
    import torch
    functions = [torch.compile(function) if compiled else function for function in functions]
    return [torch.autocast("cpu", torch.bfloat16)(function) for function in functions] if bfloat16 else functions


def in_layout(channels_last, *tensors):
    """Networks or images [B, C, H, W], stored in the order [B, H, W, C] if `channels_last`."""
    import torch
    layout = torch.channels_last if channels_last else torch.contiguous_format
    return [tensor.to(memory_format=layout) for tensor in tensors]


def batches(images, size, *others):
    """Yield batches without end, from a new permutation per epoch; incomplete ones are dropped."""
    import torch
    while True:
        order = torch.randperm(len(images))
        for rows in order[:len(order) // size * size].split(size):
            yield (images[rows], *(tensor[rows] for tensor in others))


def minus_log_likelihood(logits, label):
    """The mean sigmoid cross-entropy of logits with the same label for all, in float32."""
    import torch
    logits = logits.float()
    return torch.nn.functional.binary_cross_entropy_with_logits(
        logits, torch.full_like(logits, label))


def replay_of(generator, discriminator, step, to_tensors):
    """`Runner.replay` for `step(*tensors) -> losses`; `to_tensors` converts a feed to tensors."""
    def replay(weights, feeds):
        from gan_tf1.bench import torch_weights
        for part, net in (("gen", generator), ("disc", discriminator)):
            torch_weights.load(net, weights[part])
        told = np.array([[loss.item() for loss in step(*to_tensors(*feed))] for feed in feeds])
        return told, {"gen": torch_weights.read(generator), "disc": torch_weights.read(discriminator)}
    return replay


def mnist_gan_epoch(work, config, data, compiled=False, channels_last=False,
                    bfloat16=False, epsilon=EPSILON):
    import torch
    from torch import nn
    torch.manual_seed(0)
    alpha, real_label = config.leaky_relu_alpha, 1 - config.label_smooth
    generator = nn.Sequential(nn.Linear(config.gen_z_size, config.gen_hidden_size),
                              nn.LeakyReLU(alpha), nn.Linear(config.gen_hidden_size, 784), nn.Tanh())
    discriminator = nn.Sequential(nn.Linear(784, config.disc_hidden_size), nn.LeakyReLU(alpha),
                                  nn.Linear(config.disc_hidden_size, 1))
    gen_adam, disc_adam = (adam(net, config, epsilon) for net in (generator, discriminator))

    def disc_loss_of(real, fake):
        return (minus_log_likelihood(discriminator(real), real_label)
                + minus_log_likelihood(discriminator(fake), 0.))

    def gen_loss_of(fake):
        return minus_log_likelihood(discriminator(fake), 1.)

    generate, disc_loss_of, gen_loss_of = prepared(compiled, bfloat16, generator, disc_loss_of,
                                                   gen_loss_of)

    def step(real, z):
        fake = generate(z)
        disc_adam.zero_grad()
        disc_loss = disc_loss_of(real, fake.detach())
        disc_loss.backward()
        disc_adam.step()

        gen_adam.zero_grad()
        gen_loss = gen_loss_of(fake)
        gen_loss.backward()
        gen_adam.step()
        return disc_loss, gen_loss

    images, steps = torch.from_numpy(data.flat()), works.steps(work, config, data)
    drawn = batches(images, config.batch_size)

    def run(units):
        for _ in range(units * steps):
            real, = next(drawn)
            z = torch.empty(config.batch_size, config.gen_z_size).uniform_(-1, 1)
            disc_loss, gen_loss = step(real, z)
        return {"disc_loss": disc_loss.item(), "gen_loss": gen_loss.item()}

    return Runner(run, replay_of(generator, discriminator, step, tensors), PACKAGES)


def image_generator(config, norm_options):
    """Noise [B, z] to images [B, 3, 32, 32]: the generator of both chapters on 32 x 32 images."""
    from torch import nn
    width = config.g_size_mult
    layers = [nn.Linear(config.z_size, 4 * 4 * 4 * width), nn.Unflatten(1, (4 * width, 4, 4)),
              nn.BatchNorm2d(4 * width, NORM_EPSILON, **norm_options), nn.LeakyReLU(config.alpha)]
    for inputs, outputs in ((4 * width, 2 * width), (2 * width, width)):
        layers += [nn.ConvTranspose2d(inputs, outputs, 5, 2, padding=2, output_padding=1),
                   nn.BatchNorm2d(outputs, NORM_EPSILON, **norm_options),
                   nn.LeakyReLU(config.alpha)]
    return nn.Sequential(*layers, nn.ConvTranspose2d(width, 3, 5, 2, padding=2, output_padding=1),
                         nn.Tanh())


def semi_supervised_step(work, config, data, compiled=False, channels_last=False,
                         bfloat16=False, epsilon=EPSILON):
    import torch
    from torch import nn
    from torch.nn import functional
    torch.manual_seed(0)
    width, alpha, classes = config.d_size_mult, config.alpha, 10
    # As printed: batch statistics always, no batch norm in layer 2, and dropout without effect.
    norm = dict(track_running_stats=False)
    generator = image_generator(config, norm)
    layers = [nn.Conv2d(3, width, 3, 2, padding=1), nn.LeakyReLU(alpha),
              nn.Conv2d(width, width, 3, 2, padding=1), nn.LeakyReLU(alpha)]
    for inputs, outputs, stride in ((width, width, 2), (width, 2 * width, 1),
                                    (2 * width, 2 * width, 1)):
        layers += [nn.Conv2d(inputs, outputs, 3, stride, padding=1),
                   nn.BatchNorm2d(outputs, NORM_EPSILON, **norm), nn.LeakyReLU(alpha)]
    features = nn.Sequential(*layers, nn.Conv2d(2 * width, 2 * width, 3), nn.LeakyReLU(alpha),
                             nn.AdaptiveAvgPool2d(1), nn.Flatten())
    head = nn.Linear(2 * width, classes + config.extra_class)
    discriminator = nn.Sequential(features, head)
    in_layout(channels_last, generator, discriminator)
    gen_adam, disc_adam = (adam(net, config, epsilon) for net in (generator, discriminator))

    def gan_logits(logits):
        return logits[:, :classes].logsumexp(1) - logits[:, classes:].sum(1)

    def losses_of(real, fake, y, label_mask):
        of_real, of_fake = features(real), features(fake)
        real_logits, fake_logits = head(of_real).float(), head(of_fake).float()
        class_loss = ((label_mask * functional.cross_entropy(real_logits, y, reduction="none")).sum()
                      / label_mask.sum().clamp(min=1))
        d_loss = (class_loss + minus_log_likelihood(gan_logits(real_logits), 1.)
                  + minus_log_likelihood(gan_logits(fake_logits), 0.))
        g_loss = (of_real.mean(0) - of_fake.mean(0)).abs().mean()
        return d_loss, g_loss

    generate, losses_of = prepared(compiled, bfloat16, generator, losses_of)

    def step(real, z, y, label_mask):
        gen_adam.zero_grad()
        disc_adam.zero_grad()
        d_loss, g_loss = losses_of(real, generate(z), y, label_mask)
        d_loss.backward(inputs=list(discriminator.parameters()), retain_graph=True)
        g_loss.backward(inputs=list(generator.parameters()))
        disc_adam.step()
        gen_adam.step()
        return d_loss, g_loss

    images, = in_layout(channels_last, channels_first(data.scaled()))
    drawn = batches(images, config.batch_size,
                    torch.from_numpy(data.labels.astype(np.int64)),
                    torch.from_numpy(data.label_mask.astype(np.float32)))

    def run(units):
        for _ in range(units):
            real, y, label_mask = next(drawn)
            d_loss, g_loss = step(real, torch.randn(config.batch_size, config.z_size), y, label_mask)
        return {"d_loss": d_loss.item(), "g_loss": g_loss.item()}

    def to_tensors(x, z, y, label_mask):
        return (mirrored(x), *tensors(z, y.astype(np.int64), label_mask.astype(np.float32)))

    return Runner(run, replay_of(generator, discriminator, step, to_tensors), PACKAGES)


def dcgan_svhn_step(work, config, data, compiled=False, channels_last=False,
                    bfloat16=False, epsilon=EPSILON):
    import torch
    from torch import nn
    torch.manual_seed(0)
    width, alpha = config.d_size_mult, config.alpha
    norm = dict(momentum=0.01)  # 0.99 in the convention of tf.layers
    generator = image_generator(config, norm)
    discriminator = nn.Sequential(
        nn.Conv2d(3, width, 5, 2, padding=2), nn.LeakyReLU(alpha),
        nn.Conv2d(width, 2 * width, 5, 2, padding=2),
        nn.BatchNorm2d(2 * width, NORM_EPSILON, **norm), nn.LeakyReLU(alpha),
        nn.Conv2d(2 * width, 4 * width, 5, 2, padding=2),
        nn.BatchNorm2d(4 * width, NORM_EPSILON, **norm), nn.LeakyReLU(alpha),
        nn.Flatten(), nn.Linear(4 * 4 * 4 * width, 1))
    in_layout(channels_last, generator, discriminator)
    gen_adam, disc_adam = (adam(net, config, epsilon) for net in (generator, discriminator))

    def d_loss_of(real, fake):
        return (minus_log_likelihood(discriminator(real), 1.)
                + minus_log_likelihood(discriminator(fake), 0.))

    def g_loss_of(fake):
        return minus_log_likelihood(discriminator(fake), 1.)

    generate, d_loss_of, g_loss_of = prepared(compiled, bfloat16, generator, d_loss_of, g_loss_of)

    def step(real, z):
        fake = generate(z)
        disc_adam.zero_grad()
        d_loss = d_loss_of(real, fake.detach())
        d_loss.backward()
        disc_adam.step()

        gen_adam.zero_grad()
        g_loss = g_loss_of(fake)
        g_loss.backward()
        gen_adam.step()
        return d_loss, g_loss

    images, = in_layout(channels_last, channels_first(data.scaled()))
    drawn = batches(images, config.batch_size)

    def run(units):
        for _ in range(units):
            real, = next(drawn)
            d_loss, g_loss = step(real, torch.empty(config.batch_size, config.z_size).uniform_(-1, 1))
        return {"d_loss": d_loss.item(), "g_loss": g_loss.item()}

    return Runner(run, replay_of(generator, discriminator, step,
                                 lambda x, z: (mirrored(x), *tensors(z))), PACKAGES)


def wgan_gp_critic(work, config, data, compiled=False, channels_last=False,
                   bfloat16=False, epsilon=EPSILON):
    import torch
    from torch import nn
    torch.manual_seed(0)
    width, alpha, root_epsilon = config.hidden_size, config.alpha, work.model.ROOT_EPSILON
    layers, inputs = [], config.z_dim
    for outputs in (width, 2 * width, 4 * width):
        layers += [nn.Linear(inputs, outputs), nn.LeakyReLU(alpha),
                   nn.BatchNorm1d(outputs, NORM_EPSILON, momentum=1 - work.model.MOMENTUM)]
        inputs = outputs
    generator = nn.Sequential(*layers, nn.Linear(inputs, 784), nn.Tanh())
    critic = nn.Sequential(nn.Linear(784, 2 * width), nn.LeakyReLU(alpha),
                           nn.Linear(2 * width, width), nn.LeakyReLU(alpha), nn.Linear(width, 1))
    disc_adam = adam(critic, config, epsilon)

    def slopes(points):
        if compiled:  # a compiled function can't be differentiated twice from outside
            return torch.func.grad(lambda points: critic(points).sum())(points)
        points.requires_grad_()
        return torch.autograd.grad(critic(points).sum(), points, create_graph=True)[0]

    def disc_loss_of(real, fake, mixture):
        norms = (slopes(mixture * real + (1 - mixture) * fake).square().sum(1) + root_epsilon).sqrt()
        return (critic(fake).mean() - critic(real).mean()
                + config.penalty_weight * (norms - 1).square().mean())

    generate, disc_loss_of = prepared(compiled, bfloat16, generator, disc_loss_of)

    def step(real, z, mixture):
        with torch.no_grad():
            fake = generate(z)
        disc_adam.zero_grad()
        disc_loss = disc_loss_of(real, fake, mixture)
        disc_loss.backward()
        disc_adam.step()
        return disc_loss,

    images, batch = torch.from_numpy(data.flat()), config.batch_size

    def run(units):
        for _ in range(units):
            real = images[torch.randint(len(images), (batch,))]
            disc_loss, = step(real, torch.randn(batch, config.z_dim), torch.rand(batch, 1))
        return {"disc_loss": disc_loss.item()}

    return Runner(run, replay_of(generator, critic, step, tensors), PACKAGES)


def tensors(*arrays):
    """Arrays as tensors; float64 becomes float32, as in the chapters' placeholders."""
    import torch
    return [torch.from_numpy(np.asarray(array, np.float32) if array.dtype == np.float64 else array)
            for array in arrays]


def channels_first(images):
    """Images [N, H, W, C] as a tensor [N, C, H, W]."""
    import torch
    return torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))


def mirrored(images):
    """Images [N, H, W, C] rotated by 180 degrees, as a tensor; see the module's docstring."""
    return channels_first(images[:, ::-1, ::-1])


WORKS = {"mnist_gan": mnist_gan_epoch, "semi_supervised": semi_supervised_step,
         "dcgan_svhn": dcgan_svhn_step, "wgan_gp": wgan_gp_critic}
