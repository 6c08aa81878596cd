"""Fingerprints: whether images are the published ones, and where a run says that they are not."""

import gzip
import hashlib
import json
import os
import pathlib

import numpy as np
import pytest

import few_idx
from conftest import load_script
from gan_tf1.data import digits, fingerprints, images, mnist, pairs, source, svhn, svhn_files
from gan_tf1.published import logs

MNIST_DATA = pathlib.Path(os.environ.get("TFDS_DATA_DIR", "nowhere")).parent / "MNIST_data"


def needs_tfds(name):
    if source.prepared_version(name) is None:
        pytest.skip(f"{name} is not prepared")


def arrays(seed=0, size=28):
    rng = np.random.default_rng(seed)
    return mnist.Arrays(*(part for count in (50, 20) for part in (
        rng.integers(0, 256, (count, size, size), np.uint8), rng.integers(0, 10, count).astype(np.uint8))))


def test_a_fingerprint_does_not_depend_on_the_order_but_on_every_pixel_and_label():
    stack, labels = arrays()[:2]
    order = np.random.default_rng(1).permutation(50)
    own = fingerprints.of(stack, labels)
    assert own == fingerprints.of(stack[order], labels[order].astype(np.int32))
    assert own != fingerprints.of(stack, labels[order])
    changed = stack.copy()
    changed[7, 3, 4] ^= 1
    assert own != fingerprints.of(changed, labels)
    assert len(own) == 8 and int(own, 16)


@pytest.fixture(scope="module")
def published():
    """MNIST from TensorFlow Datasets, read once, since that takes seconds."""
    needs_tfds("mnist")
    return mnist.read_tfds(source.prepared_version("mnist"))


def test_tfds_holds_mnist(published):
    assert [len(array) for array in published] == [60000, 60000, 10000, 10000]
    assert published.train_images.dtype == np.uint8 and published.train_images.shape[1:] == (28, 28)
    # In MNIST itself, this is how often each digit is in the test set, and the mean training pixel is
    # 33.318 (copies that were converted through floats may be one grey level lower).
    assert np.bincount(published.test_labels).tolist() == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert published.train_images.mean() == pytest.approx(33.318, abs=0.25)


@pytest.mark.slow
def test_mnist_is_the_published_one_whatever_its_source(published, monkeypatch):
    monkeypatch.setattr(mnist, "read_tfds", lambda version: published)
    data = digits.load("mnist")
    assert data.note == digits.unsplit(data).note == images.load("mnist", 32).note == ""
    assert data.train.fingerprint() == "7cd8a48a"
    raw = [mnist.idx_file(MNIST_DATA, f"train-{kind}-ubyte") for kind in ("images-idx3", "labels-idx1")]
    if None in raw:
        pytest.skip("MNIST's idx files are not available")
    content = raw[0].read_bytes()
    content = gzip.decompress(content) if raw[0].suffix == ".gz" else content
    assert hashlib.md5(content).hexdigest() == "6bbc9ace898e44ae57da46a324031adb"
    assert fingerprints.of(mnist.read_idx(raw[0], 3), mnist.read_idx(raw[1], 1)) == (
        fingerprints.PUBLISHED["MNIST"][0])


def test_images_that_are_one_grey_level_too_low_are_noticed(published):
    darker = published._replace(train_images=published.train_images - (published.train_images > 0))
    note = fingerprints.note("MNIST", darker)
    assert note.startswith("MNIST, but not the published images: the training images have the fingerprint ")
    assert "test images" not in note
    data = digits._split("mnist", "MNIST", darker, 0)
    assert data.note == note
    assert data.train.fingerprint() == "5e033caa" in fingerprints.KNOWN_CRC32  # of runs made with them
    assert digits.unsplit(data).train.fingerprint() == "2d718bbe" in fingerprints.KNOWN_CRC32


@pytest.mark.slow
def test_cifar10_is_the_published_one(monkeypatch):
    needs_tfds("cifar10")
    data = svhn.load("cifar10", num_labels=0)
    assert data.note == ""
    monkeypatch.setattr(svhn, "load", lambda *_, **__: data._replace(note="not it"))
    assert pairs.load("cifar10", 32).note == "not it"


def test_svhn_is_recognized_by_its_files(tmp_path, monkeypatch):
    for name in fingerprints.SVHN_SHA256:
        (tmp_path / name).write_bytes(name.encode())
    assert fingerprints.note_of_svhn(tmp_path).startswith(
        "SVHN, but not the published files: train_32x32.mat has the SHA-256 ")
    assert "test_32x32.mat has" in fingerprints.note_of_svhn(tmp_path)
    monkeypatch.setattr(fingerprints, "SVHN_SHA256", {
        name: hashlib.sha256(name.encode()).hexdigest() for name in fingerprints.SVHN_SHA256})
    assert fingerprints.note_of_svhn(tmp_path) == ""


def test_svhn_of_the_full_size_is_checked_and_a_subset_is_not(tmp_path, monkeypatch):
    few = svhn_files.Arrays(*(part for count in (50, 20) for part in (
        np.zeros((count, 32, 32, 3), np.uint8), np.arange(count, dtype=np.int32) % 10)))
    monkeypatch.setattr(svhn_files, "read_mat_folder", lambda folder: few)
    for name in svhn_files.MAT_FILES.values():
        (tmp_path / name).write_bytes(b"")
    assert svhn.load("svhn", tmp_path, num_labels=0).note == ""
    monkeypatch.setattr(svhn_files, "SVHN_SIZES", (50, 20))
    assert svhn.load("svhn", tmp_path, num_labels=0).note.startswith("SVHN, but not the published files: ")


def test_the_log_of_a_run_says_so_and_its_comparison_reads_it(tmp_path, monkeypatch, capsys):
    few_idx.write(tmp_path / "few")
    monkeypatch.setattr(mnist, "COUNTS", {"train": 5300, "t10k": 500})
    load_script("01_mnist_gan.py").main([
        "--data", "mnist", "--data-dir", str(tmp_path / "few"), "--epochs", "1", "--batch-size", "100",
        "--run-dir", str(tmp_path / "run")])
    first, second, *_ = (tmp_path / "run" / "log.txt").read_text().splitlines()
    assert first.startswith("mnist_gan on MNIST, seed 0, with epochs 1")
    assert second.startswith("MNIST, but not the published images: the training images have the fingerprint ")
    assert "; the test images have the fingerprint " in second
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["data_note"] == second
    for path in ("run", "run/log.txt", "run/losses.csv"):
        assert logs.read(tmp_path / path).note == second
    capsys.readouterr()


def test_a_run_on_images_that_are_known_to_be_wrong_is_noticed_by_its_checksum():
    config = {"data_crc32": "5e033caa"}
    assert "one grey level too low" in fingerprints.remark(config)
    assert fingerprints.remark({"data_crc32": "7cd8a48a"}) == ""
    assert fingerprints.remark({**config, "data_note": "another"}) == "another"
