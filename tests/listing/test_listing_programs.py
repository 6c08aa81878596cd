"""Whole programs in the style of 2015 to 2018, and one of them after the steps of MIGRATING.md."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

import few_idx
from gan_tf1.listing.__main__ import main

LISTINGS = pathlib.Path(__file__).parent / "listings"
pytestmark = pytest.mark.slow


@pytest.fixture
def workdir(tmp_path):
    few_idx.write(tmp_path / "MNIST_data")
    return tmp_path


def said(capfd, *arguments):
    """What a listing prints."""
    main(list(map(str, arguments)))
    return capfd.readouterr().out


def test_a_dcgan_of_four_files_in_python_2(workdir, capfd):
    pytest.importorskip("fissix", reason="--python2 needs fissix")
    out = said(capfd, LISTINGS / "dcgan_python2" / "main.py", "--workdir", workdir, "--python2", "--",
               "--epoch=1")
    losses = re.findall(r"d_loss: ([\d.]+), g_loss: ([\d.]+)", out)
    assert len(losses) == 96 // 16 and all(0 < float(loss) < 20 for pair in losses for loss in pair)
    assert (workdir / "samples" / "train.png").is_file() and list(workdir.glob("DCGAN.model-*.index"))


def test_a_bidirectional_gan_with_data_sets_and_hooks(workdir, capfd):
    out = said(capfd, LISTINGS / "bigan_hooks.py", "--workdir", workdir, "--", "--num_steps=20")
    assert re.search(r"^10 d [\d.]+ g [\d.]+ acc [\d.]+$", out, re.M)
    assert (workdir / "model" / "model.ckpt-20.index").is_file()


def test_the_recipe_keeps_the_losses(workdir, capfd):
    """An energy-based GAN in Python 2 for TensorFlow 0.9, and the same after all five steps."""
    pytest.importorskip("fissix", reason="--python2 needs fissix")
    old = said(capfd, LISTINGS / "energy_gan" / "python2.py", "--workdir", workdir, "--python2")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    new = subprocess.run([sys.executable, LISTINGS / "energy_gan" / "today.py"], cwd=workdir, text=True,
                         capture_output=True, check=True, env=environment).stdout
    old, new = (re.findall(r"^Epoch: .*", text, re.M) for text in (old, new))
    assert old == new and len(new) == 2
