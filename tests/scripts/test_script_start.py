"""The first moment of a script: a bare Python, a clone that isn't installed, and an early Ctrl-C."""

import ast
import os
import signal
import subprocess
import sys
import time

import pytest

from conftest import ROOT, SCRIPT_NAMES, SCRIPTS, heed_ctrl_c
from gan_tf1 import errors


def python(*arguments, **environment):
    """What a new Python does that finds this package by nothing but the script's own place."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run([sys.executable, *map(str, arguments)], text=True, capture_output=True,
                          env={**kept, **environment}, cwd=ROOT.parent, preexec_fn=heed_ctrl_c)


def test_without_any_package_one_line_says_what_to_install():
    done = python("-S", SCRIPTS / "13_progressive_gan.py", "--help")
    assert done.returncode == 2 and done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith("error: not installed: numpy, scipy, matplotlib, pillow, tqdm, tabulate, tensorflow")
    assert line.endswith(f'python -m pip install -e "{ROOT}"')


def test_what_is_refused_as_missing_is_what_setup_requires():
    tree = ast.parse((ROOT / "setup.py").read_text())
    [required] = [ast.literal_eval(keyword.value) for node in ast.walk(tree)
                  if isinstance(node, ast.Call) for keyword in node.keywords
                  if keyword.arg == "install_requires"]
    names = {text.split(">")[0] for text in required}
    ours = {pip or name for name, pip in errors.PACKAGES.items()}
    # Nothing here imports the other two: TensorFlow Datasets does, without requiring them.
    assert names - {"importlib_resources", "protobuf"} == ours


def test_a_package_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(errors.PACKAGES, "no_such_package", "no-such-package")
    errors.refuse_missing(["numpy"])
    with pytest.raises(errors.InputError, match="^not installed: no-such-package. Install what"):
        errors.refuse_missing(["numpy", "no_such_package"])


@pytest.mark.parametrize("name", ["01_mnist_gan.py", "export.py"])
def test_scripts_run_from_a_clone_that_is_not_installed(name):
    done = python(SCRIPTS / name, "--nonsense")
    assert done.returncode == 2 and done.stderr.startswith("error: ")


def test_ctrl_c_during_the_imports_is_one_line(tmp_path):
    """NumPy is the first to take its time: here one that is interrupted, and swallows exceptions."""
    (tmp_path / "numpy.py").write_text(
        "import os, signal, time\ntry:\n    os.kill(os.getpid(), signal.SIGINT)\n"
        "    time.sleep(9)\nexcept BaseException: pass\n")
    done = python(SCRIPTS / "01_mnist_gan.py", "--help", PYTHONPATH=str(tmp_path))
    assert done.returncode == 130
    assert (done.stdout, done.stderr) == ("", "error: interrupted\n")


def test_importing_the_package_from_elsewhere_leaves_ctrl_c_alone():
    """In a notebook beside the scripts, say."""
    done = python("-c", "import signal, sys; sys.path.insert(0, sys.argv[1]); import gan_tf1, "
                  "gan_tf1.errors; print(gan_tf1.__file__, gan_tf1.errors.__file__,"
                  "signal.getsignal(signal.SIGINT) is signal.default_int_handler)", SCRIPTS)
    assert done.stdout.split() == [str(ROOT / "gan_tf1" / name)
                                   for name in ("__init__.py", "errors.py")] + ["True"]


def test_once_main_runs_ctrl_c_is_an_exception_again(monkeypatch, capsys):
    cleaned = []

    @errors.script
    def main(argv=None):
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(60)
        finally:
            cleaned.append(True)

    before = signal.getsignal(signal.SIGINT)
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        errors.begin_script()
        assert signal.getsignal(signal.SIGINT) is errors._interrupted_early
        with pytest.raises(SystemExit) as exit_:
            main([])
    finally:
        signal.signal(signal.SIGINT, before)
    assert exit_.value.code == 130 and cleaned == [True]
    assert capsys.readouterr().err == "error: interrupted\n"


def test_a_shell_that_ignores_ctrl_c_for_a_script_in_the_background_is_heeded():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        errors.begin_script()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("name", SCRIPT_NAMES)
def test_every_script_imports_from_this_package_before_any_other(name):
    """Else nothing could say what is missing: see scripts/gan_tf1.py."""
    imported = []
    for node in ast.parse((SCRIPTS / name).read_text()).body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            imported += [node.module] if isinstance(node, ast.ImportFrom) else [
                alias.name for alias in node.names]
    packages = [module.split(".")[0] for module in imported]
    assert [package for package in packages if package not in sys.stdlib_module_names][0] == "gan_tf1"
