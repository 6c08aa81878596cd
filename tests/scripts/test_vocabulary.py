"""One name for one thing on all command lines, and a text for each flag."""

import argparse
import dataclasses
import importlib

import pytest

from conftest import ROOT, SCRIPTS, load_script
from gan_tf1 import config
from gan_tf1.config import Parser, add_flags, flag, given
from gan_tf1.evaluation import classifier

MODELS = [classifier, *(importlib.import_module(f"gan_tf1.models.{path.stem}")
                        for path in sorted((ROOT / "gan_tf1" / "models").glob("[a-z]*.py")))]
FORMER = [(model, field) for model in MODELS for field in dataclasses.fields(model.Config)
          if field.name in config.VOCABULARY]
SUBCOMMANDS = {"09_conditional_gan.py": [["draw", "--label", "3"]],
               "15_pix2pix.py": [["translate", "x"]], "16_cyclegan.py": [["translate", "AtoB", "x"]],
               "17_gan_objectives.py": [["train"], ["compare", "RUN"]]}
COMMANDS = [(path.name, argv) for path in sorted(SCRIPTS.glob("*.py")) if path.name != "gan_tf1.py"
            for argv in ([], *SUBCOMMANDS.get(path.name, []))]


class Parsed(Exception):
    """Holds the parser whose arguments would have been read."""


@pytest.fixture
def parser_of(monkeypatch):
    """The parser of a script's `main(argv)`."""
    def stop(parser, *_):
        raise Parsed(parser)

    def parser(name, argv):
        with monkeypatch.context() as patch, pytest.raises(Parsed) as parsed:
            for method in ("parse_args", "parse_known_args"):
                patch.setattr(argparse.ArgumentParser, method, stop)
            load_script(name).main(argv)
        return parsed.value.args[0]

    return parser


@pytest.mark.parametrize("name, argv", COMMANDS)
def test_every_argument_has_a_text(parser_of, name, argv):
    for action in parser_of(name, argv)._actions:
        assert action.help, f"{name} says nothing of {action.option_strings or action.dest}"


def test_one_thing_has_one_name(parser_of):
    """Every setting's flag is its field's name, or that of the vocabulary; no two share one."""
    for model in MODELS:
        flags = [flag(field.name) for field in dataclasses.fields(model.Config)]
        assert len(set(flags)) == len(flags), model.CHAPTER
    shown = {option for name, argv in COMMANDS for action in parser_of(name, argv)._actions
             if action.help != argparse.SUPPRESS for option in action.option_strings}
    assert {"--z-size", "--alpha", "--disc-steps", "--packing", "--samples", "--out"} <= shown
    assert not shown & {"--z-dim", "--gen-z-size", "--leaky-relu-alpha", "--n-critic", "--pack",
                        "--packs", "--n", "--g-size-mult", "--d-size-mult", "--resolution"}


@pytest.mark.parametrize("model, field", FORMER,
                         ids=lambda given: getattr(given, "CHAPTER", None) or given.name)
def test_former_names_are_accepted_and_say_so(model, field, capsys):
    parser = Parser()
    add_flags(parser, model.Config)
    own = "--" + field.name.replace("_", "-")
    values = [] if field.type is bool else ["1"]
    found = [given(parser.parse_args([name, *values]), model.Config)
             for name in (flag(field.name), own)]
    assert found[0] == found[1] == {field.name: True if field.type is bool else field.type(1)}
    assert capsys.readouterr().err == f"note: {own} is now called {flag(field.name)}\n"
    assert own + " " not in parser.format_help()


def test_a_former_switch_can_be_turned_off(capsys):
    parser = Parser()
    add_flags(parser, importlib.import_module("gan_tf1.models.pix2pix").Config)
    assert vars(parser.parse_args(["--no-flip"])) == {"flip": False}
    assert capsys.readouterr().err == "note: --no-flip is now called --no-mirror\n"
    assert vars(parser.parse_args(["--no-mirror"])) == {"flip": False}


def test_choices_are_shown_as_choices(capsys):
    with pytest.raises(SystemExit):
        load_script("15_pix2pix.py").main(["--help"])
    text = capsys.readouterr().out
    assert "--task {colour,edges,mask}" in text and "--size {8,16,32,64,128,256,512}" in text


def test_a_former_count_is_accepted_and_says_so(tmp_path, capsys):
    load_script("02_sample_mnist_gan.py").main(["--n", "2", "--out", str(tmp_path / "two.npy")])
    assert capsys.readouterr().err == "note: --n is now called --samples\n"
    assert (tmp_path / "two.npy").stat().st_size == 128 + 2 * 784 * 4
