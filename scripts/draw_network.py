"""Draw the networks of a chapter: layers, shapes, and numbers of weights, read from its TensorFlow graph.

    python scripts/draw_network.py mnist_gan                  figure 3 of the first chapter
    python scripts/draw_network.py dcgan_upsampling --out dcgan.svg
    python scripts/draw_network.py progressive_gan --set resolution=128
    python scripts/draw_network.py --list                     the names of all chapters

The settings are those of the chapter, which `--paper` trains, unless `--set` changes them. The same is printed as
text.
"""

from gan_tf1 import models
from gan_tf1.config import Parser, changed
from gan_tf1.errors import script
from gan_tf1.experiments import architecture, architecture_drawing
from gan_tf1.files import replacing
from gan_tf1.training import outputs


@script
def main(argv=None):
    parser = Parser(__doc__)
    parser.add_argument("chapter", nargs="?", default="mnist_gan", metavar="CHAPTER",
                        help="the chapter's name in --list (default: mnist_gan)")
    parser.add_argument("--set", nargs="+", default=[], metavar="NAME=VALUE", dest="settings",
                        help="settings of the chapter that differ, by their names in config.json, or as flags")
    parser.add_argument("--list", action="store_true", help="print the names of all chapters")
    outputs.add_flags(parser, "network", ".svg", "the diagram")
    args = parser.parse_args(argv)
    if args.list:
        print("\n".join(models.chapters()))
        return
    models.refuse_unknown(args.chapter)
    model = models.of_chapter(args.chapter)
    config = changed(model.Config(), args.settings)
    models.check(model, config)
    out = outputs.file(args, "network", (".svg",))

    networks = architecture.of_chapter(args.chapter, config)
    print(architecture_drawing.in_words(networks))
    drawn = architecture_drawing.drawing(networks, " ".join([args.chapter, *args.settings]))
    with replacing(out) as temporary:
        temporary.write_text(drawn, encoding="utf-8")
    print(out)


if __name__ == "__main__":
    main()
