"""Write a run's generator in another form: as a SavedModel, as ONNX, or as a small run directory.

    python scripts/export.py checkpoints/mnist_gan --out exported
    python scripts/export.py checkpoints/mnist_gan --out exported --onnx
    python scripts/export.py checkpoints/mnist_gan --out small --compact

RUN is a run directory of any chapter with a generator. A SavedModel is for programs that have TensorFlow
but not gan_tf1. In Python, with TF2 behaviour:

    generator = tf.saved_model.load("exported").signatures["default"]
    images = generator(latent=tf.random.uniform([16, 100], -1, 1))["default"]

exported/generator.json states the distribution and the shape of `latent`, and the shape and range of
the images. The generator of the conditional GAN also takes `label=`, whole numbers. That of pix2pix
takes `images=` and `noise=`, the seed of its dropout. CycleGAN has two signatures, "AtoB" and
"BtoA", which take `images=`.

With --onnx, the folder has generator.onnx, or AtoB.onnx and BtoA.onnx, instead of the SavedModel.
`onnxruntime` computes it without TensorFlow. This needs pip install -e ".[onnx]".

With --compact, the folder is a small run directory, which the scripts of gan_tf1 read like any other.
It has the run's configuration and the generator's weights, rounded to about 5 bits each.
"""

from gan_tf1.config import Parser
from gan_tf1.errors import script
from gan_tf1.files import user_path
from gan_tf1.generators import compact, onnx_export
from gan_tf1.generators.export import export
from gan_tf1.training import outputs


@script
def main(argv=None):
    parser = Parser(__doc__)
    parser.add_argument("run", type=user_path, metavar="RUN", help="a run directory")
    outputs.add_former(parser, "DIR")
    parser.add_argument("--out", type=user_path, metavar="DIR", help="where the generator goes: a "
                        "new folder (default: the next free checkpoints/exported-NNN)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--onnx", action="store_true", help="write ONNX instead of a SavedModel")
    form.add_argument("--compact", action="store_true", help="write a small run directory instead: "
                      "the generator with rounded weights")
    args = parser.parse_args(argv)
    outputs.take_former(args, "DIR")
    out = args.out or outputs.next_free("exported")
    outputs.refuse_devices(out, "--out")
    write = compact.export if args.compact else onnx_export.export if args.onnx else export
    write(args.run, out)
    print(out)


if __name__ == "__main__":
    main()
