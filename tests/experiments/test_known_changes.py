"""Known changes of the MNIST GAN: what each changes, and their envelopes."""

import dataclasses
import pathlib
from types import SimpleNamespace

import numpy as np
import pytest

from conftest import Stopped, load_script, refusal, stopped_at, stopped_at_its_stepper
from gan_tf1.config import flag
from gan_tf1.errors import InputError
from gan_tf1.experiments import known_changes
from gan_tf1.experiments.known_changes import CHANGES, changed_model, changed_source
from gan_tf1.models import mnist_gan
from gan_tf1.published import envelopes
from gan_tf1.tf1 import tf
from gan_tf1.training import run_config

REAL, FAKE = np.array([[1.5], [-0.5]]), np.array([[-2.0], [0.7]])  # logits [B, 1]


def losses(model):
    """The losses of the logits `REAL` and `FAKE`, with the chapter's label smoothing."""
    with tf.Graph().as_default(), tf.Session() as sess:
        return sess.run(model.model_loss(tf.constant(REAL), tf.constant(FAKE), 0.1))


def entropy(label, logits):
    """The mean cross-entropy of logits [B, 1] with a label between 0 and 1, or above."""
    return np.mean(np.logaddexp(0, logits) - label * logits)


@pytest.mark.parametrize("name, real, fake, gen", [
    # For each loss: the label, and the logits that it belongs to.
    ("swapped_labels", (0.9, FAKE), (0, REAL), 1), ("gen_smooth", (0.9, REAL), (0, FAKE), 0.9),
    ("fake_smooth", (0.9, REAL), (0.1, FAKE), 1), ("fake_smooth_gen_raised", (0.9, REAL), (0.1, FAKE), 1.1)])
def test_changed_labels_are_those_of_the_title(name, real, fake, gen):
    disc_loss, gen_loss = losses(changed_model(name))
    assert disc_loss == pytest.approx(entropy(*real) + entropy(*fake))
    assert gen_loss == pytest.approx(entropy(gen, FAKE))
    assert losses(mnist_gan) != pytest.approx((disc_loss, gen_loss))


def test_a_factor_that_is_multiplied_into_the_logits_is_no_smoothing_at_all():
    wrong = (known_changes.REAL, known_changes.REAL.replace(
        "tf.ones_like(disc_logits_real) * (1 - label_smooth)",
        "tf.ones_like(disc_logits_real * (1 - label_smooth))"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(CHANGES, "wrong", known_changes.Change("wrong", lines=(wrong,)))
        disc_loss, _ = losses(changed_model("wrong"))
    assert disc_loss == pytest.approx(entropy(1, REAL) + entropy(0, FAKE))
    assert CHANGES["smooth_0"].flags == ("--label-smooth", "0")


@pytest.mark.parametrize("name, stddev", [("weights_0.02", 0.02), ("weights_1", 1.0)])
def test_all_initial_weights_have_the_stated_standard_deviation(name, stddev):
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.set_random_seed(0)
        changed_model(name).build(mnist_gan.Config())
        sess.run(tf.global_variables_initializer())
        found = {var.op.name: sess.run(var) for var in tf.trainable_variables()}
    kernels = [value for key, value in found.items() if key.endswith("kernel")]
    assert len(kernels) == 4
    for kernel in kernels:  # one truncated at two standard deviations has 0.88 of the full one
        assert np.std(kernel) == pytest.approx(0.88 * stddev, rel=0.2)
    assert all(not value.any() for key, value in found.items() if key.endswith("bias"))


def test_the_hidden_layer_is_bypassed_in_the_discriminator_alone():
    with tf.Graph().as_default():
        tf.set_random_seed(0)
        gan = changed_model("bypass").build(mnist_gan.Config())
        hidden = [grad is None for grad in tf.gradients(gan.disc_loss, gan.disc_vars)]
        assert hidden == [True, True, False, False]
        assert None not in tf.gradients(gan.gen_loss, gan.gen_vars)


def test_both_optimizers_have_the_changed_beta1():
    with tf.Graph().as_default() as graph:
        tf.set_random_seed(0)
        changed_model("beta1_0.5").build(mnist_gan.Config())
        betas = [op.get_attr("value").float_val[0] for op in graph.get_operations()
                 if op.type == "Const" and op.name.endswith("Adam/beta1")]
    assert betas == [0.5, 0.5]


def fed(model, train_set):
    """The batch of one step of `model`, which trains nothing."""
    class Nothing:
        def run(self, ops, feed_dict):
            pass

    gan = mnist_gan.GAN(*map(str, mnist_gan.GAN._fields))
    return model.step(Nothing(), gan, train_set, np.random.default_rng(0), mnist_gan.Config())


def test_images_and_noise_of_a_changed_step(train_set):
    chapter, images, noise = (fed(model, train_set) for model in (
        mnist_gan, changed_model("images_0_1"), changed_model("normal_noise")))
    assert (chapter.images.min(), np.abs(chapter.z).max() < 1) == (-1, True)
    assert (images.images.min(), images.images.max()) == (0, 1)
    assert noise.images.min() == -1 and np.abs(noise.z).max() > 2


def test_every_change_alters_the_program_and_only_flags_alter_the_settings():
    flags = {flag(field.name) for field in dataclasses.fields(mnist_gan.Config)}
    for name, change in CHANGES.items():
        assert change.flags or change.lines, name
        assert set(change.flags[::2]) <= flags
        if change.lines:
            assert changed_source(change.lines) != pathlib.Path(mnist_gan.__file__).read_text()
            config = dataclasses.asdict(changed_model(name).Config())
            assert config == dataclasses.asdict(mnist_gan.Config()), name
    assert len({change.title for change in CHANGES.values()}) == len(CHANGES)


@pytest.mark.parametrize("source", ["nothing", "twice twice"])
def test_a_line_that_does_not_stand_exactly_once_is_refused(source):
    with pytest.raises(InputError, match="'twice' stands [02] times"):
        changed_source((("twice", "once"),), source)


def test_envelopes_of_changes_are_made_in_the_graph_and_continued(in_process, tmp_path, capsys):
    main = load_script("known_changes.py").main
    command = ["--out", str(tmp_path / "out"), "--changes", "normal_noise", "--seeds", "5-7",
               "--jobs", "1", "--data", "drawn", "--", "--epochs", "2", "--batch-size", "200", "--loop", "graph"]
    with stopped_at("normal_noise-seed-7"):
        main(command)
    assert not list((tmp_path / "out").glob("*.csv"))
    main(command)
    assert in_process == ["normal_noise-seed-5", "normal_noise-seed-6", "normal_noise-seed-7"]
    [(name, found)] = envelopes.known_changes("mnist_gan", tmp_path / "out").items()
    assert (name, found.title) == ("normal_noise", CHANGES["normal_noise"].title)
    assert found.settings["batch_size"] == 200 and found.data_crc32
    assert found.losses["gen_loss"].shape == (3, 2)
    capsys.readouterr()
    assert "--change can't be given after --" in refusal(
        capsys, main, *command, "--change", "hidden_64")
    assert "at least 3 seeds" in refusal(capsys, main, "--seeds", "5")


def test_a_change_that_diverges_stops_nothing(in_process, tmp_path, capsys):
    out = tmp_path / "out"
    command = ["--out", str(out), "--changes", "hidden_64", "--seeds", "5-7", "--jobs", "1", "--data", "drawn",
               "--", "--epochs", "2", "--batch-size", "300", "--learning-rate", "1e30"]
    load_script("known_changes.py").main(command)
    assert '# diverged: {"5": 1, "6": 1, "7": 1}\n' in (out / "hidden_64.csv").read_text()
    assert envelopes.known_changes("mnist_gan", out) == {}
    assert envelopes.divergences("mnist_gan", out) == ["64 hidden units: 3 of 3 seeds diverged"]
    load_script("known_changes.py").main(command)
    assert in_process == ["hidden_64-seed-5", "hidden_64-seed-6", "hidden_64-seed-7"]  # which are not trained again


def test_each_change_has_a_file_of_its_own(tmp_path, monkeypatch, capsys):
    script, asked = load_script("known_changes.py"), []
    monkeypatch.setattr(script.many_runs, "train_all", lambda wanted, args, **_: asked.extend(wanted) or [])
    monkeypatch.setattr(script.envelopes, "write", lambda file, seeds, paths, command, title: file.write(title))
    script.main(["--out", str(tmp_path / "out"), "--seeds", "0-2", "--", "--epochs", "9"])
    assert {path.stem: path.read_text() for path in (tmp_path / "out").glob("*.csv")} == {
        name: change.title for name, change in CHANGES.items()}
    assert len(asked) == 3 * len(CHANGES) and {run.script for run in asked} == {"changed_mnist_gan.py"}
    assert asked[0].flags == ["--data", "mnist", "--seed", 0, "--change", "adam_0.0005", "--epochs", "9"]


def test_a_change_is_trained_by_the_chapters_own_script(monkeypatch):
    script, chapter = load_script("changed_mnist_gan.py"), SimpleNamespace(main=lambda argv: trained.append(argv))
    trained = []
    monkeypatch.setattr(script, "chapters_script", lambda: chapter)
    script.main(["--run-dir", "x", "--change", "gen_smooth_adam_0.002", "--epochs", "3"])
    assert trained == [["--learning-rate", "0.002", "--run-dir", "x", "--epochs", "3"]]
    assert losses(chapter.mnist_gan) != pytest.approx(losses(mnist_gan))
    assert load_script("01_mnist_gan.py").mnist_gan is mnist_gan  # the name that is replaced


def test_a_change_is_shown_as_flags_or_as_lines(capsys):
    main = load_script("changed_mnist_gan.py").main
    main(["--change", "adam_0.02", "--show"])
    assert capsys.readouterr().out == "adam_0.02: Adam 0.02\n01_mnist_gan.py --learning-rate 0.02\n"
    main(["--change", "images_0_1", "--show"])
    assert [line[0] for line in capsys.readouterr().out.splitlines()] == ["i", "-", "-"]


def test_a_run_knows_its_change_and_is_not_continued_without_it(tmp_path, capsys, monkeypatch):
    stopped_at_its_stepper(monkeypatch)
    changed, chapter = (load_script(name).main for name in ("changed_mnist_gan.py", "01_mnist_gan.py"))
    run = tmp_path / "run"
    with pytest.raises(Stopped):
        changed(["--change", "swapped_labels", "--data", "drawn", "--run-dir", str(run)])
    assert run_config.read_config(run)["change"] == "swapped_labels"
    capsys.readouterr()
    for main, arguments, now in ((chapter, [], None), (changed, ["--change", "bypass"], "bypass")):
        assert f": change (the run's: swapped_labels, now: {now})" in refusal(
            capsys, main, *arguments, "--resume", "--run-dir", run)
    with pytest.raises(Stopped):
        changed(["--change", "swapped_labels", "--resume", "--run-dir", str(run)])
