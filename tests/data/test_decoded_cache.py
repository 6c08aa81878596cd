"""The cache of decoded data sets: it is read as long as the data set's own files are the same."""

import numpy as np
import pytest

from gan_tf1.data import source


@pytest.fixture
def version(tmp_path, monkeypatch):
    """The folder of a prepared data set, whose "decoded" images are the bytes of its files."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "data" / "tiny" / "1.0.0"
    folder.mkdir(parents=True)
    (folder / "dataset_info.json").write_text("{}")
    (folder / "tiny-train.tfrecord-00000-of-00001").write_bytes(b"\1\2\3")
    (folder / "tiny-test.tfrecord-00000-of-00001").write_bytes(b"\4")
    return folder


@pytest.fixture
def decodings(monkeypatch):
    """The splits that were decoded so far, in place of TFDS."""
    splits = []

    def decode(version, split):
        splits.append(split)
        [path] = version.glob(f"*-{split}.*")
        pixels = np.frombuffer(path.read_bytes(), np.uint8)
        return {"image": pixels.reshape(-1, 1, 1, 1), "label": np.arange(len(pixels))}

    monkeypatch.setattr(source, "_decoded", decode)
    return splits


def test_each_split_is_decoded_once(version, decodings):
    for _ in range(2):
        assert source.read(version, "train")["image"].ravel().tolist() == [1, 2, 3]
        assert source.read(version, "test")["label"].tolist() == [0]
    assert decodings == ["train", "test"]


def test_other_files_are_decoded_again(version, decodings):
    source.read(version, "train")
    (version / "tiny-train.tfrecord-00000-of-00001").write_bytes(b"\7\2\3")
    assert source.read(version, "train")["image"].ravel().tolist() == [7, 2, 3]
    (version / "dataset_info.json").write_text("{ }")
    source.read(version, "train")
    assert decodings == ["train"] * 3


def test_a_damaged_file_of_the_cache_is_replaced(version, decodings, tmp_path):
    source.read(version, "train")
    [path] = (tmp_path / "cache" / "gan_tf1").iterdir()
    path.write_bytes(path.read_bytes()[:-100])
    for _ in range(2):
        assert source.read(version, "train")["image"].ravel().tolist() == [1, 2, 3]
    assert decodings == ["train"] * 2


def test_mnist_from_the_cache_is_what_tfds_decodes(mnist_version, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = source.read(mnist_version, "test")
    monkeypatch.setattr(source, "_decoded", lambda *_: pytest.fail("decoded again"))
    again = source.read(mnist_version, "test")
    assert first.keys() == again.keys() == {"image", "label"}
    for column in first:
        assert first[column].dtype == again[column].dtype
        np.testing.assert_array_equal(first[column], again[column])
