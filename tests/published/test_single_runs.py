"""A log of the semi-supervised GAN beside the published runs, and the settings in which they differ."""

import dataclasses
import json

import numpy as np
import pytest

from conftest import load_script, refusal
from gan_tf1.models import semi_supervised_svhn
from gan_tf1.published import logs, single_runs

CHAPTER = "semi_supervised"
HEAD = "semi_supervised on SVHN, tested on the first 13,016 test images, seed 0, with "
AS_PUBLISHED = "extra-class 0, tested first_half, zero-label 10"
LAST = ("This compares single runs: without an envelope of many seeds, it can't be said whether they differ "
        "by more than seeds do.")


def lines(**accuracies):
    """A log's lines on epochs, `_24=(0.947, 0.664)` for epoch 24."""
    return "".join(f"Epoch {name[1:]}\n\t\tClassifier train accuracy:  {train}\n\t\tClassifier test accuracy {test}\n"
                   for name, (train, test) in accuracies.items())


@pytest.fixture(scope="module")
def main():
    return load_script("compare_logs.py").main


@pytest.fixture
def compared(main, tmp_path, capsys, monkeypatch):
    """What `compare_logs.py` prints on a log, line by line."""
    def lines_of(text):
        (tmp_path / "log.txt").write_text(text)
        main(["log.txt", "--chapter", CHAPTER])
        return capsys.readouterr().out.splitlines()

    monkeypatch.chdir(tmp_path)
    return lines_of


def test_the_last_epoch_is_printed_beside_the_book_s(compared, tmp_path):
    assert compared(HEAD + AS_PUBLISHED + "\n" + lines(_23=(0.925, 0.66), _24=(0.947, 0.66401659496))) == [
        "log.txt: 2 epochs, 23 to 24",
        "train accuracy",
        "epoch   here   book",
        "   24  0.947  0.937",
        "test accuracy",
        "epoch   here   book",
        "   24  0.664  0.674",
        'book: "Deep Learning by Example" (Packt 2018), chapter 15, with tested first_half, zero-label 10, '
        "extra-class 0",
        "  0.67401659496 is 8773 of 13,016 images. With ten logits the label 10 is never right, so every digit 0 "
        "counts as wrong: about 72 % of the other digits are right",
        "  here: the same settings",
        LAST,
        "checkpoints/comparison-001.png"]
    assert (tmp_path / "checkpoints" / "comparison-001.png").read_bytes()[:4] == b"\x89PNG"


def test_the_first_epochs_are_printed_beside_those_of_other_runs(compared):
    assert compared(HEAD + "tested first_half, zero-label 10, learning-rate 0.001\n" + lines(
        _0=(0.1, 0.19), _3=(0.4, 0.35), _5=(0.5, 0.45))) == [
        "log.txt: 3 epochs, 0 to 5",
        "train accuracy",
        "epoch   here  run 1  run 2  run 3  run 4  run 5",
        "    0  0.100  0.160  0.111  0.119  0.106      -",
        "    3  0.400      -  0.369      -      -      -",
        "    5  0.500      -  0.645      -      -      -",
        "test accuracy",
        "epoch   here  run 1  run 2  run 3  run 4  run 5",
        "    0  0.190  0.184  0.107  0.100  0.093  0.247",
        "    3  0.350      -  0.335      -      -  0.619",
        "    5  0.450      -  0.453      -      -      -",
        "run 1: a published notebook, git blob 3967aebb7223, with tested first_half, zero-label 10, extra-class 0",
        "  one epoch of Udacity's own solution",
        "  here instead: extra-class 1, learning-rate 0.001",
        "run 2: a published notebook, git blob 60a6ae17600f, with tested first_half, zero-label 10",
        "  with eleven logits the label 10 is the fake class: labelled zeros are trained as fakes, and a tested 0 is "
        "right if it is called a fake",
        "  here instead: learning-rate 0.001",
        "run 3: a published notebook, git blob 5f4973b9f4e9, with tested first_half, zero-label 10",
        "  as run 2",
        "  here instead: learning-rate 0.001",
        "run 4: a published notebook, git blob 6773ccfb0611, with tested first_half, zero-label 10",
        "  as run 2; it also runs the updates of batch norm's moving averages, which nothing reads",
        "  here instead: learning-rate 0.001",
        "run 5: an independent run of the chapter's code; only these test accuracies are known; not known: "
        "tested, zero-label, extra-class",
        "  here instead: learning-rate 0.001",
        LAST,
        "checkpoints/comparison-001.png"]


def test_a_run_with_another_half_and_label_is_told_so(compared):
    [here] = [line for line in compared("semi_supervised on SVHN, seed 3\n" + lines(_24=(0.9, 0.7)))
              if line.startswith("  here")]
    assert here == "  here instead: zero-label 0, tested all, extra-class 1"


def test_a_setting_whose_flag_has_another_name_is_told_too(compared):
    [here] = [line for line in compared(
        f"{HEAD}{AS_PUBLISHED}, disc-channels 16, loop graph\n" + lines(_24=(0.9, 0.7)))
              if line.startswith("  here")]
    assert here == "  here instead: disc-channels 16"


def test_a_log_of_unknown_origin_is_printed_with_that_caution(compared):
    assert "  here: the settings are not known" in compared(lines(_24=(0.9, 0.7)))


@pytest.mark.parametrize("title, why", [
    ("MNIST", "trained on MNIST, the book's on SVHN"),
    ("SVHN subset (900 digits)", "trained on SVHN subset (900 digits), the book's on SVHN")])
def test_another_data_set_is_not_compared(compared, title, why):
    said = compared(f"semi_supervised on {title}, seed 0\n" + lines(_24=(0.9, 0.7)))
    assert len(said) == 2 and said[1].startswith("Cannot be compared: it was ") and why in said[1]


def test_an_epoch_that_nobody_published_is_not_compared(compared, main, tmp_path, capsys):
    text = HEAD + AS_PUBLISHED + "\n" + lines(_23=(0.9, 0.7))
    assert compared(text)[1:] == [
        "Cannot be compared: epochs 0-8, 24 are published, and the log has none of them."]
    assert "the package has no envelope of semi_supervised" in refusal(
        capsys, main, tmp_path / "log.txt", "--chapter", CHAPTER, "--check")


def test_a_run_directory_is_compared_with_its_own_settings(main, tmp_path, capsys):
    run = tmp_path / "run"
    run.mkdir()
    settings = dataclasses.asdict(semi_supervised_svhn.Config(extra_class=0, label_repeats=10, epochs=5))
    config = {"chapter": CHAPTER, "settings": settings, "data": "svhn", "data_title": "SVHN", "seed": 0,
              "data_crc32": "0", "data_dir": None, "sample_shape": [50, 32, 32, 3]}
    (run / "config.json").write_text(json.dumps(config))
    (run / "losses.csv").write_text("epoch,train_accuracies,test_accuracies,d_loss,g_loss\n0,0.3,0.25,1,1\n")

    main([str(run), "--chapter", CHAPTER])
    out = capsys.readouterr().out
    assert "    0  0.250  0.184  0.107  0.100  0.093  0.247\n" in out
    assert ("extra-class 0\n  one epoch of Udacity's own solution\n"
            "  here instead: label-repeats 10, zero-label 0, tested all\n") in out
    assert "epochs 5" not in out  # the epochs that both have are the same with any number of them

    (run / "config.json").write_text(json.dumps({**config, "data_title": "SVHN subset (900 digits)"}))
    main([str(run), "--chapter", CHAPTER])
    assert "it was trained on SVHN subset (900 digits), the book's on SVHN." in capsys.readouterr().out


def test_the_published_accuracies_are_whole_numbers_of_images():
    """1,000 labels and half of SVHN's test set: the settings that the file states fit the numbers."""
    runs = single_runs.of_chapter(CHAPTER)
    assert [run.name for run in runs] == ["book", "run 1", "run 2", "run 3", "run 4", "run 5"]
    assert [len(run.log.epochs) for run in runs] == [1, 1, 9, 1, 3, 5]
    for run in runs[:-1]:
        assert run.settings["tested"] == "first_half" and run.settings["zero_label"] == 10
        for column, count in (("train_accuracies", 1000), ("test_accuracies", 13016)):
            images = run.log.losses[column] * count
            np.testing.assert_allclose(images, np.round(images), atol=1e-5)
    assert runs[-1].log.losses["test_accuracies"].tolist() == [0.247, 0.433, 0.53, 0.619, 0.644]
    assert set(runs[-1].settings.values()) == {None}


def test_a_chapter_without_other_runs_has_the_book_s_alone():
    [book] = single_runs.of_chapter("mnist_gan")
    assert book.name == "book" and len(book.log.epochs) == 30


def test_the_settings_in_the_first_line_of_a_log_are_read():
    assert logs.stated_settings("tested first_half, zero-label 10, drop-rate 0.2, no-mirror, "
                                "supervised-only, disc-channels 16", CHAPTER) == {
        "tested": "first_half", "zero_label": 10, "drop_rate": 0.2, "mirror": False,
        "supervised_only": True, "d_size_mult": 16}
    assert logs.stated_settings("", CHAPTER) == {}
    log = logs.parse(HEAD + AS_PUBLISHED + "\n" + lines(_0=(0.1, 0.2)), CHAPTER)
    assert log.settings == {"extra_class": 0, "tested": "first_half", "zero_label": 10}
    assert logs.parse(lines(_0=(0.1, 0.2)), CHAPTER).settings is None
