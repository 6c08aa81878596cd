"""The table of detection rates: which groups of seeds are compared with what, and what is written."""

import io
import re

import numpy as np
import pytest

import simulated_logs
from conftest import load_script, refusal
from gan_tf1.experiments import detection
from gan_tf1.experiments.known_changes import CHANGES
from gan_tf1.published import envelopes


@pytest.fixture(scope="module")
def own():
    return simulated_logs.envelope(np.random.default_rng(0), 20)


@pytest.fixture(scope="module")
def programs():
    rng = np.random.default_rng(1)
    return {"far": simulated_logs.envelope(rng, 10, "far away", shift=1.5),
            "near": simulated_logs.envelope(rng, 10, "near", shift=0.1)}


@pytest.fixture(scope="module")
def found(own, programs):
    return detection.rates(own, programs)


def of(found, program, epochs, runs):
    [rate] = [rate for rate in found if (rate.program, rate.epochs, rate.runs) == (program, epochs, runs)]
    return rate


def test_groups_have_no_seed_in_common():
    assert detection.groups(10, 3) == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert detection.groups(2, 3) == []


def test_large_changes_are_found_and_the_program_itself_is_not(found):
    for epochs in ("all", "printed"):
        for runs, groups in ((1, 10), (3, 3), (5, 2)):
            rate = of(found, "far", epochs, runs)
            assert (rate.found, rate.groups) == (groups, groups)
        own = of(found, "chapter", epochs, 1)
        assert own.groups == 20 and own.found <= 2
        assert of(found, "chapter", epochs, 5).groups == 4
    alone, together = of(found, "near", "all", 1), of(found, "near", "all", 5)
    assert alone.interval[0] < together.interval[0]


def test_seeds_are_held_out_of_the_envelope_with_which_they_are_compared(own, monkeypatch):
    compared = []
    monkeypatch.setattr(detection.comparison, "judge_runs", lambda logs, envelope: (
        compared.append((logs, envelope)) or type("Verdict", (), {"word": "differs"})))
    further = simulated_logs.envelope(np.random.default_rng(2), 5)
    found = detection.rates(own, {}, further)
    for logs, envelope in compared:
        inside = [any(np.array_equal(seed[log.epochs - 1], log.losses["gen_loss"])
                      for seed in envelope.losses["gen_loss"]) for log in logs]
        assert not any(inside)
        assert envelope.seeds in (20 - len(logs), 20)
    assert of(found, "held_out", "printed", 5) == detection.Rate(
        "held_out", "further seeds of the chapter", "printed", 5, 1, 1)


def test_the_printed_epochs_alone_are_compared_if_asked_for(own):
    log = detection.cut(own.logs()[0], (71, 100))
    assert log.epochs.tolist() == list(range(71, 101))
    np.testing.assert_array_equal(log.losses["disc_loss"], own.losses["disc_loss"][0, 70:])


def test_intervals_are_binomial():
    share, low, high = detection.Rate("x", "x", "all", 1, 9, 10).interval
    assert (share, round(low, 3), round(high, 3)) == (0.9, 0.555, 0.997)  # Clopper and Pearson


def test_the_script_writes_a_table_that_is_read_again(tmp_path, capsys):
    rng = np.random.default_rng(3)
    simulated_logs.write(tmp_path / "changes" / "far.csv", simulated_logs.envelope(rng, 6, "far away", shift=2))
    own = simulated_logs.write(tmp_path / "own.csv", simulated_logs.envelope(rng, 12))
    main = load_script("detection_table.py").main
    command = ["--out", str(tmp_path / "out"), "--envelope", str(own), "--changes", str(tmp_path / "changes")]
    main(command)
    out = capsys.readouterr().out
    with open(tmp_path / "out" / "detection.csv") as file:
        rows = detection.read_rows(file)
    assert {rate.program for rate in rows} == {"chapter", "far"}
    assert of(rows, "far", "printed", 3) == detection.Rate("far", "far away", "printed", 3, 2, 2)
    lines = (tmp_path / "out" / "detection.txt").read_text().splitlines()
    assert lines[0].startswith("# mnist_gan: compared with 12 seeds on MNIST")
    assert next(line for line in lines if line.startswith("far away")).split()[2:4] == ["6/6", "(54-100"]
    [line] = [line for line in lines if line.startswith("far away: ")]
    assert line in out and int(re.fullmatch(r"far away: (\d) of 6 right.*", line)[1]) >= 4
    for name in ("detection", "confusion"):
        assert (tmp_path / "out" / f"{name}.png").read_bytes()[:4] == b"\x89PNG"
    with open(tmp_path / "out" / "confusion.csv") as file:
        confused = detection.read_confusion(file)
    assert confused.titles == ["the chapter's own program", "far away"]
    assert confused.counts.sum(axis=1).tolist() == [12, 6] and confused.counts.shape == (2, 3)
    assert detection.confusion_lines(confused) == lines[-4:-1]
    told = re.fullmatch(r"6 groups of 3 seeds, left out together: (\d+) % right; the most likely program has a "
                        r"probability of (\d+) % on average", lines[-1])
    assert int(told[1]) >= 50 and 60 < int(told[2]) < 100
    assert "holds files" in refusal(capsys, main, *command)


def test_the_kinds_of_confusion_are_counted_for_each_program():
    confused = detection.Confusion(["a", "b, c"], np.array([[7, 2, 1], [0, 9, 0]]))
    assert detection.confusion_lines(confused) == [
        "a: 7 of 10 right, 2 as b, c, 1 as none of these", "b, c: 9 of 9 right",
        "together: 16 of 19 right (84 %), and 85 % on average over programs"]
    file = io.StringIO()
    detection.write_confusion(file, confused)
    again = detection.read_confusion(file.getvalue().splitlines())
    assert again.titles == confused.titles
    np.testing.assert_array_equal(again.counts, confused.counts)


def test_without_envelopes_there_is_nothing_to_do(tmp_path, capsys, home):
    main = load_script("detection_table.py").main
    assert "has no envelopes: make them with known_changes.py" in refusal(capsys, main, "--changes", tmp_path)
    assert "--chapter x is not a chapter" in refusal(capsys, main, "--chapter", "x")
    assert not home.exists()


def test_the_packages_changes_of_the_mnist_gan_have_their_titles():
    known = envelopes.known_changes("mnist_gan")
    assert known
    for name, one in known.items():
        assert one.title == CHANGES[name].title
