"""SVHN: its batches are scaled, masked and in a repeatable order; a damaged file is named."""

import json
import threading
import urllib.request

import numpy as np
import pytest
import scipy.io

from gan_tf1.data import drawn_street, source, svhn, svhn_files
from gan_tf1.errors import InputError

LABELS = {"train": 1 + np.arange(23) % 10, "test": 1 + 3 * np.arange(11) % 10}


def numbered(count):
    """Images in the layout of the files of SVHN; the first pixel of each is its number."""
    images = np.random.default_rng(count).integers(256, size=(32, 32, 3, count), dtype=np.uint8)
    images[0, 0, 0] = np.arange(count)
    return images


@pytest.fixture
def folder(tmp_path):
    for part, labels in LABELS.items():
        scipy.io.savemat(tmp_path / svhn.MAT_FILES[part], {
            "X": numbered(len(labels)), "y": labels.astype(np.uint8)[:, None]}, do_compression=True)
    return tmp_path


def load(folder, num_labels=5, seed=0):
    return svhn.load("svhn", folder, num_labels, seed).train


def rows(batches):
    """The numbers of the examples in a list of batches, in order."""
    return [round((pixel + 1) * 127.5) for batch in batches for pixel in batch[0][:, 0, 0, 0]]


def refusal(call, *args, **kwargs):
    with pytest.raises(InputError) as caught:
        call(*args, **kwargs)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# --- batches ---


def test_mat_files_are_scaled_and_their_label_10_becomes_0(folder):
    data = svhn.load("svhn", folder, 5)
    assert (data.key, data.title, data.train.num_examples) == ("svhn", "SVHN subset (34 digits)", 23)
    ((x, y),) = data.train.batches(100, "test")
    assert (x.dtype, y.dtype) == (np.float32, np.int32)
    stored = numbered(11).transpose(3, 0, 1, 2)
    assert x.shape == stored.shape
    assert np.allclose(x, stored / 127.5 - 1, atol=1e-6)
    assert x.min() == -1 and x.max() == 1  # both 0 and 255 occur
    assert list(y) == [1, 4, 7, 0, 3, 6, 9, 2, 5, 8, 1]


def test_an_epoch_has_every_example_once_with_its_own_label_and_mask(folder):
    data = load(folder, num_labels=5)
    batches = list(data.batches(10))
    assert [len(x) for x, _, _ in batches] == [10, 10, 3]  # the tail is kept
    order = rows(batches)
    assert sorted(order) == list(range(23)) != order
    for x, y, mask in batches:
        assert (x.dtype, y.dtype, mask.dtype) == (np.float32, np.int32, np.int32)
        assert x.shape[1:] == (32, 32, 3) and y.shape == mask.shape == (len(x),)
    _, y, mask = (np.concatenate(column) for column in zip(*batches))
    assert list(y) == [LABELS["train"][row] % 10 for row in order]
    assert list(mask) == [row < 5 for row in order]  # the first five before shuffling


@pytest.mark.parametrize("num_labels", [0, 7, 23])
def test_the_mask_has_as_many_labels_as_asked_for(folder, num_labels):
    for seed in (0, 1):
        masks = [mask for _, _, mask in load(folder, num_labels, seed).batches(4)]
        assert np.concatenate(masks).sum() == num_labels


def test_labelled_examples_are_repeated_as_often_as_asked_for(folder):
    data = svhn.load("svhn", folder, 5, label_repeats=4).train
    batches = list(data.batches(10))
    assert data.num_examples == 23 + 3 * 5
    assert sorted(rows(batches)) == sorted(3 * list(range(5)) + list(range(23)))
    for x, y, label_mask in batches:
        numbers = np.array(rows([(x,)]))
        np.testing.assert_array_equal(label_mask, numbers < 5)
        np.testing.assert_array_equal(y, LABELS["train"][numbers] % 10)


@pytest.mark.parametrize("label_repeats, count", [(1, 23), (4, 38)])
def test_labelled_examples_alone_fill_as_many_steps_as_all(folder, label_repeats, count):
    data = svhn.load("svhn", folder, 5, label_repeats=label_repeats, labelled_only=True).train
    batches = list(data.batches(10))
    shown = np.bincount(rows(batches))
    assert shown.sum() == count and len(shown) == 5 and np.ptp(shown) <= 1
    assert all(label_mask.all() for _, _, label_mask in batches)
    with pytest.raises(InputError, match="24 of 23 training examples can't be labelled"):
        svhn.load("svhn", folder, 24, labelled_only=True)


@pytest.mark.parametrize("num_labels", [-1, 24])
def test_more_labels_than_examples_are_refused(folder, num_labels):
    assert "--num-labels" in refusal(load, folder, num_labels)


def test_the_seed_fixes_an_order_that_is_new_in_each_epoch(folder):
    def two_epochs(seed):
        data = load(folder, seed=seed)
        return [rows(data.batches(10)) for _ in range(2)]

    first, second = two_epochs(seed=3)
    assert first != second
    assert [first, second] == two_epochs(seed=3)
    assert first not in two_epochs(seed=4)


def test_the_order_leaves_numpys_global_random_state_alone(folder):
    np.random.seed(0)
    expected = np.random.random()
    np.random.seed(0)
    rows(load(folder).batches(10))
    assert np.random.random() == expected


def test_test_batches_are_in_order_and_leave_the_training_order_alone(folder):
    data, other = load(folder), load(folder)
    for _ in range(2):
        batches = list(data.batches(4, "test"))
        assert [len(x) for x, _ in batches] == [4, 4, 3]
        assert rows(batches) == list(range(11))
    assert rows(data.batches(10)) == rows(other.batches(10))


def test_an_empty_batch_and_an_unknown_part_are_refused(folder):
    data = load(folder)
    assert "--batch-size" in refusal(data.batches, 0)
    with pytest.raises(ValueError, match="valid"):
        data.batches(10, "valid")


# --- state and restore ---


def restored(folder, data):
    """Another data set in the state of `data`, which is passed through JSON."""
    other = load(folder, seed=99)
    other.restore(json.loads(json.dumps(data.state())))
    return other


def test_restored_between_epochs_the_following_epochs_are_the_same(folder):
    data = load(folder)
    for epoch in range(3):  # also before the first epoch
        other = restored(folder, data)
        # Nothing is asked for after the last batch: a loop over the number of steps would not do so either.
        batches = data.batches(10)
        seen = [next(batches) for _ in range(3)]
        assert rows(other.batches(10)) == rows(seen), epoch


def test_restored_in_an_epoch_the_rest_of_it_is_the_same(folder):
    data = load(folder)
    list(data.batches(10))
    batches = data.batches(10)
    next(batches)
    other = restored(folder, data)
    other = restored(folder, other)  # and again, before it has continued
    assert rows(other.batches(10)) == rows(batches)
    assert rows(other.batches(10)) == rows(data.batches(10))


def test_an_epoch_that_was_left_early_is_continued(folder):
    data = load(folder)
    seen = [next(iter(data.batches(10)))]
    other = restored(folder, data)
    rest = rows(data.batches(10))
    assert sorted(rows(seen) + rest) == list(range(23))
    assert rows(other.batches(10)) == rest


def test_the_format_of_a_state_has_not_changed(folder):
    """A checkpoint has the state of the random generator before the shuffle, and the examples shown since."""
    rng = np.random.default_rng(4)
    state = {"before_shuffle": rng.bit_generator.state, "position": 10}
    order = rng.permutation(23)
    data = load(folder)
    data.restore(json.loads(json.dumps(state)))
    assert data.state() == state
    assert rows([data.next_batch(10), data.next_batch(10)]) == list(order[10:])
    assert data.state() == {"before_shuffle": rng.bit_generator.state, "position": 0}
    assert rows([data.next_batch(23)]) == list(rng.permutation(23))


def test_the_fingerprint_changes_with_images_and_with_labels(folder):
    data = load(folder)
    crc = data.fingerprint()
    assert load(folder, num_labels=0, seed=8).fingerprint() == crc
    arrays = data.arrays
    labels = arrays.train_labels[::-1]
    assert svhn.Dataset(arrays._replace(train_labels=labels), data.label_mask).fingerprint() != crc
    arrays.train_images[4, 3, 2, 1] ^= 1
    assert data.fingerprint() != crc


# --- damaged files ---


def put(folder, **content):
    """Write the training file with other `content`."""
    path = folder / svhn.MAT_FILES["train"]
    scipy.io.savemat(path, {"X": numbered(23), "y": LABELS["train"][:, None], **content})


@pytest.mark.parametrize("damage, said", [
    (lambda path: path.unlink(), "is missing"),
    (lambda path: path.write_bytes(b""), "can't be read"),
    (lambda path: path.write_bytes(path.read_bytes()[:60]), "can't be read"),
    (lambda path: path.write_bytes(path.read_bytes()[:20000]), "can't be read"),
    (lambda path: path.write_bytes(path.read_bytes()[:-20]), "can't be read"),
    (lambda path: path.write_text("<html>404 not found</html>\n" * 50), "can't be read"),
    (lambda path: scipy.io.savemat(path, {"photos": np.zeros(3)}), "no X"),
], ids=["missing", "empty", "header cut", "half", "end cut", "html", "other keys"])
@pytest.mark.parametrize("part", ["train", "test"])
def test_a_file_that_is_missing_truncated_or_foreign_is_named(folder, part, damage, said):
    path = folder / svhn.MAT_FILES[part]
    damage(path)
    message = refusal(load, folder)
    assert str(path) in message and said in message


@pytest.mark.parametrize("content, said", [
    ({"X": numbered(22)}, "22 images and 23 labels"),
    ({"X": numbered(23).astype(float)}, "no X"),
    ({"X": numbered(23)[:28, :28]}, "no X"),
    ({"X": numbered(23)[..., 0]}, "no X"),
    ({"y": LABELS["train"][None]}, "no y"),
    ({"y": "text"}, "no y"),
    ({"y": LABELS["train"][:, None] - 1}, "labels from 0 to 9"),
    ({"y": LABELS["train"][:, None] + 0.5}, "labels from 1.5 to 10.5"),
    ({"X": numbered(0), "y": np.zeros((0, 1))}, "0 images"),
], ids=["count", "dtype", "size", "dimensions", "row", "text", "zero", "fraction", "none"])
def test_a_file_with_other_content_is_named(folder, content, said):
    put(folder, **content)
    message = refusal(load, folder)
    assert str(folder / svhn.MAT_FILES["train"]) in message and said in message


# --- which data set ---


@pytest.fixture
def offline(monkeypatch):
    monkeypatch.setattr(source, "answers", lambda url: False)
    monkeypatch.setattr(source, "download", lambda *_: pytest.fail("tried to download"))


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_auto_uses_the_mat_files_without_a_connection(folder, monkeypatch, capsys):
    monkeypatch.setattr(source, "answers", lambda url: pytest.fail("asked a host"))
    assert svhn.load(svhn.CHOICES[0], folder, 5).key == "svhn"
    assert capsys.readouterr().err == ""


def test_auto_uses_what_tfds_has_or_can_download(folder, tmp_path, monkeypatch):
    examples = {"image": np.zeros((9, 32, 32, 3), np.uint8), "label": np.arange(9)}
    monkeypatch.setattr(source, "read", lambda version, split: examples)
    prepared = tmp_path / "tfds" / "svhn_cropped" / "3.1.0"
    (tmp_path / "tfds").mkdir()
    downloads = []
    monkeypatch.setattr(source, "answers", lambda url: "ufldl.stanford.edu" in url)
    monkeypatch.setattr(source, "download", lambda *names: downloads.append(names) or prepared)
    assert svhn.load("auto", tmp_path / "tfds", 5).key == "svhn"
    assert downloads == [("svhn_cropped", tmp_path / "tfds")]
    prepared.mkdir(parents=True)
    (prepared / "dataset_info.json").touch()
    assert svhn.load("auto", tmp_path / "tfds", 5).title == "SVHN subset (18 digits)"
    assert len(downloads) == 1


def test_auto_does_not_wait_for_the_host_and_says_what_it_uses(
        cache, tmp_path, monkeypatch, capsys):
    released = threading.Event()  # set only after the wait has ended

    def urlopen(*_, **__):
        released.wait()
        raise OSError("unreachable")

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    (tmp_path / "none").mkdir()
    data = svhn.load("auto", tmp_path / "none", 5, sizes=(30, 20))
    released.set()
    assert "synthetic" in data.title
    err = capsys.readouterr().err
    assert err.count("DRAWN STREET NUMBERS") == 1 and str(tmp_path / "none") in err
    assert not any((tmp_path / "none").iterdir())


def test_a_data_set_is_not_replaced_if_it_is_asked_for(offline, tmp_path):
    for choice, title in (("svhn", "SVHN"), ("cifar10", "CIFAR-10")):
        message = refusal(svhn.load, choice, tmp_path)
        assert title in message and "--data-dir" in message
    assert list(tmp_path.iterdir()) == []
    assert "auto, svhn, cifar10, street" in refusal(svhn.load, "mnist")
    file = tmp_path / "file"
    file.touch()
    assert str(file) in refusal(svhn.load, "auto", file)


def test_street_numbers_are_split_in_two_and_called_synthetic(cache, capsys):
    data = svhn.load("street", num_labels=5, sizes=(30, 20))
    assert (data.key, data.title) == ("street", "drawn street numbers (synthetic)")
    assert capsys.readouterr().err == ""
    drawn = drawn_street.draw(50, svhn_files.STREET_SEED)
    assert np.array_equal(data.train.arrays.train_images, drawn.images[:30])
    ((x, y),) = data.train.batches(100, "test")
    assert np.array_equal(x, svhn.scaled(drawn.images[30:]))
    assert np.array_equal(y, drawn.labels[30:]) and y.dtype == np.int32


def test_held_out_examples_are_the_last_and_are_not_trained_on():
    arrays = svhn.Arrays(np.arange(10), np.arange(10) + 100, np.zeros(2), np.zeros(2))
    train_images, train_labels, test_images, test_labels = svhn_files.hold_out(arrays, 3)
    assert list(train_images) == list(range(7)) and list(test_images) == [7, 8, 9]
    assert list(train_labels - 100) == list(range(7)) and list(test_labels - 100) == [7, 8, 9]


@pytest.mark.slow  # it decodes 60,000 images
def test_cifar10_has_the_same_form():
    if source.prepared_version("cifar10") is None:
        pytest.skip(f"CIFAR-10 is not prepared in {source.tfds_folder()}: set TFDS_DATA_DIR")
    data = svhn.load("cifar10", num_labels=4000)
    assert data.key == "cifar10" and data.title.startswith("CIFAR-10")
    assert data.train.label_mask.sum() == 4000
    x, y, mask = next(data.train.batches(64))
    assert x.shape == (64, 32, 32, 3) and -1 <= x.min() < -0.5 and 0.5 < x.max() <= 1
    assert set(y) <= set(range(10)) and mask.shape == (64,)
    assert len(data.train.arrays.test_images) == 10000
    # If the test set is incomplete, a fifth of the training images replaces it, and the title says so.
    assert data.train.num_examples == (40000 if "last 10000" in data.title else 50000)
