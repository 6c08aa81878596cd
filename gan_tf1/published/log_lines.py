"""Find the lines of a log in a text, and those of one of several runs."""

import bisect
import collections
import itertools
import math

import numpy as np

from gan_tf1.errors import InputError
from gan_tf1.published.log_chapters import line_at, printed_twice, remedy
from gan_tf1.wording import quantity

LISTED = 5  # runs that a message lists
ENOUGH = 3  # lines that show how many decimals are printed


def printed(text, form):
    """The lines in `text`, in order, (number, *values) each, and a remark on what was left out, or "".

    Raises InputError if there is no line in the format of the chapter `form`, or if a line begins like
    one and continues differently. An incomplete last line is left out.
    """
    found = []
    for line in form.lines:
        ahead = line.whole.groups - len(form.columns)
        for match in line.whole.finditer(text):
            numbers, values = match.groups()[:ahead], map(float, match.groups()[ahead:])
            found.append((match.start(), match, (form.count(*numbers), *line.values(*values))))
    found.sort(key=lambda one: one[0])
    starts, matches, rows = zip(*found) if found else ((), (), ())

    def inside(place):
        before = bisect.bisect_right(starts, place)
        return before and place < matches[before - 1].end()

    lost = [match.start() for match in form.beginning.finditer(text) if not inside(match.start())]
    cut, remarks = None, []
    if _is_cut(matches, text):
        cut, rows = starts[-1], rows[:-1]
    elif rows and len(lost) == 1 and lost[0] > starts[-1]:
        cut, lost = lost[0], []
    if cut is not None:
        remarks.append(f"the last line is incomplete, and left out: `{line_at(text, cut)}`")
    if lost:
        raise InputError(f"{len(lost)} of {len(lost) + len(found)} lines begin with {form.one}, but don't continue "
                         f"like `{form.example}`; the first is `{line_at(text, lost[0])}`: {remedy(form)}")
    if not rows:
        raise InputError(f"there is no line like `{form.example}`")
    lines = [match[0] for match in matches[:len(rows)]]
    if rows[0][0] is not None and printed_twice(lines):
        rows = rows[::2]
        remarks.append("each line is printed twice, and counted once")
    return list(rows), "; ".join(remarks)


def _is_cut(matches, text):
    """Whether the text ends, or other text begins, within the last number of the last line.

    The number then has fewer decimals than those of the other lines, which all have equally many.
    """
    if len(matches) <= ENOUGH or not math.isfinite(float(matches[-1].groups()[-1])):
        return False
    *others, last = [len(match.groups()[-1].partition(".")[2]) for match in matches]
    end = matches[-1].end()
    ends_there = end == len(text) or text[end].isalpha()
    return ends_there and len(set(others)) == 1 and last < others[0]


def one_run(rows, form, part):
    """The `rows` of a single run, and a remark on which of several it is, or "".

    If numbers occur twice, a run ends where the next line has a smaller number, or the same, unless an epoch
    may have several lines.
    """
    counts = [row[0] for row in rows]
    if None in counts:
        return rows, ""
    ends = [] if len(set(counts)) == len(counts) else [
        place for place, (one, other) in enumerate(itertools.pairwise(counts), 1)
        if other < one or other == one and not form.several]
    runs = [rows[start:end] for start, end in itertools.pairwise([0, *ends, len(rows)])]
    if len(runs) > len(set(counts)) > 1 and any(one == other for one, other in itertools.pairwise(counts)):
        raise InputError(f"several lines have the same {form.counted}, but this chapter has one line per "
                         f"{form.counted}: keep the last line of each {form.counted}")
    if part is None and len(runs) > 1:
        told = ", ".join(f"{form.counted} {run[0][0]} to {run[-1][0]}" for run in runs[:LISTED])
        raise InputError(f"it has the log lines of {len(runs)} runs ({told}{', ...' * (len(runs) > LISTED)}): "
                         "choose one with --part 1, --part 2, ...")
    if part is not None and not 1 <= part <= len(runs):
        raise InputError(f"--part {part}: it has the log lines of {quantity(len(runs), 'run')}")
    return runs[(part or 1) - 1], f"run {part} of {len(runs)} in this file" if part and len(runs) > 1 else ""


def missing(epochs, form) -> str:
    """A remark on how many numbers are missing between `epochs`, or "".

    Their usual distance need not be 1.
    """
    if form.intervals or len(epochs) < 3:
        return ""
    distances = np.diff(epochs).tolist()
    usual = collections.Counter(distances).most_common(1)[0][0]
    lacking = sum(distance // usual - 1 for distance in distances if distance > usual)
    if not lacking:
        return ""
    return f"it has no line of {quantity(lacking, form.counted)} between {form.counted} {epochs[0]} and {epochs[-1]}"
