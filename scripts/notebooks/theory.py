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
# # The theory, computed
#
# *Generative AI with Python and TensorFlow 2* draws figures 6.5, 6.6, 6.7 and 6.15 by hand. Here they are computed: with
# the same functions of the package with which the GANs are trained, and with numbers instead of images, so that all
# densities are known.

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
# With these numbers of updates, the trainings below take about a minute.

# %% tags=["settings"]
UPDATES = 2000  # of D in stage (b), and of G in stage (d)
CRITIC_UPDATES = 3000
SEED = 0

# %% [markdown]
# ## The costs of the generator (figures 6.6 and 6.7)
#
# Three costs have the same optimum, but not the same slopes. Look at the lower right panel. At its left edge, the
# discriminator recognizes the generated images, as it does at the beginning of a training. There the minimax cost is
# flat, so the generator learns next to nothing. The non-saturating cost is steep there. This is why the chapters use it.

# %%
import numpy as np

from gan_tf1.experiments import objectives, theory, theory_figures
from gan_tf1.models import gan_1d, two_gaussians

probs = np.linspace(0.005, 0.995, 199)
costs = objectives.generator_costs(probs)
theory_figures.generator_costs(probs, costs, "What a generator descends on")

# %% [markdown]
# ## The value and the divergences
#
# If the discriminator is the best possible one, D* = p / (p + q), then the value of the game is 2 JSD(p, q) - log 4. So
# a generator that minimizes it makes its density q equal to the density p of the data. The next cell computes
# the value for a generator that is shifted away from the data.

# %%
table = objectives.divergences(np.linspace(0, 4, 17))
theory_figures.divergences(table, "Data from N(0, 1), generator N(shift, 1)")

# %% [markdown]
# ## A GAN on the line (figure 6.5)
#
# This is a real training of two small networks, in the four stages of the figure. The grey lines show how the
# generator maps noise to numbers. In (b), D has come close to D*, the best possible discriminator. In (d), the two
# densities are nearly equal, and D is about one half wherever there are real or generated numbers.

# %%
config = gan_1d.Config(converging_steps=UPDATES, iterations=UPDATES)
found = theory.stages(SEED, config)
for stage in found:
    print(f"({stage.letter}) mean of |D - D*|: {stage.deviation.mean:.3f}, V(G, D): {stage.deviation.value:.3f}")
theory_figures.stages(found, f"Figure 6.5, computed, seed {SEED}")

# %% [markdown]
# ## A discriminator and a critic (figure 6.15)
#
# Two Gaussians that hardly overlap stand for real and generated numbers. D separates them perfectly, and so it is flat
# where the generated numbers are. The clipped critic of the Wasserstein GAN has a slope everywhere. But also look at the
# panel with the slopes: the slope of the non-saturating cost, -log D, doesn't vanish either.

# %%
between = theory.gradients(SEED, two_gaussians.Config(steps=CRITIC_UPDATES))
theory_figures.gradients(between, f"A discriminator and a critic of two Gaussians, seed {SEED}")
