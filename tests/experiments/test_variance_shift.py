"""The variance shift: the same weights, tested with each kind of statistics."""

import json
import shutil

import numpy as np
import pytest

import few_streets
from conftest import load_script, refusal, without_figures
from gan_tf1.data import svhn
from gan_tf1.experiments import variance_shift
from gan_tf1.generators import sample_files
from gan_tf1.models import semi_supervised_svhn as model
from gan_tf1.tf1 import tf
from gan_tf1.training.run_results import load_losses

TINY = ["--paper", "--data", "street", "--epochs", "2", "--batch-size", "50", "--gen-channels", "2",
        "--disc-channels", "3", "--z-size", "5", "--num-labels", "50"]


@pytest.fixture(scope="module", autouse=True)
def few():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(svhn, "load", few_streets.load)
        without_figures(patch)
        yield


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "corrected"
    load_script("04_semi_supervised_svhn.py").main([*TINY, "--variant", "corrected", "--run-dir",
                                                    str(path)])
    return path


@pytest.fixture
def without_optimizers(run, monkeypatch):
    """The graphs into which the `run` is restored are built without gradients and optimizers."""
    monkeypatch.setattr(model, "model_opt", lambda *_: 3 * [tf.no_op()])


def test_dropout_raises_the_variance_that_is_collected(
        run, without_optimizers, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(variance_shift, "BATCHES", 100)
    shift = variance_shift.of_run(run)
    assert shift.accuracies["saved"] == pytest.approx(load_losses(run)["test_accuracies"][-1])
    assert set(shift.accuracies) == set(variance_shift.KINDS)
    assert shift.ratios.shape == (4,)  # the corrected network has four layers of batch norm
    assert shift.ratios[0] > 1.3       # the first has dropout right before it

    out = tmp_path / "shift.txt"
    monkeypatch.setattr(variance_shift, "of_run", lambda path, data_dir: shift)
    load_script("variance_shift.py").main([str(run), str(run), "--out", str(out)])
    text = out.read_text()
    assert text.startswith("# the semi-supervised GAN on drawn street numbers (synthetic)\n")
    assert "mean +- standard error" in text and f"{shift.ratios[0]:.2f}" in text
    assert text.split("\n\n", 1)[1] in capsys.readouterr().out


def test_statistics_collected_without_dropout_approach_those_of_the_training_images(
        run, without_optimizers, monkeypatch):
    """If a batch is the whole training set, a share of 0.99 ** n is left of what was there before."""
    monkeypatch.setattr(variance_shift, "BATCHES", 20)
    train = few_streets.load(num_labels=50).train
    names = ["discriminator/batch_normalization/moving_mean:0",
             "discriminator/batch_normalization/moving_variance:0"]
    with sample_files.restored(run, model, test_statistics="as_trained",
                               batch_size=300) as (sess, net, config, _):
        before = sess.run(names)
        variance_shift.collect(sess, net, train, config, 0.)
        after = sess.run(names)
        x2 = sess.graph.get_tensor_by_name("discriminator/conv2d_1/BiasAdd:0")
        x, _, _ = train.next_batch(300)
        seen = sess.run(x2, {net.input_real: x, net.drop_rate: 0.}).reshape(-1, 3)
    left = 0.99 ** 20
    for old, new, aim in zip(before, after, (seen.mean(axis=0), seen.var(axis=0))):
        np.testing.assert_allclose(new, left * old + (1 - left) * aim, rtol=1e-4, atol=1e-5)


def edited(run, path, **settings):
    """A copy of `run` at `path`, whose config.json has these settings; None removes one."""
    shutil.copytree(run, path)
    config = json.loads((path / "config.json").read_text())
    config["settings"] |= settings
    for name, value in settings.items():
        if value is None:
            del config["settings"][name]
    (path / "config.json").write_text(json.dumps(config))
    return path


@pytest.mark.parametrize("settings", [{"variant": "as_printed"}, {"drop_rate": 0.}])
def test_a_run_without_dropout_is_refused(run, tmp_path, capsys, settings):
    path = edited(run, tmp_path / "run", **settings)
    assert "was trained without dropout, so there is no shift" in refusal(
        capsys, load_script("variance_shift.py").main, path)


def test_a_run_of_an_older_version_is_refused(run, tmp_path, capsys):
    """Its network had a layer more, of the same shape as the next one, which would be restored."""
    old = edited(run, tmp_path / "old", test_statistics=None)
    assert "was trained by an older version, whose networks differ: train it again" in refusal(
        capsys, load_script("variance_shift.py").main, old)


def test_networks_with_and_without_x6_are_in_one_table():
    shifts = [variance_shift.Shift(dict.fromkeys(variance_shift.KINDS, 0.5), np.arange(count) + 1.)
              for count in (4, 5)]
    lines = variance_shift.table(["corrected", "mend_dropout"], shifts)
    header, four, five = [line.split() for line in lines[-3:]]
    assert header[::2] == 5 * ["layer"] and header[1::2] == ["2", "3", "4", "5", "6"]
    assert four == ["corrected", "1.00", "2.00", "3.00", "4.00", "-"]
    assert five == ["mend_dropout", "1.00", "2.00", "3.00", "4.00", "5.00"]
