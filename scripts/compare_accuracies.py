"""Compare the classifiers of several configurations of the semi-supervised chapter over many seeds.

    python scripts/make_envelope.py --out supervised.csv --script 04_semi_supervised_svhn.py \\
        --data street --seeds 0-2 --work-dir runs/supervised -- --supervised-only
    python scripts/make_envelope.py --out gan.csv ... --work-dir runs/gan
    python scripts/compare_accuracies.py supervised.csv gan.csv

For each configuration it prints the accuracy after the last epoch, as mean and standard deviation
over the seeds, and the difference from the first configuration with its standard error, which takes
the seeds of the two as independent. It also draws the curves. (`semi_supervised_report.py` trains the
configurations too, and compares them seed by seed.)
"""


from gan_tf1 import figures, tables
from gan_tf1.config import Parser
from gan_tf1.errors import InputError, script
from gan_tf1.files import user_path
from gan_tf1.published import envelopes
from gan_tf1.training import outputs

import numpy as np
import scipy  # its parts are imported when they are first used


def spread(values):
    """The mean and the standard deviation over seeds, in percent."""
    return f"{100 * values.mean():.1f} +- {100 * values.std(ddof=1):.1f} %"


def table(runs):
    """The lines of the table, one for each `(name, Envelope)`."""
    first, rows = runs[0][1].losses["test_accuracies"][:, -1], []
    for number, (name, envelope) in enumerate(runs):
        train, test = (envelope.losses[column][:, -1] for column in
                       ("train_accuracies", "test_accuracies"))
        error = 100 * np.hypot(scipy.stats.sem(test), scipy.stats.sem(first))
        points = f"{100 * (test.mean() - first.mean()):+.1f} +- {error:.1f}" if number else ""
        rows.append((name, str(len(test)), str(len(envelope.epochs)), spread(train), spread(test),
                     points))
    return tables.lines(("", "seeds", "epochs", "train accuracy", "test accuracy", "than the first"),
                        rows)


@script
def main(argv=None):
    parser = Parser(__doc__)
    parser.add_argument("csv", type=user_path, nargs="+", metavar="CSV",
                        help="made by make_envelope.py; the table shows its name without .csv")
    parser.add_argument("--title", default="Accuracy", help="the title of the figure")
    outputs.add_flags(parser, "accuracies", ".png")
    args = parser.parse_args(argv)
    out = outputs.file(args, "accuracies")

    runs = [(path.stem, envelopes.envelope("semi_supervised", path)) for path in args.csv]
    data = {envelope.data for _, envelope in runs}
    if len(data) > 1:
        raise InputError(f"these were trained on different data: {', '.join(sorted(data))}")
    print(f"on {data.pop()}, after the last epoch:", *table(runs), sep="\n")
    curves = [(name + ": ", {"epoch": envelope.epochs, **envelope.losses})
              for name, envelope in runs]
    print(figures.save(figures.accuracy_curves(curves, args.title), out))


if __name__ == "__main__":
    main()
