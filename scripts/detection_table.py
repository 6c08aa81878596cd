"""How often does compare_logs.py find known changes of a chapter, and how often is it wrong?

    python scripts/detection_table.py --out OUT
    python scripts/detection_table.py --out OUT --changes DIR --envelope OWN.csv --held-out OTHER.csv

Every seed of every known change is compared with the chapter's envelope, alone and in groups of three
and five, with all of its epochs and with those alone that the book prints. The same is done with the
seeds of the chapter's own envelope, each held out in turn: what is then found is a false alarm. Nothing
is trained; known_changes.py and make_envelope.py make the envelopes. The folder OUT gets

    detection.csv   one row per program, epochs and number of runs: how many groups were found to differ
    detection.txt   the same as a table with 95 % binomial intervals
    detection.png   the same as a figure
    confusion.csv   which program each seed is most like if it is left out and judged by all others;
                    the same in lines at the end of detection.txt, and as a figure in confusion.png;
                    the last line is on groups of three seeds
"""

from gan_tf1 import figures, tables
from gan_tf1.config import Parser
from gan_tf1.errors import InputError, script
from gan_tf1.experiments import detection
from gan_tf1.files import replacing, user_path
from gan_tf1.published import envelopes, likeness
from gan_tf1.training import many_runs, outputs
from gan_tf1.wording import quantity

GROUP = 3  # seeds of one program that are judged together


@script
def main(argv=None):
    parser = Parser(__doc__)
    parser.add_argument("--chapter", default="mnist_gan", help="the chapter (default: mnist_gan)")
    parser.add_argument("--envelope", type=user_path, metavar="CSV", help="the envelope with which "
                        "logs are compared (default: the chapter's own)")
    parser.add_argument("--changes", type=user_path, metavar="DIR", help="the folder of envelopes of "
                        "known changes (default: those of the package)")
    parser.add_argument("--held-out", type=user_path, metavar="CSV", help="an envelope of further seeds "
                        "of the chapter's own program, for false alarms")
    outputs.add_flags(parser, "detection", what="the tables and the figure")
    args = parser.parse_args(argv)
    if args.chapter not in envelopes.CHAPTERS:
        raise InputError(f"--chapter {args.chapter} is not a chapter: choose from "
                         f"{', '.join(envelopes.CHAPTERS)}")
    own = envelopes.envelope(args.chapter, args.envelope)
    programs = envelopes.known_changes(args.chapter, args.changes)
    if not programs:
        raise InputError(f"{args.changes or envelopes.KNOWN_CHANGES / args.chapter} has no envelopes: "
                         "make them with known_changes.py")
    held_out = envelopes.envelope(args.chapter, args.held_out) if args.held_out else None
    out = outputs.folder(args, "detection")

    found = detection.rates(own, programs, held_out)
    known = {likeness.CHAPTER: own, **programs}
    confused = detection.confusion(known)
    about = f"{args.chapter}: compared with {quantity(own.seeds, 'seed')} on {own.trained_on}"
    how = f"{about}; groups found to differ, with 95 % intervals"
    headings, rows = detection.table(found)
    lines = [*tables.lines(headings, rows), "", "cross-validation: what each seed is taken for",
             *detection.confusion_lines(confused), detection.certainty_line(known, GROUP),
             *(f"not counted: {lost}" for lost in envelopes.divergences(args.chapter, args.changes))]
    with replacing(out / "detection.csv") as temporary, open(temporary, "w", newline="") as file:
        file.write(f"# {how}\n")
        detection.write_rows(file, found)
    with replacing(out / "confusion.csv") as temporary, open(temporary, "w", newline="") as file:
        file.write(f"# {about}; what each seed is taken for if it is left out\n")
        detection.write_confusion(file, confused)
    many_runs.write_report(out / "detection.txt", [how], lines)
    print(*lines, out / "detection.csv", out / "confusion.csv", out / "detection.txt", sep="\n")
    print(figures.save(detection.figure(found, args.chapter), out / "detection.png"),
          figures.save(detection.confusion_figure(confused, args.chapter), out / "confusion.png"), sep="\n")


if __name__ == "__main__":
    main()
