"""Commands that share their runs: shards, the lock of each run, and what a command does with missing runs."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from conftest import load_script, wait_until
from gan_tf1 import memory
from gan_tf1.errors import InputError, TrainingError
from gan_tf1.training import many_runs, many_runs_command, run_lock, run_results
from gan_tf1.training.many_runs_command import Shard


def runs_of(rows, seeds, by_seed=False):
    """A run for each row and seed, in the order of rows or of seeds."""
    pairs = [(row, seed) for seed in seeds for row in rows] if by_seed else (
        [(row, seed) for row in rows for seed in seeds])
    return [many_runs.Wanted(f"{row}-{seed}", "x.py", ["--seed", seed]) for row, seed in pairs]


def asking(folder, **changes):
    """The arguments of a command whose runs are in `folder`."""
    return SimpleNamespace(**{"work_dir": folder, "jobs": 2, "seeds": [0, 1], "shard": None, "gather": False,
                              **changes})


CONFIG = {"chapter": "mnist_gan", "settings": {}, "data": "mnist", "data_title": "MNIST", "data_crc32": "7cd8a48a",
          "data_dir": None, "seed": 0, "sample_shape": [16, 784]}


def complete(path):
    """Make a complete run at `path`, as far as it can be seen from its files."""
    path.mkdir(parents=True, exist_ok=True)
    (path / "config.json").write_text("{}")
    (path / "losses.csv").write_text("epoch,loss\n1,0.5\n")


@pytest.fixture
def made(monkeypatch):
    """The names of the runs that are trained, in order: each is complete at once."""
    names = []

    def train(script, path, *_):
        if not run_results.is_complete(path):
            names.append(path.name)
            complete(path)

    monkeypatch.setattr(many_runs, "train", train)
    return names


def test_a_report_states_the_least_and_the_most_memory_of_its_runs(tmp_path):
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        complete(path)
    assert many_runs.memory_line(paths) == []  # of an earlier version
    (paths[0] / "peak_memory.txt").write_text("812000000\n")
    assert many_runs.memory_line(paths) == ["peak memory of a run: 0.81 GB"]
    (paths[2] / "peak_memory.txt").write_text("1240000000\n")
    assert many_runs.memory_line(paths) == ["peak memory of a run: 0.81 GB to 1.2 GB"]


def test_a_report_names_each_processor_once_and_none_if_the_runs_are_older(tmp_path):
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        complete(path)
        (path / "config.json").write_text(json.dumps(CONFIG))
    args = SimpleNamespace(argv=["--seeds", "0-2"])
    assert not any(line.startswith("processor") for line in many_runs.made_by("x.py", args, paths))
    for path, name in zip(paths, ("AMD", "Intel", "AMD")):
        (path / "config.json").write_text(json.dumps(CONFIG | {"processor": name}))
    assert "processor: AMD; Intel" in many_runs.made_by("x.py", args, paths)


def test_runs_that_diverged_are_named_and_left_out(tmp_path):
    for name, loss in (("a-seed-0", "nan"), ("a-seed-1", "0.5"), ("b-seed-0", "inf")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "losses.csv").write_text(f"epoch,disc_loss\n1,0.7\n2,{loss}\n")
    paths = {key: tmp_path / name for key, name in ((0, "a-seed-0"), (1, "a-seed-1"), (2, "b-seed-0"))}
    kept, lines = many_runs.without_diverged(paths)
    assert kept == {1: paths[1]} and lines == ["diverged, and left out: a-seed-0, b-seed-0"]
    assert many_runs.without_diverged(kept) == (kept, [])
    with pytest.raises(TrainingError, match="nothing can be judged, since all runs diverged: a-seed-0, b-seed-0"):
        many_runs.without_diverged({0: paths[0], 2: paths[2]})


def test_a_judge_that_diverges_ends_the_command_even_if_other_runs_may_diverge(tmp_path, monkeypatch):
    tried = []

    def train(script, path, *_):
        tried.append(path.name)
        path.mkdir(exist_ok=True)
        (path / "losses.csv").write_text("epoch,loss\n1,nan\n")
        (path / "samples.f32").touch()  # as in every run that is not complete
        raise TrainingError(f"{path.name} diverged")

    monkeypatch.setattr(many_runs, "train", train)
    judge, run = many_runs.Wanted("judge", "x.py", [], needed=True), many_runs.Wanted("seed-0", "x.py", ["--seed", "0"])
    args = asking(tmp_path, jobs=1, seeds=[0])
    assert many_runs.train_all([run], args) == [tmp_path / "seed-0"]
    for _ in range(2):  # not taken for complete by the second command
        with pytest.raises(TrainingError, match="judge diverged"):
            many_runs.train_all([judge, run], args)
    assert tried == ["seed-0", "judge", "judge"]


@pytest.mark.parametrize("script", ["cyclegan_ablation.py", "dcgan_svhn_report.py", "pix2pix_ablation.py"])
def test_the_network_that_judges_all_others_is_needed(script, tmp_path):
    args = SimpleNamespace(data="cifar10", data_dir=tmp_path, size=32)
    assert load_script(script).judging(args).needed


def test_every_run_of_the_semi_supervised_gan_is_needed():
    args = SimpleNamespace(data="svhn", data_dir=None, tested="all", flags=[], own={})
    assert load_script("semi_supervised_report.py").wanted(args, "printed", 1000, 0).needed


# --- the part of a shard ---

@pytest.mark.parametrize("count", [1, 2, 3, 5, 7, 50])
@pytest.mark.parametrize("by_seed", [False, True])
def test_shards_make_every_run_once_and_equally_many(count, by_seed):
    wanted = runs_of("abc", range(5), by_seed)
    parts = [many_runs.part(wanted, Shard(number, count)) for number in range(1, count + 1)]
    assert sorted(run.name for own in parts for run in own) == sorted(run.name for run in wanted)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
    assert all(own == [run for run in wanted if run in own] for own in parts)  # in the order of the report


@pytest.mark.parametrize("by_seed", [False, True])
def test_a_shard_has_seeds_of_every_row(by_seed):
    wanted = runs_of("abcd", range(4), by_seed)
    for number in range(1, 5):
        assert sorted(run.name[0] for run in many_runs.part(wanted, Shard(number, 4))) == list("abcd")


@pytest.mark.parametrize("text", ["", "3", "0/2", "3/2", "1/0", "-1/2", "a/b", "1/2/3", "1/²", "/"])
def test_a_part_that_does_not_exist_is_refused(text, capsys):
    with pytest.raises(SystemExit):
        many_runs_command.parser("", "sweep", "0-2").parse_args([f"--shard={text}"])
    assert "is not one of 1/N, 2/N, ..., N/N, such as 2/8" in capsys.readouterr().err


def test_a_shard_can_not_gather(capsys):
    with pytest.raises(SystemExit):
        many_runs_command.parser("", "sweep", "0-2").parse_args(["--shard", "1/2", "--gather"])
    assert "not allowed with argument --shard" in capsys.readouterr().err


def test_shards_end_without_a_report_and_the_same_command_finds_all_runs(made, tmp_path, capsys):
    wanted = runs_of("a", range(3))
    for shard, runs, said in (
            (Shard(1, 2), ["a-0", "a-2"], "shard 1/2 is complete, but 1 of 3 runs are missing: a-1\n"),
            (Shard(2, 2), ["a-1"], "shard 2/2 and all others are complete: the same command without --shard makes "
                                   "the report\n")):
        made.clear()
        with pytest.raises(SystemExit) as exit_:
            many_runs.train_all(wanted, asking(tmp_path, shard=shard))
        assert exit_.value.code is None and sorted(made) == runs and capsys.readouterr().out == said
    made.clear()
    for gather in (False, True):
        assert many_runs.train_all(wanted, asking(tmp_path, gather=gather)) == [
            tmp_path / run.name for run in wanted]
    assert not made and not list(tmp_path.glob("*.lock"))


def test_without_shard_the_missing_runs_are_made(made, tmp_path, capsys):
    complete(tmp_path / "a-1")
    many_runs.train_all(runs_of("a", range(3)), asking(tmp_path))
    assert sorted(made) == ["a-0", "a-2"]
    assert capsys.readouterr().err == f"3 runs with the seeds 0-1 in {tmp_path}, 1 of them complete, 2 at a time\n"


def test_gather_lists_what_is_missing_and_trains_nothing(made, tmp_path, capsys):
    wanted = runs_of("ab", range(4), by_seed=True)
    for run in wanted[:5]:
        complete(tmp_path / run.name)
    (tmp_path / "a-3").mkdir()
    (tmp_path / "a-3" / "config.json").touch()
    with pytest.raises(InputError) as refused, run_lock.held(tmp_path / "a-3"):
        many_runs.train_all(wanted, asking(tmp_path, gather=True))
    assert capsys.readouterr().out.splitlines() == [
        "b-2: not begun", f"a-3: unfinished, locked by {named_here()}", "b-3: not begun"]
    assert str(refused.value) == (f"3 of 8 runs in {tmp_path} are missing: make them without --gather, or gather the "
                                  "complete seeds with --seeds 0-1")
    assert not made


def named_here():
    return f"process {os.getpid()} on {socket.gethostname()}"


# --- the lock of a run ---

def test_a_run_has_one_holder_at_a_time(tmp_path):
    path = tmp_path / "new" / "run"
    with run_lock.held(path) as first, run_lock.held(path) as second:
        assert first and not second and run_lock.holder(path) == named_here()
    assert not run_lock.file_of(path).exists() and run_lock.holder(path) == ""
    with run_lock.held(path) as again:
        assert again


def test_the_lock_of_a_run_that_failed_is_free(tmp_path):
    with pytest.raises(TrainingError), run_lock.held(tmp_path / "run"):
        raise TrainingError("stopped")
    assert not list(tmp_path.iterdir())


def left_behind(path, machine):
    """Write the lock that a killed process on `machine` has left behind."""
    run_lock.file_of(path).write_text(json.dumps({"process": 1, "host": "node7", "machine": machine}))


def test_a_lock_that_is_given_up_at_this_moment_is_made_anew(tmp_path, monkeypatch):
    path, locked = tmp_path / "run", run_lock._locked
    left_behind(path, run_lock.machine())

    def removed_meanwhile(file, lock, wait):
        if run_lock.holder(path) == "process 1 on node7":
            lock.unlink()
        return locked(file, lock, wait)

    monkeypatch.setattr(run_lock, "_locked", removed_meanwhile)
    with run_lock.held(path) as mine, run_lock.held(path) as other:
        assert mine and not other and run_lock.holder(path) == named_here()


@pytest.mark.skipif(run_lock.fcntl is None, reason="there is no flock")
def test_a_lock_left_behind_on_this_machine_is_free_at_once(tmp_path):
    left_behind(tmp_path / "run", run_lock.machine())
    with run_lock.held(tmp_path / "run") as mine:
        assert mine and run_lock.holder(tmp_path / "run") == named_here()


@pytest.mark.skipif(run_lock.fcntl is None, reason="there is no flock")
def test_a_file_system_without_locks_is_refused(tmp_path, monkeypatch):
    def flock(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(run_lock.fcntl, "flock", flock)
    with pytest.raises(InputError, match=r"run.lock can't be locked \(No locks available\): give a --work-dir"):
        with run_lock.held(tmp_path / "run"):
            pass


@pytest.mark.parametrize("content", ["", "{", "[1]", None])
def test_the_lock_of_another_machine_is_free_after_a_silence(tmp_path, monkeypatch, content):
    """As it must be if the file system does not tell what another machine has locked."""
    path, now = tmp_path / "run", [1000.]
    monkeypatch.setattr(run_lock.time, "monotonic", lambda: now[0])
    left_behind(path, "another")
    if content is not None:
        run_lock.file_of(path).write_text(content)

    def is_free(later):
        now[0] += later
        with run_lock.held(path) as mine:
            return mine

    assert not is_free(0) and not is_free(run_lock.SILENT - 1)
    os.utime(run_lock.file_of(path), (1, 1))  # a sign of life, by a clock that is wrong
    assert not is_free(100) and not is_free(run_lock.SILENT - 1) and is_free(2)
    assert not run_lock.file_of(path).exists()


def test_a_holder_gives_signs_of_life(tmp_path, monkeypatch):
    monkeypatch.setattr(run_lock, "BEAT", 0.01)
    lock = run_lock.file_of(tmp_path / "run")
    with run_lock.held(tmp_path / "run"):
        os.utime(lock, (1, 1))
        wait_until(lambda: lock.stat().st_mtime != 1)


def test_a_lock_that_another_machine_took_over_is_left_to_it(tmp_path):
    with run_lock.held(tmp_path / "run"):
        left_behind(tmp_path / "run", "another")
    assert run_lock.holder(tmp_path / "run") == "process 1 on node7"


def test_what_another_command_makes_is_waited_for_and_not_made_again(made, tmp_path, monkeypatch):
    waiting, begun, said = threading.Event(), threading.Event(), []
    monkeypatch.setattr(many_runs, "POLL", 0.01)
    monkeypatch.setattr(many_runs.tqdm, "write", lambda line, file: (said.append(line), waiting.set()))

    def other():
        with run_lock.held(tmp_path / "a-0"):
            begun.set()
            waiting.wait(60)
            complete(tmp_path / "a-0")

    thread = threading.Thread(target=other)
    thread.start()
    assert begun.wait(60)
    many_runs.train_all(runs_of("a", range(3)), asking(tmp_path))
    thread.join()
    assert sorted(made) == ["a-1", "a-2"]
    assert said == [f"waiting for 1 run of other commands: a-0 (the first is locked by {named_here()})"]


def test_what_another_command_gives_up_is_made(made, tmp_path, monkeypatch):
    monkeypatch.setattr(many_runs, "POLL", 0.01)
    other = run_lock.held(tmp_path / "a-0")
    assert other.__enter__()
    monkeypatch.setattr(many_runs.tqdm, "write", lambda *_, **__: other.__exit__(None, None, None))
    many_runs.train_all(runs_of("a", range(2)), asking(tmp_path))
    assert made == ["a-1", "a-0"]


# --- commands as processes ---

FAKE = """
import pathlib, sys, time
path = pathlib.Path(sys.argv[2])
with open(path.parent / "begun.txt", "a") as file:
    file.write(path.name + "\\n")
while not (path.parent / "go").exists():
    time.sleep(0.02)
time.sleep(0.1)
path.mkdir(exist_ok=True)
(path / "losses.csv").write_text("epoch,loss\\n1,0.5\\n")
"""
COMMAND = """
import pathlib, sys
from types import SimpleNamespace
from gan_tf1.training import many_runs, run_lock
if len(sys.argv) > 2:  # on this machine, what other machines have locked is not known
    run_lock.fcntl, many_runs.POLL = None, 0.05
    run_lock.machine, run_lock.SILENT = lambda: sys.argv[2], float(sys.argv[3])
folder = many_runs.SCRIPTS = pathlib.Path(sys.argv[1])
args = SimpleNamespace(work_dir=folder, jobs=2, seeds=[0, 1], shard=None, gather=False)
many_runs.train_all([many_runs.Wanted(name, "x.py", []) for name in "abcde"], args)
"""


@pytest.fixture
def command(tmp_path):
    """Starts a command that makes five runs in `tmp_path`; they end once there is a file called go.

    Its arguments are the name of a machine, if any, and `SILENT` there.
    """
    (tmp_path / "x.py").write_text(FAKE)
    return lambda *on: subprocess.Popen([sys.executable, "-c", COMMAND, str(tmp_path), *on],
                                        stderr=subprocess.PIPE, text=True)


def begun(folder):
    try:
        return (folder / "begun.txt").read_text().split()
    except FileNotFoundError:
        return []


def test_a_command_that_is_started_twice_makes_every_run_once(command, tmp_path):
    (tmp_path / "go").touch()
    both = [command(), command()]
    assert [(process.wait(), process.communicate()[1].count("error")) for process in both] == [(0, 0), (0, 0)]
    assert sorted(begun(tmp_path)) == list("abcde") and not list(tmp_path.glob("*.lock"))


@pytest.mark.slow
def test_two_machines_that_know_no_locks_of_each_other_make_every_run_once(command, tmp_path):
    (tmp_path / "go").touch()
    both = [command("one", "1000"), command("other", "1000")]
    assert [(process.wait(), process.communicate()[1].count("error")) for process in both] == [(0, 0), (0, 0)]
    assert sorted(begun(tmp_path)) == list("abcde") and not list(tmp_path.glob("*.lock"))


@pytest.mark.parametrize("machines", [((), ()), pytest.param(
    (("one", "1000"), ("other", "0.5")), marks=pytest.mark.slow)])
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, trainings survive a command that is killed")
def test_after_a_command_was_killed_its_runs_are_made(command, tmp_path, machines):
    first = command(*machines[0])
    while len(begun(tmp_path)) < 2:
        assert first.poll() is None
        time.sleep(0.02)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert sorted(path.name for path in tmp_path.glob("*.lock")) == ["a.lock", "b.lock"]
    (tmp_path / "go").touch()
    second = command(*machines[1])
    assert second.wait() == 0 and not list(tmp_path.glob("*.lock"))
    assert sorted(begun(tmp_path)) == sorted("ababcde")


# --- how many runs at a time ---

@pytest.mark.parametrize("cores, size, gpu, jobs", [
    (16, 128e9, False, 16), (16, None, False, 16), (16, 9e9, False, 4), (1, 1e9, False, 1), (16, 128e9, True, 2)])
def test_as_many_runs_as_the_machine_has_room_for(monkeypatch, cores, size, gpu, jobs):
    monkeypatch.setattr(memory, "cores", lambda: cores)
    monkeypatch.setattr(memory, "available", lambda: size)
    monkeypatch.setattr(many_runs_command, "has_gpu_device", lambda: gpu)
    monkeypatch.setattr(many_runs_command.sys, "platform", "linux")
    parser = many_runs_command.parser("", "sweep", "0-2")
    assert many_runs_command.parse(parser, []).jobs == jobs
    assert many_runs_command.parse(parser, ["--jobs", "3"]).jobs == 3


@pytest.mark.parametrize("wanted, jobs, threads", [(9, 4, "2"), (9, 16, "1"), (1, 4, "2"), (9, 3, "2"), (2, 1, "8")])
def test_runs_share_the_cores_however_many_there_are(tmp_path, monkeypatch, wanted, jobs, threads):
    given = []
    monkeypatch.setattr(memory, "cores", lambda: 8)
    monkeypatch.setattr(many_runs.processes, "run", lambda command, environment: (
        given.append(set(environment.values())), SimpleNamespace(returncode=0))[1])
    many_runs.train_all(runs_of("a", range(wanted)), asking(tmp_path, jobs=jobs))
    assert given == wanted * [{threads}]


def test_one_bar_counts_all_runs(made, tmp_path, monkeypatch):
    complete(tmp_path / "a-1")
    bars = []

    class Bar(many_runs.tqdm):
        def __init__(self, **options):
            super().__init__(**{**options, "disable": False, "file": open(os.devnull, "w")})
            bars.append(self)

    monkeypatch.setattr(many_runs, "tqdm", Bar)
    many_runs.train_all(runs_of("a", range(4)), asking(tmp_path))
    assert [(bar.initial, bar.n, bar.total) for bar in bars] == [(1, 4, 4)]
