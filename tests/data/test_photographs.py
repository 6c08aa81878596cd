"""Photographs with classes: labelled images of any size, and facades with the class of every pixel."""

import numpy as np
import pytest

import few_photographs
from gan_tf1.data import facades, labelled, svhn, unpaired
from gan_tf1.errors import InputError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return few_photographs.make_facades(tmp_path_factory.mktemp("pairs") / "facades", train=2, test=1)


def test_the_classes_of_facades_are_read_in_spite_of_the_compression(folder):
    found = facades.load(folder, 32)
    assert found.train.columns[1].shape == (2, 32, 32) and found.test_labels.shape == (1, 32, 32)
    first = np.random.default_rng(0).integers(0, 12, (8, 8))  # as in `make_facades`
    assert (found.train.columns[1][0] == first.repeat(4, 0).repeat(4, 1)).mean() > 0.99
    photographs, maps, labels = facades.held_out(folder, 32)
    assert photographs.shape == maps.shape == (1, 32, 32, 3) and (photographs == found.test_images).all()
    assert (labels == found.test_labels).all() and (facades.classes(maps) == labels).mean() > 0.6
    pictures, classes = found.train.next_batch(2)
    assert pictures.dtype == np.float32 and classes.dtype == np.int32 and classes.max() < 12


def test_the_class_of_a_block_is_that_of_most_of_its_pixels():
    labels = np.array([[3, 3, 0, 1], [3, 5, 1, 1], [2, 2, 4, 0], [7, 7, 4, 0]], np.uint8)[None]
    assert facades.majority(labels, 2).tolist() == [[[3, 1], [2, 0]]]  # of equals, the first class
    assert facades.majority(labels, 4) is labels


def test_colours_between_two_classes_count_as_the_nearer_one():
    near = np.array([(0, 10, 230), (250, 90, 5), (180, 5, 5)], np.uint8)[None, None]
    assert [facades.CLASSES[number] for number in facades.classes(near)[0, 0]] == [
        "background", "cornice", "shop"]


def test_facades_that_cannot_be_read_are_refused(folder):
    with pytest.raises(InputError, match="--size 48 must divide 256"):
        facades.load(folder, 48)
    with pytest.raises(InputError, match="need --data-dir"):
        facades.load(None, 64)
    grey = np.full((1, 4, 4, 3), 128, np.uint8)
    with pytest.raises(InputError, match="photos has no label maps on the right"):
        facades.classes(grey, "photos")


def test_two_sets_are_two_classes_named_after_their_folder(tmp_path):
    folder = few_photographs.make_sets(tmp_path / "dark2bright_8")
    found = labelled.load("folder", 8, folder)
    assert found.classes == ("dark", "bright") and labelled.number_of_classes("folder") == 2
    pictures, labels = found.train.stored()
    assert labels.tolist() == 5 * [0] + 6 * [1] and found.test_labels.tolist() == 4 * [0] + 3 * [1]
    assert pictures[labels == 0].max() < 60 < 150 <= pictures[labels == 1].min()
    few_photographs.make_sets(tmp_path / "unnamed")
    assert unpaired.parts("folder", (8, 8, 8, 8), tmp_path / "unnamed")[1] == ("A", "B")


def test_labelled_digits_are_resized(monkeypatch):
    arrays = svhn.Arrays(np.zeros((3, 32, 32, 3), np.uint8), np.array([1, 2, 9], np.int32),
                         np.ones((2, 32, 32, 3), np.uint8), np.array([0, 4], np.int32))
    monkeypatch.setattr(svhn, "load", lambda choice, data_dir, num_labels: svhn.Svhn(
        "svhn", "SVHN subset (5 digits)", svhn.Dataset(arrays, np.zeros(3))))
    found = labelled.load("svhn", 16)
    assert found.train.columns[0].shape == (3, 16, 16, 3) and found.title == "SVHN subset (5 digits)"
    images, labels = found.train.decode(*found.train.stored())
    assert images.dtype == np.float32 and (images == -1).all() and labels.tolist() == [1, 2, 9]
    assert found.test_labels.tolist() == [0, 4] and labelled.number_of_classes("svhn") == 10
    with pytest.raises(InputError, match="--data flowers is not known"):
        labelled.load("flowers", 32)
