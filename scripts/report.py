"""Write a report of runs: one HTML file that opens from disk, without a server or a network.

    python scripts/report.py checkpoints/mnist_gan-001 --out report.html
    python scripts/report.py checkpoints/mnist_gan-001 checkpoints/mnist_gan-002    what if?
    python scripts/report.py checkpoints/dcgan_svhn-001 --serve                     play with convolutions

It shows the losses over those of many seeds and of the book, the samples over training, whether the
losses are the book's, the diagnosis, and how each run was made. Several runs of one chapter stand side
by side, with the settings that differ. The runs needn't be complete. gan_tf1/report/README.md says how
to read it. `--report` of a chapter's script writes the same page into the run directory.

Dense generators are in the page. With --serve, the page is served on this machine until Ctrl-C, and
convolutional generators run in it, too. This needs pip install -e ".[onnx]", and once npm.
"""

import argparse
import contextlib

from gan_tf1.config import Parser
from gan_tf1.errors import script
from gan_tf1.files import user_path
from gan_tf1.report import page, serve
from gan_tf1.training import outputs


@script
def main(argv=None):
    parser = Parser(__doc__)
    parser.add_argument("--serve", type=port, nargs="?", const=serve.PORT, metavar="PORT", help="serve the page on "
                        f"127.0.0.1, with its convolutional generators (default port: {serve.PORT})")
    parser.add_argument("run", type=user_path, nargs="+", metavar="RUN", help="run directories of one chapter")
    outputs.add_flags(parser, "report", ".html", "the page")
    args = parser.parse_args(argv)
    out = outputs.file(args, "report", (".html",))
    if args.serve is None:
        print(page.write(args.run, out))
        return
    files = {}
    with serve.server(files, args.serve) as server:  # a port that is taken is found before anything is written
        files |= serve.write(args.run, out, args.overwrite)
        print(out)
        print(f"{serve.address(server)} (Ctrl-C ends it)", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()


def port(text):
    """An argparse type: the number of a port, in which 0 stands for any free one."""
    if not (text.isascii() and text.isdecimal() and int(text[:6]) < 2**16):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port, 0 to 65535; runs stand before --serve")
    return int(text)


if __name__ == "__main__":
    main()
