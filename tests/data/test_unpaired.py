"""Two sets of images without pairs: their sources and their batches."""

import numpy as np
import pytest

import few_unpaired
from gan_tf1.data import drawn_digits, source, svhn, unpaired
from gan_tf1.errors import InputError
from gan_tf1.tf1 import load


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(unpaired, "DRAWN", few_unpaired.DRAWN)


# --- batches ---

def levels(batch):
    return np.rint((batch[:, 0, 0, 0] + 1) * 127.5).astype(int).tolist()


def numbered(count, start=0):
    return (start + np.arange(count, dtype=np.uint8))[:, None, None, None]


@pytest.mark.parametrize("a, b", [(10, 4), (4, 10)])
def test_an_epoch_shows_the_larger_set_once_and_the_smaller_again_and_again(a, b):
    data = unpaired.TwoSets(numbered(a), numbered(b, 100), seed=3)
    assert data.num_examples == 10 and len(data.others) == b
    seen = [level for _ in range(10) for level in levels(data.next_batch(2)[0])]
    whole = np.bincount(seen[:10], minlength=a)
    assert len(whole) == a and set(whole) <= {10 // a, -(-10 // a)}
    assert sorted(seen[10:]) == sorted(seen[:10]) and seen[10:] != seen[:10]
    assert levels(data.others[np.arange(b)]) == list(range(100, 100 + b))


def test_stored_bytes_decode_to_the_batches():
    data = unpaired.TwoSets(numbered(5), numbered(3, 100))
    a, b = data.decode(*data.stored())
    assert levels(a) == [0, 1, 2, 3, 4] and levels(b)[:3] == [100, 101, 102]
    assert b[:3].tobytes() == data.others[np.arange(3)].tobytes() and a.dtype == np.float32


def test_a_restored_state_gives_the_same_batches():
    data, other = (unpaired.TwoSets(numbered(9), numbered(9), seed=seed) for seed in (1, 2))
    for _ in range(5):
        data.next_batch(4)
    other.restore(data.state())
    for _ in range(9):
        np.testing.assert_array_equal(data.next_batch(4)[0], other.next_batch(4)[0])


def test_fingerprints_depend_on_both_sets():
    one = unpaired.TwoSets(numbered(5), numbered(5)).fingerprint()
    assert one == unpaired.TwoSets(numbered(5), numbered(5), seed=9).fingerprint()
    assert one != unpaired.TwoSets(numbered(5), numbered(5, 1)).fingerprint()
    assert one != unpaired.TwoSets(numbered(5, 1), numbered(5)).fingerprint()


# --- drawn digits ---

def test_drawn_digits_are_split_by_the_width_of_the_pen(few):
    (regular, bold), (test_regular, test_bold) = unpaired.drawn()
    assert max(regular.weights.max(), test_regular.weights.max()) <= unpaired.REGULAR
    assert min(bold.weights.min(), test_bold.weights.min()) >= unpaired.BOLD
    drawn = drawn_digits.load(600, 0)
    for pens, chosen in ((regular, drawn.weight[:500] <= 2.15), (test_bold, np.concatenate(
            [np.zeros(500, bool), drawn.weight[500:] >= 2.57]))):
        own = np.flatnonzero(chosen)
        np.testing.assert_array_equal(pens.images, drawn.images[own].reshape(-1, 784))
        np.testing.assert_array_equal(pens.labels, drawn.labels[own])
        np.testing.assert_array_equal(pens.weights, drawn.weight[own])
    assert 120 < len(regular.labels) < 210 and 120 < len(bold.labels) < 210


def test_drawn_digits_have_a_margin_and_are_called_synthetic(few):
    found = unpaired.load("drawn", 32, 32)
    assert "synthetic" in found.title and found.names == ("regular", "bold") and found.note == ""
    a, b = found.train.stored()
    assert a.shape == b.shape and a.shape[1:] == (32, 32, 1) and a.dtype == np.uint8
    assert a[:, :2].max() == b[:, :, -2:].max() == 0 and found.test_a.shape[1:] == (32, 32, 1)
    ink = [stack[:, 2:-2, 2:-2].mean() for stack in (found.test_a, found.test_b)]
    assert ink[1] > 1.2 * ink[0]


def test_training_images_may_be_larger_than_others(few):
    found = unpaired.load("drawn", 32, 16)
    assert found.train.stored()[0].shape[1:3] == (32, 32) and found.test_b.shape[1:3] == (16, 16)
    with pytest.raises(InputError, match=r"32 pixels can't be resized to 286.*\(--load-size, --si"):
        unpaired.load("drawn", 286, 256)


# --- photographs ---

def test_horses_and_deer_of_cifar10(monkeypatch):
    labels = np.array([7, 4, 0, 7, 4, 4], np.int32)
    stack = np.arange(6, dtype=np.uint8)[:, None, None, None] * np.ones((1, 32, 32, 3), np.uint8)
    arrays = svhn.Arrays(stack, labels, stack[:3] + 50, labels[:3])
    monkeypatch.setattr(svhn, "load", lambda choice, data_dir, num_labels: svhn.Svhn(
        choice, "CIFAR-10", svhn.Dataset(arrays, np.zeros(6)), note="not the published CIFAR-10"))
    found = unpaired.load("cifar10", 32, 32)
    assert found.names == ("horse", "deer") and found.title == "horses and deer of CIFAR-10"
    a, _ = found.train.stored()
    assert a[:, 0, 0, 0].tolist() == [0, 3, 0]  # two horses, the first of them again, for three deer
    assert levels(found.train.others[np.arange(3)]) == [1, 4, 5]
    assert found.test_a[:, 0, 0, 0].tolist() == [50] and found.test_b[:, 0, 0, 0].tolist() == [51]
    assert found.note == "not the published CIFAR-10"


def picture(path, width, height, colour):
    from PIL import Image
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (width, height), colour).save(path)


def four_folders(folder):
    for level, part in enumerate(unpaired.PARTS):
        for number in range(2 + level % 2):
            picture(folder / part / f"{number}.png", 20, 16, (10 * level + number, 0, 0))
    return folder


def test_four_folders_in_the_authors_format(tmp_path):
    found = unpaired.load("folder", 12, 8, four_folders(tmp_path / "fruit"))
    assert found.title == "2 and 3 images of fruit" and found.key == "folder"
    a, b = found.train.stored()
    assert a.shape == (3, 12, 12, 3) and found.test_a.shape == (2, 8, 8, 3)
    assert a[:, 0, 0, 0].tolist() == [0, 1, 0] and b[:, 0, 0, 0].tolist() == [10, 11, 12]
    assert found.test_a[:, 0, 0, 0].tolist() == [20, 21]
    assert found.test_b[:, 0, 0, 0].tolist() == [30, 31, 32]


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(InputError, match="needs --data-dir, a folder with trainA, trainB, testA"):
        unpaired.load("folder", 8, 8)
    folder = four_folders(tmp_path)
    for path in (folder / "testB").iterdir():
        path.unlink()
    with pytest.raises(InputError, match="testB has no images"):
        unpaired.load("folder", 8, 8, folder)
    (folder / "testB").rmdir()
    with pytest.raises(InputError, match="testB is not a folder"):
        unpaired.load("folder", 8, 8, folder)
    with pytest.raises(InputError, match="--data apples is not known"):
        unpaired.load("apples", 8, 8)


def test_tfds_horses_and_zebras(tmp_path):
    load()  # must come before TFDS imports TensorFlow
    import tensorflow_datasets as tfds
    rng = np.random.default_rng(0)
    stacks = {part: rng.integers(0, 256, (3 + number, 8, 8, 3), np.uint8)
              for number, part in enumerate(unpaired.PARTS)}
    tfds.dataset_builders.store_as_tfds_dataset(
        name="cycle_gan", config="horse2zebra", version="3.0.0", data_dir=tmp_path,
        features=tfds.features.FeaturesDict({"image": tfds.features.Image(shape=(None, None, 3)),
                                             "label": tfds.features.ClassLabel(names=["A", "B"])}),
        split_datasets={part: [(key, {"image": image, "label": number % 2})
                               for key, image in enumerate(stacks[part])]
                        for number, part in enumerate(unpaired.PARTS)})
    found = unpaired.load("horse2zebra", 8, 8, tmp_path)
    assert found.title == "horses and zebras" and found.names == ("horse", "zebra")

    def same(stack, part):  # TFDS shuffles what it stores
        return sorted(map(bytes, stack)) == sorted(map(bytes, stacks[part]))

    a, b = found.train.stored()
    assert len(a) == 4 and same(a[:3], "trainA") and same(b, "trainB")
    assert same(found.test_a, "testA") and same(found.test_b, "testB")
    larger = unpaired.load("horse2zebra", 12, 10, tmp_path)
    assert larger.train.stored()[1].shape == (4, 12, 12, 3)
    assert larger.test_b.shape == (6, 10, 10, 3)


def test_horses_and_zebras_that_are_not_available_are_refused_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "answers", lambda url: False)
    with pytest.raises(InputError, match="cycle_gan/horse2zebra is not in .* or use --data drawn"):
        unpaired.load("horse2zebra", 286, 256, tmp_path)
    assert not list(tmp_path.iterdir())


def test_horses_and_zebras_are_downloaded_if_the_host_answers(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(source, "answers", lambda url: True)
    monkeypatch.setattr(source, "download", lambda *names: asked.append(names) or tmp_path)
    monkeypatch.setattr(source, "read_each", lambda version, part, columns, function: [
        np.stack([function(np.zeros((9, 12, 3), np.uint8))]) for _ in columns])
    unpaired.load("horse2zebra", 8, 8, tmp_path)
    assert asked == [("cycle_gan/horse2zebra", tmp_path)]


# --- images to translate ---

def test_a_digit_is_given_a_margin_and_other_images_are_cropped_and_scaled(tmp_path):
    from PIL import Image
    digit = np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)
    Image.fromarray(digit).save(tmp_path / "digit.png")
    found = unpaired.read(tmp_path / "digit.png", 32, 1)
    assert found.shape == (32, 32, 1) and (found[2:-2, 2:-2, 0] == digit).all()
    assert found[:2].max() == 0
    assert unpaired.read(tmp_path / "digit.png", 16, 1).shape == (16, 16, 1)
    assert unpaired.read(tmp_path / "digit.png", 32, 3).shape == (32, 32, 3)
    picture(tmp_path / "red.png", 50, 40, (90, 0, 0))
    assert (unpaired.read(tmp_path / "red.png", 32, 1) == 30).all()
    assert (unpaired.read(tmp_path / "red.png", 32, 3) == [90, 0, 0]).all()
    with pytest.raises(InputError, match="none.png can't be read"):
        unpaired.read(tmp_path / "none.png", 32, 1)
