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
# # The MNIST GAN, cell by cell
#
# This notebook trains the first chapter, the MNIST GAN of *Deep Learning by Example*. The networks and the losses are
# those of [gan_tf1/models/mnist_gan.py](../../gan_tf1/models/mnist_gan.py), which follows the chapter line by line:
# open it beside this notebook. The two loops of the training are here, in sight.

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
# Twenty epochs show rough digits, and take one or two minutes. The book trains 100. With `DATA = "auto"` the images are those
# of MNIST if they can be found or downloaded, and otherwise digits that the package draws itself.

# %% tags=["settings"]
EPOCHS = 20
STEPS = None  # steps per epoch; None for one pass over the data
DATA = "auto"
SEED = 0

# %% [markdown]
# ## The data
#
# The images have 784 pixels from 0 (black) to 1 (white). The generator ends in tanh, whose range is -1 to 1, and so each
# step scales the real images to this range. `figures.sample_grid` expects it too.

# %%
from gan_tf1 import figures, seeds
from gan_tf1.data import digits
from gan_tf1.models import mnist_gan
from gan_tf1.tf1 import new_graph, session_config

data = digits.load(DATA, seed=SEED)
figures.sample_grid(2 * data.test.images[:32] - 1, data.title, columns=16, inches=0.5)

# %% [markdown]
# ## The graph
#
# `build` makes the graph: placeholders, both networks, the losses, and one optimizer for each network. The names of the
# variables begin with the name of their network, and that is how each optimizer finds its own.

# %%
config = mnist_gan.Config(epochs=EPOCHS)
graph = new_graph(SEED)
with graph.as_default():
    gan = mnist_gan.build(config)
    initialize = tf.global_variables_initializer()
for variable in [*gan.gen_vars, *gan.disc_vars]:
    print(variable.name, variable.shape)

# %% [markdown]
# The same as a diagram, which is read from such a graph. The numbers at the right count the weights.

# %%
from IPython.display import SVG

from gan_tf1.experiments import architecture, architecture_drawing

SVG(data=architecture_drawing.drawing(architecture.of_graph(graph), "The MNIST GAN"))

# %% [markdown]
# ## The training
#
# These are the two loops of the chapter. A step updates the discriminator and then the generator, each with one call of
# `sess.run`. After each epoch, the losses of the last batch are printed, and 16 new samples are drawn.

# %%
sess = tf.Session(graph=graph, config=session_config())
sess.run(initialize)
rng = seeds.stream(SEED, seeds.STEPS)
steps = STEPS or data.train.steps(config.batch_size)
log, samples = [], []
for epoch in range(1, config.epochs + 1):
    for _ in range(steps):
        feed = mnist_gan.step(sess, gan, data.train, rng, config)
    losses = mnist_gan.report(sess, gan, feed)
    print(mnist_gan.log_line(epoch, config.epochs, losses))
    log.append({"epoch": epoch, **losses})
    samples.append(mnist_gan.sample(sess, gan, rng, config.samples, config))

# %% [markdown]
# ## The losses (figure 6)
#
# Look at the level of the two curves, and not for a curve that falls to 0. A discriminator that can't tell real images
# from generated ones answers one half everywhere. Its loss is then 2 log 2 = 1.39, with label smoothing or without. The
# book's losses end near 1.1, so its discriminator still recognizes many images.

# %%
import numpy as np

curves = {name: np.array([row[name] for row in log]) for name in log[0]}
figures.loss_curves(curves, f"Losses on {data.title}")

# %% [markdown]
# ## The samples (figures 7 and 8)
#
# The last 16 samples, and then six samples of every tenth of the epochs. Each set has its own latent vectors, so one
# column doesn't show one digit as it forms.

# %%
figures.sample_grid(samples[-1], f"Samples after epoch {config.epochs}")

# %%
figures.progress(np.array(samples)[:, ::2][:, :6], "Samples over the training")

# %% [markdown]
# ## Something to try
#
# Predict what happens before you run it. What if `label_smooth` is 0? Replace the line of `config` by
# `mnist_gan.Config(epochs=EPOCHS, label_smooth=0.)`, and run all cells from there on.
