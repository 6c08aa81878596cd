"""Writing envelopes: of another table of the runs, thinned, and joined from parts."""

import io
import json
import re

import numpy as np
import pytest

from conftest import load_script, refusal
from gan_tf1 import files
from gan_tf1.errors import InputError
from gan_tf1.published import comparison, envelopes, joined_envelopes, logs


@pytest.fixture
def runs(tmp_path):
    """Six runs of the DCGAN with 1,000 steps and the accuracies of two epochs."""
    rng, paths = np.random.default_rng(0), [tmp_path / f"seed-{seed}" for seed in range(6)]
    for seed, path in enumerate(paths):
        path.mkdir()
        (path / "config.json").write_text(json.dumps(
            {"chapter": "dcgan_mnist", "settings": {"epochs": 20}, "data": "mnist", "data_title": "MNIST",
             "seed": seed, "data_crc32": "199591f3", "data_dir": None, "sample_shape": [16, 784], "versions": {}}))
        (path / "losses.csv").write_text("step,disc_loss,gen_loss\n" + "".join(
            f"{step},{rng.normal(0.7, 0.01)},{rng.normal(0.7, 0.01)}\n" for step in range(1, 1001)))
        (path / "accuracies.csv").write_text(f"epoch,real,fake\n10,0.5{seed},0.9\n20,0.4{seed},0.8\n")
    return paths


def written(path, runs, **how):
    file = io.StringIO()
    envelopes.write(file, list(range(len(runs))), runs, "make_envelope.py", **how)
    path.write_text(file.getvalue())
    return file.getvalue()


def test_a_thinned_envelope_keeps_the_first_and_last_rows_and_judges_a_log_in_its_steps(runs, tmp_path):
    text = written(tmp_path / "thin.csv", runs, thin=50)
    assert "# rows: the first 100, every 50th, and the last 10\n" in text and "# data_crc32: 199591f3\n" in text
    found = envelopes.envelope("dcgan_mnist", tmp_path / "thin.csv")
    assert found.epochs.tolist() == [*range(1, 101), *range(101, 991, 50), *range(991, 1001)]
    verdict = comparison.judge(logs.read(runs[0]), found)
    assert verdict.statistics[0].epochs == "1-6" and verdict.word != "cannot be compared"
    assert "# rows" not in written(tmp_path / "all.csv", runs)
    assert len(envelopes.envelope("dcgan_mnist", tmp_path / "all.csv").epochs) == 1000


def test_the_accuracies_of_the_same_runs_have_an_envelope_of_their_own(runs, tmp_path):
    text = written(tmp_path / "own.csv", runs, name="accuracies.csv")
    assert text.startswith("# chapter: dcgan_mnist_accuracies\n")
    found = envelopes.envelope("dcgan_mnist_accuracies", tmp_path / "own.csv")
    assert found.epochs.tolist() == [10, 20] and found.losses["real"][3].tolist() == [0.53, 0.43]
    book = comparison.judge(logs.book("dcgan_mnist_accuracies"), found)
    assert {each.loss for each in book.statistics} == {"accuracy on real images", "accuracy on generated images"}


def diverge(run, step):
    """Let the `run` have stopped at a loss that is not finite."""
    rows = (run / "losses.csv").read_text().splitlines()
    (run / "losses.csv").write_text("\n".join([*rows[:step], f"{step},nan,0.7"]) + "\n")


def test_seeds_that_diverged_are_named_and_left_out(runs, tmp_path):
    diverge(runs[0], 12), diverge(runs[4], 7)
    text = written(tmp_path / "own.csv", runs)
    assert '# seeds: 0-5\n# diverged: {"0": 12, "4": 7}\n' in text and "nan" not in text
    found = envelopes.envelope("dcgan_mnist", tmp_path / "own.csv")
    assert found.seeds == 4 and found.diverged == {"0": 12, "4": 7}
    assert "# diverged" not in written(tmp_path / "all.csv", runs[1:4])


def test_a_change_that_diverges_has_no_probability_but_a_line(runs, tmp_path):
    for run in runs[:3]:
        diverge(run, 5)
    written(tmp_path / "all.csv", runs[3:], change="Adam 0.1")
    written(tmp_path / "few.csv", runs[:5], change="Adam 2")
    written(tmp_path / "none.csv", runs[:3], change="Adam 20")
    written(tmp_path / "some.csv", runs[2:5], change="Adam 1")
    written(tmp_path / "two.csv", runs[4:], change="Adam 3")
    assert set(envelopes.known_changes("dcgan_mnist", tmp_path)) == {"all"}
    assert envelopes.divergences("dcgan_mnist", tmp_path) == [
        "Adam 2: 3 of 5 seeds diverged; the others are too few for a probability",
        "Adam 20: 3 of 3 seeds diverged", "Adam 1: 1 of 3 seeds diverged; the others are too few for a probability",
        "Adam 3: 2 seeds are too few for a probability"]
    with pytest.raises(InputError, match="none.csv is not an envelope: 3 of 3 seeds diverged"):
        envelopes.envelope("dcgan_mnist", tmp_path / "none.csv")


def test_a_change_that_is_still_being_written_is_not_read(runs, tmp_path):
    written(tmp_path / "all.csv", runs, change="Adam 0.1")
    (tmp_path / f"{files.UNFINISHED}x.csv").write_text("")
    assert set(envelopes.known_changes("dcgan_mnist", tmp_path)) == {"all"}
    assert envelopes.divergences("dcgan_mnist", tmp_path) == []


@pytest.mark.parametrize("damaged", [b"\xff\xfe", b"# diverged: {", b"# diverged: [3]\n", b'# diverged: {"a": 1}\n'])
def test_a_damaged_file_is_named_by_all_that_read_it(runs, tmp_path, damaged):
    written(tmp_path / "all.csv", runs)
    broken = tmp_path / "broken.csv"
    broken.write_bytes(damaged + b"# chapter: dcgan_mnist\n# settings: {}\nseed,step,disc_loss,gen_loss\n")
    for read in (lambda: envelopes.known_changes("dcgan_mnist", tmp_path),
                 lambda: envelopes.divergences("dcgan_mnist", tmp_path),
                 lambda: envelopes.envelope("dcgan_mnist", broken),
                 lambda: joined_envelopes.joined([broken, tmp_path / "all.csv"])):
        with pytest.raises(InputError, match="broken.csv is not an envelope"):
            read()


def test_the_losses_of_a_program_that_is_no_gan_are_not_compared(runs, tmp_path):
    text = written(tmp_path / "own.csv", runs).replace("# chapter: dcgan_mnist\n", "# chapter: mnist_classifier\n")
    (tmp_path / "own.csv").write_text(text)
    with pytest.raises(InputError, match="own.csv has the losses of mnist_classifier, which are not compared"):
        joined_envelopes.joined([tmp_path / "own.csv"])


def test_small_losses_keep_six_figures(runs, tmp_path):
    for run in runs:
        (run / "losses.csv").write_text("step,disc_loss,gen_loss\n1,-1.2345678e-05,0.0\n2,0.01234567,-12.345678\n")
    text = written(tmp_path / "own.csv", runs)
    assert text.count(",1,-1.23457e-05,0.0000\n") == text.count(",2,0.0123457,-12.3457\n") == 6
    assert envelopes.envelope("dcgan_mnist", tmp_path / "own.csv").losses["disc_loss"][2].tolist() == [
        -1.23457e-05, 0.0123457]


def test_a_table_that_is_not_compared_is_refused(runs, tmp_path):
    with pytest.raises(InputError, match="--table shares.csv: such tables of dcgan_mnist are not compared"):
        written(tmp_path / "own.csv", runs, name="shares.csv")


def parts(tmp_path, runs, *groups):
    """The paths of an envelope for each of the `groups` of seeds of the `runs`."""
    paths = [tmp_path / f"part{number}.csv" for number in range(len(groups))]
    for path, seeds in zip(paths, groups):
        with open(path, "w", newline="") as file:
            envelopes.write(file, seeds, [runs[seed] for seed in seeds], f"make_envelope.py {seeds}")
    return paths


def test_parts_that_were_made_apart_are_joined_to_the_envelope_of_all_seeds(runs, tmp_path):
    diverge(runs[4], 7), diverge(runs[1], 12)
    text = joined_envelopes.joined(parts(tmp_path, runs, [2, 4, 5], [0, 1, 3]))
    whole = written(tmp_path / "whole.csv", runs)
    assert "# seeds: 0-5\n" in text and '# diverged: {"1": 12, "4": 7}\n' in text
    assert text.replace("make_envelope.py [2, 4, 5]; make_envelope.py [0, 1, 3]", "make_envelope.py") == whole


def test_a_blank_line_and_a_missing_command_do_not_matter(runs, tmp_path):
    first, other = parts(tmp_path, runs, [0, 1], [2, 3])
    first.write_text(re.sub("# command: .*\n", "", first.read_text()) + "\n\n")
    text = joined_envelopes.joined([first, other])
    assert "# command: not known; make_envelope.py [2, 3]\n" in text
    (tmp_path / "joined.csv").write_text(text)
    assert envelopes.envelope("dcgan_mnist", tmp_path / "joined.csv").seeds == 4


def test_parts_of_two_processors_are_joined_and_both_are_named(runs, tmp_path):
    for run, name in zip(runs, ("AMD", "AMD", "Intel", "AMD")):
        config = json.loads((run / "config.json").read_text())
        (run / "config.json").write_text(json.dumps(config | {"processor": name}))
    text = joined_envelopes.joined(parts(tmp_path, runs, [0, 1], [2, 3], [4, 5]))
    assert "\n# processor: AMD; Intel; not known\nseed,step," in text


def test_a_part_without_complete_seeds_is_joined_too(runs, tmp_path):
    for run in runs[:2]:
        diverge(run, 5)
    text = joined_envelopes.joined(parts(tmp_path, runs, [0, 1], [2, 3, 4]))
    assert '# seeds: 0-4\n# diverged: {"0": 5, "1": 5}\n' in text
    (tmp_path / "joined.csv").write_text(text)
    assert envelopes.envelope("dcgan_mnist", tmp_path / "joined.csv").seeds == 3


@pytest.mark.parametrize("old, new, complaint", [
    ('"epochs": 20', '"epochs": 21', "they differ in their settings"),
    ("199591f3", "7cd8a48a", "they differ in their data_crc32"),
    ("# chapter: dcgan_mnist", "# change: Adam 2\n# chapter: dcgan_mnist", "they differ in their change"),
    ("step,disc_loss,gen_loss", "step,gen_loss,disc_loss", "it has other columns: seed,step,gen_loss"),
    ("\n3,7,", "\n2,7,", "is not an envelope: a step of a seed is missing"),
])
def test_what_is_not_of_one_program_is_not_joined(runs, tmp_path, old, new, complaint):
    first, other = parts(tmp_path, runs, [0, 1], [2, 3])
    other.write_text(other.read_text().replace(old, new))
    with pytest.raises(InputError, match=complaint):
        joined_envelopes.joined([first, other])


def test_a_seed_that_is_in_both_parts_is_named(runs, tmp_path):
    diverge(runs[2], 5)
    with pytest.raises(InputError, match="the seeds 1-2 are in more than one of the files"):
        joined_envelopes.joined(parts(tmp_path, runs, [0, 1, 2], [1, 2, 3]))


def test_the_script_joins_and_replaces_a_file_only_when_told(runs, tmp_path, capsys):
    first, other = parts(tmp_path, runs, [0, 1], [2, 3])
    join, before = load_script("join_envelopes.py").main, first.read_text()
    command = [str(first), str(other), "--out", str(first)]
    assert "exists: name another file, or add --overwrite" in refusal(capsys, join, *command)
    assert "alone can't be joined: name two envelopes or more" in refusal(capsys, join, str(first))
    assert "part0.json is not an envelope" in refusal(capsys, join, str(first), str(tmp_path / "part0.json"))
    assert first.read_text() == before
    join([*command, "--overwrite"])
    assert envelopes.envelope("dcgan_mnist", first).seeds == 4
