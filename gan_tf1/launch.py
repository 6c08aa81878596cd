"""From a script's command line to an open run: the flags that all chapters share."""

import argparse
import dataclasses
import sys
from typing import Any, NamedTuple

from gan_tf1 import diagnosis, run
from gan_tf1.config import Parser, add_flags, given, make, whole_number
from gan_tf1.errors import InputError
from gan_tf1.files import user_path
from gan_tf1.loop import Loop
from gan_tf1.tf1 import new_graph


class Launch(NamedTuple):
    """What to train: a new run, or the one to resume."""
    chapter: str
    config: Any          # the chapter's Config
    data: str            # which data set, one of the chapter's choices
    data_dir: Any        # folder of the data, or None
    seed: int
    path: Any            # the run directory
    resumed: Any         # config.json of the run to resume, or None
    loop: Loop = Loop()

    def new_graph(self):
        """An empty `tf.Graph` with the run's seed, and the variables that its loop needs."""
        return new_graph(self.seed, resource_variables=self.loop.loop == "graph")

    def open(self, data, sample_shape):
        """The run, open. `data` has `key`, `title` and `train`; `sample_shape` is an epoch's.

        Raises InputError where a run to resume was made with other data.
        """
        crc = data.train.fingerprint()
        if self.resumed:
            if self.resumed["data_crc32"] != crc:
                raise InputError(f"{self.path} was trained on other data: {data.title} here has "
                                 f"the checksum {crc}, there {self.resumed['data_crc32']}")
            return run.Run(self.path)
        new = run.Run(self.path, {
            "chapter": self.chapter, "settings": dataclasses.asdict(self.config), "data": data.key,
            "loop": self.loop._asdict(), "data_title": data.title, "data_crc32": crc,
            "data_diversity": diagnosis.of_data(data.train),
            "data_dir": self.data_dir and str(self.data_dir), "seed": self.seed,
            "sample_shape": list(sample_shape), "command": sys.argv,
            "versions": run.versions()})
        print(f"run directory: {self.path}", flush=True)
        return new


def seed_number(text):
    """An argparse type: a seed that NumPy and TensorFlow both take."""
    number = whole_number(text)
    if number >= 2**31:
        raise argparse.ArgumentTypeError(f"{text} is not below 2147483648")
    return number


def parse(argv, description, chapter, Config, data_choices, in_graph=True):
    """The `Launch` that the command line asks for; `in_graph` where there is a choice of the loop.

    Raises InputError for a setting out of range, an occupied run directory, or
    a `--resume` without a run or with another configuration than the run's,
    and for `--xla` without a loop in the graph.
    """
    parser = Parser(description=description,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", choices=data_choices, default=argparse.SUPPRESS,
                        help=f"the data set (default: {data_choices[0]})")
    parser.add_argument("--data-dir", type=user_path, metavar="DIR", help="where the data set lies (default: "
                        "TFDS_DATA_DIR, or TFDS's own default)")
    parser.add_argument("--seed", type=seed_number, default=argparse.SUPPRESS,
                        help="fixes everything random (default: 0)")
    parser.add_argument("--run-dir", type=user_path, metavar="DIR", help="the run's directory (default: the next "
                        f"free checkpoints/{chapter}-NNN; with --resume, the newest of these)")
    parser.add_argument("--resume", action="store_true",
                        help="go on with the run in --run-dir from its last checkpoint")
    if in_graph:
        _add_loop_flags(parser)
    add_flags(parser, Config)
    args = parser.parse_args(argv)

    named = given(args, Config)
    config = make(Config, named)
    chosen = {name: getattr(args, name) for name in Loop._fields if hasattr(args, name)}
    if not args.resume:
        path = args.run_dir or run.next_path(chapter)
        loop = _checked(Loop(**chosen))
        run.vacant(path)
        return Launch(chapter, config, getattr(args, "data", data_choices[0]), args.data_dir,
                      getattr(args, "seed", 0), path, None, loop)

    path = args.run_dir or run.newest(chapter)
    stored = run.read_config(path)
    named |= {name: getattr(args, name) for name in ("data", "seed") if hasattr(args, name)}
    if named.get("data") == "auto":
        del named["data"]
    run.refuse_other(path, stored, {"chapter": chapter, **named, **chosen})
    own = {"settings": {field.name for field in dataclasses.fields(Config)},
           "loop": set(Loop._fields)}
    if any(set(stored.get(part, ())) != names for part, names in own.items()):
        raise InputError(f"{path}/config.json has other settings than {chapter} has: it was "
                         "changed, or made by another version")
    return Launch(chapter, make(Config, stored["settings"]), stored["data"],
                  args.data_dir or stored["data_dir"], stored["seed"], path, stored,
                  Loop(**stored["loop"]))


def _add_loop_flags(parser):
    group = parser.add_argument_group("the training loop")
    group.add_argument("--loop", choices=("feed", "graph"), default=argparse.SUPPRESS, help="feed: "
                       "as in the chapter, a batch and noise fed to every step; graph: data, noise "
                       "and many steps a call in the graph, the same mathematics on batches and "
                       f"noise of its own (default: {Loop().loop})")
    group.add_argument("--xla", action=argparse.BooleanOptionalAction, default=argparse.SUPPRESS,
                       help="compile the loop in the graph")
    group.add_argument("--mixed-precision", action=argparse.BooleanOptionalAction,
                       default=argparse.SUPPRESS,
                       help="compute in bfloat16 where grappler deems it safe")


def _checked(loop):
    if loop.xla and loop.loop != "graph":
        raise InputError("--xla compiles the loop in the graph: give --loop graph too")
    return loop
