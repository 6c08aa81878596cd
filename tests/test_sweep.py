"""The sweep: which runs it makes, what goes on after an interruption, and its table and figure."""

from types import SimpleNamespace

import numpy as np
import pytest

import few_digits
from conftest import load_script, refusal
from gan_tf1 import figures, repeated, run
from gan_tf1.data import digits
from gan_tf1.diagnosis import SIGNS, Diagnosis
from gan_tf1.errors import InputError, TrainingError
from gan_tf1.models import mnist_gan, mnist_gan_objectives

COMMAND = ["--vary", "learning-rate", "0.001", "1e37", "--vary", "disc-steps", "1", "2",
           "--seeds", "3", "4", "--jobs", "1", "--data", "drawn",
           "--", "--epochs", "2", "--batch-size", "100", "--samples", "2"]


@pytest.fixture(scope="module")
def sweep():
    return load_script("sweep.py")


@pytest.fixture
def in_process(monkeypatch):
    """Runs of the chapter's script are made in this process, on few digits: the list of them."""
    made = []

    def start(command, **_):
        code, said = 0, ""
        made.append(command[3].name)
        try:
            load_script(command[1].name).main([str(part) for part in command[2:]])
        except SystemExit as exit_:
            code, said = exit_.code, f"error: status {exit_.code}"
        return SimpleNamespace(returncode=code, stderr=said)

    monkeypatch.setattr(digits, "load", few_digits.load)
    monkeypatch.setattr(repeated, "subprocess", SimpleNamespace(run=start))
    return made


def test_a_sweep_trains_every_combination_and_goes_on(
        sweep, in_process, tmp_path, capsys, monkeypatch):
    out = tmp_path / "out"
    names = [f"learning-rate-{rate}_disc-steps-{steps}_seed-{seed}"
             for rate in ("0.001", "1e37") for steps in "12" for seed in "34"]
    # It is stopped before the third run.
    original = repeated.train

    def stop(script, path, *rest):
        if path.name == names[2]:
            raise TrainingError("stopped")
        original(script, path, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(repeated, "train", stop)
        with pytest.raises(SystemExit):
            sweep.main([str(out), *COMMAND])
    assert in_process[:2] == names[:2] and names[2] not in in_process
    assert not (out / "sweep.csv").exists()
    sweep.main([str(out), *COMMAND])
    assert set(in_process) == set(names) and names[0] not in in_process[1:]

    rows = (out / "sweep.csv").read_text().splitlines()
    assert rows[0] == "learning_rate,disc_steps,seed,epoch,disc_loss,gen_loss"
    assert len(rows) == 1 + 4 * 2 + 4  # a run that diverges at once leaves one row
    losses = run.load_losses(out / "runs" / names[3])
    assert rows[1 + 3 * 2] == "0.001,2,4,1," + ",".join(
        f"{losses[name][0]:.6g}" for name in ("disc_loss", "gen_loss"))
    assert rows[-1] == "1e37,2,4,1,nan,nan"

    text = (out / "sweep.txt").read_text()
    assert text.startswith("# mnist_gan on drawn digits (synthetic), 2 seeds\n# command: sweep.py ")
    table = text.splitlines()[4:9]
    assert [line.split() for line in table] == [
        "runs with a sign of divergence too short".split(),
        "learning-rate 0.001, disc-steps 1 0 of 2 2 of 2".split(),
        "learning-rate 0.001, disc-steps 2 0 of 2 2 of 2".split(),
        "learning-rate 1e37, disc-steps 1 2 of 2 0 of 2".split(),
        "learning-rate 1e37, disc-steps 2 2 of 2 0 of 2".split()]
    assert "  seed 3: Too short to be judged.\n" in text
    assert text.endswith("  seed 4: Signs of divergence: disc_loss is nan in epoch 1.\n")
    assert (out / "sweep.png").read_bytes()[:4] == b"\x89PNG"

    # Again: complete runs are let be, and nothing changes; another command is refused.
    in_process.clear()
    sweep.main([str(out), *COMMAND])
    assert in_process == names[4:] and (out / "sweep.txt").read_text() == text
    capsys.readouterr()
    assert "holds runs of another command" in refusal(capsys, sweep.main, out, *COMMAND[:-2])


def test_a_run_that_fails_otherwise_fails_the_sweep(sweep, in_process, tmp_path, capsys):
    with pytest.raises(SystemExit) as exit_:
        sweep.main([str(tmp_path / "out"), "--vary", "epoch", "1", "2", "--seeds", "0", "--data",
                    "drawn", "--jobs", "1"])
    assert exit_.value.code == 2 and not (tmp_path / "out" / "sweep.csv").exists()
    assert capsys.readouterr().err.splitlines()[-1] == "error: epoch-1_seed-0 failed: status 2"


@pytest.mark.parametrize("model, gan", [
    (mnist_gan, mnist_gan.Gan), (mnist_gan_objectives, mnist_gan_objectives.Gan)])
def test_ratio_of_updates(model, gan, train_set):
    """Two updates of the discriminator a step, on one batch and two noises, the generator's one."""
    updates = []

    class Session:
        def run(self, op, feed_dict):
            updates.append((op if isinstance(op, str) else op[0], feed_dict))
            return op, 0

    config = model.Config(disc_steps=2, batch_size=20)
    model.step(Session(), gan(*gan._fields), train_set, np.random.default_rng(0), config)
    assert [op for op, _ in updates] == ["disc_train_opt", "disc_train_opt", "gen_train_opt"]
    first, second, last = (feeds for _, feeds in updates)
    assert first["real_discriminator_input"] is second["real_discriminator_input"]
    assert (first["generator_input_z"] != second["generator_input_z"]).all()
    assert last == {"generator_input_z": second["generator_input_z"]}


def made(sweep, values, seed, *signs, epochs=4):
    losses = {"epoch": np.arange(1., epochs + 1), "disc_loss": np.full(epochs, 1. + seed),
              "gen_loss": np.full(epochs, 10. * (1 + seed))}
    sentence = f"Signs of {signs}." if signs else "No sign."
    return sweep.Trained(values, seed, None, losses, Diagnosis(signs, sentence))


def test_the_table_counts_runs(sweep):
    a, b = ("1",), ("22",)
    runs = [made(sweep, a, 0), made(sweep, a, 1, SIGNS[0], SIGNS[1]), made(sweep, a, 2, SIGNS[0]),
            made(sweep, b, 0), made(sweep, b, 1)._replace(diagnosis=None)]
    assert list(sweep.table(("lr",), runs)) == [
        "runs with a sign of  divergence  collapse  no sign  too short",
        "lr 1                     2 of 3    1 of 3   1 of 3     0 of 3",
        "lr 22                    0 of 2    0 of 2   1 of 2     1 of 2",
        "", "lr 1", "  seed 0: No sign.",
        "  seed 1: Signs of ('divergence', 'collapse').", "  seed 2: Signs of ('divergence',).",
        "", "lr 22", "  seed 0: No sign.", "  seed 1: Too short to be judged."]


def test_the_figure_has_a_panel_a_combination(sweep):
    a, b, c = ("1",), ("2",), ("3",)
    runs = [made(sweep, a, 0), made(sweep, a, 1), made(sweep, a, 5, SIGNS[0], epochs=2),
            made(sweep, b, 0), made(sweep, c, 0)]
    panels = [sweep.panel(("lr",), values, runs) for values in (a, b, c)]
    assert panels[0][0] == "lr 1\nno sign: 2 of 3, divergence: 1 of 3" and len(panels[0][1]) == 3
    figure = figures.loss_envelopes(panels, "title", columns=2)
    assert [axes.get_title() for axes in figure.axes] == [title for title, _ in panels] + [""]
    disc, gen = figure.axes[0].lines
    assert disc.get_xdata().tolist() == [1, 2, 3, 4]
    assert disc.get_ydata().tolist() == [2, 2, 1.5, 1.5]  # of 1, 2 and 6, then of 1 and 2
    assert gen.get_ydata().tolist() == [20, 20, 15, 15]
    spanned = figure.axes[0].collections[0].get_paths()[0].vertices
    assert (spanned[:, 1].min(), spanned[:, 1].max()) == (1, 6)
    assert not figure.axes[3].axison


def test_losses_that_are_not_finite_are_left_out_of_the_span():
    numbers, middle, low, high = figures.spanned(
        [np.array([1., 2., 3.]), np.array([1., 2.])],
        [np.array([1., np.nan, np.inf]), np.array([3., 4.])])
    assert numbers.tolist() == [1, 2]
    assert (middle.tolist(), low.tolist(), high.tolist()) == ([2, 4], [1, 4], [3, 4])


@pytest.mark.parametrize("arguments, complaint", [
    (["--vary", "lr"], "--vary lr must be given once, with values that differ"),
    (["--vary", "lr", "1", "1"], "--vary lr must be given once"),
    (["--vary", "lr", "1", "--vary", "lr", "2"], "--vary lr must be given once"),
    (["--seeds", "1", "1"], "--seeds must differ"),
    (["--seeds", "x"], "'x' is not a whole number"),
    (["--jobs", "0"], "--jobs must be at least 1"),
    (["--script", "nowhere.py"], "--script nowhere.py is not in"),
])
def test_a_bad_sweep_is_refused_before_any_training(sweep, tmp_path, capsys, arguments, complaint):
    assert complaint in refusal(capsys, sweep.main, tmp_path / "out", *arguments)
    assert not list(tmp_path.iterdir())


def test_a_file_is_no_folder(sweep, tmp_path, capsys):
    (tmp_path / "out").write_text("kept")
    assert "is a file: name a folder" in refusal(capsys, sweep.main, tmp_path / "out")
    assert (tmp_path / "out").read_text() == "kept"


def test_a_failure_has_the_reason_that_the_script_gave(tmp_path):
    with pytest.raises(InputError, match="run failed: --epochs must be at least 1, not 0"):
        repeated.train("01_mnist_gan.py", tmp_path / "run", ["--epochs", "0"])
    (tmp_path / "run" / "config.json").parent.mkdir()
    assert not run.is_complete(tmp_path / "run")
