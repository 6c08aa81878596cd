"""Compare a run, or any text with the chapter's log lines, with the book's printed log.

    python scripts/compare_logs.py checkpoints/mnist_gan-001
    python scripts/compare_logs.py my_notebook_output.txt --check
    python scripts/compare_logs.py checkpoints/semi_supervised-001 --chapter semi_supervised

For each window of epochs, the table shows the mean and the spread of both losses, beside the interval
into which one more seed of the chapter's model would fall. A verdict follows, with what the
comparison cannot tell, and a figure shows the run, the envelope and the book.
gan_tf1/published/comparison.py states the method. An envelope of your own (--envelope) needs at
least 5 seeds. If a chapter has no envelope (--chapter semi_supervised), its values are printed
beside those of published runs, epoch by epoch, and the settings in which the runs differ are named.
"""

import sys

from gan_tf1 import figures, tables, wording
from gan_tf1.config import Parser
from gan_tf1.errors import script
from gan_tf1.files import user_path
from gan_tf1.published import comparison, comparison_figure, logs, single_runs
from gan_tf1.training import outputs


def table(verdict, counted):
    """The lines of the comparison's table."""
    yield from tables.lines(
        ("window", f"{counted}s", "loss", "statistic", "here", "seeds", "99 % of single",
         "99 % of all", ""),
        [(row.window, row.epochs, row.loss, row.kind, f"{row.value:.3f}", f"{row.expected:.3f}",
          *(f"{low:.3f} - {high:.3f}" for low, high in (row.interval, row.joint)),
          "<- outside" * row.outside) for row in verdict.statistics], left=4)
    for loss, share in verdict.shares.items():
        yield (f"{wording.percent(share)} of the {counted}s' {loss} lie inside their own 95 % "
               "interval")


def notes(log, envelope):
    """A line for every setting that differs from that of the envelope's runs."""
    for name, value in (log.settings or {}).items():
        if value != envelope.settings.get(name, value):
            yield f"note: {name} is {value} here, {envelope.settings[name]} in the envelope's runs"


@script
def main(argv=None):
    parser = Parser(__doc__)
    parser.add_argument("run_or_log", type=user_path, metavar="RUN_OR_LOG",
                        help="a run directory, a text or notebook (.ipynb) with the chapter's log "
                        "lines, or a table")
    parser.add_argument("--chapter", choices=tuple(logs.CHAPTERS), help="the chapter whose log it "
                        "is (default: that of the run, or the one that prints such lines)")
    parser.add_argument("--check", action="store_true",
                        help="exit with 1 if the log differs, with 2 if it can't be compared")
    parser.add_argument("--envelope", type=user_path, metavar="CSV", help="compare with this "
                        "envelope, made by make_envelope.py (default: the chapter's own)")
    outputs.add_flags(parser, "comparison", ".png", "the overlay figure")
    args = parser.parse_args(argv)
    out = outputs.file(args, "comparison")

    path = args.run_or_log
    log = logs.read(path, args.chapter)
    chapter, form = log.chapter, logs.CHAPTERS[log.chapter]
    book, counted = logs.book(chapter), form.counted
    envelope, others = None, []
    if args.check or args.envelope or comparison.has_envelope(chapter):
        envelope = comparison.envelope(chapter, args.envelope)
    if envelope is None:
        lines, comparable = single_runs.beside(log, chapter)
        others = single_runs.of_chapter(chapter)[1:]
    else:
        verdict = comparison.judge(log, envelope)
        comparable = verdict.word != "cannot be compared"
        lines = [*notes(log, envelope), *(table(verdict, counted) if verdict.statistics else ()),
                 *filter(None, [verdict.limits]), verdict.sentence]
    found = "" if args.chapter else f" ({chapter})"
    print(f"{path}{found}: {wording.quantity(len(log.epochs), counted)}, {log.epochs[0]} to "
          f"{log.epochs[-1]}", *lines, sep="\n")
    if comparable:
        print(figures.save(comparison_figure.comparison(
            log, book, envelope, path.name, form, others), out))
    if args.check and verdict.word != "agrees":
        sys.exit(1 if verdict.word == "differs" else 2)


if __name__ == "__main__":
    main()
