"""config.json: what made a run, as one reads it back and checks it.

A reader can edit the file by hand, so nothing in it is trusted: each value has
the type and range that the rest of the program relies on, or one line says
which value is wrong. The settings themselves are checked by `config.make`.
"""

import json
import math
import pathlib
import platform
from importlib import metadata

from gan_tf1.errors import InputError

MOST_DIMENSIONS = 8
MOST_NUMBERS = 2**31  # in the samples of one epoch


def _is_text(value):
    return isinstance(value, str)


def _is_path(value):
    if value is None:
        return True
    if not isinstance(value, str) or "\0" in value:
        return False
    try:
        pathlib.Path(value).expanduser()  # fails for the home directory of a user who doesn't exist
        return True
    except RuntimeError:
        return False


def _is_size(value, most):
    return type(value) is int and 1 <= value <= most  # True and False are not sizes


def _is_shape(value):
    return (isinstance(value, list) and len(value) <= MOST_DIMENSIONS
            and all(_is_size(size, MOST_NUMBERS) for size in value)
            and math.prod(value) <= MOST_NUMBERS)


def _is_loop(value):
    return (isinstance(value, dict) and value.get("loop") in ("feed", "graph")
            and all(isinstance(switch, bool) for name, switch in value.items() if name != "loop"))


def _is_share(value):
    return value is None or type(value) in (int, float) and math.isfinite(value)


# What every config.json holds: how each value is checked, and what it must be.
KEYS = {
    "chapter": (_is_text, "a text"),
    "settings": (lambda value: isinstance(value, dict), "an object"),
    "data": (_is_text, "a text"),
    "data_title": (_is_text, "a text"),
    "data_crc32": (_is_text, "a text"),
    "data_dir": (_is_path, "a path, or null"),
    "seed": (lambda value: type(value) is int and 0 <= value < 2**31,
             "a whole number from 0 to 2147483647"),
    "sample_shape": (_is_shape, f"a list of sizes, at most {MOST_DIMENSIONS}, that multiply to at "
                                f"most {MOST_NUMBERS}"),
}
# What older runs may lack.
LATER_KEYS = {
    "loop": (_is_loop, 'an object with "loop": "feed" or "graph", and switches'),
    "data_diversity": (_is_share, "a finite number, or null"),
    "data_spread": (_is_share, "a finite number, or null"),
}


def versions():
    """The versions that a result depends on, as a dict."""
    packages = ("gan_tf1", "tensorflow", "tf-keras", "numpy")
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def read_config(path):
    """The dict in `path`/config.json. Raises InputError if `path` holds no readable run."""
    file = pathlib.Path(path) / "config.json"
    try:
        config = json.loads(file.read_text())
        _check(config)
        return config
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"{path} holds no run: there is no config.json in it") from None
    except RecursionError:
        raise InputError(f"{file} can't be read: it is nested too deep") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{file} can't be read: {error}") from error


def _check(config):
    """Raise ValueError, naming the key, if `config` isn't the configuration of a run."""
    if not isinstance(config, dict):
        raise ValueError("it is not the configuration of a run")
    for key in KEYS:
        if key not in config:
            raise ValueError(f"its {key!r} is missing")
    for key, (fits, wanted) in (KEYS | LATER_KEYS).items():
        if key in config and not fits(config[key]):
            given = repr(config[key])
            raise ValueError(f"its {key!r} must be {wanted}, not "
                             f"{given if len(given) <= 60 else given[:60] + '...'}")


def read_config_of(chapter, path, called=None):
    """`read_config` of a run of `chapter`. Raises InputError, naming it as `called`, for another's."""
    config = read_config(path)
    if config["chapter"] != chapter:
        raise InputError(f"{path} is a run of {config['chapter']!r}, not of {called or repr(chapter)}")
    return config


def refuse_other(path, config, given):
    """Raise InputError, naming the fields, where `given` differs from the run's own `config`."""
    own = {**config, **config["settings"], **config.get("loop", {})}
    other = [f"{name} (the run's: {own.get(name)}, now: {value})"
             for name, value in given.items() if own.get(name) != value]
    if other:
        raise InputError(f"{path} was made with another configuration, and can't be resumed with "
                         f"this one: {', '.join(other)}")
