"""Are these the book's losses? Compare a run, or any text with a chapter's log lines, with many seeds.

    python scripts/compare_logs.py checkpoints/mnist_gan-001
    python scripts/compare_logs.py my_notebook_output.txt --check
    python scripts/compare_logs.py checkpoints/mnist_gan-001 checkpoints/mnist_gan-002 --margin 0.2
    python scripts/compare_logs.py own.csv --envelope other.csv --json
    python scripts/compare_logs.py checkpoints/semi_supervised-001 --chapter semi_supervised

For each window of epochs, the table shows the mean and the spread of the losses, beside the interval
into which one more seed of the chapter's model would fall, and the smallest shift that would be found
in 80 % of cases: a difference of means, or a factor (x) of spreads. Several runs or logs must be of one
program. An envelope, made by make_envelope.py, counts as a log of each of its seeds. If a notebook has
the log lines of several runs, --part says which of them is meant.

The verdict is "differs", "equivalent" (the mean losses differ by less than --margin) or "can't tell".
If there are envelopes of known changes of the chapter on the same data, a line says which of them
the log looks most like. gan_tf1/published/comparison.py and likeness.py state the methods. If a
chapter has no envelope, its values are printed beside those of published runs, epoch by epoch, with
the settings that differ.

Exit status: 0, or with --check 1 if the log differs and 2 if it can't be compared; 2 for bad input.
"""

import argparse
import itertools
import math
import sys

from gan_tf1 import figures, tables, wording
from gan_tf1.config import Parser, whole_number
from gan_tf1.errors import InputError, script
from gan_tf1.files import user_path
from gan_tf1.published import (comparison, comparison_figure, envelopes, likeness, logs, other_logs,
                               single_runs, verdict_file)
from gan_tf1.training import outputs

import numpy as np

# Settings that decide what is shown and kept, and no loss.
SHOWN_ONLY = ("print_every", "samples", "sample_interval", "interval_images")
LIKELY = 0.1  # a program with this probability is not an unlikely one


def positive(text):
    """An argparse type: a finite number above 0."""
    number = float(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number


def table(verdict, counted):
    """The lines of the comparison's table."""
    def shift(row):
        return f"{row.smallest:.3f}" if row.kind == "mean" else f"x {row.smallest:.2f}"

    yield from tables.lines(
        ("window", f"{counted}s", "loss", "statistic", "here", "seeds", "99 %, alone",
         "99 %, jointly", "80 % found", ""),
        [(row.window, row.epochs, row.loss, row.kind, f"{row.value:.3f}", f"{row.expected:.3f}",
          *(f"{low:.3f} - {high:.3f}" for low, high in (row.interval, row.joint)), shift(row),
          "<- outside" * row.outside) for row in verdict.statistics], left=4)
    yield "jointly: one more seed has all statistics inside their intervals with a probability of 99 %"
    for loss, share in verdict.shares.items():
        yield (f"{wording.percent(share)} of the {counted}s' {loss} lie inside their own 95 % "
               "interval")


def notes(log, envelope):
    """A line on the images, and on the data and each setting that differ from the envelope's."""
    if log.note:
        yield f"note: {log.note}"
    own, other = log.data, envelope.data_title
    if not own and other == envelope.chapter.stand_in:
        own = f"{envelope.chapter.data_title} (as it does not name its data)"
    if own and other not in ("?", own) and not logs.why_incomparable(log, envelope.data):
        yield f"note: trained on {own} here, on {other} in the envelope's runs"
    for loss in beyond(log, envelope.chapter):
        yield f"note: {envelope.chapter.columns[loss]} has values that such a loss can't have"
    for name, value in (log.settings or {}).items():
        if name not in SHOWN_ONLY and value != envelope.settings.get(name, value):
            yield f"note: {name} is {value} here, {envelope.settings[name]} in the envelope's runs"


def beyond(log, form):
    """The losses of `log` that have impossible values, such as a cross-entropy below 0."""
    def impossible(values, low, high):
        return bool(np.any((values < low) | (values > high)))

    return [loss for loss in form.columns if impossible(log.losses[loss], *form.bounds_of(loss))]


def of_all(verdict, found, envelope, args, chapter):
    """What was compared, if it is not all of the logs, and the seeds that diverged, a line each."""
    if verdict.compared and any(not np.isin(log.epochs, envelope.epochs).all() for log in found):
        yield f"compared: {verdict.compared}, which the envelope has too"
    if envelope.diverged:
        diverged = len(envelope.diverged)
        seeds = wording.quantity(envelope.seeds + diverged, "seed")
        yield f"note: {diverged} of {seeds} of the envelope diverged, and are left out"
    if verdict.word != "cannot be compared" and not args.envelope:
        found = envelopes.divergences(chapter, args.changes, shared_data(envelope, args))
        yield from (f"note: {lost}" for lost in found)


def read(paths, chapter, part=None):
    """The logs at `paths` and their chapter. Raises InputError if they are of several chapters."""
    found = []
    for path in paths:
        of_envelope = envelopes.chapter_of(path)
        if of_envelope:
            logs.refuse_part(part, path)
        found += (envelopes.envelope(chapter or of_envelope, path).logs() if of_envelope else
                  [other_logs.read(path, chapter, part)])
        chapter = chapter or of_envelope or found[-1].chapter  # the others are then read as logs of it
    if any(same(*two) for two in itertools.combinations(found, 2)):
        raise InputError("two of the logs have the same losses: name each log once, since a copy is not another run")
    return found, chapter


def same(log, other):
    """Whether two logs are copies. Constant losses can be equal in two runs, since few decimals are printed."""
    return np.array_equal(log.epochs, other.epochs) and all(
        np.array_equal(values, other.losses[loss], equal_nan=True) for loss, values in log.losses.items()) and any(
        np.ptp(values) > 0 for values in log.losses.values())


def shared_data(envelope, args):
    """The data set of the known changes that are looked at; "" if those named with --changes must be on it."""
    return "" if args.changes else envelope.data_title


def likely(found, chapter, own, args):
    """The `Likeness` of the logs to the known programs of their chapter; None if none is known on the data of `own`.

    `own` is the envelope with which the logs are compared.
    """
    known = envelopes.known_changes(chapter, args.changes, shared_data(own, args))
    if args.changes and not known:
        raise InputError(f"--changes {args.changes} has no envelopes of three seeds or more: make them with "
                         "known_changes.py")
    if not known or args.envelope:
        return None
    if any(beyond(log, logs.CHAPTERS[chapter]) for log in found):
        return None
    for name, one in known.items():
        if one.data_title != own.data_title or len({one.data_crc32, own.data_crc32} - {""}) > 1:
            raise InputError(f"the known change {name} was trained on {one.trained_on}, and the chapter's envelope on "
                             f"{own.trained_on}: leave it out of --changes")
    try:
        return likeness.most_like(found, {likeness.CHAPTER: own, **known})
    except InputError as error:
        if args.changes:
            raise
        print(f"note: {error}", file=sys.stderr)
        return None


def said(like, verdict):
    """What a `Likeness` says, beside a `Verdict`, in lines."""
    yield like.sentence
    if verdict.word != "differs":
        meaning = ("and the chapter's own program is one of the likely ones, so this suggests no mistake"
                   if not like.none and like.probabilities[likeness.CHAPTER] >= LIKELY else
                   "so this is only a hint")
        yield (f"(No difference from the chapter was found, {meaning}. All {len(like.probabilities)} known "
               "programs were taken to be equally probable beforehand.)")


@script
def main(argv=None):
    parser = Parser(__doc__)
    parser.add_argument("run_or_log", type=user_path, nargs="+", metavar="RUN_OR_LOG",
                        help="a run directory, a text or notebook (.ipynb) with the chapter's log "
                        "lines, a table, an envelope, or the id of a published log")
    parser.add_argument("--chapter", choices=tuple(logs.CHAPTERS), help="the chapter whose log it "
                        "is (default: that of the run, or the one that prints such lines)")
    parser.add_argument("--check", action="store_true",
                        help="exit with 1 if the log differs, with 2 if it can't be compared")
    parser.add_argument("--envelope", type=user_path, metavar="CSV", help="compare with this "
                        "envelope, made by make_envelope.py (default: the chapter's own)")
    parser.add_argument("--margin", type=positive, metavar="LOSS", help="mean losses that differ by "
                        f"less are equivalent, in the unit of the loss (default: {comparison.MARGIN}, "
                        f"for accuracies {comparison.SHARE_MARGIN})")
    parser.add_argument("--changes", type=user_path, metavar="DIR", help="a folder of envelopes of "
                        "known changes, made by known_changes.py (default: those of the package)")
    parser.add_argument("--json", action="store_true", help="print the verdict as JSON, described in "
                        "gan_tf1/published/verdict_file.py, and draw a figure only if --out is given")
    parser.add_argument("--part", type=whole_number, metavar="N",
                        help="the Nth run in a text or notebook that has the log lines of several")
    outputs.add_flags(parser, "comparison", ".png", "the overlay figure")
    args = parser.parse_args(argv)
    if args.part is not None and len(args.run_or_log) > 1:
        raise InputError("--part is for a single text or notebook")
    if args.changes and args.envelope:
        raise InputError("--changes are compared with the chapter's own envelope: leave out --envelope")
    drawn = bool(args.out or not args.json)
    out = outputs.file(args, "comparison") if drawn else None

    found, chapter = read(args.run_or_log, args.chapter, args.part)
    form, log = logs.CHAPTERS[chapter], found[0]
    envelope, others, verdict, told = None, [], None, []
    own = args.envelope or envelopes.path_of(chapter, log.data)
    if args.check or args.json or own or len(found) > 1:
        envelope = envelopes.envelope(chapter, own)
        verdict = comparison.judge_runs(found, envelope, args.margin)
        comparable = verdict.word != "cannot be compared"
        like = likely(found, chapter, envelope, args) if verdict.statistics else None
        told = [*dict.fromkeys(note for one in found for note in notes(one, envelope)),
                *of_all(verdict, found, envelope, args, chapter)]
        if like and like.compared != verdict.compared:
            told.append(f"note: all known programs and the log have only {like.compared}, in which they are compared")
        lines = [*told, *(table(verdict, form.counted) if verdict.statistics else ()),
                 *filter(None, [verdict.limits]), verdict.sentence, *(said(like, verdict) if like else ())]
    elif args.changes or args.margin:
        raise InputError(f"the package has no envelope of {chapter}, which --changes and --margin need: make one with "
                         "make_envelope.py, and name it with --envelope")
    else:
        lines, comparable = single_runs.beside(log, chapter)
        others = single_runs.of_chapter(chapter)[1:]
    first = args.run_or_log[0]
    name = (first.name or first.absolute().name) if len(found) == 1 else wording.quantity(len(found), "log")
    if args.json:
        print(verdict_file.document(verdict, chapter, args.run_or_log, envelope, like, told))
    else:
        detected = "" if args.chapter else f" ({chapter})"
        span = f"{wording.quantity(len(log.epochs), form.counted)}, {log.epochs[0]} to {log.epochs[-1]}"
        print(f"{', '.join(map(str, args.run_or_log))}{detected}: "
              + (span if len(found) == 1 else name), *lines, sep="\n")
    if comparable and drawn:
        path = figures.save(comparison_figure.comparison(
            log, logs.book(chapter), envelope, name, form, others, found[1:]), out)
        print(path, file=sys.stderr if args.json else sys.stdout)
    if args.check and verdict.word in ("differs", "cannot be compared"):
        sys.exit(1 if verdict.word == "differs" else 2)


if __name__ == "__main__":
    main()
