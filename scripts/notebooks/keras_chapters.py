# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The Keras chapters as TensorFlow 1 graphs
#
# *Generative AI with Python and TensorFlow 2* prints its GANs in Keras: `model.compile`, `discriminator.trainable =
# False`, `train_on_batch`. This notebook trains three of them as the graphs that these calls build. Tests compare both:
# from the same weights, ten steps of Keras and ten steps of these graphs end at the same weights.
#
# | in Keras | in the graph |
# |---|---|
# | `discriminator.trainable = False`, then `gan_model.compile` | an optimizer with `var_list=gen_vars` |
# | `discriminator.train_on_batch(real)`, then `(fake)` | two calls of `sess.run` with the same optimizer |
# | `generator.predict(noise)` | a second pass of the generator, whose batch norm uses moving statistics |
# | `gan_model.train_on_batch(noise, ones)` | one call of `sess.run`, whose batch norm uses batch statistics |

# %% [markdown]
# ## Installation
#
# Run the next cell first. In a clone of the repository it finds the package by itself. Elsewhere, for example in
# Colab, it installs the package: write the address of the repository between the quotation marks of `ADDRESS`.
#
# If the cell says that TensorFlow was imported before gan_tf1, restart the kernel (in Colab: *Runtime*, *Restart
# session*), and run this cell before all others. The layers of TensorFlow 1 must be chosen before TensorFlow is
# imported for the first time.

# %%
import importlib.util
import pathlib
import subprocess
import sys

ADDRESS = ""  # of the repository
here = pathlib.Path.cwd()
clone = next((folder for folder in (here, *here.parents) if (folder / "gan_tf1" / "tf1.py").is_file()), None)
if clone:
    sys.path.insert(0, str(clone))
elif importlib.util.find_spec("gan_tf1") is None:
    assert ADDRESS, "write the address of the repository between the quotation marks of ADDRESS"
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", f"git+{ADDRESS}"], check=True)

from gan_tf1.tf1 import tf

print(f"TensorFlow {tf.__version__}, executing eagerly: {tf.executing_eagerly()}")
# %matplotlib inline

# %% [markdown]
# **Why is `tf.executing_eagerly()` False?** Today's TensorFlow computes each line at once, like NumPy; it executes
# *eagerly*. TensorFlow 1 did not. There, a program first builds a *graph*, a description of the computation, in which
# a line such as `tf.layers.dense(x, 128)` computes nothing. Later, a *session* runs the parts of the graph that it is
# asked for: `sess.run(loss, feed_dict={...})`. The chapters are written in this way, so the package switches eager
# execution off, for the whole kernel. Don't mix these cells with code for TensorFlow 2 in one notebook.

# %% [markdown]
# ## Settings
#
# The networks are a quarter as wide as those of the chapter, which trains 30,000 iterations.

# %% tags=["settings"]
ITERATIONS = 2000
WIDTH = 64    # units of the smallest layer; 256 in the chapter
DATA = "auto"
SEED = 0

# %% [markdown]
# ## One loop for all three
#
# All models of the package have the same functions, so this loop trains each of them. It returns the session, the
# tensors, and the losses of every step.

# %%
import numpy as np

from gan_tf1 import figures, seeds
from gan_tf1.data import digits
from gan_tf1.models import conditional_gan, vanilla_gan, wasserstein_gan
from gan_tf1.tf1 import new_graph, session_config

data = digits.unsplit(digits.load(DATA, seed=SEED))


def train(model, config):
    with new_graph(SEED).as_default():
        gan = model.build(config)
        sess = tf.Session(config=session_config())
        sess.run(tf.global_variables_initializer())
    rng, rows = seeds.stream(SEED, seeds.STEPS), []
    for iteration in range(config.iterations):
        losses = model.report(sess, gan, model.step(sess, gan, data.train, rng, config))
        rows.append({"step": iteration, **losses})
        if iteration % (config.iterations // 5) == 0:
            print(model.log_line(iteration, config.iterations, losses))
    return sess, gan, {name: np.array([row[name] for row in rows]) for name in rows[0]}


def samples_of(model, sess, gan, config):
    return model.sample(sess, gan, seeds.stream(SEED, seeds.SAMPLES), 16, config)


# %% [markdown]
# ## The vanilla GAN (figures 6.8 and 6.9)

# %%
config = vanilla_gan.Config(iterations=ITERATIONS, hidden_size=WIDTH)
sess, gan, losses = train(vanilla_gan, config)
figures.loss_curves(losses, f"Vanilla GAN on {data.title}")

# %%
figures.sample_grid(samples_of(vanilla_gan, sess, gan, config), f"After {ITERATIONS:,} iterations", columns=8)

# %% [markdown]
# After these 2,000 iterations the images have the place of a digit, but not yet the strokes of one. The chapter trains
# fifteen times as long, and its networks are four times as wide. The chapter's script does both:
# `python scripts/06_vanilla_gan.py`.

# %% [markdown]
# ## The conditional GAN (figures 6.13 and 6.14)
#
# Both networks are also given the digit: an embedding of it is multiplied with the latent vector or with the image.
# So the digit can be chosen. It also helps the training: with the same number of iterations, the strokes of the digits are
# there.

# %%
config = conditional_gan.Config(iterations=ITERATIONS, hidden_size=WIDTH)
sess, gan, losses = train(conditional_gan, config)
figures.loss_curves(losses, f"Conditional GAN on {data.title}")

# %%
rng = seeds.stream(SEED, seeds.SAMPLES)
z = conditional_gan.latent(rng, 5, config)
rows = [conditional_gan.generate(sess, gan, z, np.full(5, digit)) for digit in range(10)]
figures.sample_grid(np.concatenate(rows), "One row for each digit, one latent vector for each column", columns=5,
                    inches=0.8, names=range(10))

# %% [markdown]
# ## The Wasserstein GAN (figures 6.16 and 6.17)
#
# For each update of the generator there are five rounds. In each, the critic is updated on real images and then on
# generated ones, and its weights are clipped after the second update. Its losses aren't probabilities, so their level
# says nothing by itself. The estimate of the Wasserstein distance is the number to look at: over a long training it
# falls as the samples improve.

# %%
config = wasserstein_gan.Config(iterations=ITERATIONS, hidden_size=WIDTH, batch_size=64)
sess, gan, losses = train(wasserstein_gan, config)
figures.loss_curves(losses, f"Wasserstein GAN on {data.title}", "loss on the step's batch (the critic's units)")

# %%
figures.sample_grid(samples_of(wasserstein_gan, sess, gan, config), f"After {ITERATIONS:,} iterations", columns=8)

# %% [markdown]
# After 2,000 iterations, the samples of the Wasserstein GAN are still blurs. Its learning rate, 0.00005, is small, and
# the narrow networks need about 6,500 iterations before digits appear.
