"""Restore, while a listing runs, what NumPy has dropped or changed since NumPy 1.

Sources: the release notes of NumPy 1.24 to 2.4, and NEP 50 (the promotion of Python's numbers).
"""

import collections
import contextlib
import ctypes
import functools
import gc
import math
import sys

import numpy as np

from gan_tf1.listing.patches import ABSENT, attributes

GONE_FROM_NUMPY = {
    "float": float, "int": int, "bool": bool, "object": object, "str": str, "complex": complex,
    "long": int, "unicode": str, "float_": np.float64, "complex_": np.complex128,
    "string_": np.bytes_, "unicode_": np.str_, "Inf": np.inf, "Infinity": np.inf,
    "infty": np.inf, "PINF": np.inf, "NINF": -np.inf, "NaN": np.nan, "NAN": np.nan,
    "product": np.prod, "cumproduct": np.cumprod, "alltrue": np.all, "sometrue": np.any,
    "round_": np.round, "row_stack": np.vstack, "asscalar": lambda array: array.item(),
    "in1d": lambda *args, **options: np.isin(*args, **options).ravel(),
    "asfarray": lambda array, dtype=np.float64: np.asarray(array, dtype),
    "int0": np.intp, "uint0": np.uintp, "bool8": np.bool_, "object0": np.object_,
    "str0": np.str_, "float96": np.longdouble, "mat": np.asmatrix, "msort": lambda a: np.sort(a, 0),
    "trapz": getattr(np, "trapezoid", None), "find_common_type": np.result_type,
    "rank": np.ndim, "set_string_function": lambda *args, **options: None,
    "math": math, "disp": lambda message, *args, **options: print(message),
    "typeDict": np.sctypeDict, "cast": collections.defaultdict(
        lambda: None, {name: functools.partial(np.asarray, dtype=name)
                       for name in ("float32", "float64", "int32", "int64", "uint8", "bool")})}
# Methods of arrays that NumPy 2 has dropped.
GONE_FROM_ARRAYS = {
    "tostring": np.ndarray.tobytes, "ptp": np.ptp,
    "itemset": lambda array, *args: _itemset(array, *args),
    "newbyteorder": lambda array, order="S": array.view(array.dtype.newbyteorder(order))}

# Scalars whose results NumPy 2 no longer widens: np.uint8(200) * 2 is 144 there, and was 400.
NARROW = (np.int8, np.int16, np.int32, np.uint8, np.uint16, np.uint32, np.float16, np.float32,
          np.complex64)
# The place of each operator in CPython's PyNumberMethods.
OPERATORS = {"add": 0, "sub": 1, "mul": 2, "mod": 3, "divmod": 4, "pow": 5, "lshift": 11,
             "rshift": 12, "floordiv": 29, "truediv": 30}
CONVERSIONS = {"int": 16, "float": 18}
AS_NUMBER = 12  # the place of tp_as_number in a type object, in words (CPython 3.10 to 3.13)


def _itemset(array, *args):
    """array.itemset(value), itemset(flat index, value) or itemset(tuple of indices, value)."""
    *index, value = args
    if index and isinstance(index[0], tuple):
        array[index[0]] = value
    else:
        array.flat[index[0] if index else 0] = value


def _ragged(make, values, *args, **options):
    """An array; of objects, as before NumPy 1.24, if the rows of `values` differ in length."""
    try:
        return make(values, *args, **options)
    except ValueError as error:
        if "inhomogeneous" not in str(error) or args and args[0] is not None or (
                options.get("dtype") is not None):
            raise
        return make(values, dtype=object)


def _normed(histogram):
    """A histogram that takes `normed`, as before NumPy 1.24."""
    @functools.wraps(histogram)
    def either(*args, normed=None, **options):
        return histogram(*args, **options, **({} if normed is None else {"density": bool(normed)}))
    return either


def _of_lists(join):
    """A function of a sequence of arrays that also takes an iterator, as before NumPy 1.16."""
    @functools.wraps(join)
    def either(arrays, *args, **options):
        return join(arrays if hasattr(arrays, "__len__") else list(arrays), *args, **options)
    return either


@contextlib.contextmanager
def restored():
    """A context with everything that this module restores."""
    names = ("reshape fromstring load set_printoptions linspace array asarray asanyarray "
             "histogram histogram2d vstack hstack dstack stack concatenate").split()
    plain = {name: getattr(np, name) for name in names}

    def reshape(a, *args, **options):
        if "newshape" in options:
            options["shape"] = options.pop("newshape")
        return plain["reshape"](a, *args, **options)

    def fromstring(string, dtype=float, count=-1, *, sep="", **options):
        if sep == "":  # binary data; a copy, since frombuffer's arrays are read-only
            return np.frombuffer(string, dtype, count).copy()
        return plain["fromstring"](string, dtype, count, sep=sep, **options)

    def load(file, mmap_mode=None, allow_pickle=True, *args, **options):
        return plain["load"](file, mmap_mode, allow_pickle, *args, **options)

    def printoptions(*args, **options):
        if options.get("threshold") != options.get("threshold"):  # NaN meant: no threshold
            options["threshold"] = sys.maxsize
        return plain["set_printoptions"](*args, **options)

    def linspace(start, stop, num=50, *args, **options):
        return plain["linspace"](start, stop, int(num), *args, **options)

    def array(object, dtype=None, *args, copy=True, **options):
        # In NumPy 1, False meant: only if needed.
        options["copy"] = None if copy is False else copy
        return _ragged(plain["array"], object, dtype, *args, **options)

    def asarray(a, *args, **options):
        return _ragged(plain["asarray"], a, *args, **options)

    def asanyarray(a, *args, **options):  # np.save and np.savez call it
        return _ragged(plain["asanyarray"], a, *args, **options)

    def random_integers(low, high=None, size=None):
        return np.random.randint(*((1, low + 1) if high is None else (low, high + 1)), size)

    with contextlib.ExitStack() as stack:
        stack.enter_context(attributes(np, **{
            name: value for name, value in GONE_FROM_NUMPY.items()
            if name not in vars(np) and value is not None}))
        stack.enter_context(attributes(
            np, reshape=reshape, fromstring=fromstring, load=load, set_printoptions=printoptions,
            linspace=linspace, array=array, asarray=asarray, asanyarray=asanyarray,
            **{name: _normed(plain[name]) for name in ("histogram", "histogram2d")},
            **{name: _of_lists(plain[name])
               for name in ("vstack", "hstack", "dstack", "stack", "concatenate")}))
        for owner, name, value in ((np.lib, "pad", np.pad),
                                   (np.random, "random_integers", random_integers)):
            if not hasattr(owner, name):
                stack.enter_context(attributes(owner, **{name: value}))
        stack.enter_context(_methods(np.ndarray, {
            name: method for name, method in GONE_FROM_ARRAYS.items()
            if not hasattr(np.ndarray, name)}))
        if int(np.__version__.split(".")[0]) >= 2:
            # [0.5], not [np.float32(0.5)]. A notebook ends np.printoptions in another context.
            stack.callback(np.set_printoptions, **np.get_printoptions())
            np.set_printoptions(legacy="1.25")
            stack.enter_context(_arrays_of_one_number())
            for kind in NARROW:
                stack.enter_context(_wide_results(kind))
        yield


def _arrays_of_one_number():
    """A context in which int(array([3])) is 3 and "%d" % array([3]) is "3"."""

    def converter(plain):
        def convert(self):
            return plain(self.reshape(()) if self.size == 1 else self)
        return convert

    return _methods(np.ndarray, {f"__{name}__": converter(getattr(np.ndarray, f"__{name}__"))
                                 for name in CONVERSIONS}, CONVERSIONS)


def _wide_results(kind):
    """A context with NumPy 1's results of scalars of type `kind` and Python's numbers.

    There, a Python int counts as an int64, a float as a float64 and a complex as a complex128. So
    an epoch's sum of float32 losses is a float64. For arrays, NumPy 2 has the old results, or
    raises OverflowError.
    """
    wider = {python: np.promote_types(kind, numpy).type for python, numpy in (
        (int, np.int64), (float, np.float64), (complex, np.complex128))}

    def operator(name, plain):
        def operate(self, other, *modulo):
            wide = wider.get(type(other), kind)
            if wide is kind:
                return plain(self, other, *modulo)
            return getattr(wide(self), name)(other, *modulo)
        return operate

    names = {f"__{side}{name}__" for side in ("", "r") for name in OPERATORS}
    return _methods(kind, {name: operator(name, getattr(kind, name)) for name in names
                           if hasattr(kind, name)}, OPERATORS)


@contextlib.contextmanager
def _methods(kind, methods, slots=None):
    """A context in which `kind`, a type written in C, has these methods.

    setattr fails for such a type, but the dictionary behind its proxy can be changed. Python's
    operators don't look into it: they call the C functions in the type's `slots` (operator ->
    place). There, the functions of a class that is written in Python are put, which do look.
    """
    found = gc.get_referents(kind.__dict__)[0]
    before = {name: found.get(name, ABSENT) for name in methods}
    helper = type("", (), dict(methods))  # kept until its slots have been read
    numbers, python = _number_slots(kind), _number_slots(helper)
    slots = {place: numbers[place] for name, place in (slots or {}).items()
             if f"__{name}__" in methods}
    found.update(methods)
    for place in slots:
        numbers[place] = python[place]
    del helper
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(kind))
    try:
        yield
    finally:
        for place, function in slots.items():
            numbers[place] = function
        for name, method in before.items():
            if method is ABSENT:
                del found[name]
            else:
                found[name] = method
        ctypes.pythonapi.PyType_Modified(ctypes.py_object(kind))


def _number_slots(kind):
    """The C functions that implement the operators of a type: a ctypes array of addresses."""
    words = ctypes.cast(id(kind), ctypes.POINTER(ctypes.c_void_p))
    return ctypes.cast(words[AS_NUMBER], ctypes.POINTER(ctypes.c_void_p))
