"""The titles of a run: its chapter, data and seed, and the settings that differ from the chapter's.

These settings are named in the first line of the log, in the titles of the figures and in the table
of `scripts/runs.py`, so that the runs of a chapter can be distinguished. They are written as the
flags that set them, without the dashes.
"""

import dataclasses

from gan_tf1 import models
from gan_tf1.config import as_flag
from gan_tf1.training.graph_loop import Loop

WIDTH = 56  # characters that fit into a line above the narrowest figure


def differing(stored) -> dict:
    """The settings of a run that differ from the chapter's, name -> value; `stored` is config.json.

    The flags of the training loop are included, since another loop draws other batches. So are
    settings that this version of the chapter does not have.
    """
    model = models.of_chapter(stored["chapter"])
    own = {field.name: field.default for field in dataclasses.fields(model.Config)} if model else {}
    found = {name: value for name, value in stored["settings"].items()
             if name not in own or own[name] != value}
    loop = Loop()._asdict()
    found |= {name: value for name, value in stored.get("loop", {}).items()
              if loop.get(name) != value}
    return found | ({"towers": stored["towers"]} if "towers" in stored else {})


def parts(stored, named=()) -> list[str]:
    """`differing`, except for the settings `named`, as ["epochs 20", "loop graph", "no-mirror"]."""
    return [as_flag(name, value).removeprefix("--") for name, value in differing(stored).items()
            if name not in named]


def headline(stored) -> str:
    """The first line of a run's log: chapter, data, seed, and the settings that differ, if any.

    The variant of a chapter whose errors are a choice is always named.
    """
    line = f"{stored['chapter']} on {stored['data_title']}, seed {stored['seed']}"
    named = parts(stored)
    if "variant" in stored["settings"] and "variant" not in differing(stored):
        named.insert(0, f"variant {stored['settings']['variant']}")
    return ", with ".join([line, *([", ".join(named)] if named else [])])


def title(what, stored, named=(), width=WIDTH) -> str:
    """The title of a run's figure: `what` was trained, on which data, and below it what differs.

    `named` are the settings that `what` already mentions. Settings that do not fit into one line of
    `width` characters are only counted.
    """
    where = f"{what} on {stored['data_title']}, seed {stored['seed']}"
    texts = parts(stored, named)
    return f"{where}\n{shortened(texts, width)}" if texts else where


def shortened(texts, width) -> str:
    """As many of `texts` as fit into `width` characters, at least one, and how many are left."""
    for count in range(len(texts), 0, -1):
        more = f" and {len(texts) - count} more" if count < len(texts) else ""
        line = ", ".join(texts[:count]) + more
        if len(line) <= width:
            return line
    return line
