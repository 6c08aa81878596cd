"""The DCGAN in NumPy and float64, with which the tests compare the graph.

`weights` are a model's variables, as a dict from name to array. If `stats` is a dict, batch norm uses
batch statistics and adds them to it; if it is None, batch norm uses the moving averages.
"""

import numpy as np

BN2, BN3 = "discriminator/batch_normalization", "discriminator/batch_normalization_1"


def leaky(x):
    return np.where(x > 0, x, 0.2 * x)


def convolution(x, weights, scope):
    """5 x 5 with stride 2, for which TensorFlow's "same" pads 1 before and 2 after. A missing bias is 0."""
    kernel, half = weights[scope + "/kernel"], x.shape[1] // 2
    x = np.pad(x, [(0, 0), (1, 2), (1, 2), (0, 0)])
    return weights.get(scope + "/bias", 0) + sum(
        x[:, i:i + 2 * half:2, j:j + 2 * half:2] @ kernel[i, j] for i in range(5) for j in range(5))


def transposed_convolution(x, weights, scope, stride=2):
    """Every pixel of `x` adds the kernel times its value to the output, `stride` pixels apart."""
    kernel, size, before = weights[scope + "/kernel"], stride * x.shape[1], (5 - stride) // 2
    out = np.zeros((len(x), size + 5 - stride, size + 5 - stride, kernel.shape[2]))
    for i in range(5):
        for j in range(5):
            out[:, i:i + size:stride, j:j + size:stride] += x @ kernel[i, j].T
    inside = slice(before, before + size)
    return weights.get(scope + "/bias", 0) + out[:, inside, inside]


def batch_norm(x, weights, scope, stats):
    """In training or in inference mode. `stats` gets the unbiased variance, as the moving averages do."""
    mean, variance = weights[scope + "/moving_mean"], weights[scope + "/moving_variance"]
    if stats is not None:
        mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
        stats[scope + "/moving_mean"] = mean
        stats[scope + "/moving_variance"] = x.var((0, 1, 2), ddof=1)
    return weights[scope + "/gamma"] * (x - mean) / np.sqrt(variance + 0.001) + (
        weights[scope + "/beta"])


def generator(z, weights, stats):
    w = {name.removeprefix("generator/"): value for name, value in weights.items()}
    mine = None if stats is None else {}
    x = (z @ w["dense/kernel"] + w["dense/bias"]).reshape(len(z), 4, 4, -1)
    for bn, layer in (("", ""), ("_1", "_1"), ("_2", "_2")):
        x = leaky(batch_norm(x, w, "batch_normalization" + bn, mine))
        x = transposed_convolution(x, w, "conv2d_transpose" + layer)
    if stats is not None:
        stats.update({"generator/" + name: value for name, value in mine.items()})
    return np.tanh(x)


def discriminator(x, weights, stats):
    """Logits [B, 1]."""
    x = leaky(convolution(x, weights, "discriminator/conv2d"))
    x = leaky(batch_norm(convolution(x, weights, "discriminator/conv2d_1"), weights, BN2, stats))
    x = leaky(batch_norm(convolution(x, weights, "discriminator/conv2d_2"), weights, BN3, stats))
    return x.reshape(len(x), -1) @ weights["discriminator/dense/kernel"] + (
        weights["discriminator/dense/bias"])


def cross_entropy(label, logits):
    p = 1 / (1 + np.exp(-logits))
    return -(label * np.log(p) + (1 - label) * np.log(1 - p))


def passes(feed, weights):
    """`(d_loss, g_loss)`, and the batch statistics of the three passes: G, D on real, D on fake."""
    of_g, of_real, of_fake = {}, {}, {}
    fake = discriminator(generator(feed.z, weights, of_g), weights, of_fake)
    real = discriminator(feed.x, weights, of_real)
    d_loss = cross_entropy(1, real).mean() + cross_entropy(0, fake).mean()
    return (d_loss, cross_entropy(1, fake).mean()), [of_g, of_real, of_fake]


def moved_averages(weights, *stats):
    """The moving averages of `weights` after updates with each of `stats` in turn, at momentum 0.99."""
    moved = {name: value for name, value in weights.items() if "/moving_" in name}
    for each in stats:
        moved |= {name: 0.99 * moved[name] + 0.01 * value for name, value in each.items()}
    return moved
