"""Write a chapter's training step as StableHLO, for programs that don't have TensorFlow.

    python scripts/export_step.py mnist_gan DIR               a small configuration
    python scripts/export_step.py mnist_gan DIR --paper       with all settings of the chapter
    python scripts/export_step.py all DIR                     all small configurations, in a folder each
    python DIR/run.py                                         runs them in JAX, and compares

DIR is a new folder. It gets the step as text and serialized, in float32 and in float64, the images and
the noise of ten steps (random numbers, not a data set), the variables before and after these steps,
and run.py, one file that needs JAX and NumPy alone (pip install jax). run.py uses whatever device JAX
has, a GPU if there is one, and prints how far its results are from TensorFlow's, and how long a step takes.
"""

import shutil

from gan_tf1 import models
from gan_tf1.config import Parser, changed, whole_number
from gan_tf1.errors import InputError, script
from gan_tf1.files import making, unoccupied, user_path
from gan_tf1.steps import exported, small
from gan_tf1.training import outputs


@script
def main(argv=None):
    parser = Parser(__doc__)
    parser.add_argument("configuration", nargs="?", metavar="CHAPTER",
                        help="a chapter, or another configuration of --list; or all")
    parser.add_argument("folder", nargs="?", type=user_path, metavar="DIR", help="a new folder")
    parser.add_argument("--paper", action="store_true", help="with all settings of the chapter")
    parser.add_argument("--set", nargs="+", default=[], metavar="NAME=VALUE", dest="settings",
                        help="settings that differ, by their names in config.json, or as flags")
    parser.add_argument("--steps", type=whole_number, default=10,
                        help="how many steps are made (default: %(default)s)")
    parser.add_argument("--list", action="store_true", help="print the names of all configurations")
    args = parser.parse_args(argv)
    if args.list:
        print("\n".join(small.MODELS))
        return
    if args.configuration is None or args.folder is None:
        raise InputError("give a chapter and a new folder, as in: export_step.py mnist_gan DIR")
    small.refuse_unknown([args.configuration] if args.configuration != "all" else [])
    small.refuse_steps(args.steps)
    outputs.refuse_devices(args.folder, "DIR")
    unoccupied(args.folder)
    if args.configuration != "all":
        config = changed(small.config_of(args.configuration, args.paper), args.settings)
        models.check(small.MODELS[args.configuration][0], config)
        exported.export(args.configuration, args.folder, args.steps, config)
    elif args.paper or args.settings:
        raise InputError("--paper and --set are for one chapter, not for all")
    else:
        with making(args.folder) as temporary:
            for name in small.MODELS:
                exported.export(name, temporary / name, args.steps)
                print(f"{name}: written", flush=True)
            shutil.copyfile(exported.RUN, temporary / "run.py")
    print(args.folder)


if __name__ == "__main__":
    main()
