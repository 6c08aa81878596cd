"""The cache of drawn data sets: a valid file is read, and a damaged one is replaced."""

import numpy as np
import pytest

from gan_tf1.data import cache, drawn_digits, drawn_street


@pytest.fixture(params=[drawn_digits, drawn_street], ids=["digits", "street"])
def drawn(request):
    return request.param


def assert_equal(one, other):
    for name, a, b in zip(one._fields, one, other):
        assert a.dtype == b.dtype and np.array_equal(a, b), name


def only_file(folder):
    (path,) = folder.iterdir()  # exactly one, so no temporary file is left
    return path


def test_the_second_load_reads_the_file(drawn, tmp_path, monkeypatch):
    first = drawn.load(20, 0, tmp_path / "new" / "folder")
    assert_equal(first, drawn.draw(20, 0))
    only_file(tmp_path / "new" / "folder")
    monkeypatch.setattr(drawn, "draw", lambda *_: pytest.fail("drawn again"))
    assert_equal(first, drawn.load(20, 0, tmp_path / "new" / "folder"))


def test_a_large_new_file_is_announced_once(drawn, tmp_path, monkeypatch, capsys):
    drawn.load(2, 0, tmp_path)
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(cache, "SAID", 1000)
    for _ in range(2):
        drawn.load(3, 0, tmp_path)
    [path] = tmp_path.glob("*-3-0.npz")
    said = capsys.readouterr()
    assert said == ("", f"kept for the next time (0 MB, may be deleted): {path}\n")


def test_each_count_seed_and_version_has_its_own_file(drawn, tmp_path, monkeypatch):
    drawn.load(5, 0, tmp_path)
    drawn.load(6, 0, tmp_path)
    drawn.load(5, 1, tmp_path)
    monkeypatch.setattr(drawn, "VERSION", drawn.VERSION + 1)
    drawn.load(5, 0, tmp_path)
    assert len(list(tmp_path.iterdir())) == 4


def flip_a_pixel(path, _):
    data = bytearray(path.read_bytes())
    data[2000] ^= 255
    path.write_bytes(data)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path, _: path.write_bytes(b""),
        lambda path, _: path.write_bytes(b"not a zip file"),
        lambda path, _: path.write_bytes(path.read_bytes()[:-100]),
        flip_a_pixel,
        lambda path, _: np.savez(path, images=np.zeros(3)),
        lambda path, drawn: np.savez(path, **drawn.draw(7, 0)._asdict()),
        lambda path, _: np.save(path.open("wb"), np.zeros(3)),
        lambda path, drawn: np.savez(path, **dict.fromkeys(drawn.forms(1)._fields, object())),
    ],
    ids=["empty", "text", "cut", "flipped", "foreign", "other count", "array", "objects"],
)
def test_a_damaged_file_is_drawn_again(drawn, tmp_path, damage):
    expected = drawn.load(20, 0, tmp_path)
    path = only_file(tmp_path)
    whole = path.read_bytes()
    damage(path, drawn)
    assert path.read_bytes() != whole
    assert_equal(expected, drawn.load(20, 0, tmp_path))
    # The file on disk is valid again.
    assert_equal(expected, cache.read(only_file(tmp_path), drawn.forms(20)))


def test_a_folder_that_cannot_be_written_to_is_not_an_error(drawn, tmp_path):
    (tmp_path / "file").write_text("in the way")
    expected = drawn.draw(5, 0)
    assert_equal(expected, drawn.load(5, 0, tmp_path / "file" / "folder"))
    assert_equal(expected, drawn.load(5, 0, tmp_path / "file"))


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_a_write_that_fails_half_way_leaves_nothing(drawn, tmp_path, monkeypatch, error):
    def savez(file, **_):
        file.write_bytes(b"half")
        raise error

    monkeypatch.setattr(np, "savez", savez)
    if isinstance(error, OSError):
        assert_equal(drawn.draw(5, 0), drawn.load(5, 0, tmp_path))
    else:
        with pytest.raises(KeyboardInterrupt):
            drawn.load(5, 0, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_default_folder_follows_xdg_cache_home(drawn, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    drawn.load(5, 0)
    only_file(tmp_path / "xdg" / "gan_tf1")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    drawn.load(5, 0)
    only_file(tmp_path / "home" / ".cache" / "gan_tf1")
