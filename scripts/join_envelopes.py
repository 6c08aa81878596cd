"""Join envelopes of one program with different seeds, made apart, into one CSV file.

    python scripts/join_envelopes.py here.csv there.csv --out OUT.csv
    python scripts/join_envelopes.py CHANGE.csv more.csv --out CHANGE.csv --overwrite

Machines without a common folder can make some seeds each, and seeds can be added to an envelope whose
runs are no longer there. Files are refused that differ in the settings, the loop, the data or the versions; only
the seeds, the command and the processor may differ.
"""

from gan_tf1.config import Parser
from gan_tf1.errors import InputError, script
from gan_tf1.files import replacing, user_path
from gan_tf1.published import joined_envelopes
from gan_tf1.training import outputs


@script
def main(argv=None):
    parser = Parser(__doc__)
    parser.add_argument("csv", type=user_path, nargs="+", metavar="CSV",
                        help="made by make_envelope.py or known_changes.py")
    outputs.add_flags(parser, "envelope", ".csv", "the envelope")
    args = parser.parse_args(argv)
    if len(args.csv) < 2:
        raise InputError(f"{args.csv[0]} alone can't be joined: name two envelopes or more")
    text = joined_envelopes.joined(args.csv)
    out = outputs.file(args, "envelope", (".csv",))
    with replacing(out) as temporary:
        temporary.write_text(text)
    print(out)


if __name__ == "__main__":
    main()
