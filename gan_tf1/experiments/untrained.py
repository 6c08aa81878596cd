"""Figures of the chapters that need no training: the activations, and what an untrained generator draws."""

import numpy as np

from gan_tf1 import models, seeds
from gan_tf1.errors import InputError
from gan_tf1.figure_layout import legend_below, new_figure
from gan_tf1.figures import as_images
from gan_tf1.tf1 import new_graph, session_config, tf

STYLES = ("-", "--", ":", "-.")


def activations(alphas):
    """ReLU and the leaky ReLU as the chapters write it, `tf.maximum(alpha * x, x)`, for each of `alphas`.

    Returns x [n], the ReLU of x [n], and the leaky ReLU of x [len(alphas), n].
    """
    with new_graph(0).as_default(), tf.Session(config=session_config()) as sess:
        x = tf.linspace(-3., 3., 601)
        return sess.run([x, tf.nn.relu(x), tf.stack([tf.maximum(alpha * x, x) for alpha in alphas])])


def activation_figure(alphas):
    """Figures 4 and 5 of the first chapter, side by side, as the graph computes them."""
    x, relu, leaky = activations(alphas)
    figure = new_figure(9, 3.6, "Activations, computed in the graph")
    left, right = figure.subplots(1, 2, sharey=True)
    left.plot(x, relu, color="C0", label="ReLU: max(0, x)")
    for alpha, values, style in zip(alphas, leaky, STYLES):
        right.plot(x, values, style, color="C1", label=f"leaky ReLU: max({alpha:g} x, x)")
    for axes, title in ((left, "ReLU (figure 4)"), (right, "leaky ReLU (figure 5)")):
        axes.set_title(title, fontsize="medium")
        axes.set(xlabel="x", ylabel="output" if axes is left else "")
        axes.axhline(0, color="0.6", linewidth=0.8)
        axes.axvline(0, color="0.6", linewidth=0.8)
        axes.grid(alpha=0.3)
    legend_below(figure, left, right)
    return figure


def sample(chapter, seed):
    """One image [H, W] or [H, W, 3] in [0, 1] of the generator of `chapter`, before any training.

    Raises InputError if the chapter has no generator of images whose graph depends on its settings alone.
    """
    model = models.of_chapter(chapter)
    if getattr(model, "SAMPLES", None) != "images" or hasattr(model, "rebuild"):
        raise InputError(f"{chapter} has no generator of images that its settings alone define: name another chapter")
    config = model.Config()
    with new_graph(seed).as_default(), tf.Session(config=session_config()) as sess:
        net = model.build(config)
        sess.run(tf.global_variables_initializer())
        images = model.sample(sess, net, seeds.stream(seed, seeds.SAMPLES), 1, config)
    return as_images(images)[0]


def sample_figure(image, title):
    """`image` as the figures here show it, and stretched from black to white as `imshow` does without limits."""
    low, high = float(np.min(image)), float(np.max(image))
    figure = new_figure(6.4, 3.3, title)
    shown = (("black is 0, white is 1", 0, 1), (f"black is {low:.3f}, white is {high:.3f}", low, high))
    for axes, (name, black, white) in zip(figure.subplots(1, 2), shown):
        stretched = np.clip((image - black) / max(white - black, 1e-12), 0, 1)
        axes.imshow(stretched, cmap="Greys_r", vmin=0, vmax=1)
        axes.set_title(name, fontsize="medium")
        axes.set(xticks=[], yticks=[])
    return figure
