"""MNIST: its files, the split of the book, `next_batch`, and what happens if it is not available."""

import gzip
import pathlib
import shutil
import struct
import subprocess
import sys
import threading

import numpy as np
import pytest

from gan_tf1.data import digits, drawn_digits, images, mnist, pairs, source, svhn, unpaired
from gan_tf1.errors import InputError

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte",
         "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


# --- next_batch ---

def numbered(count, seed=0):
    """A data set in which example i has the label i, and is black except for pixel i."""
    images = np.zeros((count, 28, 28), np.uint8)
    images.reshape(count, -1)[np.arange(count), np.arange(count)] = 255
    return mnist.DataSet(images, np.arange(count, dtype=np.uint8), seed)


def test_each_epoch_has_every_example_once_in_a_new_order():
    data = numbered(20)
    epochs = [np.concatenate([data.next_batch(5)[1] for _ in range(4)]) for _ in range(3)]
    for epoch in epochs:
        assert sorted(epoch) == list(range(20))
    assert len({tuple(epoch) for epoch in epochs}) == 3
    assert tuple(epochs[0]) != tuple(range(20))


def test_a_batch_at_the_end_of_an_epoch_is_filled_up_from_the_next():
    data = numbered(10)
    batches = [data.next_batch(4)[1] for _ in range(5)]
    stream = np.concatenate(batches)
    assert sorted(stream[:10]) == sorted(stream[10:]) == list(range(10))


def test_images_are_in_0_to_1_and_stay_with_their_labels():
    images, labels = numbered(30).next_batch(30)
    assert images.dtype == np.float32 and images.shape == (30, 784)
    assert images.min() == 0 and images.max() == 1
    np.testing.assert_array_equal(images.argmax(axis=1), labels)


def test_the_seed_fixes_the_order():
    first, second, other = (numbered(20, seed).next_batch(20)[1] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()


@pytest.mark.parametrize("taken", [0, 2, 5, 7])
def test_a_restored_state_continues_with_the_same_batches(taken):
    data = numbered(13)
    for _ in range(taken):
        data.next_batch(4)
    state = data.state()
    expected = [data.next_batch(4)[1] for _ in range(9)]
    other = numbered(13, seed=99)
    other.restore(state)
    np.testing.assert_array_equal(expected, [other.next_batch(4)[1] for _ in range(9)])
    assert other.state() == data.state()


def test_a_batch_larger_than_the_data_is_refused():
    with pytest.raises(InputError, match="batch of 11 .* 10 examples"):
        numbered(10).next_batch(11)


def test_what_does_not_fill_a_batch_is_left_to_the_next_epoch():
    assert numbered(13).steps(4) == 3 and numbered(13).steps(13) == 1
    with pytest.raises(InputError, match="--batch-size 14 is larger than the training set of 13 images"):
        numbered(13).steps(14)


# --- the four files ---

def idx(array):
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + (
        array.tobytes())


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """Four files with drawn digits in the format of MNIST."""
    drawn = drawn_digits.load(70000, 0)
    parts = (drawn.images[:60000], drawn.labels[:60000], drawn.images[60000:], drawn.labels[60000:])
    folder = tmp_path_factory.mktemp("MNIST_data")
    for name, array in zip(FILES, parts):
        (folder / name).write_bytes(idx(array))
    return folder


@pytest.fixture
def folder(original, tmp_path):
    for name in FILES:
        (tmp_path / name).symlink_to(original / name)
    return tmp_path


def replace(folder, name, content):
    (folder / name).unlink()
    (folder / name).write_bytes(content)


def test_files_are_split_as_the_book_does(folder):
    drawn = drawn_digits.load(70000, 0)
    data = digits.load("auto", folder)
    assert (data.key, data.title) == ("mnist", "MNIST")
    assert [part.num_examples for part in (data.train, data.validation, data.test)] == [
        55000, 5000, 10000]
    for part, rows in ((data.validation, slice(0, 5000)), (data.train, slice(5000, 60000)),
                       (data.test, slice(60000, 70000))):
        np.testing.assert_array_equal(part.labels, drawn.labels[rows])
        np.testing.assert_array_equal(
            np.rint(part.images[:50] * 255), drawn.images[rows][:50].reshape(50, 784))


def test_gzipped_and_dotted_names_are_read_too(folder):
    for name in FILES[2:]:
        content = (folder / name).read_bytes()
        (folder / name).unlink()
        (folder / (name.replace("-idx", ".idx") + ".gz")).write_bytes(gzip.compress(content, 1))
    assert len(mnist.read_idx_folder(folder).test_images) == 10000


@pytest.mark.parametrize("name, content, complaint", [
    (FILES[0], lambda raw: raw[:1000], "truncated"),
    (FILES[0], lambda raw: raw + b"x", "damaged"),
    (FILES[0], lambda raw: b"", "not an idx file"),
    (FILES[0], lambda raw: b"PNG" + raw, "not an idx file"),
    (FILES[1], lambda raw: gzip.compress(raw)[:-20], "can't be read"),
    (FILES[3], lambda raw: idx(np.full(10000, 10, np.uint8)), "label 10"),
    (FILES[3], lambda raw: idx(np.zeros(9999, np.uint8)), "don't belong together"),
    (FILES[2], lambda raw: idx(np.zeros((10000, 32, 32), np.uint8)), "32 x 32"),
    (FILES[2], lambda raw: idx(np.zeros(10000, np.uint8)), "not an idx file"),
], ids=["cut", "long", "empty", "foreign", "gzip cut", "label", "count", "size", "dimensions"])
def test_a_bad_file_is_named_in_one_line(folder, name, content, complaint):
    replace(folder, name, content((folder / name).read_bytes()))
    with pytest.raises(InputError, match=complaint) as error:
        digits.load("auto", folder)
    assert name in str(error.value) and "\n" not in str(error.value)


def test_a_missing_file_is_named(folder):
    (folder / FILES[3]).unlink()
    with pytest.raises(InputError, match="t10k-labels-idx1-ubyte.gz is missing"):
        digits.load("mnist", folder)


def test_too_few_images_are_refused(folder):
    replace(folder, FILES[2], idx(np.zeros((500, 28, 28), np.uint8)))
    replace(folder, FILES[3], idx(np.zeros(500, np.uint8)))
    with pytest.raises(InputError, match="500 images: the file of MNIST has 10,000"):
        digits.load("mnist", folder)


# --- TFDS ---

def test_a_truncated_tfds_file_is_named_in_one_line(mnist_version, tmp_path):
    copy = tmp_path / "mnist" / mnist_version.name
    shutil.copytree(mnist_version, copy)
    file = next(copy.glob("mnist-test.tfrecord*"))
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:10000])
    with pytest.raises(InputError) as error:
        source.read(copy, "test")
    assert str(copy) in str(error.value) and "\n" not in str(error.value)


def test_the_folder_is_that_of_the_flag_or_the_environment_or_tfds(monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", "/from/environment")
    assert str(source.tfds_folder("/from/flag")) == "/from/flag"
    assert str(source.tfds_folder()) == "/from/environment"
    monkeypatch.delenv("TFDS_DATA_DIR")
    monkeypatch.setenv("HOME", "/home/reader")
    assert str(source.tfds_folder()) == "/home/reader/tensorflow_datasets"


def test_the_newest_prepared_version_is_taken(tmp_path):
    for version in ("3.0.1", "3.0.9", "3.0.10", "incomplete.ABC_3.1.0"):
        (tmp_path / "mnist" / version).mkdir(parents=True)
        (tmp_path / "mnist" / version / "dataset_info.json").write_text("{}")
    (tmp_path / "mnist" / "9.0.0").mkdir()  # begun but not completed
    assert source.prepared_version("mnist", tmp_path).name == "3.0.10"


# --- a machine without MNIST ---

def test_waiting_for_a_host_that_never_answers_ends_in_seconds(monkeypatch):
    released = threading.Event()  # set only after the wait has ended

    def hang(*_, **__):
        released.wait()
        raise OSError

    monkeypatch.setattr(source.urllib.request, "urlopen", hang)
    assert not source.answers("https://example.invalid/", seconds=0.3)
    released.set()


def test_auto_without_mnist_says_so_and_draws_digits(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(source, "answers", lambda url: False)
    data = digits.load("auto", tmp_path)
    assert data.key == "drawn" and "synthetic" in data.title
    notice = capsys.readouterr().err
    assert "DRAWN DIGITS" in notice and "*****" in notice and f"MNIST is not in {tmp_path}," in notice
    assert list(tmp_path.iterdir()) == []
    assert data.train.num_examples == 55000


def test_a_data_folder_that_does_not_exist_is_refused_by_every_loader(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "answers", lambda url: pytest.fail("no host is asked"))
    place = tmp_path / "nowhere"
    for load in (lambda: digits.load("auto", place), lambda: svhn.load("auto", place),
                 lambda: svhn.load("cifar10", place), lambda: images.load("celeba", 8, place),
                 lambda: images.load("folder", 8, place), lambda: pairs.load("pairs", 8, data_dir=place),
                 lambda: pairs.load("tfds", 8, data_dir=place, tfds_name="name"),
                 lambda: unpaired.load("horse2zebra", 8, 8, place)):
        with pytest.raises(InputError, match="--data-dir .*nowhere (doesn't exist|is not a folder): "):
            load()
    assert list(tmp_path.iterdir()) == []


def test_auto_does_not_replace_a_damaged_mnist(folder):
    replace(folder, FILES[0], b"")
    with pytest.raises(InputError, match=FILES[0]):
        digits.load("auto", folder)


def test_mnist_is_not_replaced_if_it_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "answers", lambda url: False)
    with pytest.raises(InputError, match="can't be reached: .*--data-dir.*--data drawn"):
        digits.load("mnist", tmp_path)


def test_the_notice_is_printed_before_anything_slow_begins(tmp_path):
    """This asks a port at which nobody answers, in a process of its own."""
    code = ("import sys\n"
            "from gan_tf1.data import digits, drawn_digits, mnist\n"
            "mnist.PROBE_URL = 'http://127.0.0.1:9/'\n"
            "def draw(*_): raise SystemExit(7 + ('tensorflow' in sys.modules))\n"
            "drawn_digits.load = draw\n"
            f"digits.load('auto', {str(tmp_path)!r})")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                          timeout=100)  # TensorFlow Datasets alone would try for 205 s
    assert done.returncode == 7 and "DRAWN DIGITS" in done.stderr


@pytest.mark.parametrize("failure", [RuntimeError("host\nwent away"), OSError("disk full")])
def test_a_download_that_fails_leaves_nothing_incomplete(tmp_path, monkeypatch, failure):
    import tensorflow_datasets as tfds
    begun = []

    class Builder:
        def __init__(self, name, data_dir):
            self.data_dir = f"{data_dir}/{name}/3.0.1"

        def download_and_prepare(self, download_dir):
            for folder in (download_dir, self.data_dir + ".incompleteABC"):
                pathlib.Path(folder).mkdir(parents=True)
                pathlib.Path(folder, "half.tmp").write_text("half")
                begun.append(folder)
            raise failure

    monkeypatch.setattr(tfds, "builder", Builder)
    with pytest.raises(InputError, match="could not be downloaded") as error:
        source.download("mnist", tmp_path / "new" / "folder")
    assert len(begun) == 2 and "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["mnist", "cycle_gan/horse2zebra"])
def test_a_complete_download_is_moved_into_place(name, tmp_path, monkeypatch):
    import tensorflow_datasets as tfds

    class Builder:
        def __init__(self, name, data_dir):
            self.data_dir = f"{data_dir}/{name}/3.0.1"

        def download_and_prepare(self, download_dir):
            pathlib.Path(download_dir).mkdir()
            pathlib.Path(self.data_dir).mkdir(parents=True)
            pathlib.Path(self.data_dir, "dataset_info.json").write_text("{}")

    monkeypatch.setattr(tfds, "builder", Builder)
    place = source.download(name, tmp_path)
    assert place == tmp_path / name / "3.0.1" == source.prepared_version(name, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name.partition("/")[0]]


def test_a_file_as_data_dir_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file"):
        digits.load("auto", tmp_path / "file")


def test_different_data_sets_have_different_fingerprints():
    assert numbered(10).fingerprint() == numbered(10, seed=3).fingerprint()
    assert numbered(10).fingerprint() != numbered(11).fingerprint()


def test_a_data_set_that_is_not_known_is_refused():
    with pytest.raises(InputError, match="--data flowers is not known: choose one of auto, mnist, drawn"):
        digits.load("flowers")
