"""Where runs and other outputs go: one home, numbered names, and nothing is replaced unasked.

The home is the folder `checkpoints` of the repository, from whatever directory a script is started.
If the package is installed without its repository, it is `checkpoints` in the current directory.
The environment variable GAN_TF1_HOME names another folder.

A script's result is called `evaluation-001.png`, `evaluation-002.png`, and so on, like the runs.
The flag `--out` names another place for it, which must not exist yet unless `--overwrite` is given.
"""

import functools
import os
import pathlib
import sys

from gan_tf1.errors import InputError, at_end
from gan_tf1.files import flush, make_folder, user_path
from gan_tf1.places import REPOSITORY, SHIPPED

DEVICES = ("/dev", "/proc", "/sys")  # what is written there is no file


def home():
    """The folder for runs and outputs, as a path relative to the current directory if below it."""
    named = os.environ.get("GAN_TF1_HOME")
    if named:
        try:
            folder = pathlib.Path(named).expanduser().absolute()
        except RuntimeError as error:
            raise InputError(f"GAN_TF1_HOME is {named}: {error}") from error
    elif REPOSITORY:
        folder = SHIPPED
    else:
        return pathlib.Path("checkpoints")
    here = pathlib.Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def numbered(name, ending=""):
    """All `name-001`, `name-002`, ... with this `ending` in the home, in order."""
    paths = home().glob(f"{name}-[0-9][0-9][0-9]*{ending}")
    return sorted((path for path in paths if number_of(path, name, ending) is not None),
                  key=lambda path: number_of(path, name, ending))


def next_free(name, ending=""):
    """The path after the last of these: `name-001` and `ending` if there is none."""
    numbers = [number_of(path, name, ending) for path in numbered(name, ending)]
    return home() / f"{name}-{max(numbers, default=0) + 1:03d}{ending}"


def claim(name, ending=""):
    """The path `next_free`, made as an empty file, or without `ending` as an empty folder.

    So no other process takes the same number. What is still empty when the script ends is removed.
    Raises InputError if it can't be made.
    """
    while True:
        path = next_free(name, ending)
        missing = [folder for folder in path.absolute().parents if not folder.exists()]
        try:
            make_folder(path.parent)
            path.touch(exist_ok=False) if ending else path.mkdir()
            flush(path.parent)
        except FileExistsError:  # another process has just taken this number
            if path.exists():
                continue
            raise
        except OSError as error:
            raise InputError(f"{path} can't be written: {error.strerror}") from error
        at_end(functools.partial(_remove_empty, path.absolute(), missing))
        return path


def _remove_empty(path, folders):
    """Remove the file or folder `path` if it is empty, and then such of the `folders` above it."""
    if path.is_file() and not path.stat().st_size:
        path.unlink()
    for folder in (path, *folders):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def number_of(path, name, ending=""):
    """The number in `name-NNN` and `ending`, or None if `path` is called otherwise."""
    number = path.name.removeprefix(f"{name}-").removesuffix(ending)
    return int(number) if number.isascii() and number.isdecimal() else None


def add_flags(parser, name, ending="", what="the figure"):
    """The flags `--out` and `--overwrite` of a script whose result is called `name`.

    `ending` is that of a file's name, such as ".png"; without one the result is a folder.
    """
    kind = "FILE" if ending else "DIR"
    parser.add_argument("--out", type=user_path, metavar=kind, help=f"where {what} goes: a new "
                        f"{'file' if ending else 'folder'} (default: the next free "
                        f"checkpoints/{name}-NNN{ending})")
    parser.add_argument("--overwrite", action="store_true",
                        help="replace what is at --out" if ending else
                        "write into --out even if it holds files, replacing those of one name")


def add_former(parser, kind):
    """The positional argument `kind` of older commands, in place of which there is now --out."""
    parser.add_argument("former_out", type=user_path, metavar=kind, nargs="?",
                        help=f"the former way to give --out {kind}")


def take_former(args, kind):
    """Make what the former argument `kind` names `args.out`, and say on stderr how to give it now.

    Raises InputError if --out is given too.
    """
    if args.former_out and args.out:
        raise InputError(f"{kind} is given twice, {args.former_out} and --out {args.out}: leave out "
                         "the first")
    if args.former_out:
        args.out = args.former_out
        print(f"note: {kind} is now given as --out {kind}", file=sys.stderr)


def file(args, name, endings=(".png",)):
    """The file that the flags of `args` name, or the next free one called `name`.

    Raises InputError if its name has none of the `endings`, if it exists and `--overwrite` is not
    given, if it is a folder, or if it lies among devices.
    """
    if not args.out:
        return claim(name, endings[0])
    check_file(args.out, "--out", endings, args.overwrite)
    return args.out


def check_file(path, flag, endings=(".png",), overwrite=False):
    """Raise InputError unless the file `path`, which `flag` names, can be written as new."""
    if path.suffix not in endings:
        raise InputError(f"{flag} {path} must end in {' or '.join(endings)}")
    _refuse_devices(path, flag)
    if path.exists() and not path.is_file():
        raise InputError(f"{flag} {path} is not a file: name another")
    if path.exists() and not overwrite:
        raise InputError(f"{flag} {path} exists: name another file, or add --overwrite to "
                         "replace it")


def folder(args, name):
    """The folder that the flags of `args` name, or the next free one called `name`.

    Raises InputError if it holds files and `--overwrite` is not given, if it is a file, or if it
    lies among devices.
    """
    if not args.out:
        return claim(name)
    path = args.out
    _refuse_devices(path, "--out")
    if path.exists() and not path.is_dir():
        raise InputError(f"--out {path} is a file: name a folder")
    if path.exists() and any(path.iterdir()) and not args.overwrite:
        raise InputError(f"--out {path} holds files: name another folder, or add --overwrite to "
                         "write into it")
    return path


def _refuse_devices(path, flag):
    place = path.absolute()
    if place.is_relative_to("/dev/shm"):  # a file system in memory, not a device
        return
    if any(place.is_relative_to(folder) for folder in DEVICES):
        raise InputError(f"{flag} {path} lies among the system's devices: name a file elsewhere")
