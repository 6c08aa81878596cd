"""The sweep: which runs it makes, what goes on after an interruption, and its table and figure."""

import os
import pathlib
import re
import signal
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from conftest import heed_ctrl_c, load_script, refusal, stopped_at, wait_until
from gan_tf1 import figures
from gan_tf1.data import images
from gan_tf1.errors import InputError, TrainingError
from gan_tf1.experiments import instability
from gan_tf1.models import mnist_gan, mnist_gan_objectives
from gan_tf1.training import many_runs, many_runs_command, processes, run_directory, run_results, seed_ranges
from gan_tf1.training.diagnosis import Diagnosis, SIGNS

SHORT = Diagnosis((), "Too short to be judged.", judged=False)
COMMAND = ["--vary", "learning-rate", "0.001", "1e37", "--vary", "disc-steps", "1", "2",
           "--seeds", "3", "--jobs", "1", "--data", "drawn",
           "--", "--epochs", "2", "--batch-size", "100", "--samples", "2"]


@pytest.fixture(scope="module")
def sweep():
    return load_script("sweep.py")


def test_a_sweep_trains_every_combination_and_goes_on(sweep, in_process, tmp_path, capsys):
    out = tmp_path / "out"
    names = [f"learning-rate-{rate}_disc-steps-{steps}_seed-3" for rate in ("0.001", "1e37") for steps in "12"]
    with stopped_at(names[2]):
        sweep.main(["--out", str(out), *COMMAND])
    assert in_process[:2] == names[:2] and names[2] not in in_process
    assert not (out / "sweep.csv").exists()
    sweep.main(["--out", str(out), *COMMAND])
    assert set(in_process) == set(names) and names[0] not in in_process[1:]

    about, *rows = (out / "sweep.csv").read_text().splitlines()
    assert about.startswith("# data: drawn digits (synthetic), data_crc32 ")
    assert rows[0] == "learning_rate,disc_steps,seed,epoch,disc_loss,gen_loss"
    assert len(rows) == 1 + 2 * 2 + 2  # a run that diverges at once leaves one row
    losses = run_results.load_losses(out / "runs" / names[1])
    assert rows[1 + 2] == "0.001,2,3,1," + ",".join(
        f"{losses[name][0]:.6g}" for name in ("disc_loss", "gen_loss"))
    assert re.fullmatch("1e37,2,3,1,(nan|inf),(nan|inf)", rows[-1])  # which of them depends on the processor

    text = (out / "sweep.txt").read_text()
    assert text.startswith("# mnist_gan on drawn digits (synthetic), 1 seed\n# command: sweep.py ")
    assert f"\n{about}\n# versions: " in text
    notes, table, *_ = text.split("\n\n")
    assert notes.splitlines()[-1].startswith("# peak memory of a run: ")
    table = table.splitlines()
    assert [line.split() for line in table] == [
        "runs with a sign of divergence too short".split(),
        "learning-rate 0.001, disc-steps 1 0 of 1 1 of 1".split(),
        "learning-rate 0.001, disc-steps 2 0 of 1 1 of 1".split(),
        "learning-rate 1e37, disc-steps 1 1 of 1 0 of 1".split(),
        "learning-rate 1e37, disc-steps 2 1 of 1 0 of 1".split()]
    assert "  seed 3: Too short to be judged, with 2 epochs: " in text
    assert re.search("  seed 3: Signs of divergence: disc_loss is (nan|inf) in epoch 1.\n$", text)
    assert (out / "sweep.png").read_bytes()[:4] == b"\x89PNG"

    # Again: nothing is trained, and nothing changes; another command is refused.
    in_process.clear()
    sweep.main(["--out", str(out), *COMMAND])
    assert in_process == [] and (out / "sweep.txt").read_text() == text
    capsys.readouterr()
    assert "holds runs of another command" in refusal(capsys, sweep.main, "--out", out, *COMMAND[:-2])


def test_a_run_that_fails_otherwise_fails_the_sweep(sweep, in_process, tmp_path, capsys):
    with pytest.raises(SystemExit) as exit_:
        sweep.main(["--out", str(tmp_path / "out"), "--vary", "epoch", "1", "2", "--seeds", "0", "--data",
                    "drawn", "--jobs", "1"])
    assert exit_.value.code == 2 and not (tmp_path / "out" / "sweep.csv").exists()
    assert capsys.readouterr().err.splitlines()[-1] == "error: epoch-1_seed-0 failed: status 2"


@pytest.mark.parametrize("model, gan", [
    (mnist_gan, mnist_gan.GAN), (mnist_gan_objectives, mnist_gan_objectives.GAN)])
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


def made(values, seed, *signs, epochs=4):
    losses = {"epoch": np.arange(1., epochs + 1), "disc_loss": np.full(epochs, 1. + seed),
              "gen_loss": np.full(epochs, 10. * (1 + seed))}
    sentence = f"Signs of {signs}." if signs else "No sign."
    return instability.Trained(values, seed, losses, Diagnosis(signs, sentence))


def test_the_table_counts_runs():
    a, b = ("1",), ("22",)
    runs = [made(a, 0), made(a, 1, SIGNS[0], SIGNS[1]), made(a, 2, SIGNS[0]),
            made(b, 0), made(b, 1)._replace(diagnosis=SHORT)]
    assert list(instability.table(("lr",), runs)) == [
        "runs with a sign of  divergence  collapse  no sign  too short",
        "lr 1                     2 of 3    1 of 3   1 of 3     0 of 3",
        "lr 22                    0 of 2    0 of 2   1 of 2     1 of 2",
        "", "lr 1", "  seed 0: No sign.",
        "  seed 1: Signs of ('divergence', 'collapse').", "  seed 2: Signs of ('divergence',).",
        "", "lr 22", "  seed 0: No sign.", "  seed 1: Too short to be judged."]


def test_the_figure_has_the_losses_of_any_chapter():
    def drawn(*columns):
        run = {name: np.arange(3.0) for name in columns}
        figure = figures.loss_envelopes([("a", [run, run])], "title", 1, instability.shown(run))
        return [line.get_label().partition(":")[0] for line in figure.axes[0].lines]

    assert drawn("epoch", "train_accuracies", "d_loss", "g_loss") == ["discriminator loss", "generator loss"]
    assert drawn("epoch", "labelled_loss", "unlabelled_loss", "gen_loss", "test_accuracies") == [
        "labelled loss", "unlabelled loss", "generator loss"]
    assert drawn("iteration", "disc_a", "cycle") == ["disc a", "cycle"]


def test_the_figure_has_a_panel_per_combination():
    a, b, c = ("1",), ("2",), ("3",)
    runs = [made(a, 0), made(a, 1), made(a, 5, SIGNS[0], epochs=2),
            made(b, 0), made(c, 0)]
    panels = [instability.panel(("lr",), values, runs) for values in (a, b, c)]
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
    (["--vary", "run-dir", "a", "b"], "--vary run-dir: it is set for each run"),
    (["--vary", "run_dir", "a", "b"], "--vary run-dir: it is set for each run"),
    (["--vary", "seed", "1", "2"], "--vary seed: it is set for each run"),
    (["--vary", "data", "drawn", "mnist"], "--vary data: it is set for each run"),
    (["--vary", "resume", "1"], "--vary resume: it is set for each run"),
    (["--vary", "seed=1", "2"], "--vary seed=1 does not begin with a flag's name"),
    (["--vary", "epochs", "1", "2", "--", "--epochs=3"], "--epochs is varied, and can't stand"),
    (["--vary", "disc-steps", "1", "2", "--", "--n-critic=3"], "--disc-steps is varied, and can't"),
    (["--vary", "n_critic", "1", "2", "--", "--disc-steps", "3"], "--n-critic is varied, and can't"),
    (["--vary", "pack", "1", "2", "--vary", "packing", "2", "3"], "--vary packing must be given once"),
    (["--", "--run-dir=x"], "--run-dir can't be given after --"),
    (["--", "--help"], "--help can't be given after --"),
    (["--seeds", "1", "1"], "argument --seeds: 1 must be given once"),
    (["--seeds", "0-3", "2-5"], "argument --seeds: 2 3 must be given once"),
    (["--seeds", "4-1"], "the range 4-1 is backward: write 1-4"),
    (["--seeds"], "expected at least one argument"),
    (["--seeds", ""], "'' is not a whole number"),
    (["--seeds", "1-"], "'' is not a whole number"),
    (["--seeds", "0-2000000000"], "has more than 10000 seeds"),
    (["--seeds", "x"], "'x' is not a whole number"),
    ([], "there is nothing to vary: give --vary NAME VALUE ..., or --seeds to train the chapter's own"),
    (["--data", "drawn", "--", "--epochs", "3"], "there is nothing to vary"),
    (["--jobs", "0"], "--jobs must be at least 1"),
    (["--script", "nowhere.py"], "--script nowhere.py is not in"),
])
def test_a_bad_sweep_is_refused_before_any_training(sweep, tmp_path, capsys, arguments, complaint):
    assert complaint in refusal(capsys, sweep.main, "--out", tmp_path / "out", *arguments)
    assert not list(tmp_path.iterdir())


def test_a_file_is_no_folder(sweep, tmp_path, capsys):
    (tmp_path / "out").write_text("kept")
    assert "is a file: name a folder" in refusal(capsys, sweep.main, "--out", tmp_path / "out",
                                                "--seeds", "0")
    assert (tmp_path / "out").read_text() == "kept"


def test_a_failure_has_the_reason_that_the_script_gave(tmp_path):
    with pytest.raises(InputError, match="run failed: --epochs must be at least 1, not 0"):
        many_runs.train("01_mnist_gan.py", tmp_path / "run", ["--epochs", "0"])
    (tmp_path / "run" / "config.json").parent.mkdir()
    assert not run_results.is_complete(tmp_path / "run")


def test_seeds_are_numbers_and_ranges():
    parser = many_runs_command.parser("", "sweep", "0-2")
    assert parser.parse_args([]).seeds == [0, 1, 2]
    found = parser.parse_args(["--seeds", "0-4", "7", "10-11"]).seeds
    assert found == [0, 1, 2, 3, 4, 7, 10, 11] and seed_ranges.listed(found) == "0-4 7 10-11"
    assert parser.parse_args(["--seeds", "5"]).seeds == [5]


# --- what decides the runs of a work directory ---

def test_a_sweep_without_vary_trains_the_seeds_and_one_with_it_has_three_by_default(asked, tmp_path):
    out = ("sweep.py", "--out", tmp_path)
    assert asked(*out, "--seeds", "4-5").seeds == [4, 5]
    assert asked(*out, "--vary", "epochs", "1", "2").seeds == [0, 1, 2]


def asking(folder, flags=("--epochs", "3"), data_dir=None):
    """The arguments of a command whose work directory is `folder`."""
    return SimpleNamespace(work_dir=folder, flags=flags, data_dir=data_dir)


@pytest.fixture
def claimed(tmp_path):
    """A note in a folder with one run, which it is about."""
    many_runs_command.claim(asking(tmp_path), "sweep", data="mnist")
    (tmp_path / "run-1").mkdir()
    (tmp_path / "run-1" / "config.json").touch()
    return tmp_path / "sweep.json"


def test_the_same_command_may_go_on_and_another_may_not(claimed):
    folder = claimed.parent
    many_runs_command.claim(asking(folder), "sweep", data="mnist")
    before = claimed.read_bytes()
    for data, changes, said in (("drawn", {}, 'data: "mnist", now "drawn"'),
                                ("mnist", {"data_dir": pathlib.Path("/x")}, 'data_dir: null, now "/x"'),
                                ("mnist", {"flags": []}, 'flags: ["--epochs", "3"], now []')):
        with pytest.raises(InputError, match="holds runs of another command") as refused:
            many_runs_command.claim(asking(folder, **changes), "sweep", data=data)
        assert said in str(refused.value)
    assert claimed.read_bytes() == before
    # Runs of other names are not what the note is about.
    many_runs_command.claim(asking(folder), "sweep", "drawn-*", data="drawn")


@pytest.mark.parametrize("content", [b"\xff\x00\x80", b"{", b"[1]", b"[" * 100_000, None])
def test_a_note_that_cannot_be_read_is_refused_in_a_line(claimed, sweep, capsys, content):
    claimed.unlink() if content is None else claimed.write_bytes(content)
    line = refusal(capsys, sweep.main, "--out", claimed.parent / "out", "--work-dir", claimed.parent,
                   "--seeds", "0")
    assert "sweep.json" in line and "give another --work-dir" in line
    assert content is None or claimed.read_bytes() == content


@pytest.mark.parametrize("name, arguments", [
    ("make_envelope.py", ["--out", "o.csv"]), ("sweep.py", ["--out", "o", "--seeds", "0"]),
    ("mode_collapse_report.py", ["--out", "o"]), ("mode_coverage.py", ["--out", "o", "--data", "stacked"]),
    ("progressive_ablation.py", ["--out", "o.txt", "--data", "drawn", "--samples", "9"])])
def test_every_script_claims_what_decides_its_runs(name, arguments, tmp_path, monkeypatch, capsys):
    """A work directory with a run of each script's naming serves no other flags or folder of data."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x").mkdir()
    main, arguments = load_script(name).main, [*arguments, "--work-dir", "runs"]

    def stop(*given, **_):
        for run_name in ("seed-1000", "two_cities-1", "0-seed-0"):
            (tmp_path / "runs" / run_name).mkdir(exist_ok=True)
            (tmp_path / "runs" / run_name / "config.json").touch()
        raise InputError("stopped before the first training")

    monkeypatch.setattr(many_runs, "train_all", stop)
    monkeypatch.setattr(images, "load", lambda choice, size, data_dir=None: images.Images(
        choice, "noise", np.zeros((9, size, size, 1)), np.zeros((9, size, size, 1)), None, None))
    flags = ["--", "--epochs", "3"]
    for _ in range(2):
        assert "stopped" in refusal(capsys, main, *arguments, *flags)
    for changed in ([*arguments, "--", "--epochs", "4"], [*arguments, "--data-dir", "x", *flags]):
        assert "holds runs of another command" in refusal(capsys, main, *changed)


class Asked(Exception):
    """Holds the arguments whose runs would have been trained."""


FORMER = {"sweep.py": ("OUT", "out"), "mode_collapse_report.py": ("OUT", "out"),
          "make_envelope.py": ("OUT.csv", "out.csv"),
          "progressive_ablation.py": ("OUT.txt", "out.txt")}


@pytest.fixture
def asked(monkeypatch):
    """The arguments that a script makes of a command line."""
    monkeypatch.setattr(images, "load", lambda choice, size, data_dir=None: images.Images(
        choice, "noise", np.zeros((9, size, size, 1)), np.zeros((9, size, size, 1)), None, None))

    def stop(wanted, args, **_):
        raise Asked(args)

    monkeypatch.setattr(many_runs, "train_all", stop)

    def of(name, *argv):
        extra = {"progressive_ablation.py": ["--samples", "9"],
                 "sweep.py": [] if {"--vary", "--seeds"} & set(argv) else ["--seeds", "0"]}.get(name, [])
        with pytest.raises(Asked) as stopped:
            load_script(name).main([*map(str, argv), *extra])
        return stopped.value.args[0]

    return of


@pytest.mark.parametrize("name", FORMER)
def test_where_a_report_goes_is_given_by_out_and_formerly_without(name, asked, tmp_path, capsys):
    kind, place = FORMER[name]
    args = asked(name, "--out", tmp_path / place)
    assert args.out == tmp_path / place and "note" not in capsys.readouterr().err
    for argv in ([tmp_path / place, "--data-dir", tmp_path], ["--data-dir", tmp_path, tmp_path / place]):
        assert asked(name, *argv).out == tmp_path / place
        assert capsys.readouterr().err == f"note: {kind} is now given as --out {kind}\n"
    assert f"{kind} is given twice" in refusal(
        capsys, load_script(name).main, tmp_path / place, "--out", tmp_path / f"b{place}")


@pytest.mark.parametrize("name", FORMER)
def test_a_report_without_a_place_goes_to_the_home_and_on_from_there(name, asked, home):
    stem, ending = name.removesuffix(".py").removeprefix("make_"), FORMER[name][0][3:]
    for _ in range(2):  # the first is interrupted: the second is the same again
        args = asked(name)
        assert args.out == home / f"{stem}-001{ending}"
        assert args.work_dir == (home / stem if ending else args.out / "runs")
    assert not list(home.glob(f"*{ending}")) or not ending


# --- runs end with the command that started them ---

SLEEPER = """
import pathlib, sys
from gan_tf1.training import many_runs
many_runs.SCRIPTS = pathlib.Path(sys.argv[1])
from types import SimpleNamespace
args = SimpleNamespace(jobs=2, seeds=[0, 1, 2], work_dir=pathlib.Path(sys.argv[1]), shard=None, gather=False)
many_runs.train_all([many_runs.Wanted(str(seed), "sleep.py", []) for seed in args.seeds], args)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no signal follows a kill")
def test_trainings_end_with_the_command_that_started_them(tmp_path, number):
    (tmp_path / "sleep.py").write_text(
        "import os, pathlib, sys, time\n"
        "pathlib.Path(sys.argv[2] + '.pid').write_text(str(os.getpid()))\n"
        "time.sleep(60)\npathlib.Path(sys.argv[2] + '.ended').touch()\n")
    parent = subprocess.Popen([sys.executable, "-c", SLEEPER, str(tmp_path)],
                              stderr=subprocess.DEVNULL, preexec_fn=heed_ctrl_c)

    def children():
        texts = [path.read_text() for path in tmp_path.glob("*.pid")]
        return [int(text) for text in texts if text]

    wait_until(lambda: len(children()) == 2 or parent.poll() is not None)
    assert parent.poll() is None
    pids = children()
    assert all(alive(pid) for pid in pids)
    parent.send_signal(number)
    parent.wait(60)
    wait_until(lambda: not any(alive(pid) for pid in pids))
    assert not list(tmp_path.glob("*.ended")), "they ended by themselves"
    assert len(children()) == 2  # the third was never started


def alive(pid):
    """Whether process `pid` runs; one that has ended may wait to be noticed."""
    try:
        return "State:\tZ" not in pathlib.Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_the_first_failure_ends_the_other_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(many_runs, "SCRIPTS", tmp_path)
    (tmp_path / "some.py").write_text(
        "import pathlib, sys, time\nif sys.argv[2].endswith('1'):\n    sys.exit('error: no')\n"
        "time.sleep(60)\npathlib.Path(sys.argv[2] + '.ended').touch()\n")
    args = SimpleNamespace(jobs=2, seeds=[0, 1, 2], work_dir=tmp_path, shard=None, gather=False)
    with pytest.raises(TrainingError, match="1 failed: no"):
        many_runs.train_all(
            [many_runs.Wanted(str(seed), "some.py", []) for seed in args.seeds], args)
    assert not list(tmp_path.glob("*.ended"))
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_no_bar_is_drawn_where_there_is_no_terminal(tmp_path, monkeypatch, capsys):
    args = SimpleNamespace(jobs=1, seeds=[0, 1, 5], work_dir=tmp_path, shard=None, gather=False)
    monkeypatch.setattr(many_runs, "train", lambda *_: None)
    wanted = [many_runs.Wanted(f"run-{seed}", "", []) for seed in args.seeds]
    assert many_runs.train_all(wanted, args) == [tmp_path / run.name for run in wanted]
    assert capsys.readouterr().err == f"3 runs with the seeds 0-1 5 in {tmp_path}, 1 at a time\n"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the holder is not known")
def test_who_holds_a_run_is_named(tmp_path):
    with open(tmp_path / "log.txt", "w") as file:
        import fcntl
        assert processes.holder(file) == "another process"
        fcntl.flock(file, fcntl.LOCK_EX)
        assert processes.holder(file) == f"process {os.getpid()}"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the holder is not known")
def test_a_run_in_use_names_the_process_that_uses_it(tmp_path):
    config = {"chapter": "mnist_gan", "settings": {}, "data": "drawn", "data_title": "drawn",
              "data_crc32": "0", "data_dir": None, "seed": 0, "sample_shape": [1]}
    first = run_directory.Run(tmp_path / "run", config)
    with pytest.raises(InputError, match=f"is in use by process {os.getpid()}: wait"), first:
        run_directory.Run(tmp_path / "run")
