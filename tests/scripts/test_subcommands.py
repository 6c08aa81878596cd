"""Scripts that do several things: their subcommands, and how they were chosen in older command lines."""

import re

import pytest

from conftest import SCRIPTS, load_script
from gan_tf1.errors import InputError
from gan_tf1.training import subcommands

NAMES = sorted(path.name for path in SCRIPTS.glob("*.py") if "subcommands.run(" in path.read_text())


@pytest.fixture
def called():
    """Two functions that only note how they are called, and these notes."""
    notes = []

    def train(argv):
        notes.append(("train", argv))

    def draw(argv):
        notes.append(("draw", argv))

    return (train, draw), notes


@pytest.mark.parametrize("argv, expected", [
    ([], ("train", [])),
    (["--epochs", "3"], ("train", ["--epochs", "3"])),
    (["train", "--epochs", "3"], ("train", ["--epochs", "3"])),
    (["draw", "--label", "3"], ("draw", ["--label", "3"])),
    (["--run-dir", "draw"], ("train", ["--run-dir", "draw"]))])
def test_the_first_argument_names_the_subcommand(called, capsys, argv, expected):
    functions, notes = called
    subcommands.run(argv, *functions, former={"--label": "draw --label"})
    assert notes == [expected] and capsys.readouterr().err == ""


def test_a_misspelt_subcommand_is_refused(called):
    functions, notes = called
    with pytest.raises(InputError, match="^there is no subcommand 'drow': choose one of train, draw"):
        subcommands.run(["drow", "--label", "3"], *functions, former={"--label": "draw --label"})
    assert notes == []


@pytest.mark.parametrize("argv, present", [
    (["--label", "3", "--seed", "1"], "draw --label 3 --seed 1"),
    (["--seed", "1", "--label=3"], "draw --seed 1 --label 3"),
    (["--translate", "AtoB", "--images", "a b.png"], "draw AtoB 'a b.png'"),
    (["--labels", "3"], None)])
def test_older_command_lines_still_work_and_say_how_they_are_written_now(
        called, capsys, monkeypatch, argv, present):
    functions, notes = called
    monkeypatch.setattr("sys.argv", ["scripts/09.py"])
    subcommands.run(argv, *functions, former={
        "--label": "draw --label", "--translate": "draw", "--images": "draw"})
    said = capsys.readouterr().err
    if present is None:
        assert notes == [("train", argv)] and said == ""
    else:
        assert said == f"note: this is now written 09.py {present}\n"
        [(name, rest)] = notes
        assert name == "draw" and len(rest) == len(present.replace("a b", "a").split()) - 1


@pytest.mark.parametrize("name", NAMES)
def test_help_of_a_script_lists_its_subcommands_and_each_has_help(name, capsys):
    script = load_script(name)
    source = (SCRIPTS / name).read_text()
    default, *others = re.search(r"subcommands\.run\(argv, ([\w, ]+),\s+former", source)[1].split(", ")
    with pytest.raises(SystemExit):
        script.main(["--help"])
    text = capsys.readouterr().out
    for other in others:
        assert f"python scripts/{name} {other} " in text
    for command in (default, *others):
        with pytest.raises(SystemExit) as exit_:
            script.main([command, "--help"])
        assert exit_.value.code == 0 and capsys.readouterr().out.startswith("usage: ")
