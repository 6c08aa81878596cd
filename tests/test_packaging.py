"""The command `gan-tf1`, and the package as it is installed: with its scripts and trained networks."""

import os
import pathlib
import runpy
import shutil
import subprocess
import sys
import sysconfig
import venv

import pytest
import setuptools

from conftest import ROOT, SCRIPT_NAMES, heed_ctrl_c, refusal
from gan_tf1 import __main__ as command
from gan_tf1.config import Parser

SHIPPED = {"mnist_gan": 6, "mnist_classifier": 6, "mnist_generators/conditional_gan": 4}  # files, at least


def run(program, *arguments, cwd, **environment):
    """Run `program` in the folder `cwd`, with no other copy of this package on its path."""
    kept = {name: value for name, value in os.environ.items()
            if name not in ("PYTHONPATH", "GAN_TF1_HOME")}
    return subprocess.run([program, *map(str, arguments)], cwd=cwd, env={**kept, **environment},
                          text=True, capture_output=True, preexec_fn=heed_ctrl_c)


# --- the files of the package ---

@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder for PYTHONPATH that has only the package, with the files of a wheel."""
    folder = tmp_path_factory.mktemp("site-packages")
    attributes = {"script_name": "setup.py"}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        patch.setattr(setuptools, "setup", attributes.update)
        runpy.run_path("setup.py")
        distribution = setuptools.Distribution(attributes)
        build = distribution.get_command_obj("build_py")
        build.build_lib = str(folder)
        build.ensure_finalized()
        build.run()
    return folder


def files(folder, *patterns):
    return {path.relative_to(folder) for pattern in patterns for path in folder.rglob(pattern)
            if path.is_file() and "__pycache__" not in path.parts}


def test_the_wheel_has_every_file_that_the_code_reads(installed):
    package = installed / "gan_tf1"
    own = {name for name in files(ROOT / "gan_tf1", "*") if name.suffix not in (".md", ".png")}
    for name in ("book_logs/mnist_gan.csv", "other_logs/A016.csv", "other_logs/B003.csv.gz"):
        assert pathlib.Path("published", name) in own
    assert {pathlib.Path("report", name) for name in ("template.html", "runs.html", "report.css", "charts.js")} <= own
    assert own <= files(package, "*")
    assert {path.name for path in files(package / "scripts", "*")} == {*SCRIPT_NAMES, "gan_tf1.py"}
    for run, number in SHIPPED.items():
        kept = files(ROOT / "checkpoints" / run, "config.json", "losses.csv", "log.txt", "*ck*")
        assert len(kept) >= number and kept == files(package / "checkpoints" / run, "*")
    assert {path.name for path in (package / "checkpoints").iterdir()} == {run.split("/")[0] for run in SHIPPED}


def test_an_installed_package_finds_its_scripts_and_networks(installed, tmp_path):
    done = run(sys.executable, "-c", "import gan_tf1.places as p; print(p.SCRIPTS, p.SHIPPED);"
               "from gan_tf1.training import outputs; print(outputs.SHIPPED, outputs.home())",
               cwd=tmp_path, PYTHONPATH=str(installed))
    package = installed / "gan_tf1"
    assert done.stdout.split() == [str(package / "scripts"), str(package / "checkpoints"),
                                   str(package / "checkpoints"), "checkpoints"]


@pytest.mark.parametrize("where", ["elsewhere", "in its scripts"])
def test_the_command_runs_the_installed_scripts(installed, tmp_path, where):
    folder = tmp_path if where == "elsewhere" else installed / "gan_tf1" / "scripts"
    done = run(sys.executable, "-m", "gan_tf1", "2", "--samples", "few", cwd=folder,
               PYTHONPATH=str(installed))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == ("error: argument --samples: 'few' is not a whole number of at least 0 "
                           "(see python -m gan_tf1 2 --help)\n")


def test_an_installed_script_started_by_its_path_finds_the_package(installed, tmp_path):
    """`many_runs` starts the chapters' scripts in this way."""
    script = installed / "gan_tf1" / "scripts" / "01_mnist_gan.py"
    done = run(sys.executable, script, "--nonsense", cwd=tmp_path)
    assert done.returncode == 2 and done.stderr.startswith("error: unrecognized arguments: --nonsense")


def test_without_a_clone_the_remedy_is_to_install_the_missing_packages(installed, tmp_path):
    done = run(sys.executable, "-S", "-m", "gan_tf1", "01", cwd=tmp_path, PYTHONPATH=str(installed))
    assert done.returncode == 2 and done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith("error: not installed: numpy, ")
    assert "python -m pip install numpy " in line and " -e " not in line


def test_without_a_clone_redrawing_figures_is_refused(installed, tmp_path):
    done = run(sys.executable, "-m", "gan_tf1", "redraw_figures", cwd=tmp_path, PYTHONPATH=str(installed))
    assert done.returncode == 2 and not list(tmp_path.iterdir())
    assert done.stderr.endswith("holds no results: run this script in a clone of the repository\n")


# --- the command in a clone ---

@pytest.mark.parametrize("folder", [ROOT, ROOT / "scripts"], ids=["top", "scripts"])
def test_a_clone_that_is_not_installed_has_the_command_too(folder):
    done = run(sys.executable, "-S", "-m", "gan_tf1", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "01  mnist_gan" in done.stdout


def test_the_command_lists_every_script(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "90")
    command.main([])
    text = capsys.readouterr().out
    for name in SCRIPT_NAMES:
        number, _, rest = name.removesuffix(".py").partition("_")
        assert f"\n{number}  {rest} " in text if number.isdecimal() else f"\n{name[:-3]} " in text
    assert max(map(len, text.splitlines())) <= 90
    assert "\ngan_tf1" not in text


def test_every_chapter_has_its_time_and_every_script_one_sentence():
    scripts = command.scripts()
    assert {script.number for script in scripts if script.number} == set(command.TIMES)
    for script in scripts:
        assert script.summary.endswith((".", "?")), script.path


def test_no_two_scripts_share_a_name():
    names = [name for script in command.scripts() for name in script.names]
    assert len(names) == len(set(names))
    assert {"1", "01", "mnist_gan", "01_mnist_gan", "01_mnist_gan.py", "runs", "runs.py"} <= set(names)


@pytest.mark.parametrize("name", ["99", "001", "mnist", "gan_tf1", "../scripts/runs", ""])
def test_a_script_that_does_not_exist_is_refused_in_one_line(capsys, name):
    assert refusal(capsys, command.main, name) == (
        f"error: there is no script called {name!r}: `gan-tf1` without arguments lists all scripts")


@pytest.mark.parametrize("name", ["7", "07", "echo", "07_echo.py"])
def test_a_script_gets_all_arguments_that_follow_its_name(monkeypatch, tmp_path, capsys, name):
    (tmp_path / "07_echo.py").write_text(
        "from gan_tf1.config import Parser\n"
        "def main(argv=None):\n    print(argv, Parser().prog)\n")
    monkeypatch.setattr(command, "SCRIPTS", tmp_path)
    command.main([name, "--help", "--", "-x", "a b"])
    assert capsys.readouterr().out == f"['--help', '--', '-x', 'a b'] gan-tf1 {name}\n"
    assert Parser().prog != f"gan-tf1 {name}"  # later parsers in this process have their own names


def test_messages_of_a_script_name_the_command(capsys):
    assert refusal(capsys, command.main, "01", "--epoch", "3").endswith("(see gan-tf1 01 --help)")
    assert refusal(capsys, command.main, "--nonsense").endswith("(see gan-tf1 --help)")


def test_ctrl_c_during_the_imports_of_a_script_is_one_line(tmp_path):
    (tmp_path / "numpy.py").write_text(
        "import os, signal, time\ntry:\n    os.kill(os.getpid(), signal.SIGINT)\n"
        "    time.sleep(9)\nexcept BaseException: pass\n")
    done = run(sys.executable, "-m", "gan_tf1", "01", "--help", cwd=ROOT, PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "error: interrupted\n")


def test_ctrl_c_before_the_command_begins_is_one_line(tmp_path):
    """Here the interrupt comes while `python -m gan_tf1` imports argparse."""
    (tmp_path / "argparse.py").write_text(
        "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(9)\n")
    done = run(sys.executable, "-m", "gan_tf1", cwd=ROOT, PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "error: interrupted\n")


def test_importing_the_command_leaves_ctrl_c_alone():
    done = run(sys.executable, "-c", "import signal, gan_tf1.__main__;"
               "print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)", cwd=ROOT)
    assert done.stdout == "True\n"


# --- a real installation ---

@pytest.mark.slow
@pytest.mark.parametrize("editable", [False, True], ids=["wheel", "editable"])
def test_an_installed_package_trains_samples_and_judges(tmp_path, editable):
    pytest.importorskip("wheel")
    clone, elsewhere, environment = (tmp_path / name for name in ("clone", "elsewhere", "venv"))
    for name in ("gan_tf1", "scripts", "checkpoints"):
        shutil.copytree(ROOT / name, clone / name, ignore=shutil.ignore_patterns("__pycache__", "runs"))
    for name in ("setup.py", "README.md"):
        shutil.copy(ROOT / name, clone)
    elsewhere.mkdir()
    venv.create(environment, symlinks=True)
    paths = {name: sysconfig.get_path(name, "venv", {"base": environment, "platbase": environment})
             for name in ("purelib", "scripts")}
    # All packages of this Python, but not what its own .pth files add, such as an editable gan_tf1.
    pathlib.Path(paths["purelib"], "packages.pth").write_text(sysconfig.get_path("purelib") + "\n")
    python, gan_tf1 = (pathlib.Path(paths["scripts"], name) for name in ("python", "gan-tf1"))

    def succeeds(program, *arguments):
        done = run(program, *arguments, cwd=elsewhere)
        assert done.returncode == 0, done.stderr
        return done.stdout

    succeeds(python, "-m", "pip", "install", "--no-deps", "--no-index", "--no-build-isolation",
             "--use-pep517", *(["--editable"] if editable else []), clone)
    if not editable:
        shutil.rmtree(clone)

    assert "01  mnist_gan" in succeeds(gan_tf1)
    home = clone / "checkpoints" if editable else pathlib.Path("checkpoints")
    first = ["01", "--data", "drawn", "--epochs", "1"]
    assert f"run directory: {home / 'mnist_gan-001'}\n" in succeeds(gan_tf1, *first)
    assert "1 epoch" in succeeds(python, "-m", "gan_tf1", "runs")
    assert succeeds(gan_tf1, "02", "--samples", "4").strip() == str(home / "new_samples-001.png")
    assert "mnist_gan-001" in succeeds(gan_tf1, "evaluate", home / "mnist_gan-001", "--samples", "200",
                                       "--data", "drawn")
    swept = succeeds(gan_tf1, "sweep", "--out", "swept", "--vary", "disc-steps", "2", "--seeds", "0",
                     "--data", "drawn", "--", "--epochs", "1")
    assert "swept/sweep.csv" in swept and (elsewhere / "swept" / "sweep.csv").is_file()
