"""Unpack archives from untrusted sources: safe ones are unpacked, others write nothing outside."""

import gzip
import io
import pathlib
import struct
import tarfile

import pytest

from gan_tf1.errors import InputError
from gan_tf1.generators import archive


def member(name, content=b"", **attributes):
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in attributes.items():
        setattr(info, key, value)
    return info, content


def pack(path, *members, form=tarfile.PAX_FORMAT):
    with tarfile.open(path, "w:gz", format=form) as files:
        for info, content in members:
            files.addfile(info, io.BytesIO(content))
    return path


def folder(name):
    return member(name, type=tarfile.DIRTYPE)


def link(name, target, kind=tarfile.SYMTYPE):
    return member(name, type=kind, linkname=target)


@pytest.fixture
def place(tmp_path):
    place = tmp_path / "outer" / "place"
    place.mkdir(parents=True)
    return place


def test_files_and_folders_are_unpacked_with_their_contents(tmp_path, place):
    packed = pack(tmp_path / "module.tar.gz", folder("."), folder("./variables"),
                  member("./saved_model.pb", b"graph"), member("variables/data", 3 * b"numbers"),
                  member("assets/deep/er/words.txt", b""), member("links/" + 150 * "x", b"long"))
    archive.unpack(packed, place)
    assert {str(path.relative_to(place)): path.read_bytes()
            for path in place.rglob("*") if path.is_file()} == {
        "saved_model.pb": b"graph", "variables/data": 3 * b"numbers",
        "assets/deep/er/words.txt": b"", "links/" + 150 * "x": b"long"}


# CVE-2025-4517 in short: the path is so long that realpath stops resolving the links in it.
STEP = 100 * "d"
ESCAPE = [entry for depth in range(3) for entry in (
    folder("/".join((depth + 1) * [STEP])),
    link("/".join([*(depth * [STEP]), str(depth)]), STEP))]


@pytest.mark.parametrize("members, why", [
    ([member("../outside", b"x")], "'../outside' does not name a place inside"),
    ([member("a/../../outside", b"x")], "does not name a place inside"),
    ([member("/tmp/outside", b"x")], "'/tmp/outside' does not name a place inside"),
    ([member("..\\outside", b"x")], "does not name a place inside"),
    ([member("c:outside", b"x")], "does not name a place inside"),
    ([member("a\nb", b"x")], "does not name a place inside"),
    ([member(201 * "x", b"x")], "does not name a place inside"),
    ([link("a", "..")], "'a' is neither a plain file nor a folder"),
    ([member("a", b"x"), link("b", "a", tarfile.LNKTYPE)], "'b' is neither"),
    ([*ESCAPE, link("escape", "0/1/2/../../../.."), member("escape/outside", b"x")], "is neither"),
    ([member("pipe", type=tarfile.FIFOTYPE)], "'pipe' is neither"),
    ([member("null", type=tarfile.CHRTYPE, devmajor=1, devminor=3)], "'null' is neither"),
    ([member("a", b"1"), member("a", b"2")], "'a' occurs twice"),
    ([member("a", b"1"), member("./a", b"2")], "'./a' occurs twice"),
    ([member("a", b"1"), member("a/b", b"2")], "it is damaged"),
    ([member(str(number)) for number in range(1001)], "more than 1000 members"),
])
def test_an_archive_that_could_write_outside_is_refused(tmp_path, place, members, why):
    packed = pack(tmp_path / "evil.tar.gz", *members)
    with pytest.raises(InputError) as error:
        archive.unpack(packed, place)
    assert why in str(error.value) and str(packed) in str(error.value)
    assert len(str(error.value).splitlines()) == 1
    outside = [path for path in tmp_path.rglob("*") if place not in (path, *path.parents)]
    assert sorted(outside) == sorted([packed, place.parent])
    assert not any(path.is_symlink() for path in place.rglob("*"))


def header(name, size, kind=b"0"):
    """A header that claims any `size`, which may be negative."""
    info = tarfile.TarInfo(name)
    block = bytearray(info.tobuf(tarfile.USTAR_FORMAT))
    block[124:136] = struct.pack(">BxxxQ", 0xff if size < 0 else 0x80, size % 2**64)
    if size < 0:
        block[124:128] = b"\xff\xff\xff\xff"
    block[156:157] = kind
    block[148:156] = b"        "
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


@pytest.mark.parametrize("content, why", [
    (header("big", 10**15) + bytes(512), "'big' has 1000000000000000 bytes"),
    (header("long", 10**12, b"x") + bytes(512), "a header is too long"),
    (header("long", 10**12, b"L") + bytes(512), "a header is too long"),
    (header("back", -512) + bytes(512), "refused"),
    (1000 * (header("pax", 12, b"x") + b"12 path=abc\n".ljust(512, b"\0")), "damaged"),
    (header("cut", 5000) + bytes(512), "damaged"),
    (header("sparse", 0, b"S") + bytes(512), "neither a plain file nor a folder"),
    (b"no archive", "damaged")], ids=range(8))
def test_a_header_that_lies_is_refused_at_once(tmp_path, place, content, why):
    (tmp_path / "evil.tar.gz").write_bytes(gzip.compress(content))
    with pytest.raises(InputError, match=why):
        archive.unpack(tmp_path / "evil.tar.gz", place)


def test_more_than_the_limit_in_all_is_refused_before_it_is_written(tmp_path, place, monkeypatch):
    monkeypatch.setattr(archive, "TOTAL", 10_000)
    packed = pack(tmp_path / "bomb.tar.gz", *(member(str(n), bytes(4000)) for n in range(5)))
    with pytest.raises(InputError, match="unpacks to more than 10000 bytes"):
        archive.unpack(packed, place)
    assert sum(path.stat().st_size for path in place.iterdir()) <= 10_000


def test_a_file_that_is_missing_or_no_gzip_is_named(tmp_path, place):
    (tmp_path / "plain").write_bytes(b"text")
    for name in ("nowhere", "plain", "."):
        with pytest.raises(InputError, match="is not a .tar.gz, or it is damaged: "):
            archive.unpack(pathlib.Path(tmp_path, name), place)
