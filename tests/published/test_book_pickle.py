"""The book's pickle of samples: it is read in every protocol and from both NumPys; others are refused."""

import os
import pickle
import resource
import struct

import numpy as np
import pytest

from gan_tf1.errors import InputError
from gan_tf1.published import book_pickle


@pytest.fixture
def read(tmp_path):
    """A function that loads the pickle with these bytes."""
    def read(content, load=book_pickle.load):
        (tmp_path / "samples.pkl").write_bytes(content)
        return load(tmp_path / "samples.pkl")
    return read


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_the_books_pickle_is_read(read, protocol):
    logits = np.random.default_rng(0).normal(size=(3, 16, 784)).astype(np.float32)
    first = [(np.tanh(epoch), epoch) for epoch in logits]  # the first book keeps pairs
    second = [np.tanh(epoch) for epoch in logits]          # the second the images alone
    for samples in (first, second, np.tanh(logits), np.asfortranarray(np.tanh(logits)),
                    np.tanh(logits).transpose(0, 2, 1).copy().transpose(0, 2, 1)):
        np.testing.assert_array_equal(
            read(pickle.dumps(samples, protocol), book_pickle.load_samples), np.tanh(logits))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_numbers_in_lists_and_tuples_are_read(read, protocol):
    value = [(1, 2.5, np.float32(3), 10**30), [np.arange(3), np.array(7, ">i2")], True, (),
             np.array([True, False])]
    loaded = read(pickle.dumps(value, protocol))
    assert loaded[0] == value[0] and loaded[1][0].tolist() == [0, 1, 2] and loaded[1][1] == 7
    assert loaded[2] is True and loaded[3] == () and loaded[4].tolist() == [True, False]


def test_what_numpy_1_and_python_2_wrote_is_read(read):
    """cPickle of Python 2.7 and NumPy 1.16, protocol 0: `[numpy.array([1., 2.], 'float32')]`."""
    content = (b"(lp1\ncnumpy.core.multiarray\n_reconstruct\np2\n(cnumpy\nndarray\np3\n(I0\ntS'b'\n"
               b"tRp4\n(I1\n(I2\ntcnumpy\ndtype\np5\n(S'f4'\nI0\nI1\ntRp6\n(I3\nS'<'\nNNNI-1\nI-1\n"
               b"I0\ntbI00\nS'\\x00\\x00\\x80?\\x00\\x00\\x00@'\ntba.")
    assert read(content)[0].tolist() == [1, 2]


class Evil:
    def __init__(self, call, *arguments):
        self.reduced = call, arguments

    def __reduce__(self):
        return self.reduced

    def __repr__(self):
        function, arguments = self.reduced
        return f"{function.__name__}{arguments}"


@pytest.mark.parametrize("value", [
    Evil(eval, "open('touched', 'w')"), Evil(os.system, "touch touched"),
    [np.array([Evil(eval, "open('touched', 'w')")], dtype=object)],
    np.array([[1, 2], None], dtype=object), np.zeros(2, "f4,i4"), np.zeros(1, "c8"),
    {"a": 1}, {1}, "text", b"bytes", np.array(["text"]), None, Evil(np.load, "x"),
    Evil(bytearray, 9), np.dtype("f4"), Evil(np.ndarray, (3,))], ids=repr)
def test_a_pickle_of_anything_else_is_refused(read, tmp_path, monkeypatch, value):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="not a pickle of samples"):
        read(pickle.dumps(value))
    assert not (tmp_path / "touched").exists()


def global_(name):
    return b"c" + name.replace(" ", "\n").encode() + b"\n"


EMPTY = (global_("numpy.core.multiarray _reconstruct") + b"(" + global_("numpy ndarray")
         + b"(I0\ntU\x01btR")
FLOATS = global_("numpy dtype") + b"(U\x02f4I0\nI1\ntR"


def array(shape, content=b"U\x04abcd"):
    return EMPTY + b"(I1\n(" + shape + b"t" + FLOATS + b"I00\n" + content + b"tb"


def laughs(depth):
    """Lists that contain the list before them twice: 2 ** depth numbers, if every list is followed."""
    return b"]q\x00K\x01a" + depth * b"0](h\x00h\x00eq\x00" + b"."


HOSTILE = {
    "a list of shared lists": laughs(40),
    "shared empty lists": b"]q\x00" + 40 * b"0](h\x00h\x00eq\x00" + b".",
    "tuples of shared tuples": b")q\x00" + 60 * b"0h\x00h\x00\x86q\x00" + b".",
    "a list in itself": b"]q\x00(h\x00h\x00e.",
    "lists nested deeply": 100_000 * b"(" + b"K\x01" + 100_000 * b"l" + b".",
    "a memo of 2 billion places": b"K\x01r" + struct.pack("<I", 2**31 - 1) + b".",
    "a memo of 10 billion places, as text": b"K\x01p9999999999\n.",
    "a bytearray of 1 GB in 9 bytes": b"\x96" + struct.pack("<Q", 10**9),
    "bytes of 4 EB": b"\x8e" + struct.pack("<Q", 2**62) + b"abc.",
    "a frame of 4 GB": b"\x80\x04\x95" + struct.pack("<Q", 2**32) + b"K\x01.",
    "a whole number of 1 GB": b"\x8b" + struct.pack("<i", 10**9) + b"abc.",
    "a negative length": b"\x8b" + struct.pack("<i", -9) + b"abc.",
    "an array of 1 TB": b"]" + array(b"I1000000000000\n") + b"a.",
    "an array of a negative shape": b"]" + array(b"I-1\nI-1\n") + b"a.",
    "an array begun with 4 GB": EMPTY.replace(b"I0", b"I4294967296") + b".",
    "NumPy's own constructor": global_("numpy ndarray") + b"(I4294967296\ntR.",
    "a type of 1 GB": global_("numpy dtype") + b"(U\x0bV1000000000I0\nI1\ntR.",
    "a text turned to bytes again and again":
        b"(X" + struct.pack("<I", 10_000) + 10_000 * b"a" + b"q\x00"
        + 1000 * (global_("_codecs encode") + b"(h\x00U\x06latin1tR") + b"l.",
    "one array filled again and again":
        b"(T" + struct.pack("<I", 4000) + 4000 * b"a" + b"q\x000" + 100 * (
            array(b"I1000\n", b"h\x00")) + b"l.",
    "a dictionary with a key that is hashed for ever":
        b"}" + b")q\x00" + 60 * b"0h\x00h\x00\x86q\x00" + b"K\x01s.",
    "the same object on top of the stack": b"(" + b"]" + 50 * b"2a" + b"l.",
    "no end": b"(K\x01", "no beginning": b"...", "nothing": b"",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_pickle_is_refused_before_it_takes_memory(read, content):
    """The memory is limited to half a GB more than now, so that a larger allocation would fail."""
    now = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (now + 2**29, before[1]))
    try:
        with pytest.raises(InputError, match="not a pickle of samples: (?!MemoryError)"):
            read(content, book_pickle.load_samples)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def test_a_pickle_with_too_many_instructions_is_refused(read, monkeypatch):
    monkeypatch.setattr(book_pickle, "INSTRUCTIONS", 1000)
    with pytest.raises(InputError, match="more than 1000 instructions"):
        read(pickle.dumps(list(range(1000))))


def test_truncated_empty_and_other_pickles_are_refused(read):
    with pytest.raises(InputError, match="samples.pkl is not a pickle of samples"):
        read(pickle.dumps([np.zeros((16, 784), np.float32)])[:-10])
    for empty in ([], [np.zeros((0, 784))], [10**400], 5, [np.zeros(9)]):
        with pytest.raises(InputError, match="samples.pkl doesn't contain 28x28 samples"):
            read(pickle.dumps(empty), book_pickle.load_samples)


def test_a_folder_a_device_and_a_missing_file_are_refused(tmp_path):
    for path in (tmp_path, "/dev/zero"):
        with pytest.raises(InputError, match="is not a file"):
            book_pickle.load(path)
    with pytest.raises(InputError, match="can't be read"):
        book_pickle.load(tmp_path / "nowhere")
