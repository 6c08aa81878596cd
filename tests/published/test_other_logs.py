"""The logs that other people published: each is read, and the index is true."""

import csv
import hashlib

import numpy as np
import pytest

from gan_tf1.errors import InputError
from gan_tf1.published import logs, other_logs
from gan_tf1.published.log_formats import CHAPTERS

EVERY = other_logs.every()


def test_there_are_fifty_six_and_each_file_has_a_row_of_the_index():
    assert len(EVERY) == len({one.blob for one in EVERY}) == 56
    files = {path.name.partition(".")[0] for path in other_logs.FOLDER.glob("*.csv*")} - {"index"}
    assert files == {one.id for one in EVERY}
    assert sum(path.stat().st_size for path in other_logs.FOLDER.iterdir()) < 1_000_000


@pytest.mark.parametrize("one", EVERY, ids=lambda one: one.id)
def test_every_log_is_read_completely(one):
    rows = list(csv.reader(one.text().splitlines()))[1:]
    assert len(rows) == one.lines and all(len(row) == len(rows[0]) for row in rows)
    log = one.log
    assert log.chapter == one.chapter and np.isfinite(list(log.losses.values())).all()
    if not one.chapter:
        assert len(log.epochs) == one.lines
        return
    form = CHAPTERS[one.chapter]
    assert set(log.losses) == set(form.columns)
    for column, values in log.losses.items():
        low, high = form.bounds_of(column)
        assert np.all((low <= values) & (values <= high))
    printed = [row for row in rows if row[1] != "acc"]
    assert len(log.epochs) == len(printed)
    assert (len(printed) < one.lines) == (one.program == "blog_dcgan" and one.lines > 1000 and one.id != "B001")


@pytest.mark.parametrize("one", EVERY, ids=lambda one: one.id)
def test_every_row_of_the_index_is_meant_for_a_reader(one):
    assert one.kind in ("same", "same-200-epochs", "same-but-default-Adam", "same-incomplete",
                        "same-as-older-template", "same-as-older-solution", "variant", "other", "unclear")
    assert one.differs and len(one.blob) == 12 and int(one.blob, 16)
    assert one.chapter in ("", *CHAPTERS) and (one.chapter == "") == (one.kind == "other")
    if one.kind.startswith("same-but"):
        assert one.change == other_logs.NO_CHANGE


def test_values_are_those_that_were_printed():
    """The first and last lines of a small and of a compressed file."""
    log = other_logs.named("A016").log
    assert (log.losses["disc_loss"][0], log.losses["gen_loss"][0]) == (0.3595, 3.7456)
    text = other_logs.named("B003").text()
    assert text.startswith("epoch,batch,d,g\n1,1,0.682,0.719\n") and text.endswith("\n100,acc,13,95\n")
    assert hashlib.md5(text.encode()).hexdigest() == "5191b340d540f405d7fa84b2b7b6d8ea"


def test_logs_are_found_by_program_and_by_chapter():
    assert [one.id for one in other_logs.of_program("udacity_mnist_gan", "same-but-default-Adam")] == [
        "A016", "A017", "A018", "A019"]
    assert len(other_logs.of_chapter("mnist_gan")) == len(other_logs.of_program("udacity_mnist_gan")) == 26
    assert other_logs.named("a016") == other_logs.named("A016") and other_logs.named("A999") is None


def test_a_dcgan_s_log_also_has_the_accuracies():
    log = other_logs.named("B003").log_of("dcgan_mnist_accuracies")
    assert log.epochs.tolist() == list(range(10, 101, 10)) and log.losses["fake"][-1] == 0.95


def test_an_id_is_read_like_a_file_but_a_file_comes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert other_logs.read("A016").losses["disc_loss"][0] == 0.3595
    (tmp_path / "A016").write_text("Epoch 1/9... Disc Loss: 7... Gen Loss: 7\n")
    assert other_logs.read("A016").losses["disc_loss"].tolist() == [7]
    with pytest.raises(InputError, match="A017 is a log of mnist_gan"):
        other_logs.read("A017", "dcgan_mnist")
    with pytest.raises(InputError, match="C001 is a log of none of the chapters: Keras-GAN acgan.py"):
        other_logs.read("C001")
    with pytest.raises(InputError, match="A999 can't be read"):
        other_logs.read("A999")


def test_tables_like_these_are_read_from_any_file(tmp_path):
    for name in ("A026", "B003", "C012", "D002"):
        one = other_logs.named(name)
        (tmp_path / "table.csv").write_text(one.text())
        log = logs.read(tmp_path / "table.csv", one.chapter if one.id == "C012" else None)
        assert log.chapter == one.chapter
        np.testing.assert_equal(log.losses, one.log.losses)
