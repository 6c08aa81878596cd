"""The MNIST chapters' scripts on few drawn digits: what a run leaves."""

import shutil

import numpy as np
import pytest

import few_digits
from conftest import ROOT, Stopped, load_script, refusal, unpainted, without_figures
from gan_tf1 import figures, seeds
from gan_tf1.config import flag
from gan_tf1.data import digits
from gan_tf1.evaluation import classifier, statistics
from gan_tf1.generators import restore, sample_files as samples_
from gan_tf1.models import (
    conditional_gan, dcgan_mnist, dcgan_upsampling, vanilla_gan, wasserstein_gan,
    wasserstein_gan_gp)
from gan_tf1.published import logs
from gan_tf1.tf1 import new_graph, session_config, tf
from gan_tf1.training import run_directory, run_results
from test_run_directory import final_state

CHAPTERS = {  # script -> model, and the settings of a run that takes seconds
    "05_dcgan_mnist.py": (dcgan_mnist, dict(
        epochs=30, batches_per_epoch=4, batch_size=8, gen_channels=2, disc_channels=2, samples=4)),
    "06_vanilla_gan.py": (vanilla_gan, dict(
        iterations=20, sample_interval=4, batch_size=8, hidden_size=2, samples=4)),
    "07_dcgan_upsampling.py": (dcgan_upsampling, dict(
        iterations=20, sample_interval=4, batch_size=8, channels=1, samples=4)),
    "09_conditional_gan.py": (conditional_gan, dict(
        iterations=20, sample_interval=4, batch_size=8, hidden_size=2, samples=4)),
    "10_wasserstein_gan.py": (wasserstein_gan, dict(
        iterations=20, sample_interval=4, n_critic=2, batch_size=8, hidden_size=2, samples=4)),
    "11_wasserstein_gan_gp.py": (wasserstein_gan_gp, dict(
        iterations=20, sample_interval=4, n_critic=2, batch_size=8, hidden_size=2, samples=4)),
}


def line_of_the_book(step, d, acc, g):
    return (f"{step:.0f} [Discriminator loss: {d:f}, acc.: {100 * acc:.2f}%] "
            f"[Generator loss: {g:f}]")


LINES = {  # script -> the line of a row of losses.csv, as its chapter prints it
    "05_dcgan_mnist.py": lambda step, d, g: (
        f">{1 + (step - 1) // 4:.0f}, {1 + (step - 1) % 4:.0f}/4, d={d:.3f}, g={g:.3f}"),
    "06_vanilla_gan.py": line_of_the_book,
    "07_dcgan_upsampling.py": line_of_the_book,
    "09_conditional_gan.py": line_of_the_book,
    "10_wasserstein_gan.py": lambda step, d, g, estimate: (
        f"{step:.0f} [Discriminator loss: {d:f}, estimate: {estimate:f}] [Generator loss: {g:f}]"),
    "11_wasserstein_gan_gp.py": lambda step, d, g, estimate, penalty: (
        f"{step:.0f} [Discriminator loss: {d:f}, estimate: {estimate:f}, penalty: {penalty:f}] "
        f"[Generator loss: {g:f}]"),
}
SAVE = figures.save
PAINTED = "06_vanilla_gan.py"  # the figures of this run are painted, those of the others composed
WITH_LABELS = ["09_conditional_gan.py"]  # these leave `samples` images of each digit
TINY = {script: ["--paper", "--data", "drawn", *(
    part for name, value in settings.items() for part in (flag(name), str(value)))]
    for script, (_, settings) in CHAPTERS.items()}


@pytest.fixture(scope="module", params=TINY)
def script(request):
    return request.param


@pytest.fixture(scope="module")
def main(script):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digits, "load", few_digits.load)
        if script != PAINTED:
            patch.setattr(figures, "save", unpainted)
        yield load_script(script).main


@pytest.fixture(scope="module")
def finished(main, script, tmp_path_factory):
    """A run never interrupted."""
    path = tmp_path_factory.mktemp("runs") / "finished"
    main([*TINY[script], "--run-dir", str(path)])
    return path


def tables(path):
    """The bytes of all that grew, and of the last weights."""
    extra = path / "accuracies.csv"
    return {**final_state(path), "accuracies": extra.read_bytes() if extra.exists() else None}


def test_a_run_leaves_a_line_and_a_row_for_every_step(script, finished):
    losses, log = run_results.load_losses(finished), (finished / "log.txt").read_text().splitlines()[1:]
    first, count = (1, 120) if script.startswith("05") else (0, 20)
    assert losses["step"].tolist() == list(range(first, first + count))
    assert [line for line in log[:-1] if "Accuracy" not in line] == [
        LINES[script](*row) for row in zip(*losses.values())]
    assert log[-1] == (finished / "diagnosis.txt").read_text().rstrip("\n")
    accuracies = finished / "accuracies.csv"
    assert accuracies.exists() == script.startswith("05")


@pytest.mark.parametrize("script", ["05_dcgan_mnist.py"], indirect=True)
def test_the_articles_run_leaves_accuracies_every_ten_epochs(finished):
    log = (finished / "log.txt").read_text().splitlines()[1:]
    assert [number for number, line in enumerate(log) if "Accuracy" in line] == [40, 81, 122]
    table = run_results.load_losses(finished, "accuracies.csv")
    assert list(table) == ["epoch", "real", "fake"] and table["epoch"].tolist() == [10, 20, 30]
    assert [line for line in log if "Accuracy" in line] == [
        f">Accuracy real: {100 * real:.0f}%, fake: {100 * fake:.0f}%"
        for _, real, fake in zip(*table.values())]
    assert logs.read(finished, "dcgan_mnist").epochs.tolist() == list(range(1, 121))


def test_a_run_leaves_samples_figures_and_events(script, finished):
    samples = run_results.load_samples(finished)
    epochs = 30 if script.startswith("05") else 5
    count = 40 if script in WITH_LABELS else 4
    assert samples.shape == (epochs, count, 784) and samples.dtype == np.float32
    assert -1 <= samples.min() < 0.1 and samples.max() <= 1
    assert {path.name for path in (finished / "figures").iterdir()} == {
        "losses.png", "samples.png", "progress.png"}
    assert all(path.read_bytes()[:4] == (b"\x89PNG" if script == PAINTED else b"")
               for path in (finished / "figures").iterdir())
    [file] = (finished / "events").iterdir()
    tags = [value.tag for event in tf.train.summary_iterator(str(file))
            for value in event.summary.value]
    assert tags.count("samples") == tags.count("losses/disc_loss") == epochs


def test_the_saved_generator_makes_the_last_samples_again(script, finished, untrained):
    model, settings = CHAPTERS[script]
    config = model.Config(**settings)
    with new_graph(5).as_default(), tf.Session(config=session_config()) as sess:
        gan = model.build(config)
        restore.restore_generator(finished, gan.gen_vars, sess)
        sample = model.sample_classes if script in WITH_LABELS else model.sample
        again = sample(sess, gan, seeds.stream(0, seeds.SAMPLES), 4, config)
        assert again.tobytes() == run_results.load_samples(finished)[-1].tobytes()


@pytest.mark.parametrize("script", ["05_dcgan_mnist.py"], indirect=True)
def test_a_checkpoint_before_the_last_accuracies_cuts_them_off(main, script, finished, tmp_path):
    copy = shutil.copytree(finished, tmp_path / "copy")
    last = max((copy / "state").glob("*.index"))
    last.write_bytes(b"")  # damaged: the run goes on from the epoch before
    main(["--resume", "--run-dir", str(copy)])
    assert tables(copy) == tables(finished)


@pytest.mark.parametrize("script", ["06_vanilla_gan.py"], indirect=True)
def test_stopped_in_its_first_epoch_starts_over(main, script, finished, tmp_path, monkeypatch):
    """An unfinished first epoch has rows but no checkpoint: there is nothing to lose."""
    left, original = [4], run_directory.Run.record  # in the fourth row, the last of the epoch

    def record(self, *arguments):
        left[0] -= 1
        if not left[0]:
            raise Stopped
        return original(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(run_directory.Run, "record", record)
        with pytest.raises(Stopped):
            main([*TINY[script], "--run-dir", str(tmp_path / "run")])
    without_figures(monkeypatch)
    main(["--resume", "--run-dir", str(tmp_path / "run")])
    assert tables(tmp_path / "run") == tables(finished)


@pytest.mark.parametrize("script", ["05_dcgan_mnist.py"], indirect=True)
def test_accuracies_that_are_gone_are_noticed(main, script, finished, tmp_path, capsys):
    copy = shutil.copytree(finished, tmp_path / "copy")
    (copy / "accuracies.csv").unlink()
    assert "accuracies.csv is shorter than at its checkpoint" in refusal(
        capsys, main, "--resume", "--run-dir", copy)


@pytest.mark.parametrize("script", [
    name if name < "07" else pytest.param(name, marks=pytest.mark.slow) for name in TINY], indirect=True)
def test_a_loss_that_is_not_finite_stops_at_its_step(main, script, tmp_path, monkeypatch, capsys):
    model, _ = CHAPTERS[script]
    steps, original = [], model.report

    def report(*fetched):
        steps.append(1)
        losses = original(*fetched)
        return {**losses, "gen_loss": float("nan")} if len(steps) == 6 else losses

    monkeypatch.setattr(model, "report", report)
    with pytest.raises(SystemExit) as exit_:
        main([*TINY[script], "--run-dir", str(tmp_path / "run")])
    assert exit_.value.code == 1 and len(steps) == 6
    assert "the losses of epoch 2 are not finite" in capsys.readouterr().err
    gen_loss = run_results.load_losses(tmp_path / "run")["gen_loss"]
    assert np.isnan(gen_loss).tolist() == 5 * [False] + [True]  # the last row says why
    _, *lines, told = (tmp_path / "run" / "log.txt").read_text().splitlines()
    assert len(lines) == 5 and told.startswith(
        f"Signs of divergence: gen_loss is nan in {getattr(model, 'LOGGED', ['step'])[0]} ")


# --- a run whose generator is told a label ---

with_labels = pytest.mark.parametrize("script", WITH_LABELS, indirect=True)


@with_labels
def test_one_digit_is_drawn_from_the_newest_or_the_named_run(
        main, script, finished, untrained, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("001", "003"):
        (tmp_path / "checkpoints" / f"conditional_gan-{name}").mkdir(parents=True)
    # The oldest has no generator, the last has not even begun.
    shutil.copy(finished / "config.json", tmp_path / "checkpoints" / "conditional_gan-001")
    (tmp_path / "checkpoints" / "conditional_gan-002").symlink_to(finished)
    main(["draw", "--label", "3", "--samples", "502", "--out", "threes.npy"])
    main(["draw", "--label=4", "--samples", "5", "--seed", "1", "--run-dir", str(finished),
          "--out", "fours.npy"])
    monkeypatch.setattr(figures, "save", SAVE)
    main(["draw", "--label", "4", "--samples", "5", "--out", "fours.png"])
    assert capsys.readouterr().out.splitlines() == ["threes.npy", "fours.npy", "fours.png"]
    threes, fours = np.load("threes.npy"), np.load("fours.npy")
    assert threes.shape == (502, 784) and len(np.unique(threes, axis=0)) == 502
    model, settings = CHAPTERS[script]
    with new_graph(5).as_default(), tf.Session(config=session_config()) as sess:
        gan = model.build(model.Config(**settings))
        restore.restore_generator(finished, gan.gen_vars, sess)
        for seed, label, drawn in ((0, 3, threes[:500]), (1, 4, fours)):
            noise = seeds.stream(seed, seeds.SAMPLES).normal(0, 1, (len(drawn), 100))
            np.testing.assert_array_equal(drawn, sess.run(gan.fake_imgs, {
                gan.noise: noise, gan.labels: len(drawn) * [label]}))
    assert (tmp_path / "fours.png").read_bytes()[:4] == b"\x89PNG"


@with_labels
def test_without_a_run_the_shipped_generator_draws(main, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GAN_TF1_HOME", str(tmp_path / "home"))
    main(["draw", "--label", "3", "--samples", "100", "--out", "threes.npy"])
    threes = np.load("threes.npy")
    [(probabilities, _)] = samples_.judged(classifier.SHIPPED, [(threes + 1) / 2])
    assert (probabilities.argmax(axis=1) == 3).sum() >= 80  # of 10,000 images of all digits, 97 % are the one asked for


@with_labels
def test_figures_have_a_row_for_each_digit_and_progress_a_column(
        main, finished, tmp_path, monkeypatch):
    copy, drawn = shutil.copytree(finished, tmp_path / "copy"), {}

    def keep(name, original):
        def draw(images, *args, **options):
            drawn[name] = images, original(images, *args, **options)
            return drawn[name][1]
        monkeypatch.setattr(figures, name, draw)

    keep("sample_grid", figures.sample_grid)
    keep("progress", figures.progress)
    main(["--resume", "--run-dir", str(copy)])  # it is complete: only its figures are drawn again
    samples = run_results.load_samples(finished)
    images, figure = drawn["sample_grid"]
    assert (images == samples[-1]).all()
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == list("0123456789")
    assert figure.axes[0].images[0].get_array().shape == (10 * 30, 4 * 30)
    images, figure = drawn["progress"]
    assert (images == samples[:, ::4]).all() and len(figure.axes) == 5 * 10


@with_labels
def test_how_many_samples_are_read_as_asked_for_is_told(
        script, main, finished, untrained, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(statistics, "DRAWS", 5)
    monkeypatch.chdir(tmp_path)
    load_script("evaluate.py").main([str(finished), "--samples", "60", "--data", "drawn"])
    drawn = samples_.load(finished, 60, seed=0)
    [(probabilities, _)] = samples_.judged(ROOT / "checkpoints" / "mnist_classifier",
                                           [drawn.images])
    share = (probabilities.argmax(axis=1) == drawn.labels).mean()
    told = [line for line in capsys.readouterr().out.splitlines() if "conditional accuracy" in line]
    assert len(told) == 1 and told[0].startswith(
        f"conditional_gan ({finished}), trained on drawn digits (synthetic): conditional "
        f"accuracy {100 * share:.1f} % +- ")
    assert len(set(drawn.labels)) == 10 and 0 < share < 1


@with_labels
@pytest.mark.parametrize("arguments, complaint", [
    (["draw", "--label", "10"], "--label: invalid choice: 10 (choose from 0, 1, 2"),
    (["draw", "--label", "-1"], "'-1' is not a whole number of at least 0"),
    (["draw", "--label", "three"], "'three' is not a whole number"),
    (["draw", "--label"], "--label: expected one argument"),
    (["draw", "--label", "3", "--run-dir", "nowhere"], "nowhere holds no run"),
    (["draw", "--label", "3", "--run-dir", str(ROOT / "checkpoints" / "mnist_gan")],
     "is a run of 'mnist_gan', not of 'conditional_gan'"),
    (["draw", "--label", "3", "--samples", "0"], "--samples must be at least 1 and at most 100000"),
    (["draw", "--label", "3", "--out", "threes.gif"], "--out threes.gif must end in .png or .npy"),
    (["draw", "--label", "3", "--iterations", "5"], "unrecognized arguments: --iterations 5"),
    (["--variant", "mended"], "--variant must be one of as_printed, corrected, not mended"),
])
def test_a_digit_that_cannot_be_drawn_is_one_line_and_leaves_nothing(
        main, arguments, complaint, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert complaint in refusal(capsys, main, *arguments)
    assert not list(tmp_path.iterdir())


@with_labels
def test_a_run_that_has_no_generator_yet_is_one_line(main, finished, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run").mkdir()
    shutil.copy(finished / "config.json", tmp_path / "run")
    assert "holds no generator" in refusal(capsys, main, "draw", "--label", 3, "--run-dir", "run")
    assert [path.name for path in tmp_path.rglob("*")] == ["run", "config.json"]
