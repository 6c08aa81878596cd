"""Write a report of runs: one HTML file that opens from disk, without a server or a network.

    python scripts/report.py checkpoints/mnist_gan-001 --out report.html
    python scripts/report.py checkpoints/mnist_gan-001 checkpoints/mnist_gan-002    what if?

It shows the losses over those of many seeds and of the book, the samples over training, whether the
losses are the book's, the diagnosis, and how each run was made. Several runs of one chapter stand side
by side, with the settings that differ. The runs needn't be complete. gan_tf1/report/README.md says how
to read it. `--report` of a chapter's script writes the same page into the run directory.
"""

from gan_tf1.config import Parser
from gan_tf1.errors import script
from gan_tf1.files import user_path
from gan_tf1.report import page
from gan_tf1.training import outputs


@script
def main(argv=None):
    parser = Parser(__doc__)
    parser.add_argument("run", type=user_path, nargs="+", metavar="RUN", help="run directories of one chapter")
    outputs.add_flags(parser, "report", ".html", "the page")
    args = parser.parse_args(argv)
    out = outputs.file(args, "report", (".html",))
    print(page.write(args.run, out))


if __name__ == "__main__":
    main()
