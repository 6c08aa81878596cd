"""A chapter's hyperparameters: one frozen dataclass, its command-line flags, its JSON.

A model file declares `Config` with a `setting(...)` for each field. `add_flags` makes a flag of
each field, named as in `VOCABULARY`, and `make` checks the values: unknown names, wrong types and
values out of range are errors that name the setting.
"""

import argparse
import dataclasses
import json
import math
import sys
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NoReturn

from gan_tf1.errors import InputError


def setting(default, meaning: str, at_least=None, at_most=None, above=None, below=None,
            choices: Collection | None = None) -> Any:
    """A dataclass field with its default, its meaning (with unit), and the values it accepts.

    `at_least` and `at_most` are bounds that a value may reach, `above` and `below` those that it
    may not; `choices` are all accepted values.
    """
    return dataclasses.field(default=default, metadata={
        "meaning": meaning, "at_least": at_least, "at_most": at_most, "above": above,
        "below": below, "choices": choices})


LARGEST = 2**31 - 1  # the largest whole number of a setting; sizes beyond it overflow in TensorFlow
MOST_UNITS = 100_000  # units or channels of a layer, if other layers have a multiple of them
MOST_DIGITS = 19      # of a whole number on the command line
MOST_SAMPLES = 1024   # samples of an epoch, if a figure shows them all

# The chapters use several names for one thing. Their models and config.json keep these names, but
# on the command line each thing has one name, the same for all scripts: field of a Config -> flag.
# A field's own name is accepted too, with a note.
VOCABULARY = {
    "z_dim": "z-size", "gen_z_size": "z-size",
    "leaky_relu_alpha": "alpha",
    "n_critic": "disc-steps",
    "pack": "packing",
    "g_size_mult": "gen-channels", "d_size_mult": "disc-channels",
    "patch_layers": "disc-layers",
    "resolution": "size",
    "flip": "mirror",
    "batches_per_epoch": "epoch-steps",
}


def flag(name: str) -> str:
    """The flag of the setting `name`: "--z-size" for "z_size"."""
    return "--" + VOCABULARY.get(name, name).replace("_", "-")


def _checked(field, value):
    """`value` if `field` accepts it, an int as a float where a float is required; or InputError."""
    name = flag(field.name)
    kinds = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
    if field.type is float and type(value) is int:
        value = float(value)
    if type(value) is not field.type:
        raise InputError(f"{name} must be {kinds[field.type]}, not {value!r}")
    if type(value) is int and value > LARGEST:
        raise InputError(f"{name} must be at most {LARGEST}, not {value}")
    bounds = field.metadata
    if bounds.get("choices") is not None and value not in bounds["choices"]:
        raise InputError(f"{name} must be one of {', '.join(map(str, bounds['choices']))}, "
                         f"not {value}")
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"{name} must be a finite number, not {value}")
    if bounds.get("at_least") is not None and value < bounds["at_least"]:
        raise InputError(f"{name} must be at least {bounds['at_least']}, not {value}")
    if bounds.get("at_most") is not None and value > bounds["at_most"]:
        raise InputError(f"{name} must be at most {bounds['at_most']}, not {value}")
    if bounds.get("above") is not None and value <= bounds["above"]:
        raise InputError(f"{name} must be above {bounds['above']}, not {value}")
    if bounds.get("below") is not None and value >= bounds["below"]:
        raise InputError(f"{name} must be below {bounds['below']}, not {value}")
    return value


def make(Config: type, values: Mapping[str, Any]):
    """`Config(**values)` with every value checked.

    Raises InputError, which names the setting, if there is no such setting, or if a value has the
    wrong type or is out of range.
    """
    fields = {field.name: field for field in dataclasses.fields(Config)}
    for name in values:
        if name not in fields:
            raise InputError(f"unknown setting {name!r}: {Config.__module__.split('.')[-1]} has "
                             f"{', '.join(fields)}")
    return Config(**{name: _checked(fields[name], value) for name, value in values.items()})


def changed(config, given: Sequence[str]):
    """`config` with the settings of `given`, ["size=128", ...], by their names or as flags.

    Raises InputError if one of them is not NAME=VALUE, is unknown, or has a value that is not accepted.
    """
    names = {flag(field.name).removeprefix("--"): field.name for field in dataclasses.fields(config)}
    values = {}
    for text in given:
        name, equals, value = text.partition("=")
        name = names.get(name.removeprefix("--"), name)
        if not equals:
            raise InputError(f"--set takes NAME=VALUE, not {text[:40]!r}")
        try:
            values[name] = json.loads(value)  # a number, true or false
        except ValueError:
            values[name] = value
    return make(type(config), dataclasses.asdict(config) | values)


def intervals(config) -> int:
    """The number of intervals, each of `config.sample_interval`, in `config.iterations`.

    Raises InputError if the last interval would not be whole.
    """
    if config.iterations % config.sample_interval:
        raise InputError(f"--iterations {config.iterations} must be a multiple of "
                         f"--sample-interval {config.sample_interval}")
    return config.iterations // config.sample_interval


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line, and whose flags can't be abbreviated.

    `subcommand` is the word that stands between the script's name and its flags, if any.
    """

    called = None  # what --help and errors call the program, if not by the name of its file

    def __init__(self, description=None, subcommand="", **options):
        super().__init__(**{"description": description, "prog": self.called, "allow_abbrev": False,
                            "formatter_class": argparse.RawDescriptionHelpFormatter, **options})
        self.prog = f"{self.prog} {subcommand}".rstrip()

    def error(self, message) -> NoReturn:
        print(f"error: {message} (see {self.prog} --help)", file=sys.stderr)
        sys.exit(2)


def whole_number(text: str) -> int:
    """An argparse type: a whole number of at least 0 and of at most 19 digits."""
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a whole number of at least 0")
    if len(text) > MOST_DIGITS:
        raise argparse.ArgumentTypeError(f"{text[:40]} is too large: it has {len(text)} digits")
    return int(text)


def _reader(kind):
    def read(text):
        try:
            return kind(text)
        except ValueError:
            name = "a whole number" if kind is int else "a number"
            raise argparse.ArgumentTypeError(f"{text[:40]!r} is not {name}") from None
    return read


class _Former(argparse.Action):
    """Stores the value of a flag that was renamed, and prints a note with its present name."""

    def __call__(self, parser, namespace, values, option_string=None):
        negated = self.nargs == 0 and option_string.startswith("--no-")
        present = self.metavar.replace("--", "--no-", 1) if negated else self.metavar
        print(f"note: {option_string} is now called {present}", file=sys.stderr)
        setattr(namespace, self.dest, values if self.nargs != 0 else not negated)


def add_former(parser: argparse.ArgumentParser, former: list[str], present: str, dest: str,
               **options) -> None:
    """Accept the names `former` of a flag that is now called `present`; --help omits them."""
    parser.add_argument(*former, action=_Former, dest=dest, metavar=present,
                        default=argparse.SUPPRESS, help=argparse.SUPPRESS, **options)


def add_count(parser: argparse.ArgumentParser, default: int, meaning: str,
              former: str = "--n") -> None:
    """Add the flag `--samples`: how many samples, digits or pairs a script draws or judges.

    The attribute is called `n`. `former` is the flag's former name.
    """
    parser.add_argument("--samples", type=whole_number, default=default, metavar="N", dest="n",
                        help=f"{meaning} (default: {default})")
    add_former(parser, [former], "--samples", "n", type=whole_number)


def add_flags(parser: argparse.ArgumentParser, Config: type, small: Mapping[str, Any] = {}) -> None:
    """Add one flag for every field of `Config`. A flag that is not given sets no attribute.

    A boolean field becomes a switch: `--mirror` means true, `--no-mirror` false. `small` are the
    values, by name, that the script uses instead of the defaults unless `--paper` is given.
    """
    group = parser.add_argument_group("settings of the chapter")
    for field in dataclasses.fields(Config):
        default = f"(default: {field.default})" if field.name not in small else (
            f"(default: {small[field.name]}; with --paper {field.default})")
        text = f"{field.metadata['meaning']} {default}"
        own = "--" + field.name.replace("_", "-")
        if field.type is bool:
            group.add_argument(flag(field.name), action=argparse.BooleanOptionalAction,
                               dest=field.name, default=argparse.SUPPRESS, help=text)
            if own != flag(field.name):
                add_former(group, [own, own.replace("--", "--no-", 1)], flag(field.name),
                           field.name, nargs=0)
            continue
        choices = field.metadata["choices"]  # checked by `make`, which names the setting
        metavar = f"{{{','.join(map(str, choices))}}}" if choices else field.type.__name__.upper()
        group.add_argument(flag(field.name), type=_reader(field.type), metavar=metavar,
                           dest=field.name, default=argparse.SUPPRESS, help=text)
        if own != flag(field.name):
            add_former(group, [own], flag(field.name), field.name, type=_reader(field.type))


def as_flag(name: str, value) -> str:
    """What gives the setting `name` this `value` on the command line: "--z-size 100"."""
    if value is True or value is False:
        return flag(name) if value else flag(name).replace("--", "--no-", 1)
    return f"{flag(name)} {value}"


def given(args: argparse.Namespace, Config: type) -> dict[str, Any]:
    """The settings of `Config` that were given on the command line, by name."""
    names = {field.name for field in dataclasses.fields(Config)}
    return {name: value for name, value in vars(args).items() if name in names}
