"""Known changes of the MNIST GAN: the mistakes that students make, one at a time.

A change consists of flags of `scripts/01_mnist_gan.py`, or of one or two lines of `models/mnist_gan.py`
that read otherwise. Such a line is replaced in the text of that file, as in an editor, and the changed text is
run as a module of its own. So the chapter's model has no option for any mistake, and the table below
shows each of them as a student would type it.

`scripts/changed_mnist_gan.py` trains one change, and `scripts/known_changes.py` makes the envelopes of
all of them. `published/likeness.py` says which of them a log looks most like.
"""

import pathlib
import sys
import types
from typing import NamedTuple

from gan_tf1.errors import InputError
from gan_tf1.models import mnist_gan


class Change(NamedTuple):
    """One change: its `title`, and flags or replaced lines, or both."""
    title: str
    flags: tuple = ()   # of scripts/01_mnist_gan.py
    lines: tuple = ()   # pairs (old, new); each `old` stands exactly once in models/mnist_gan.py


REAL = "labels=tf.ones_like(disc_logits_real) * (1 - label_smooth), logits=disc_logits_real)"
FAKE = "labels=tf.zeros_like(disc_logits_fake), logits=disc_logits_fake)"
GENERATOR = "labels=tf.ones_like(disc_logits_fake), logits=disc_logits_fake))"
SCOPES = ('tf.variable_scope("generator", reuse=reuse_vars)',
          'tf.variable_scope("discriminator", reuse=reuse_vars)')


def _initial_weights(stddev):
    """The lines that draw all weights from a truncated normal distribution, whatever the layer's size."""
    return tuple((scope, f"{scope[:-1]}, initializer=tf.truncated_normal_initializer(stddev={stddev}))")
                 for scope in SCOPES)


CHANGES = {
    "adam_0.0005": Change("Adam 0.0005", ("--learning-rate", "0.0005")),
    "adam_0.002": Change("Adam 0.002", ("--learning-rate", "0.002")),
    "adam_0.02": Change("Adam 0.02", ("--learning-rate", "0.02")),
    "beta1_0.5": Change("beta1 0.5", lines=(
        ("AdamOptimizer(learning_rate).minimize(disc_loss",
         "AdamOptimizer(learning_rate, beta1=0.5).minimize(disc_loss"),
        ("AdamOptimizer(learning_rate).minimize(gen_loss",
         "AdamOptimizer(learning_rate, beta1=0.5).minimize(gen_loss"))),
    # The same program as `tf.ones_like(disc_logits_real * (1 - label_smooth))`: the factor is multiplied
    # into the logits, of which `ones_like` uses nothing but the shape.
    "smooth_0": Change("no label smoothing", ("--label-smooth", "0")),
    "smooth_0.2": Change("label smoothing 0.2", ("--label-smooth", "0.2")),
    "leak_0": Change("ReLU without a leak", ("--alpha", "0")),
    "leak_0.2": Change("leaky ReLU with slope 0.2", ("--alpha", "0.2")),
    "hidden_64": Change("64 hidden units", ("--gen-hidden-size", "64", "--disc-hidden-size", "64")),
    "normal_noise": Change("normal instead of uniform noise", lines=(
        ("batch_z = rng.uniform(-1, 1, size=(", "batch_z = rng.normal(0, 1, size=("),)),
    "images_0_1": Change("images in [0, 1]", lines=(
        ("    batch_images *= 2  # to the range of tanh, in place: next_batch returns a copy\n"
         "    batch_images -= 1\n", ""),)),
    "swapped_labels": Change("real and fake labels swapped", lines=(
        (REAL, REAL.replace("logits=disc_logits_real", "logits=disc_logits_fake")),
        (FAKE, FAKE.replace("logits=disc_logits_fake", "logits=disc_logits_real")))),
    "batch_50": Change("batches of 50", ("--batch-size", "50")),
    "batch_128": Change("batches of 128", ("--batch-size", "128")),
    "gen_smooth": Change("generator's labels smoothed", lines=(
        (GENERATOR, GENERATOR.replace("fake), ", "fake) * (1 - label_smooth), ")),)),
    "fake_smooth": Change("fake labels smoothed", lines=(
        (FAKE, FAKE.replace("fake), ", "fake) + label_smooth, ")),)),
    "fake_smooth_gen_raised": Change("fake labels smoothed, generator's labels 1.1", lines=(
        (FAKE, FAKE.replace("fake), ", "fake) + label_smooth, ")),
        (GENERATOR, GENERATOR.replace("fake), ", "fake) + label_smooth, ")))),
    "bypass": Change("discriminator's hidden layer bypassed", lines=(
        ("hidden = tf.maximum(hidden, leaky_relu_alpha * hidden)\n        logits = tf.layers.dense(hidden, 1,",
         "hidden = tf.maximum(disc_input, leaky_relu_alpha * disc_input)\n"
         "        logits = tf.layers.dense(hidden, 1,"),)),
    "weights_0.02": Change("initial weights of standard deviation 0.02", lines=_initial_weights(0.02)),
    "weights_1": Change("initial weights of standard deviation 1", lines=_initial_weights(1)),
}
# The notebooks that people published often have Adam at 0.002 besides.
for _name in ("smooth_0", "gen_smooth", "fake_smooth_gen_raised"):
    CHANGES[f"{_name}_adam_0.002"] = Change(
        f"{CHANGES[_name].title}, with Adam 0.002",
        CHANGES[_name].flags + CHANGES["adam_0.002"].flags, CHANGES[_name].lines)


def changed_source(lines, source=None) -> str:
    """The text of `models/mnist_gan.py`, or `source`, with each pair (old, new) of `lines` replaced.

    Raises InputError if an `old` does not stand exactly once in the text.
    """
    source = pathlib.Path(mnist_gan.__file__).read_text() if source is None else source
    for old, new in lines:
        if source.count(old) != 1:
            raise InputError(f"{old!r} stands {source.count(old)} times in models/mnist_gan.py instead "
                             "of once: correct it in experiments/known_changes.py")
        source = source.replace(old, new)
    return source


def changed_model(name):
    """The module `models/mnist_gan.py` with the lines of the change `name` replaced.

    Its CHANGE is the name, which config.json of a run then has too.
    """
    module = types.ModuleType(f"gan_tf1.models.mnist_gan_{name.replace('.', '_')}")
    module.__file__ = f"<mnist_gan.py with {CHANGES[name].title}>"
    sys.modules[module.__name__] = module  # dataclasses look for the module of a class there
    exec(compile(changed_source(CHANGES[name].lines), module.__file__, "exec"), module.__dict__)
    module.CHANGE = name
    return module
