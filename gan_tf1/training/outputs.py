"""Where outputs go: into one home, under numbered names, and without replacing any file unasked.

The home is the folder `checkpoints` of the repository, whatever the current directory is.
If the package is installed without its repository, it is `checkpoints` in the current directory.
The environment variable GAN_TF1_HOME names another folder.

Runs and results are numbered: `mnist_gan-001`, `evaluation-001.png`, `evaluation-002.png`, and so
on. The flag `--out` names another place for a result; a file there is replaced only with
`--overwrite`.
"""

import functools
import os
import pathlib
import sys

from gan_tf1.errors import InputError, at_end
from gan_tf1.files import flush, make_folder, user_path
from gan_tf1.places import REPOSITORY, SHIPPED

DEVICES = ("/dev", "/proc", "/sys")  # where a path need not be a file


def home() -> pathlib.Path:
    """The folder for runs and other outputs; a relative path if it is in the current directory.

    Raises InputError if GAN_TF1_HOME names the home directory of an unknown user.
    """
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


def numbered(name, ending="") -> list[pathlib.Path]:
    """The paths `name-001`, `name-002`, ... with this `ending` that exist in the home, in order."""
    paths = home().glob(f"{name}-[0-9][0-9][0-9]*{ending}")
    return sorted((path for path in paths if number_of(path, name, ending) is not None),
                  key=lambda path: number_of(path, name, ending))


def next_free(name, ending="") -> pathlib.Path:
    """The path in the home with the next number after those of `numbered`, starting at 001."""
    numbers = [number_of(path, name, ending) for path in numbered(name, ending)]
    return home() / f"{name}-{max(numbers, default=0) + 1:03d}{ending}"


def claim(name, ending="") -> pathlib.Path:
    """Create `next_free` as an empty file, or as an empty folder if there is no `ending`.

    After that, no other process can take the same number. If the file or folder is still empty when
    the script ends, it is removed. Raises InputError if it cannot be created.
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
    """Remove the file or folder `path` and the `folders` above it, as far as they are empty."""
    if path.is_file() and not path.stat().st_size:
        path.unlink()
    for folder in (path, *folders):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def number_of(path, name, ending="") -> int | None:
    """The number NNN of a `path` called `name-NNN`, with `ending`, or None for other names."""
    number = path.name.removeprefix(f"{name}-").removesuffix(ending)
    return int(number) if number.isascii() and number.isdecimal() else None


def add_flags(parser, name, ending="", what="the figure") -> None:
    """Add the flags `--out` and `--overwrite` of a script whose result is called `name`.

    `ending` is that of the file, such as ".png"; without an ending, the result is a folder.
    """
    kind = "FILE" if ending else "DIR"
    parser.add_argument("--out", type=user_path, metavar=kind, help=f"where {what} goes: a new "
                        f"{'file' if ending else 'folder'} (default: the next free "
                        f"checkpoints/{name}-NNN{ending})")
    parser.add_argument("--overwrite", action="store_true",
                        help="replace the file at --out" if ending else "write into --out even if "
                        "it holds files, and replace those with the same names")


def add_former(parser, kind) -> None:
    """Add the positional argument `kind` of older commands, which --out has replaced."""
    parser.add_argument("former_out", type=user_path, metavar=kind, nargs="?",
                        help=f"the former way to give --out {kind}")


def take_former(args, kind) -> None:
    """Set `args.out` from the former argument `kind`, and print to stderr how to give it now.

    Raises InputError if --out is given as well.
    """
    if args.former_out and args.out:
        raise InputError(f"{kind} is given twice, as {args.former_out} and as --out {args.out}: "
                         "leave out the first")
    if args.former_out:
        args.out = args.former_out
        print(f"note: {kind} is now given as --out {kind}", file=sys.stderr)


def file(args, name, endings=(".png",)) -> pathlib.Path:
    """The file at `--out`, or an empty new one in the home with the next number for `name`.

    Raises InputError if the file does not have one of the `endings`, if it exists and `--overwrite`
    is not given, if it is a folder, or if it is in a folder of devices.
    """
    if not args.out:
        return claim(name, endings[0])
    check_file(args.out, "--out", endings, args.overwrite)
    return args.out


def check_file(path, flag, endings=(".png",), overwrite=False) -> None:
    """Raise InputError, naming `flag`, if a result must not be written to the file `path`."""
    if path.suffix not in endings:
        raise InputError(f"{flag} {path} must end in {' or '.join(endings)}")
    refuse_devices(path, flag)
    if path.exists() and not path.is_file():
        raise InputError(f"{flag} {path} is not a file: name another")
    if path.exists() and not overwrite:
        raise InputError(f"{flag} {path} exists: name another file, or add --overwrite to "
                         "replace it")


def folder(args, name) -> pathlib.Path:
    """The folder at `--out`, or an empty new one in the home with the next number for `name`.

    Raises InputError if the folder holds files and `--overwrite` is not given, if it is a file, or
    if it is in a folder of devices.
    """
    if not args.out:
        return claim(name)
    check_folder(args.out, "--out", args.overwrite)
    return args.out


def check_folder(path, flag, overwrite=False) -> None:
    """Raise InputError, naming `flag`, if results must not be written into the folder `path`."""
    refuse_devices(path, flag)
    if path.exists() and not path.is_dir():
        raise InputError(f"{flag} {path} is a file: name a folder")
    if path.exists() and any(path.iterdir()) and not overwrite:
        raise InputError(f"{flag} {path} holds files: name another folder, or add --overwrite to "
                         "write into it")


def refuse_devices(path, flag) -> None:
    """Raise InputError, naming `flag`, if `path` is in a folder of devices."""
    place = path.absolute()
    if place.is_relative_to("/dev/shm"):  # a file system in memory, not a device
        return
    if any(place.is_relative_to(folder) for folder in DEVICES):
        raise InputError(f"{flag} {path} is in a folder of the system's devices: name a file "
                         "elsewhere")
