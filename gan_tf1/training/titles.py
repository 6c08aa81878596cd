"""What a run is called: its chapter, data and seed, and the settings that make it special.

Two runs of one chapter differ only in their settings, so those that are not the chapter's own stand
in the first line of the log, in the titles of the figures and in the table of `scripts/runs.py`.
They are written as the flags that set them, without the dashes.
"""

import dataclasses

from gan_tf1 import models
from gan_tf1.config import as_flag
from gan_tf1.training.graph_loop import Loop

WIDTH = 56   # characters that fit into a line above the narrowest of the figures


def differing(stored):
    """The settings of a run that differ from the chapter's, name -> value; `stored` is config.json.

    So do the flags of the training loop, for another loop draws other batches. A setting that this
    version of the chapter doesn't know counts as different.
    """
    model = models.of_chapter(stored["chapter"])
    own = {field.name: field.default for field in dataclasses.fields(model.Config)} if model else {}
    found = {name: value for name, value in stored["settings"].items()
             if name not in own or own[name] != value}
    loop = Loop()._asdict()
    return found | {name: value for name, value in stored.get("loop", {}).items()
                    if loop.get(name) != value}


def parts(stored, named=()):
    """`differing` as texts, but for the settings `named`: ["epochs 20", "loop graph", "no-mirror"]."""
    return [as_flag(name, value).removeprefix("--") for name, value in differing(stored).items()
            if name not in named]


def headline(stored):
    """The first line of a run's log: chapter, data, seed, and the settings that differ, if any."""
    line = f"{stored['chapter']} on {stored['data_title']}, seed {stored['seed']}"
    return ", with ".join([line, *([", ".join(parts(stored))] if parts(stored) else [])])


def title(what, stored, named=(), width=WIDTH):
    """The title of a run's figure: `what` was trained on which data, and below it what differs.

    Settings that `what` tells of are `named`, and aren't repeated. Those that don't fit into one
    line of `width` characters are counted.
    """
    where = f"{what} on {stored['data_title']}, seed {stored['seed']}"
    texts = parts(stored, named)
    return f"{where}\n{shortened(texts, width)}" if texts else where


def shortened(texts, width):
    """As many of `texts` as fit into `width` characters, one at least, and how many more there are."""
    for count in range(len(texts), 0, -1):
        more = f" and {len(texts) - count} more" if count < len(texts) else ""
        line = ", ".join(texts[:count]) + more
        if len(line) <= width:
            return line
    return line
