"""Join envelopes of one program that were made apart, such as on two machines without a common folder."""

import collections
import json
import pathlib
from collections.abc import Sequence

from gan_tf1.errors import InputError
from gan_tf1.published import envelopes
from gan_tf1.training import seed_ranges

# The comments, in the order in which `envelopes.write` writes them; a file may lack some.
COMMENTS = ("chapter", "change", "settings", "loop", "data", "data_crc32", "seeds", "diverged", "rows", "command",
            "versions", "processor")
JOINED = ("seeds", "diverged", "command", "processor")  # all others must be the same in all files


def joined(paths: Sequence[pathlib.Path]) -> str:
    """The text of the envelope of all seeds in the files at `paths`, in increasing order.

    Raises InputError if a file is not an envelope, if two differ in anything but the seeds, the
    command and the processor, or if they share a seed.
    """
    texts = [_text(path) for path in paths]
    heads = [dict(envelopes.comments_of(text)) for text in texts]
    tables = [[line for line in text.splitlines() if line.strip() and not line.startswith("#")] for text in texts]
    for path, head, table in zip(paths, heads, tables):
        for key in COMMENTS:
            if key not in JOINED and head.get(key) != heads[0].get(key):
                raise InputError(f"{path} can't be joined with {paths[0]}, since they differ in their {key}: "
                                 f"{head.get(key)} and {heads[0].get(key)}")
        if table[0] != tables[0][0]:
            raise InputError(f"{path} can't be joined with {paths[0]}, since it has other columns: {table[0]}")

    diverged = [envelopes.diverged_in(text) for text in texts]
    complete = [_seeds(path, table) for path, table in zip(paths, tables)]
    rows = sorted((line for table in tables for line in table[1:]), key=_seed)  # the order of rows is kept
    counts = collections.Counter(seed for own, lost in zip(complete, diverged)
                                 for seed in (*own, *map(int, lost)))
    if twice := [seed for seed, count in counts.items() if count > 1]:
        raise InputError(f"the seeds {seed_ranges.listed(sorted(twice))} are in more than one of the files: "
                         "name each file once")
    head = heads[0] | {"seeds": seed_ranges.listed(sorted(counts))}
    if lost := dict(sorted(((seed, epoch) for each in diverged for seed, epoch in each.items()),
                           key=lambda pair: int(pair[0]))):
        head["diverged"] = json.dumps(lost)
    for key in ("command", "processor"):
        if any(key in each for each in heads):
            parts = [part for each in heads for part in each.get(key, "not known").split("; ")]
            head[key] = "; ".join(dict.fromkeys(parts))
    comments = [f"# {key}: {head[key]}" for key in COMMENTS if key in head]
    return "\n".join([*comments, tables[0][0], *rows]) + "\n"


def _text(path):
    """The text of the envelope at `path`."""
    chapter = envelopes.chapter_of(path)
    if not chapter:
        raise InputError(f"{path} is not an envelope: name files of make_envelope.py or known_changes.py")
    text = envelopes.text_of(path)
    if not envelopes.too_few(text):
        envelopes.envelope(chapter, path)  # refuses a damaged file
    return text


def _seeds(path, table):
    """The seeds of the rows below the names of the `table` at `path`, each once."""
    try:
        return list(dict.fromkeys(map(_seed, table[1:])))
    except (ValueError, OverflowError):
        raise InputError(f"{path} is not an envelope: the seed of a row is not a number") from None


def _seed(line):
    return int(float(line.partition(",")[0]))
