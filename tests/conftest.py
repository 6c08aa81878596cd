"""Fixtures and functions that all tests share."""

import contextlib
import importlib.util
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).parent.parent
SCRIPTS = ROOT / "scripts"
SCRIPT_NAMES = sorted(path.name for path in SCRIPTS.glob("*.py") if path.name != "gan_tf1.py")

# Some test files import what others of another folder define.
sys.path += [str(ROOT / "tests" / folder)
             for folder in ("models", "published", "training", "listing", "scripts")]


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes long, or is another variant of a test that is always run; "
                                       "run with -m slow")
    config.addinivalue_line("markers", "numerics: compares what two programs compute, or tests the "
                                       "outcome of a training; run with -m numerics on a machine or with "
                                       "settings that round differently, such as TF_ENABLE_ONEDNN_OPTS=0")
    config.addinivalue_line("filterwarnings", "ignore::DeprecationWarning")
    config.addinivalue_line("filterwarnings", "ignore:`tf.layers:UserWarning")


def pytest_collection_modifyitems(config, items):
    """Leave out slow tests, unless -m mentions `slow` or a test is selected by its own name."""
    if "slow" not in config.option.markexpr:
        slow = [item for item in items
                if "slow" in item.keywords and not is_named(item, config.args)]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]


def is_named(item, arguments):
    """Whether one of the command line's `arguments`, such as FILE::NAME, names this test itself.

    A NAME without [PARAMETERS] stands for all of them.
    """
    named = [argument.partition("::")[::2] for argument in arguments if "::" in argument]
    own = item.nodeid.partition("::")[2]
    return any(item.path == pathlib.Path(file).resolve() and name in (own, own.partition("[")[0])
               for file, name in named)


@pytest.fixture(scope="session", autouse=True)
def drawn_cache(tmp_path_factory):
    """A cache of drawn and decoded data that all processes share, apart from the user's own."""
    before, shared = os.environ.get("XDG_CACHE_HOME"), tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    os.environ["XDG_CACHE_HOME"] = str(shared / "cache")
    yield
    if before is None:
        del os.environ["XDG_CACHE_HOME"]
    else:
        os.environ["XDG_CACHE_HOME"] = before


@pytest.fixture(scope="session", autouse=True)
def home_of_all(tmp_path_factory):
    """A home for what shared fixtures write, apart from the repository's own checkpoints/."""
    os.environ["GAN_TF1_HOME"] = str(tmp_path_factory.mktemp("home"))
    yield
    del os.environ["GAN_TF1_HOME"]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """The test's own home for runs and outputs. The folder does not exist until something is written."""
    monkeypatch.setenv("GAN_TF1_HOME", str(tmp_path / "checkpoints"))
    return tmp_path / "checkpoints"


@pytest.fixture(scope="session")
def mnist_version():
    """The path of MNIST as TensorFlow Datasets prepared it; if there is none, the test is skipped."""
    from gan_tf1.data import source
    version = source.prepared_version("mnist")
    if version is None:
        pytest.skip("no prepared MNIST: set TFDS_DATA_DIR to the TFDS folder that has it")
    return version


@pytest.fixture(scope="session")
def svhn_subset():
    """The folder of some of SVHN's digits in its two .mat files; if there is none, the test is skipped."""
    from gan_tf1.data import source, svhn_files
    folder = pathlib.Path(os.environ.get("GAN_TF1_SVHN") or source.tfds_folder().parent / "SVHN_subset")
    if not svhn_files.has_mat_files(folder):
        pytest.skip("no digits of SVHN: set GAN_TF1_SVHN to a folder with its two .mat files")
    return folder


@pytest.fixture
def train_set():
    """A `DataSet` of 200 random images [28, 28], enough for a few steps."""
    from gan_tf1.data.mnist import DataSet
    rng = np.random.default_rng(5)
    return DataSet(rng.integers(0, 256, (200, 28, 28), np.uint8),
                   rng.integers(0, 10, 200, np.uint8), seed=1)


class Batches(NamedTuple):
    """A training set that gives `batch` as every batch."""
    batch: tuple

    def next_batch(self, batch_size):
        return self.batch


class RecordingSession:
    """Replaces a session: records the fetches and the feed of each run, and answers as `answer` says."""

    def __init__(self):
        self.runs = []

    def run(self, fetches, feed_dict=None):
        self.runs.append((fetches, dict(feed_dict or {})))
        return self.answer(fetches, feed_dict)

    def answer(self, fetches, feed):
        """What a run returns; subclasses answer as a session would, if the test needs it."""


@pytest.fixture
def session(built):
    """The items of the module's fixture `built` except the last, with all variables as at the start.

    `built` is `(sess, gan, ..., start)`, where `start` is what `values` returned.
    """
    restore(built)
    return built[:-1]


@contextlib.contextmanager
def without_training():
    """In this block, graphs are built without gradients and optimizers.

    These take three quarters of the time of a build.
    """
    from gan_tf1.tf1 import tf
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tf.train.Optimizer, "minimize", lambda *_, **named: tf.no_op())
        yield


@pytest.fixture
def untrained():
    """`without_training` for a whole test."""
    with without_training():
        yield


@pytest.fixture
def in_process(monkeypatch):
    """Run a chapter's script in this process, on few digits, instead of in a process of its own.

    Nothing is compiled, and the runs draw no figures. The fixture is the list of the names of the run
    directories.
    """
    import few_digits
    from gan_tf1.data import digits
    from gan_tf1.training import processes
    made = []

    def start(arguments, environment):
        made.append(arguments[2].name)
        try:
            load_script(arguments[0].name).main([str(part) for part in arguments[1:]
                                                 if part != "--xla"])
        except SystemExit as exit_:
            return SimpleNamespace(returncode=exit_.code, stderr=f"error: status {exit_.code}")
        return SimpleNamespace(returncode=0, stderr="")

    monkeypatch.setattr(digits, "load", few_digits.load)
    monkeypatch.setattr(processes, "run", start)
    without_figures(monkeypatch)
    return made


@contextlib.contextmanager
def stopped_at(name):
    """In this block, a script of many runs fails when it comes to the run called `name`."""
    from gan_tf1.errors import TrainingError
    from gan_tf1.training import many_runs
    original = many_runs.train

    def stop(script, path, *rest):
        if path.name == name:
            raise TrainingError("stopped")
        original(script, path, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(many_runs, "train", stop)
        with pytest.raises(SystemExit):
            yield


def load_script(name):
    """Import the script `name` as a module, whose `main(argv)` runs it in this process."""
    spec = importlib.util.spec_from_file_location(name.removesuffix(".py").lstrip("0123456789_"),
                                                  SCRIPTS / name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def without_figures(patch):
    """Let the end of a run draw no figures, as long as `patch`, a MonkeyPatch, lasts."""
    from gan_tf1.training import run_figures
    patch.setattr(run_figures, "of_run", lambda *_, **__: None)


def unpainted(figure, path):
    """Replaces `figures.save`: writes an empty file, since drawing takes longer than a small run."""
    from gan_tf1.files import replacing
    with replacing(path) as temporary:
        temporary.touch()
    return path


class Stopped(Exception):
    """Ends a script before its first step, as in `stopped_at_its_stepper`."""


def stopped_at_its_stepper(monkeypatch):
    """Make scripts raise `Stopped` before their first step.

    Returns a dict that then has the loop, training set, config and steps that the script asked for.
    """
    from gan_tf1.training import training
    asked = {}

    def stepper(training, step, net, train_set, config, steps, watch=(), stops=0):
        asked.update(loop=training._loop, train_set=train_set, config=config, steps=steps)
        raise Stopped

    monkeypatch.setattr(training.Training, "stepper", stepper)
    return asked


def wait_until(reached, seconds=60):
    """Wait until the function `reached` returns something true. Fails after so many `seconds`."""
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, f"waited for {seconds} seconds in vain"
        time.sleep(0.01)


def heed_ctrl_c():
    """A `preexec_fn` that makes a child process react to Ctrl-C.

    A suite that runs in the background ignores Ctrl-C, and its children would inherit this.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def kill_after(beginning, program, *arguments, seconds=0):
    """Run `program` with `arguments`, and kill it `seconds` after a line that starts with `beginning`.

    Returns the `own_lines` of what it has written to stderr.
    """
    process = subprocess.Popen([sys.executable, program, *map(str, arguments)],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in process.stdout:
        if line.startswith(beginning):
            break
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    _, err = process.communicate()
    return own_lines(err)


def own_lines(err):
    """The lines of `err` without those of TensorFlow's C++ code, which differ from version to version."""
    return [line for line in err.splitlines() if not re.match(
        r"I0000|WARNING: All log messages before absl|.*failed call to cuInit", line)]


def values(sess):
    """The values of all variables of the default graph: a dict from name to float64 array."""
    from gan_tf1.tf1 import tf
    names = [var.op.name for var in tf.global_variables()]
    return {name: np.asarray(value, np.float64)
            for name, value in zip(names, sess.run(tf.global_variables()))}


def load(sess, found):
    """Set the variables in `found`, a dict from variable to value.

    Each new list of ops that a session runs makes it go through the whole graph, so that `var.load` for
    one variable after the other takes seconds.
    """
    feed = {var.initializer.inputs[1]: value for var, value in found.items()}
    assert len(feed) == len(found)  # no two variables have the same initial value, as a tensor
    sess.run([var.initializer for var in found], feed)


def shake(sess, variables, rng, std=0.1):
    """Add normal noise of standard deviation `std`, drawn from `rng`, to the `variables`."""
    load(sess, {var: value + rng.normal(0, std, value.shape)
                for var, value in zip(variables, sess.run(list(variables)))})


def restore(built):
    """Set all variables of the default graph to `start`, the last item of `built`, as from `values`."""
    from gan_tf1.tf1 import tf
    sess, *_, start = built
    load(sess, {var: start[var.op.name] for var in tf.global_variables()})


def refusal(capsys, main, *arguments):
    """The line with which `main` refuses `arguments`. Asserts that it is the only one, and exit status 2."""
    with pytest.raises(SystemExit) as exit_:
        main(list(map(str, arguments)))
    assert exit_.value.code == 2
    out, err = capsys.readouterr()
    assert "run directory: " not in out  # what can be refused before a run begins, is
    lines = [line for line in err.strip().splitlines()
             if not line.startswith("kept for the next time")]  # the notice of the cache
    assert len(lines) == 1, lines
    assert lines[0].startswith("error: ")
    return lines[0]
