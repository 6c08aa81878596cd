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
# # The semi-supervised GAN
#
# A classifier of digits is trained with few labelled images and many unlabelled ones, as in *Practical Convolutional
# Neural Networks*. The discriminator is the classifier. The networks and the losses are those of
# [gan_tf1/models/semi_supervised_svhn.py](../../gan_tf1/models/semi_supervised_svhn.py), where the seven places that
# the chapter leaves out are filled in.

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
# SVHN has to be downloaded, so the images here are street numbers that the package draws itself. They are easier than
# photographs. `DATA = "svhn"` trains on SVHN, if you have it. The networks are narrower than those of the chapter, an
# epoch shows each labelled image five times, and the learning rate is larger, so that five epochs show something.

# %% tags=["settings"]
EPOCHS = 5
STEPS = None   # steps per epoch; None for one pass over the data
DATA = "street"
SIZES = (8000, 2000)  # of the drawn training set and the drawn test set
WIDTH = 16     # channels of the first layers; 64 in the chapter
SEED = 0

# %%
from gan_tf1 import figures, seeds
from gan_tf1.data import svhn
from gan_tf1.models import semi_supervised_svhn as model
from gan_tf1.tf1 import new_graph, session_config

import numpy as np

config = model.Config(epochs=EPOCHS, num_labels=1000, label_repeats=5, learning_rate=0.001, g_size_mult=WIDTH,
                      d_size_mult=WIDTH, extra_class=0)
data = svhn.load(DATA, num_labels=config.num_labels, seed=SEED, sizes=SIZES, label_repeats=config.label_repeats)
arrays = data.train.arrays
figures.sample_grid(svhn.scaled(arrays.test_images[:20]), data.title, columns=10, inches=0.7)

# %% [markdown]
# ## The networks as they are printed
#
# The diagram is read from the graph. The box with dashed edges is a convolution on which nothing depends: in the
# printed listing, the layer after it takes its input from the layer before. The batch norm of the second layer isn't
# used either. `variant="corrected"` in the line of `config` removes both errors.

# %%
from IPython.display import SVG

from gan_tf1.experiments import architecture, architecture_drawing

graph = new_graph(SEED)
with graph.as_default():
    net = model.build(config)
    initialize = tf.global_variables_initializer()
SVG(data=architecture_drawing.drawing(architecture.of_graph(graph), f"The semi-supervised GAN, {config.variant}"))

# %% [markdown]
# ## The training
#
# One call of `sess.run` updates both networks. The mask of a batch says which of its labels the loss may use. After each
# epoch, the discriminator classifies the test images.

# %%
sess = tf.Session(graph=graph, config=session_config())
sess.run(initialize)
rng = seeds.stream(SEED, seeds.STEPS)
steps = STEPS or data.train.steps(config.batch_size)
log = []
for epoch in range(config.epochs):
    totals = None
    for _ in range(steps):
        taken = model.step(sess, net, data.train, rng, config)
        totals = model.tally(totals, taken, seconds=0)
    report = model.report(sess, net, totals, data.train, config)
    print(f"epoch {epoch}: train accuracy {report['train_accuracies']:.3f}, "
          f"test accuracy {report['test_accuracies']:.3f}")
    log.append({"epoch": epoch, **report})

# %% [markdown]
# ## How to read it
#
# The dashed curve is the accuracy on the 1,000 labelled images while they are trained on. The other is the accuracy on
# images that the network never saw, and it stays below. Guessing gives 0.1. With seed 0, the last epoch has about 0.8
# and 0.55; another processor rounds differently and ends elsewhere.

# %%
curves = {name: np.array([row[name] for row in log]) for name in ("epoch", "train_accuracies", "test_accuracies")}
figures.accuracy_curves([("", curves)], f"Accuracy on {data.title}")

# %% [markdown]
# The generator is trained by feature matching, which helps the classifier more than it helps the images.

# %%
figures.sample_grid(model.sample(sess, net, rng, 20, config), "Samples", columns=10, inches=0.7)

# %% [markdown]
# ## Do the unlabelled images help?
#
# Train once more with `supervised_only=True` in the line of `config` and `labelled_only=True` in the call of
# `svhn.load`, and compare the test accuracies. A single pair of runs proves little:
# [the result page](../../checkpoints/semi_supervised/README.md) has five seeds of each.
