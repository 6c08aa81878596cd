"""Python 2's strings in a listing: text that its files, hashes and protocol buffers accept.

A string of Python 2 is text here. Where Python 2 had bytes, text is encoded as UTF-8; bytes that
are not UTF-8 survive reading and writing (`surrogateescape`).
"""

import base64
import builtins
import codecs
import contextlib
import csv
import hashlib
import io
import sys

from gan_tf1.listing.patches import attributes

DECODE, ENCODE = "__listing_decode__", "__listing_encode__"
CODECS = ("hex", "base64", "zlib", "bz2", "rot13", "string_escape")  # not of text, in Python 2
ERRORS = "surrogateescape"
plain_open = builtins.open


def as_bytes(value):
    """Text as bytes; anything else unchanged."""
    return value.encode("utf-8", ERRORS) if isinstance(value, str) else value


def as_text(value):
    """Bytes as text; anything else unchanged."""
    return value.decode("utf-8", ERRORS) if isinstance(value, bytes) else value


class _Text(io.TextIOWrapper):
    def write(self, value):
        return super().write(as_text(value))


class _Bytes(io.BufferedWriter):
    def write(self, value):
        return super().write(as_bytes(value))


def open_(name, mode="r", buffering=-1, *args, **options):
    """`open`, whose files accept text and bytes, and read text that isn't UTF-8."""
    from gan_tf1.listing.modules import is_library
    caller = sys._getframe(1).f_globals.get("__file__")
    if args or options or isinstance(name, int) or (
            isinstance(caller, str) and is_library(caller)):
        return plain_open(name, mode, buffering, *args, **options)
    if "b" in mode:
        file = plain_open(name, mode)
        return _Bytes(file.detach()) if type(file) is io.BufferedWriter else file
    plain = mode.replace("U", "").replace("t", "") or "r"
    file = plain_open(name, plain + "b")
    text = _Text(file, "utf-8", ERRORS, newline=None if "U" in mode else "\n")
    text.mode = mode
    return text


def decode(value, *args, **options):
    """`value.decode(...)`, which is the text itself for text."""
    if isinstance(value, str):
        return _transformed(codecs.decode, value, args[0]) if args and args[0] in CODECS else value
    return value.decode(*args, **options)


def encode(value, *args, **options):
    """`value.encode(...)`, also with the codecs of Python 2 that aren't of text, such as "hex"."""
    if isinstance(value, (str, bytes)) and args and args[0] in CODECS:
        return _transformed(codecs.encode, value, args[0])
    return as_text(value).encode(*args, **options) if isinstance(value, bytes) else (
        value.encode(*args, **options))


def _transformed(function, value, codec):
    """Text from `function`, which encodes or decodes, with a codec that was not of text in Python 2."""
    if codec == "rot13":
        return function(as_text(value), codec)
    if codec == "string_escape":  # Python 3 has it for text alone
        text = as_bytes(value).decode("latin-1")
        found = codecs.decode(text, "unicode_escape") if function is codecs.decode else (
            text.encode("unicode_escape").decode("ascii").replace("'", "\\'"))
        return as_text(found.encode("latin-1"))
    return as_text(function(as_bytes(value), codec))


def _rows(plain):
    def reader(file, *args, **options):
        lines = (as_text(line) for line in file)
        return plain(lines, *args, **options)
    return reader


def _of_bytes(plain):
    return lambda value=b"", *args, **options: plain(as_bytes(value), *args, **options)


@contextlib.contextmanager
def running():
    """A context in which a listing's strings are those of Python 2."""
    from gan_tf1.listing.modules import tf1_module
    train = tf1_module().train
    plain_list = train.BytesList

    def bytes_list(value=()):
        return plain_list(value=[as_bytes(one) for one in value])

    with contextlib.ExitStack() as stack:
        for owner, values in (
                (builtins, {"open": open_, "file": open_, DECODE: decode, ENCODE: encode}),
                (csv, {"reader": _rows(csv.reader)}), (train, {"BytesList": bytes_list}),
                (base64, {"b64encode": _of_bytes(base64.b64encode)}),
                (hashlib, {name: _of_bytes(getattr(hashlib, name))
                           for name in ("md5", "sha1", "sha256")})):
            stack.enter_context(attributes(owner, **values))
        yield
