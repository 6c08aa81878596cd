"""What a numbered script trains by default: small settings, and with --paper the chapter's own."""

import dataclasses
import re

import pytest

import few_digits
from conftest import SCRIPTS, Stopped, load_script, refusal, stopped_at_its_stepper, without_figures
from gan_tf1.config import intervals, make
from gan_tf1.data import mnist, source
from gan_tf1.models import cyclegan, dcgan_upsampling, pix2pix, progressive_gan
from gan_tf1.training import command_line, training
from gan_tf1.training.graph_loop import Taken
from gan_tf1.training.run_config import read_config

NAMES = sorted(path.name for path in SCRIPTS.glob("[0-9]*.py"))
SMALL = {name: script.SMALL for name in NAMES if hasattr(script := load_script(name), "SMALL")}


def job(model, small, choices, *argv):
    return command_line.parse(list(map(str, argv)), "", model, choices, small=small)


@pytest.mark.parametrize("name", SMALL)
def test_small_settings_are_the_chapters_and_fit_together(name):
    Config = load_script(name).model.Config
    config = make(Config, SMALL[name].settings)
    for setting, value in SMALL[name].settings.items():
        assert value != getattr(Config(), setting), setting
    if hasattr(config, "sample_interval"):
        assert intervals(config)
    if hasattr(load_script(name).model, "check"):
        load_script(name).model.check(config)
    if hasattr(load_script(name).model, "stages"):
        assert load_script(name).model.stages(config)


SMALL_07 = SMALL["07_dcgan_upsampling.py"]


def test_small_settings_count_unless_paper_or_another_value_is_asked_for():
    defaults = dcgan_upsampling.Config()
    small = job(dcgan_upsampling, SMALL_07, ("drawn",))
    assert dataclasses.asdict(small.config) == {**dataclasses.asdict(defaults), **SMALL_07.settings}
    assert small.note.startswith("small settings: --channels 8 --iterations 3000 --sample-interval")
    assert "; --paper trains 30,000 iterations" in small.note

    paper = job(dcgan_upsampling, SMALL_07, ("drawn",), "--paper")
    assert paper.config == defaults and paper.note == ""

    mixed = job(dcgan_upsampling, SMALL_07, ("drawn",), "--channels", 32)
    assert (mixed.config.channels, mixed.config.iterations) == (32, 3000)
    assert mixed.note.startswith("small settings: --iterations 3000 --sample-interval 100; ")
    config = job(dcgan_upsampling, SMALL_07, ("drawn",), "--paper", "--channels", 8).config
    assert (config.channels, config.iterations) == (8, defaults.iterations)


def test_small_settings_come_with_data_that_are_there(monkeypatch, tmp_path):
    prepared = set()
    monkeypatch.setattr(source, "prepared_version",
                        lambda name, data_dir=None: name if (name, data_dir) in prepared else None)
    choices = ("cifar10", "mnist", "street", "drawn", "celeba", "folder")
    of_13 = progressive_gan, SMALL["13_progressive_gan.py"], choices
    assert job(*of_13).data == "drawn"
    prepared.add(("mnist", None))
    assert job(*of_13).data == "mnist" and job(*of_13).config != progressive_gan.Config()
    assert job(*of_13, "--data", "drawn").config == job(*of_13).config
    for argv in (["--paper"], ["--data", "celeba"], ["--data", "cifar10"]):  # the paper's sizes
        assert job(*of_13, *argv).config == progressive_gan.Config()
    assert job(*of_13, "--paper").data == "cifar10"
    # A folder of one's own isn't passed over for other data.
    of_15 = pix2pix, SMALL["15_pix2pix.py"], ("pairs", "tfds", "cifar10", "street", "folder")
    assert job(*of_15).data == "street"
    own = job(*of_15, "--data-dir", tmp_path)
    assert own.data == "pairs" and own.config == pix2pix.Config()
    monkeypatch.setattr(mnist, "has_idx_files", lambda folder: folder == tmp_path)
    assert job(*of_13, "--data-dir", tmp_path).data == "mnist"
    of_16 = cyclegan, SMALL["16_cyclegan.py"], ("horse2zebra", "folder", "cifar10", "drawn")
    assert job(*of_16).data == "drawn" and job(*of_16, "--data", "cifar10").config.size == 256


@pytest.mark.parametrize("name", SMALL)
def test_help_tells_both_sizes(name, capsys):
    with pytest.raises(SystemExit):
        load_script(name).main(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert " ".join(SMALL[name].paper.split()) in text
    for setting, value in SMALL[name].settings.items():
        chapters = getattr(load_script(name).model.Config(), setting)
        assert f"(default: {value}; with --paper {chapters})" in text, setting


def test_a_run_of_small_settings_resumes_and_is_not_the_papers(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("gan_tf1.data.digits.load", few_digits.load)
    without_figures(monkeypatch)
    main = load_script("07_dcgan_upsampling.py").main
    tiny = ["--data", "drawn", "--iterations", "2", "--sample-interval", "1", "--channels", "2",
            "--batch-size", "4", "--run-dir", str(tmp_path / "run")]
    main(tiny)
    assert capsys.readouterr().err.splitlines() == ["2 training steps"]  # all settings were named
    stored = read_config(tmp_path / "run")
    assert "with another configuration" in refusal(
        capsys, main, "--resume", "--paper", "--run-dir", tmp_path / "run")
    asked = stopped_at_its_stepper(monkeypatch)
    monkeypatch.setattr(dcgan_upsampling, "build", lambda config: None)  # it takes long
    with pytest.raises(Stopped):
        main(["--resume", "--run-dir", str(tmp_path / "run")])
    assert asked["config"].iterations == 2 and read_config(tmp_path / "run") == stored


# --- how long it will take ---

def said(monkeypatch, steps, seconds):
    """What is said in `steps` steps, each of so many `seconds`, the first much slower."""
    clock, lines = [0.], []
    monkeypatch.setattr(training, "perf_counter", lambda: clock[0])

    def turns():
        for number in range(steps):
            clock[0] += seconds if number else 100.
            yield Taken(number, {}, seconds)

    assert [turn.fetched for turn in training._estimated(turns(), steps, lines.append)] == [
        *range(steps)]
    return lines


def test_long_trainings_say_once_how_long_they_take(monkeypatch):
    [line] = said(monkeypatch, 6001, 0.1)
    assert re.fullmatch(r"about 9\.8 minutes to go, at 1[0-9.]* steps per second", line)
    [line] = said(monkeypatch, 100_000, 30)
    assert line.startswith("about 35 days to go")


def test_short_trainings_say_nothing(monkeypatch):
    assert said(monkeypatch, 600, 0.1) == [] and said(monkeypatch, 1, 1) == []


@pytest.mark.parametrize("seconds, text", [
    (75, "1.2 minutes"), (60, "1 minute"), (59, "59 seconds"), (5400, "1.5 hours"),
    (86400 * 3, "3 days")])
def test_durations_are_in_words(seconds, text):
    assert training.duration(seconds) == text
