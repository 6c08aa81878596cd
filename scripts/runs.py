"""List the runs in a folder: what each was trained on, how far it is, and how it went.

    python scripts/runs.py                       the runs in checkpoints/
    python scripts/runs.py OUT/runs              the runs of a sweep
    python scripts/runs.py checkpoints/mnist_gan-001 checkpoints/mnist_gan-002

Each row says which chapter was trained, on which data and with which seed; how many epochs or
iterations are done; the last losses; the signs that scripts/diagnose.py explains; and the settings
that differ from the chapter's own. If a run can't be read, its row says why.
"""

import os
import pathlib
import re

from gan_tf1 import models, tables
from gan_tf1.config import Parser
from gan_tf1.errors import InputError, script
from gan_tf1.files import user_path
from gan_tf1.training import diagnosis, outputs, titles
from gan_tf1.training.run_config import read_config
from gan_tf1.training.run_results import is_complete
from gan_tf1.wording import quantity

LOSSES = {name for pair in diagnosis.PAIRS for name in pair}
HEADINGS = ("run", "chapter", "data", "seed", "done", "last losses", "diagnosis", "what differs")


def found(folder):
    """The run directories in `folder` at any depth, or `folder` itself, in the order of their numbers.

    Raises InputError if there is none.
    """
    runs = []
    for place, folders, files in os.walk(folder):
        if "config.json" in files:
            runs.append(pathlib.Path(place))
            folders.clear()  # a run contains no other run
    if not runs:
        raise InputError(f"there is no run in {folder}: name a folder with run directories")
    return sorted(runs, key=lambda path: [int(part) if part.isdecimal() else part
                                          for part in re.split(r"(\d+)", str(path))])


def row(path):
    """The cells of the run at `path`, in the order of `HEADINGS`."""
    stored = read_config(path)
    model = models.of_chapter(stored["chapter"])
    losses, each = diagnosis.losses_of_log(path, diagnosis.settings_of(stored, model), model)
    unit, *names = losses
    count = len(losses[unit]) * each
    kept = (path / "generator").is_dir() and not (path / "losses.csv").exists()
    done = "its generator alone" if kept else quantity(count, unit) + (
        "" if is_complete(path) else ", unfinished")
    shown = [name for name in names if name in LOSSES] or names
    last = ", ".join(f"{name} {losses[name][-1]:.3g}" for name in shown) if count else "-"
    judged = diagnosis.of_run(path)
    signs = ", ".join(judged.signs) or ("no sign" if judged.judged else "too short")
    return (str(path), stored["chapter"], stored["data"], str(stored["seed"]), done, last, signs,
            ", ".join(titles.parts(stored)) or "nothing")


def row_of_any(path):
    """`row`, or if the run can't be read, its path and the reason in place of its settings."""
    try:
        return row(path)
    except Exception as error:  # one damaged run must not hide the rows of the others
        reason = " ".join(str(error).split()) or type(error).__name__
        reason = f"can't be read: {reason.replace(f'{path}{os.sep}', '')}"
        return str(path), *["-"] * (len(HEADINGS) - 2), reason


@script
def main(argv=None):
    parser = Parser(__doc__)
    parser.add_argument("folder", type=user_path, nargs="*", metavar="FOLDER",
                        help="folders with run directories, or run directories (default: where "
                        "runs go)")
    args = parser.parse_args(argv)
    paths = [path for folder in args.folder or [outputs.home()] for path in found(folder)]
    print(*tables.lines(HEADINGS, map(row_of_any, dict.fromkeys(paths)), len(HEADINGS)), sep="\n")


if __name__ == "__main__":
    main()
