"""A generator with rounded weights: how much it is rounded, and that it is read like any run."""

import os
import pathlib
import shutil

import numpy as np
import pytest

from conftest import ROOT, load_script, refusal
from gan_tf1.errors import InputError
from gan_tf1.generators import compact, restore, sample_files
from gan_tf1.models import mnist_gan, pix2pix

SHIPPED = ROOT / "checkpoints" / "mnist_gan"


def test_no_weight_changes_by_more_than_half_a_level_of_its_channel():
    weights = np.random.default_rng(0).normal(0, [0.01, 1, 100, 0], (3, 3, 8, 4)).astype(np.float32)
    whole, scale = compact.rounded(weights)
    assert whole.dtype == np.int8 and np.abs(whole[..., :3]).max() == 20 and scale.shape == (4,)
    np.testing.assert_allclose(scale * 20, np.abs(weights).max(axis=(0, 1, 2)))
    assert (np.abs(whole * scale - weights) <= 0.5001 * scale).all() and (whole[..., 3] == 0).all()


def test_very_many_channels_share_one_scale():
    weights = np.random.default_rng(0).normal(0, 1, (5, compact.MOST_CHANNELS + 1)).astype(np.float32)
    whole, scale = compact.rounded(weights)
    assert scale.shape == () and np.abs(whole).max() == 20
    assert (np.abs(whole * scale - weights) <= 0.5001 * scale).all()
    assert compact.rounded(weights[:, 1:])[1].shape == (compact.MOST_CHANNELS,)


def test_logs_with_a_line_for_every_step_are_left_out_and_the_size_is_told(tmp_path):
    run = tmp_path / "run"
    shutil.copytree(SHIPPED, run)
    (run / "log.txt").write_text("step\n" * compact.MOST_BYTES)
    said = compact.kept(run, tmp_path / "small")
    assert {path.name for path in (tmp_path / "small").iterdir()} == {"generator", "config.json", "losses.csv"}
    size = sum(path.stat().st_size for path in (tmp_path / "small").rglob("*") if path.is_file())
    assert said == f"{tmp_path / 'small'} ({size / 1e6:.1f} MB)"


def test_a_compact_generator_is_a_fifth_as_large_and_draws_almost_the_same(tmp_path):
    folder = compact.write(SHIPPED, tmp_path / "small")
    assert compact.write(SHIPPED, folder) == folder  # again: it is replaced
    sizes = [sum(os.path.getsize(path) for path in pathlib.Path(one, "generator").iterdir())
             for one in (folder, SHIPPED)]
    assert sizes[0] < 0.2 * sizes[1]
    (small, epoch), (whole, same) = (sample_files.draw(path, mnist_gan, 20, seed=0)
                                     for path in (folder, SHIPPED))
    assert epoch == same and 0 < np.abs(small - whole).mean() < 0.03
    assert (folder / "losses.csv").read_bytes() == (SHIPPED / "losses.csv").read_bytes()
    assert not (folder / "samples.npz").exists()
    assert {path.name for path in folder.iterdir()} == {"generator", "config.json", "losses.csv", "log.txt"}


def test_the_generators_that_come_with_the_repository_take_less_than_a_megabyte_each():
    folders = [path for path in (ROOT / "checkpoints" / "mnist_generators").iterdir() if path.is_dir()]
    assert len(folders) == 7
    for folder in folders:
        assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 1_000_000


def test_weights_of_8_bits_as_earlier_versions_wrote_them_are_still_read():
    with sample_files.restored(ROOT / "checkpoints" / "pix2pix" / "facades", pix2pix) as (sess, gan, _, epoch):
        spread = [weights.std() for weights in sess.run(gan.gen_vars) if weights.ndim == 4]
    assert epoch == 10 and 0.01 < min(spread) < max(spread) < 1


@pytest.mark.parametrize("broken, why", [
    (b"no stream", "error"), (compact.compressed(b"\1" * 12799), "cannot reshape array of size 12799"),
    (compact.compressed(b"\1" * 10**6), "cannot reshape array of size 12801")])
def test_weights_that_can_not_be_unpacked_are_refused(tmp_path, monkeypatch, broken, why):
    compressed = compact.compressed
    monkeypatch.setattr(compact, "compressed", lambda plain: broken if len(plain) == 12800 else compressed(plain))
    folder = compact.write(SHIPPED, tmp_path / "small")  # its first layer has 100 x 128 weights
    with pytest.raises(InputError, match=why):
        sample_files.draw(folder, mnist_gan, 2, seed=0)


def test_weights_of_another_shape_are_refused(tmp_path, monkeypatch):
    rounded_tensors = compact._rounded_tensors

    def turned(path):
        tensors, epoch = rounded_tensors(path)
        return {name: value[::-1] if name.endswith(restore.SHAPE) else value for name, value in tensors.items()}, epoch

    monkeypatch.setattr(compact, "_rounded_tensors", turned)
    folder = compact.write(SHIPPED, tmp_path / "small")
    with pytest.raises(InputError, match=r"has the shape \[\d+, \d+\], not \[\d+, \d+\]"):
        sample_files.draw(folder, mnist_gan, 2, seed=0)


def test_an_exported_one_has_the_generator_and_its_configuration_alone(tmp_path, capsys):
    main = load_script("export.py").main
    main([str(SHIPPED), "--compact", "--out", str(tmp_path / "alone")])
    assert capsys.readouterr().out == f"{tmp_path / 'alone'}\n"
    assert {path.name for path in (tmp_path / "alone").iterdir()} == {"generator", "config.json"}
    folder = compact.write(SHIPPED, tmp_path / "small")
    (alone, epoch), (small, same) = (sample_files.draw(path, mnist_gan, 20, seed=0)
                                     for path in (tmp_path / "alone", folder))
    assert epoch == same == 100
    np.testing.assert_array_equal(alone, small)
    before = {path: path.read_bytes() for path in (tmp_path / "alone").rglob("*") if path.is_file()}
    assert "is occupied" in refusal(capsys, main, SHIPPED, "--compact", "--out", tmp_path / "alone")
    assert before == {path: path.read_bytes() for path in before}
    for arguments, complaint in (((tmp_path / "nowhere", "--compact"), "nowhere holds no run"),
                                 ((SHIPPED, "--compact", "--onnx"), "--onnx: not allowed with argument --compact")):
        assert complaint in refusal(capsys, main, *arguments, "--out", tmp_path / "new")
        assert not (tmp_path / "new").exists()


def test_if_a_generator_can_not_be_written_the_earlier_one_stays(tmp_path, monkeypatch):
    folder = compact.write(SHIPPED, tmp_path / "small")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def fails(*_):
        raise OSError(28, "No space left on device")

    def unchanged():
        with pytest.raises(OSError):
            compact.write(SHIPPED, folder)
        return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before

    with monkeypatch.context() as patch:
        patch.setattr(compact.shutil, "copyfile", fails)
        assert unchanged()
    rename, done = pathlib.Path.rename, []

    def fails_once(path, target):
        done.append(path)
        return fails() if len(done) == 4 else rename(path, target)

    monkeypatch.setattr(pathlib.Path, "rename", fails_once)
    assert unchanged() and len(done) > 4
