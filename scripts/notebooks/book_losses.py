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
# # Are these the book's losses?
#
# You have trained the MNIST GAN of the first chapter. Your losses differ from those of the book. Is your program wrong, or
# is this what another random seed does? This notebook shows how to decide it. Nothing is trained here.

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
# `LOG` is a run directory, a text file with log lines as the book prints them, or a notebook. "shipped" is the run that
# comes with the repository. Name your own instead.

# %% tags=["settings"]
LOG = "shipped"

# %% [markdown]
# ## Many seeds
#
# The package contains the losses of many runs of the chapter's own program, which differ in nothing but their seeds.
# The grey band is where 95 % of such runs are, epoch by epoch. Crosses are the losses that the book prints, for its
# epochs 71 to 100.

# %%
from gan_tf1.places import SHIPPED
from gan_tf1.published import comparison, comparison_figure, envelopes, logs, other_logs

CHAPTER = "mnist_gan"
envelope = envelopes.envelope(CHAPTER)
log = logs.read(SHIPPED / "mnist_gan" if LOG == "shipped" else LOG, CHAPTER)
comparison_figure.comparison(log, logs.book(CHAPTER), envelope, "this run", logs.CHAPTERS[CHAPTER])

# %% [markdown]
# ## The verdict
#
# Single epochs leave the band even if the program is right, since it is made for one epoch at a time. So the test uses
# a few means and spreads over many epochs instead, and allows for how often one of several tests is wrong by chance.

# %%
verdict = comparison.judge(log, envelope)
print(verdict.sentence)

# %%
print("The book's own log:", comparison.judge(logs.book(CHAPTER), envelope).sentence)

# %% [markdown]
# ## The logs of other people
#
# The package also has 56 logs that other people published with their notebooks, most of them made with TensorFlow 1.
# These are of the same GAN. Some of the programs have other labels or another learning rate. Read what differs, predict
# the verdict, and compare.

# %%
for one in other_logs.of_chapter(CHAPTER)[15:24]:
    judged = comparison.judge(one.log, envelope)
    print(f"{one.id}: {judged.word}\n    {one.differs}")

# %% [markdown]
# A single run can't show every mistake: some of them change the losses less than another seed does. Then the verdict is
# "can't tell", and several runs together show more. [The page on the method](../../checkpoints/envelopes/README.md)
# says how large a shift of the losses must be for one run, or for five runs, to show it.
#
# Here is one whose labels are not smoothed, by accident, with a learning rate of 0.002.

# %%
wrong = other_logs.named("A023")
comparison_figure.comparison(wrong.log, logs.book(CHAPTER), envelope, wrong.id, logs.CHAPTERS[CHAPTER])

# %%
print(comparison.judge(wrong.log, envelope).sentence)
