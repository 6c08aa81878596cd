"""The measurement that chooses a run's loop, and that refuses bfloat16 where it is slower."""

import json

import pytest

import few_digits
from conftest import load_script, refusal, without_figures
from gan_tf1.data import digits
from gan_tf1.errors import InputError
from gan_tf1.training import measured
from gan_tf1.training.graph_loop import Loop
from test_run_directory import final_state

FEW = ["--data", "drawn", "--epochs", "1", "--batch-size", "20", "--gen-hidden-size", "4",
       "--disc-hidden-size", "4", "--samples", "4"]


def told(loop, seconds, insist=False):
    """The loop that `settled` chooses if the loops take `seconds`, what it stores, and the lines it says."""
    said = []
    return *measured.settled(loop, insist, lambda asked: {name: seconds[name] for name in asked}, said.append), said


def test_the_fastest_loop_is_chosen_and_the_reason_is_told():
    seconds = {"feed": 0.0021, "graph": 0.0015, "graph compiled": 0.0012}
    loop, stored, said = told(Loop("auto"), seconds)
    assert loop == Loop("graph", xla=True) and stored == seconds
    assert said == ["the fastest loop here is graph compiled; per step: feed 2.1 ms, graph 1.5 ms, "
                    "graph compiled 1.2 ms"]
    assert told(Loop("auto"), {**seconds, "feed": 0.001})[0] == Loop("feed")


@pytest.mark.parametrize("loop", [Loop("feed", mixed_precision=True), Loop("auto", mixed_precision=True)])
def test_bfloat16_is_refused_with_both_numbers_if_it_is_slower(loop):
    seconds = {"feed": 0.5, "graph": 0.6, "graph compiled": 0.7, "float32": 0.4, "bfloat16": 0.5}
    with pytest.raises(InputError, match="float32 400 ms, bfloat16 500 ms.*--insist"):
        told(loop, seconds)
    assert told(loop, {**seconds, "bfloat16": 0.3})[0] == Loop("feed", mixed_precision=True)
    assert told(loop, {**seconds, "bfloat16": 0.41})[0].mixed_precision  # a difference that may be chance
    chosen, stored, _ = told(loop, seconds, insist=True)
    assert chosen.mixed_precision and "bfloat16" not in stored


@pytest.fixture
def main(monkeypatch):
    monkeypatch.setattr(digits, "load", few_digits.load)
    without_figures(monkeypatch)
    monkeypatch.setattr(measured, "MOST", 2)
    monkeypatch.setattr(measured, "ROUNDS", 2)
    monkeypatch.delitem(measured.AUTO, "graph compiled")  # compiling takes long
    return load_script("01_mnist_gan.py").main


def test_a_run_with_a_measured_loop_has_the_bytes_of_a_run_with_that_loop(main, tmp_path, monkeypatch, capsys):
    auto, named = tmp_path / "auto", tmp_path / "named"
    main([*FEW, "--loop", "auto", "--run-dir", str(auto)])
    stored = json.loads((auto / "config.json").read_text())
    assert set(stored["measured"]) == {"feed", "graph"} and min(stored["measured"].values()) > 0
    loop = min(stored["measured"], key=stored["measured"].get)
    assert stored["loop"] == Loop(loop)._asdict()
    assert f"the fastest loop here is {loop}; per step: feed " in capsys.readouterr().err
    main([*FEW, "--loop", loop, "--run-dir", str(named)])
    assert "measured" not in json.loads((named / "config.json").read_text())
    assert final_state(auto) == final_state(named)

    monkeypatch.setattr(measured, "per_step", None)  # a resumed run does not measure
    main(["--resume", "--loop", "auto", "--run-dir", str(auto)])
    capsys.readouterr()
    assert f"loop (the run's: {loop}, now: auto)" in refusal(
        capsys, main, "--resume", "--loop", "auto", "--run-dir", named)


def test_a_refused_run_leaves_nothing_behind(main, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(measured, "per_step", lambda asked, *_: dict(zip(asked, (1., 2.))))
    run = tmp_path / "run"
    assert "float32 1000 ms, bfloat16 2000 ms" in refusal(capsys, main, *FEW, "--mixed-precision", "--run-dir", run)
    assert not run.exists()


@pytest.mark.parametrize("flags, complaint", [
    (["--xla"], "leave out --xla"), (["--towers", "2"], "leave out --loop auto")])
def test_what_does_not_go_with_a_measured_loop_is_refused(main, capsys, flags, complaint):
    assert complaint in refusal(capsys, main, "--loop", "auto", *flags)
