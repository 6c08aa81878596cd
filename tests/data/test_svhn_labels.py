"""SVHN: which examples are labelled, which images are tested, and the label of the digit 0."""

import numpy as np
import pytest
import scipy.io
import scipy.stats

from gan_tf1.data import drawn_street, source, svhn, svhn_files
from gan_tf1.data.labelled_first import LabelledFirst
from gan_tf1.errors import InputError

TRAINED, TESTED = 203, 41
DIGITS = {"train": np.random.default_rng(1).permutation(np.arange(TRAINED) % 10),
          "test": np.random.default_rng(2).permutation(np.arange(TESTED) % 10)}


def numbered(count):
    """Images [32, 32, 3, N] as in the files of SVHN; the first pixel of each is its number."""
    images = np.zeros((32, 32, 3, count), np.uint8)
    images[0, 0, 0] = np.arange(count)
    return images


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("svhn")
    for part, digits in DIGITS.items():
        scipy.io.savemat(path / svhn.MAT_FILES[part], {
            "X": numbered(len(digits)), "y": np.where(digits, digits, 10).astype(np.uint8)[:, None]})
    return path


def numbers(images):
    """The numbers of stored images."""
    return images[:, 0, 0, 0]


def refusal(*args, **named):
    with pytest.raises(InputError) as caught:
        svhn.load(*args, **named)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def order(data, epochs=2):
    """The numbers of the training examples as they are shown."""
    return [round((pixel + 1) * 127.5) for _ in range(epochs) for x, _, _ in data.train.batches(30)
            for pixel in x[:, 0, 0, 0]]


# --- which examples are labelled ---

def test_by_default_the_first_examples_are_labelled_and_the_order_is_that_of_the_run_s_stream(folder):
    data = svhn.load("svhn", folder, 50, 3)
    assert list(data.train.label_mask) == 50 * [1] + 153 * [0]
    rng = np.random.default_rng([3, 1])
    assert order(data) == [*rng.permutation(TRAINED), *rng.permutation(TRAINED)]


@pytest.mark.parametrize("labels", ["drawn", "balanced"])
def test_the_label_seed_draws_the_labelled_examples(folder, labels):
    def mask(**named):
        return svhn.load("svhn", folder, 50, labels=labels, **named).train.label_mask

    drawn = mask(label_seed=1)
    assert drawn.sum() == 50 and drawn.dtype == np.int32
    assert np.array_equal(drawn, mask(label_seed=1, seed=8))
    assert 0 < (drawn & mask(label_seed=2)).sum() < 50
    assert (drawn & (np.arange(TRAINED) < 50)).sum() < 50


def test_balanced_labels_have_as_many_of_each_class(folder):
    shares = []
    for labels in svhn.LABELS:
        train = svhn.load("svhn", folder, 50, labels=labels, label_seed=4).train
        shares.append(np.bincount(train.arrays.train_labels[train.label_mask == 1], minlength=10))
    first, drawn, balanced = shares
    assert list(balanced) == 10 * [5]
    assert np.ptp(first) > 0 and np.ptp(drawn) > 0


@pytest.mark.parametrize("labels", svhn.LABELS)
def test_more_labels_add_to_fewer_of_the_same_seed(folder, labels):
    fewer, more = (svhn.load("svhn", folder, count, labels=labels).train.label_mask
                   for count in (50, 100))
    assert (more >= fewer).all() and more.sum() == 100


def test_the_order_does_not_depend_on_which_examples_are_labelled(folder):
    choices = [dict(labels="first"), dict(labels="drawn"), dict(labels="drawn", label_seed=1),
               dict(labels="balanced"), dict(num_labels=0), dict(zero_label=10)]
    first, *others = [order(svhn.load("svhn", folder, **{"num_labels": 50, "seed": 6, **choice}))
                      for choice in choices]
    assert all(other == first for other in others)


def test_every_batch_has_the_labels_and_the_mask_of_its_own_images(folder):
    data = svhn.load("svhn", folder, 50, labels="balanced", label_seed=2)
    for x, y, label_mask in data.train.batches(30):
        shown = np.round((x[:, 0, 0, 0] + 1) * 127.5).astype(int)
        assert list(y) == list(DIGITS["train"][shown])
        assert list(label_mask) == list(data.train.label_mask[shown])


@pytest.mark.parametrize("labels", svhn.LABELS)
def test_labelled_examples_are_repeated_wherever_they_are(folder, labels):
    once = svhn.load("svhn", folder, 50, labels=labels, label_seed=3).train
    labelled = np.flatnonzero(once.label_mask)
    data = svhn.load("svhn", folder, 50, labels=labels, label_seed=3, label_repeats=4).train
    shown = numbers(data.arrays.train_images)
    assert list(shown) == [*labelled, *labelled, *labelled, *range(TRAINED)]
    assert list(data.label_mask) == list(np.isin(shown, labelled))
    assert list(data.arrays.train_labels) == list(DIGITS["train"][shown])

    alone = svhn.load("svhn", folder, 50, labels=labels, label_seed=3, labelled_only=True).train
    counts = np.bincount(numbers(alone.arrays.train_images), minlength=TRAINED)
    assert alone.num_examples == TRAINED and alone.label_mask.all()
    assert list(np.flatnonzero(counts)) == list(labelled) and np.ptp(counts[labelled]) <= 1


def test_labels_that_cannot_be_chosen_are_refused(folder):
    assert refusal("svhn", folder, 55, labels="balanced") == (
        "55 labels can't be divided equally among 10 classes, as --labels balanced does: choose another "
        "--num-labels")
    assert refusal("svhn", folder, 210, labels="balanced").startswith("210 of 203 training examples")
    # There are 203 digits: twenty of each from 3 to 9.
    fewer = svhn_files.read_mat_folder(folder)
    fewer.train_labels[fewer.train_labels == 7] = 8
    fewer.train_labels[:2] = 7
    with pytest.raises(InputError, match="3 examples of each class can't be labelled: only 2 training "
                                         "examples have the label 7, so choose a smaller --num-labels"):
        svhn.labelled_mask(fewer.train_labels, 30, "balanced")
    assert svhn.labelled_mask(fewer.train_labels, 20, "balanced").sum() == 20
    assert "--labels all is not known: choose one of first, drawn, balanced" == refusal(
        "svhn", folder, 50, labels="all")
    assert refusal("svhn", folder, 0, labelled_only=True).startswith("no training example is labelled")


def test_classes_that_do_not_occur_are_not_counted():
    labels = np.array([2, 4, 4, 2, 2, 4], np.int32)
    mask = svhn.labelled_mask(labels, 4, "balanced")
    assert mask.sum() == 4 and labels[mask == 1].sum() == 12


# --- which images are tested ---

def test_the_first_half_of_the_test_set_is_that_of_the_printed_run(folder):
    data = svhn.load("svhn", folder, 50, tested="first_half")
    assert data.title == "SVHN subset (244 digits), tested on the first 20 test images"
    assert list(numbers(data.train.arrays.test_images)) == list(range(20))
    assert list(data.train.arrays.test_labels) == list(DIGITS["test"][:20])
    assert data.train.num_examples == TRAINED
    # Half of SVHN's test set are 13,016 images. If 8,773 of them are right, the printed number results.
    rows = np.zeros(26032, np.uint8)
    whole, note = svhn.with_tested(svhn.Arrays(rows, rows, rows, rows), "first_half")
    assert note == ", tested on the first 13,016 test images"
    assert f"{8773 / len(whole.test_images):.11f}" == "0.67401659496"


@pytest.mark.parametrize("labels", svhn.LABELS)
def test_held_out_examples_are_tested_and_neither_trained_on_nor_labelled(folder, labels):
    data = svhn.load("svhn", folder, 100, labels=labels, tested="held_out", label_repeats=2)
    assert data.title == "SVHN subset (244 digits), tested on 20 held-out training images"
    assert list(numbers(data.train.arrays.test_images)) == list(range(183, 203))
    assert list(data.train.arrays.test_labels) == list(DIGITS["train"][183:])
    assert set(numbers(data.train.arrays.train_images)) == set(range(183))


def test_a_test_set_without_images_is_refused(tmp_path):
    for part in svhn.MAT_FILES:
        scipy.io.savemat(tmp_path / svhn.MAT_FILES[part], {"X": numbered(1), "y": [[3]]})
    for tested in ("first_half", "held_out"):
        assert refusal("svhn", tmp_path, 1, tested=tested) == (
            f"--tested {tested} leaves no image to test: there are only 1 training and 1 test images")
    assert "choose one of all, first_half, held_out" in refusal("svhn", tmp_path, 1, tested="half")


# --- the label of the digit 0 ---

def test_the_digit_0_may_keep_the_label_10_of_the_files(folder):
    data = svhn.load("svhn", folder, 50, labels="balanced", zero_label=10).train
    for labels, digits in ((data.arrays.train_labels, DIGITS["train"]),
                           (data.arrays.test_labels, DIGITS["test"])):
        assert labels.dtype == np.int32
        assert list(labels) == list(np.where(digits == 0, 10, digits))
    assert data.stored()[1].max() == 10
    # The same examples are labelled.
    usual = svhn.load("svhn", folder, 50, labels="balanced").train
    assert np.array_equal(data.label_mask, usual.label_mask)
    assert data.fingerprint() != usual.fingerprint()


def test_street_numbers_may_have_the_label_10_too():
    data = svhn.load("street", num_labels=5, sizes=(40, 20), zero_label=10, tested="first_half").train
    digits = drawn_street.load(60, svhn_files.STREET_SEED).labels
    assert 0 in digits[:40]
    assert list(data.arrays.train_labels) == [digit or 10 for digit in digits[:40]]
    assert list(data.arrays.test_labels) == [digit or 10 for digit in digits[40:50]]


def test_label_10_is_refused_for_what_is_not_a_digit(folder):
    assert refusal("cifar10", zero_label=10) == (
        "--zero-label 10 is for digits, and CIFAR-10 has none: leave it out, or choose another --data")
    assert refusal("svhn", folder, zero_label=11) == "--zero-label 11 is not known: choose 0 or 10"


# --- titles and notices ---

@pytest.mark.parametrize("sizes, title", [
    ((73257, 26032), "SVHN"), ((73257, 26031), "SVHN subset (99,288 digits)"),
    ((6483, 2000), "SVHN subset (8,483 digits)")])
def test_fewer_images_than_those_of_svhn_are_called_a_subset(sizes, title):
    train, test = (np.zeros(size, np.uint8) for size in sizes)
    assert svhn_files.svhn_title(svhn.Arrays(train, train, test, test)) == title


def test_a_notice_says_if_the_first_labels_are_not_those_of_the_chapter(folder, tmp_path, monkeypatch, capsys):
    version = tmp_path / "svhn_cropped" / "3.1.0"
    version.mkdir(parents=True)
    (version / "dataset_info.json").touch()
    examples = {"image": np.zeros((30, 32, 32, 3), np.uint8), "label": np.arange(30) % 10}
    monkeypatch.setattr(source, "read", lambda version, split: examples)

    def notice(*args, **named):
        svhn.load("svhn", *args, **named)
        return capsys.readouterr().err

    said = notice(tmp_path, 20)
    assert "SVHN in another order than SVHN's own files" in said and "--data-dir" in said
    # Nothing is said if they are drawn, if none or all are labelled, or if the files are SVHN's own.
    assert notice(tmp_path, 20, labels="drawn") == notice(tmp_path, 0) == notice(tmp_path, 30) == ""
    assert notice(folder, 20) == ""


def test_the_subset_of_svhn_is_read(svhn_subset):
    data = svhn.load("svhn", svhn_subset, labels="balanced", label_seed=1)
    train, test = data.train.arrays.train_images, data.train.arrays.test_images
    if len(train) + len(test) < sum(svhn_files.SVHN_SIZES):
        assert data.title == f"SVHN subset ({len(train) + len(test):,} digits)"
    labelled = data.train.arrays.train_labels[data.train.label_mask == 1]
    assert list(np.bincount(labelled)) == 10 * [100]
    held_out = svhn.load("svhn", svhn_subset, tested="held_out").train.arrays
    assert np.array_equal(held_out.test_images, train[-(len(train) // 10):])


# --- how often the chapter's steps see a label ---

def test_a_batch_of_svhn_has_1_75_labelled_images_and_often_none():
    count, labelled, batch = svhn_files.SVHN_SIZES[0], 1000, 128
    number = scipy.stats.hypergeom(count, labelled, batch)  # of labelled images in a batch without replacement
    assert round(number.mean(), 2) == 1.75 and round(number.pmf(0), 3) == 0.172

    rows = np.zeros(count, np.uint8)
    train = svhn.Dataset(svhn.Arrays(rows, rows, rows, rows), svhn.labelled_mask(rows, labelled), seed=1)
    found = [label_mask.sum() for _ in range(5) for _, _, label_mask in train.batches(batch)]
    assert len(found) == 5 * 573 and sum(found) == 5 * labelled
    # The standard deviation of this share over seeds is 0.7 %.
    assert abs(np.mean(np.equal(found, 0)) - number.pmf(0)) < 0.05


# --- labelled minibatches ---

def test_labelled_examples_come_first_with_their_labels_and_nothing_is_lost():
    images = np.random.default_rng(2).integers(0, 256, (30, 32, 32, 3), np.uint8)
    labels, mask = np.arange(30, dtype=np.int32) % 10, np.arange(30) % 7 == 3
    dataset = svhn.Dataset(svhn.Arrays(images, labels, images[:4], labels[:4]), mask)
    train_set = LabelledFirst(dataset)
    rows = [3, 10, 17, 24, *(row for row in range(30) if row % 7 != 3)]
    np.testing.assert_array_equal(train_set.images[:], svhn.scaled(images[rows]))
    np.testing.assert_array_equal(train_set.labels, labels[rows])
    x, y = train_set.next_batch(30)
    found = {image.tobytes(): label for image, label in zip(x, y)}
    assert found == {image.tobytes(): label for image, label in zip(svhn.scaled(images), labels)}
    tested = list(train_set.batches(3, which_set="test"))  # these stay as they are
    np.testing.assert_array_equal(np.concatenate([y for _, y in tested]), labels[:4])
    assert train_set.fingerprint() != dataset.fingerprint()
