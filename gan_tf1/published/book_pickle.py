"""Read the pickle of samples that the chapters' listings write.

`train_generator_samples.pkl` of the first book is a list with one entry per epoch: a pair of the tanh
outputs and the logits of 16 samples. `train_samples.pkl` of the second book has only the tanh outputs.

A pickle is a program: when it is loaded, it can run any code and build objects of any size. It is
therefore read twice. First, all of its instructions are checked, and only those that lists, tuples,
numbers and NumPy arrays need are accepted. Then it is loaded, and wherever it names a function of
NumPy, it gets the small replacement below, which builds an array of numbers from bytes of the file
and can do nothing else. The result is thus never larger than a few times the file.
"""

import io
import math
import pathlib
import pickle
import pickletools
import re

import numpy as np

from gan_tf1.errors import InputError

INSTRUCTIONS = 5_000_000  # they take some seconds; 100 epochs of 16 samples as arrays have 2,000
DEPTH = 30                # of nested lists
OPCODES = set("""
    PROTO FRAME STOP MARK POP_MARK POP PUT BINPUT LONG_BINPUT MEMOIZE GET BINGET LONG_BINGET
    NONE NEWTRUE NEWFALSE INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT
    STRING BINSTRING SHORT_BINSTRING UNICODE SHORT_BINUNICODE BINUNICODE BINUNICODE8
    BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8
    EMPTY_LIST LIST APPEND APPENDS EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3
    GLOBAL STACK_GLOBAL REDUCE BUILD""".split())


def load(path):
    """The object in the pickle at `path`, which consists of arrays, lists, tuples and numbers.

    Raises InputError, which names the file, if the pickle is damaged, contains anything else, or
    describes more data than a file of its size can hold.
    """
    path = pathlib.Path(path)
    try:
        if path.exists() and not path.is_file():
            raise InputError(f"{path} is not a file")
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}") from error
    try:
        _check_instructions(content)
        # The pickles of the books' time were written by Python 2, as bytes that are read as latin1.
        loaded = _Unpickler(content).load()
        if _size(loaded, {}) > len(content):
            raise ValueError("it refers to the same lists so often that it is larger than its file")
        return loaded
    except Exception as error:  # a damaged or hostile pickle can fail in any way
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise InputError(f"{path} is not a pickle of samples: {reason}") from error


def load_samples(path) -> np.ndarray:
    """The samples in the pickle at `path`: float32 [epochs, n, 784], tanh outputs in [-1, 1].

    Raises InputError as `load` does, and if the object is not a list of epochs.
    """
    loaded = load(path)
    try:
        epochs = [entry[0] if isinstance(entry, (tuple, list)) else entry for entry in loaded]
        samples = np.asarray(epochs, np.float32)
        if not samples.size:
            raise ValueError("it is empty")
        return samples.reshape(len(samples), -1, 784)
    except (TypeError, ValueError, IndexError, OverflowError) as error:
        raise InputError(f"{pathlib.Path(path)} doesn't contain 28x28 samples of every epoch: {error}"
                         ) from error


def _check_instructions(content):
    """Raise ValueError if there are instructions that no pickle of samples has.

    The readers of `pickletools` raise it if a text or bytes are stated to be longer than the file.
    """
    for number, (name, argument) in enumerate(_instructions(io.BytesIO(content))):
        if name not in OPCODES:
            raise ValueError(f"it has the instruction {name}")
        # The unpickler allocates memory for all places up to the one that is named.
        if name.endswith("PUT") and not 0 <= argument <= number:
            raise ValueError(f"it keeps an object at place {argument}, after {number} instructions")
        if number >= INSTRUCTIONS:
            raise ValueError(f"it has more than {INSTRUCTIONS} instructions")


def _instructions(file):
    """The name and the argument of each instruction, up to STOP.

    This replaces `pickletools.genops`, which cannot read the texts that Python 2 wrote by protocol 0.
    """
    name = None
    while name != "STOP":
        code = file.read(1).decode("latin1")
        if code not in pickletools.code2op:
            raise ValueError("it has no end" if not code else f"{code!r} is not an instruction")
        opcode = pickletools.code2op[code]
        name, argument = opcode.name, None
        if name == "STRING":
            file.readline()
        elif opcode.arg is not None:
            argument = opcode.arg.reader(file)
        yield name, argument


class _Unpickler(pickle.Unpickler):
    """Builds arrays of numbers, with at most twice as many bytes as the file has."""

    def __init__(self, content):
        super().__init__(io.BytesIO(content), encoding="latin1")
        self.left = 2 * len(content)  # twice, for text becomes bytes, and these become an array

    def find_class(self, module, name):
        """The replacement of a function of NumPy, by its name in NumPy 1 or 2."""
        module = module.replace("numpy._core", "numpy.core")
        known = {("numpy.core.multiarray", "_reconstruct"): self.reconstruct,
                 ("numpy.core.multiarray", "scalar"): self.scalar,
                 ("numpy.core.numeric", "_frombuffer"): self.from_buffer,
                 ("numpy", "ndarray"): "ndarray", ("numpy", "dtype"): _Dtype,
                 ("_codecs", "encode"): self.encode}
        if (module, name) not in known:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return known[module, name]

    def encode(self, text, encoding):
        """The bytes that protocols 0 to 2 write as text."""
        if encoding != "latin1":
            raise ValueError("it has a text that doesn't contain bytes")
        self.spend(len(text))
        return text.encode("latin1")

    def reconstruct(self, kind, shape, typecode):
        """An empty array, which the instruction BUILD fills."""
        if kind != "ndarray" or shape != (0,):
            raise ValueError("it has an array that is not empty at first")
        array = _Array(0)
        array.spend = self.spend
        return array

    def from_buffer(self, buffer, dtype, shape, order, axis_order=None):
        """An array of the bytes in `buffer`, as protocol 5 stores it."""
        self.spend(len(buffer))
        array = np.frombuffer(buffer, dtype.numpy())
        if order == "K" and axis_order is not None:
            return array.reshape(_checked(shape)).transpose(axis_order)
        return array.reshape(_checked(shape), order=order)

    def scalar(self, dtype, content):
        """A single number."""
        return np.frombuffer(_bytes(content), dtype.numpy(), count=1)[0]

    def spend(self, count) -> None:
        """Count `count` bytes that are about to be built. Raises ValueError if they are too many."""
        self.left -= count
        if self.left < 0:
            raise ValueError("it unpacks to more bytes than its file has")


class _Dtype:
    """A type of numbers. A pickle states its code first, and then its byte order."""

    def __init__(self, code, align=False, copy=False):
        if not (isinstance(code, str) and re.fullmatch("[biuf][0-9]{1,2}", code)):
            raise ValueError(f"it has an array of {str(code)[:40]!r}")
        self.code, self.order = code, "="

    def __setstate__(self, state):
        if state[1] not in ("<", ">", "=", "|"):
            raise ValueError("it has a byte order that doesn't exist")
        self.order = state[1]

    def numpy(self):
        """The NumPy dtype."""
        return np.dtype(self.order + self.code)


class _Array(np.ndarray):
    """An array of numbers that is filled after it has been created."""

    def __setstate__(self, state):
        version, shape, dtype, fortran, content = state
        content = _bytes(content)
        self.spend(len(content))
        if math.prod(_checked(shape)) * dtype.numpy().itemsize != len(content):
            raise ValueError(f"it has an array of shape {list(shape)} with {len(content)} bytes")
        super().__setstate__((1, shape, dtype.numpy(), bool(fortran), content))


def _bytes(content):
    return content.encode("latin1") if isinstance(content, str) else bytes(content)


def _checked(shape):
    """`shape`, which must not contain -1: `reshape` would replace it by whatever fits."""
    if not all(type(size) is int and size >= 0 for size in shape):
        raise ValueError("it has an array with a shape that doesn't exist")
    return shape


def _size(value, known, depth=0):
    """How many numbers, lists and tuples `value` consists of, if all lists are followed.

    Each takes at least one byte of a file, unless the file refers to the same list twice. `known`
    maps the id of a list to its size, so that a shared list is followed only once. Raises ValueError
    if there is anything but numbers, lists, tuples and arrays.
    """
    if isinstance(value, np.ndarray):
        return value.size + 1
    if not isinstance(value, (list, tuple)):
        if not isinstance(value, (np.number, np.bool_, int, float)):
            raise ValueError(f"it has a {type(value).__name__}")
        return 1
    if id(value) not in known:
        if depth > DEPTH:
            raise ValueError(f"it has lists nested more than {DEPTH} deep")
        known[id(value)] = math.inf  # a list that contains itself
        known[id(value)] = 1 + sum(_size(item, known, depth + 1) for item in value)
    return known[id(value)]
