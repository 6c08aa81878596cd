"""Read the pickle of samples that the chapters' listings leave behind.

`train_generator_samples.pkl` of the first book is a list with one entry an
epoch, each the pair (tanh output, logits) of 16 samples; `train_samples.pkl` of
the second has the tanh output alone. A pickle can run any code when it is
loaded, so this one builds NumPy arrays, lists, tuples and numbers, and nothing
else.
"""

import os
import pathlib
import pickle

import numpy as np

from gan_tf1.errors import InputError

# The names under which NumPy 1 and 2 pickle an array, a dtype and a scalar.
_ALLOWED = {(module, name)
            for core in ("numpy.core", "numpy._core")
            for module, name in ((core + ".multiarray", "_reconstruct"),
                                 (core + ".multiarray", "scalar"),
                                 (core + ".numeric", "_frombuffer"))}
# NumPy 2 renamed its core: each version reads the other's pickles.
_RENAMED = ("numpy.core", "numpy._core") if np.__version__[0] != "1" else (
    "numpy._core", "numpy.core")
_ALLOWED |= {("numpy", "ndarray"), ("numpy", "dtype")}


def _latin1(text, encoding):
    """What protocols 0 to 2 call to get bytes out of a text; real `_codecs.encode` can do more."""
    if not (isinstance(text, str) and encoding == "latin1"):
        raise pickle.UnpicklingError("a text that doesn't hold bytes")
    return text.encode("latin1")


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) == ("_codecs", "encode"):
            return _latin1
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return super().find_class(module.replace(*_RENAMED), name)


def load(path):
    """The object in the pickle at `path`: arrays, lists, tuples and numbers.

    Raises InputError, naming the file, where it is damaged or holds anything else.
    """
    try:
        with open(path, "rb") as file:
            # Python 2 wrote the book's day's pickles: their bytes come as latin1 text.
            loaded = _ArraysOnly(file, encoding="latin1").load()
            _check(loaded, os.fstat(file.fileno()).st_size, set())
        return loaded
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}") from error
    except Exception as error:  # a damaged or hostile pickle fails in any way it likes
        raise InputError(f"{path} is no pickle of samples: {error}") from error


def load_samples(path):
    """The samples in the pickle at `path`, float32 [epochs, n, 784]: tanh outputs, not logits.

    Raises InputError as `load` does, and where the object isn't a list of epochs.
    """
    loaded = load(path)
    try:
        epochs = [entry[0] if isinstance(entry, (tuple, list)) else entry for entry in loaded]
        samples = np.asarray(epochs, np.float32)
        if not samples.size:
            raise ValueError("it is empty")
        return samples.reshape(len(samples), -1, 784)
    except (TypeError, ValueError, IndexError, OverflowError) as error:
        raise InputError(f"{pathlib.Path(path)} doesn't hold 28x28 samples of every epoch: {error}"
                         ) from error


def _check(value, file_size, seen):
    """Refuse what is no number, list, tuple or array, or unpacks to more than the file holds."""
    if isinstance(value, (list, tuple)):
        if id(value) not in seen:  # shared lists of shared lists would take forever
            seen.add(id(value))
            for item in value:
                _check(item, file_size, seen)
    elif isinstance(value, np.ndarray) and value.dtype.kind not in "biuf":
        raise ValueError(f"an array of {value.dtype}")
    elif isinstance(value, np.ndarray) and value.nbytes > file_size:
        raise ValueError(f"an array of {value.nbytes} bytes in a file of {file_size}")
    elif not isinstance(value, (np.ndarray, np.number, np.bool_, int, float)):
        raise ValueError(f"a {type(value).__name__}")
