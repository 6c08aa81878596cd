"""Reading and checking config.json, which says how a run was made.

The file may have been edited by hand. So each value is checked for the type and the
range that the program relies on, and an error names the value that is wrong. The
chapter's settings are checked by `config.make`.
"""

import json
import math
import pathlib
import platform
from importlib import metadata

from gan_tf1.config import flag
from gan_tf1.errors import InputError

MOST_DIMENSIONS = 8
MOST_NUMBERS = 2**31  # the most numbers in the samples of one epoch


def _is_text(value):
    return isinstance(value, str)


def _is_command(value):
    return isinstance(value, list) and all(map(_is_text, value))


def _is_path(value):
    if value is None:
        return True
    if not isinstance(value, str) or "\0" in value:
        return False
    try:
        pathlib.Path(value).expanduser()  # fails for the home directory of an unknown user
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


def _is_measured(value):
    return isinstance(value, dict) and all(
        type(seconds) in (int, float) and math.isfinite(seconds) for seconds in value.values())


def _is_share(value):
    return value is None or type(value) in (int, float) and math.isfinite(value)


# The keys that every config.json has: key -> (check, what the value must be).
KEYS = {
    "chapter": (_is_text, "a string"),
    "settings": (lambda value: isinstance(value, dict), "an object"),
    "data": (_is_text, "a string"),
    "data_title": (_is_text, "a string"),
    "data_crc32": (_is_text, "a string"),
    "data_dir": (_is_path, "a path, or null"),
    "seed": (lambda value: type(value) is int and 0 <= value < 2**31,
             "a whole number from 0 to 2147483647"),
    "sample_shape": (_is_shape, f"a list of sizes, at most {MOST_DIMENSIONS}, whose product is at "
                                f"most {MOST_NUMBERS}"),
}
# Keys that older runs may lack.
LATER_KEYS = {
    "change": (_is_text, "a string"),
    "data_note": (_is_text, "a string"),
    "command": (_is_command, "a list of strings"),
    "versions": (lambda value: isinstance(value, dict), "an object"),
    "processor": (_is_text, "a string"),
    "threads": (lambda value: type(value) is int and value > 0, "a whole number above 0"),
    "record": (lambda value: isinstance(value, bool), "true or false"),
    "towers": (lambda value: type(value) is int and value > 1, "a whole number above 1"),
    "loop": (_is_loop, 'an object with "loop": "feed" or "graph", and switches'),
    "measured": (_is_measured, "an object with the seconds per step of each loop"),
    "data_diversity": (_is_share, "a finite number, or null"),
    "data_spread": (_is_share, "a finite number, or null"),
}


def versions() -> dict[str, str]:
    """The versions of the software and the machine on which a result depends, as a dict."""
    packages = ("gan_tf1", "tensorflow", "tf-keras", "numpy")
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def read_config(path) -> dict:
    """The dict in config.json of the run directory `path`, checked.

    If an older one has no command or no versions, they are empty.
    Raises InputError if there is no such file, or if it cannot be read or is not valid.
    """
    file = pathlib.Path(path) / "config.json"
    try:
        config = json.loads(file.read_text())
        _check(config)
        return {"command": [], "versions": {}} | config
    except (FileNotFoundError, NotADirectoryError):
        folder = pathlib.Path(path)
        reason = ("there is no config.json in it" if folder.is_dir() else
                  "it is a file" if folder.exists() else "it does not exist")
        raise InputError(f"{path} holds no run: {reason}") from None
    except RecursionError:
        raise InputError(f"{file} can't be read: it is nested too deeply") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{file} can't be read: {error}") from error


def _check(config):
    """Raise ValueError, naming the wrong key, if `config` is not the configuration of a run."""
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


def data_of(configs) -> str:
    """The data sets of runs, given their `configs`, with checksums: "MNIST, data_crc32 7cd8a48a".

    Several data sets are separated by semicolons. Runs on one of them that have different labelled
    images have different checksums, and all of these follow each other.
    """
    checksums = {}
    for config in configs:
        checksums.setdefault(config["data_title"], {})[config["data_crc32"]] = None
    return "; ".join(f"{title}, data_crc32 {' '.join(found)}" for title, found in checksums.items())


def read_config_of(chapter, path, called=None) -> dict:
    """`read_config` of a run of `chapter`, which messages name as `called`.

    Raises InputError as `read_config` does, and if it is a run of another chapter.
    """
    config = read_config(path)
    if config["chapter"] != chapter:
        raise InputError(f"{path} is a run of {config['chapter']!r}, not of "
                         f"{called or repr(chapter)}")
    return config


def refuse_other(path, config, given) -> None:
    """Raise InputError, naming the flags, if `given` differs from the `config` of the run `path`."""
    own = {"change": None, "towers": 1, **config, **config["settings"], **config.get("loop", {})}
    other = [f"{name if name in ('chapter', 'change') else flag(name)} (the run's: {own.get(name)}, now: {value})"
             for name, value in given.items() if own.get(name) != value]
    if other:
        raise InputError(f"{path} was made with another configuration, and can't be resumed with "
                         f"this one: {', '.join(other)}: resume it with its own values, or start a new run "
                         "without --resume")
