"""Chapters on data sets that the book does not have: each data set has an envelope of its own."""

import pathlib

import numpy as np
import pytest

from conftest import load_script
from gan_tf1 import tables
from gan_tf1.published import envelopes

CHAPTER = "semi_supervised"
REPORTS = pathlib.Path(__file__).parents[2] / "checkpoints" / "semi_supervised"
TITLES = {"cifar10": "CIFAR-10", "svhn_subset": "SVHN subset (8,483 digits)",
          "street": "drawn street numbers (synthetic)"}


def accuracies(name, row, seed=None):
    """The rows of a report's accuracies.csv that are of `row`, and of `seed` if one is named."""
    with open(REPORTS / name / "accuracies.csv") as file:
        return [line for line in tables.rows_of(file)
                if line["row"] == row and seed in (None, int(line["seed"]))]


@pytest.fixture
def compared(tmp_path, capsys):
    """What `compare_logs.py` prints on a seed of a report's row, as if it were the log of a run."""
    main = load_script("compare_logs.py").main

    def lines(name, row, seed, *flags, title=None):
        log = tmp_path / "log.txt"
        log.write_text(f"{CHAPTER} on {title or TITLES[name]}, seed {seed}\n" + "".join(
            f"Epoch {line['epoch']}\n\t\tClassifier train accuracy:  {line['train_accuracies']}\n"
            f"\t\tClassifier test accuracy {line['test_accuracies']}\n" for line in accuracies(name, row, seed)))
        main([str(log), "--chapter", CHAPTER, "--out", str(tmp_path / "figure.png"), "--overwrite", *flags])
        return capsys.readouterr().out.splitlines()

    return lines


@pytest.mark.parametrize("name", TITLES)
def test_the_envelope_has_the_accuracies_of_the_report_s_row_with_the_chapter_s_settings(name):
    own = envelopes.envelope(CHAPTER, envelopes.path_of(CHAPTER, TITLES[name]))
    rows = accuracies(name, "chapter")
    assert own.data_title == TITLES[name] and own.seeds == 5 and own.epochs.tolist() == list(range(25))
    for column in ("train_accuracies", "test_accuracies"):
        assert own.losses[column].ravel().tolist() == [float(line[column]) for line in rows]
    assert [int(line["seed"]) for line in rows] == np.repeat(np.arange(5), 25).tolist()


def test_the_usual_accuracies_on_the_page_are_those_of_the_envelopes():
    page = (envelopes.BOOK_LOGS / "README.md").read_text()
    for title in TITLES.values():
        own = envelopes.envelope(CHAPTER, envelopes.path_of(CHAPTER, title))
        cells = [f"{values.mean():.3f} ± {values.std(ddof=1):.3f}" for epoch in (4, 14, 24)
                 for values in (own.losses[column][:, own.epochs == epoch] for column in (
                     "train_accuracies", "test_accuracies"))]
        assert f"| {title.removeprefix('drawn ')} | {' | '.join(cells)} |" in page


@pytest.mark.parametrize("name", TITLES)
def test_a_log_is_compared_with_the_envelope_of_its_own_data(compared, name):
    """The chapter's own settings fit; with the recipe of Salimans et al., more is learned in fewer steps."""
    own, other = compared(name, "chapter", 3), compared(name, "salimans", 3)
    assert any(line.startswith("Can't tell: ") for line in own)
    assert any(line.startswith("Differs: ") for line in other)


def test_a_log_of_other_test_images_is_compared_with_the_envelope_of_all(compared):
    shown = compared("cifar10", "chapter", 0, title="CIFAR-10, tested on the first 5,000 test images")
    assert any(line.startswith("Can't tell: ") for line in shown)


def test_a_data_set_without_an_envelope_has_that_of_the_book_or_none():
    assert envelopes.path_of(CHAPTER, "SVHN") is envelopes.path_of(CHAPTER, "SVHN subset (900 digits)") is None
    assert envelopes.path_of("mnist_gan", "drawn digits") == envelopes.path_of("mnist_gan")
    # Its name is the beginning of that of another chapter's envelope.
    assert envelopes.path_of("wasserstein_gan", "MNIST").name == "wasserstein_gan_envelope.csv"


def test_logs_of_two_data_sets_are_not_compared_together(tmp_path, capsys):
    for name in ("cifar10", "street"):
        (tmp_path / f"{name}.txt").write_text(f"{CHAPTER} on {TITLES[name]}, seed 0\nEpoch 0\n"
                                              "Classifier train accuracy: 0.1\nClassifier test accuracy 0.1\n")
    load_script("compare_logs.py").main([*(str(tmp_path / f"{name}.txt") for name in ("cifar10", "street"))])
    assert ("Cannot be compared: it was trained on drawn street numbers (synthetic), and the envelope is of CIFAR-10."
            in capsys.readouterr().out)


@pytest.mark.parametrize("data, most_like", [("CIFAR-10", False), ("SVHN subset (8,483 digits)", True)])
def test_a_log_is_compared_with_known_programs_on_its_own_data_alone(tmp_path, capsys, data, most_like):
    chapter = "dcgan_svhn_steps"
    own = envelopes.envelope(chapter, envelopes.path_of(chapter, data))
    assert own.data_title == data
    lines = [f"dcgan_svhn on {data}, seed 3, with print-every 10", *(
        f"Epoch 1/1... Discriminator Loss: {disc:.4f}... Generator Loss: {gen:.4f}"
        for disc, gen in zip(*(own.losses[name][3] for name in ("disc_loss", "gen_loss"))))]
    (tmp_path / "log.txt").write_text("\n".join(lines) + "\n")
    load_script("compare_logs.py").main([str(tmp_path / "log.txt"), "--out", str(tmp_path / "figure.png")])
    shown = capsys.readouterr().out
    assert f"({chapter}): {len(own.epochs)} steps, 10 to {own.epochs[-1]}" in shown
    assert "cannot be compared" not in shown
    assert ("programs were taken to be equally probable" in shown) == most_like
    assert bool(envelopes.known_changes(chapter, data=data)) == most_like
