"""The command line that all chapters' scripts share, and the run that it asks for."""

import argparse
import contextlib
import dataclasses
import sys
from typing import Any, NamedTuple

from gan_tf1 import memory, processor
from gan_tf1.config import Parser, add_flags, as_flag, given, intervals, make, whole_number
from gan_tf1.errors import InputError
from gan_tf1.files import data_folder, user_path
from gan_tf1.training import (
    devices, diversity, measured, outputs, run_config, run_directory, towers, training)
from gan_tf1.training.graph_loop import Loop
from gan_tf1.wording import quantity

MOST_TOWERS = 1024
DRAWN = ("drawn", "street")  # data sets that the package draws itself


class Launch(NamedTuple):
    """What a script is asked to train: a new run, or the rest of a run to resume."""
    chapter: str
    config: Any          # the chapter's Config
    data: str            # the name of the data set, one of the chapter's choices
    data_dir: Any        # the folder of the data, or None
    seed: int
    path: Any            # the run directory; None for the next free one
    resumed: Any         # config.json of the run to resume, or None
    loop: Loop = Loop()
    note: str = ""       # a line on the settings, printed when a new run begins
    report: bool = False  # whether report.html is written at the end
    record: bool = False  # whether the images of the same latent vectors are kept after each epoch
    towers: int = 1      # among how many devices each batch is divided
    servers: tuple = ()  # the addresses of servers, one for each tower; empty for this machine
    patience: float = devices.PATIENCE  # seconds until a call on the servers has failed
    model: Any = None    # the chapter's module, to measure its steps
    insist: bool = False  # whether bfloat16 is used without measuring its steps
    measured: dict = {}  # the seconds per step that decided about the loop

    @contextlib.contextmanager
    def training(self, data, sample_shape, *build_arguments):
        """A context with the `training.Training` of this run; the first two arguments are those of `open`.

        If the loop depends on how fast it is here, a few steps are measured first (`measured.py`),
        in a graph that the chapter's `build(config, *build_arguments)` makes.

        Raises InputError also if a server cannot be used, or if bfloat16 is slower.
        """
        settled = self._settled(data, sample_shape, build_arguments)
        with settled._devices() as used, settled.open(data, sample_shape) as run:
            with training.opened(run, settled.loop, used) as opened:
                yield opened

    def _settled(self, data, sample_shape, build_arguments):
        """This launch with a loop that is not "auto", and with what was measured to choose it."""
        asks = self.loop.loop == "auto" or self.loop.mixed_precision and not self.insist
        if self.resumed or self.towers > 1 or not asks:
            return self
        data.train.check_batch(self.config.batch_size)
        loop, found = measured.settled(self.loop, self.insist, lambda asked: measured.per_step(
            asked, lambda config: self.model.build(config, *build_arguments), self.model.step,
            data.train, self.config, self.seed, sample_shape))
        return self._replace(loop=loop, measured=found)

    @contextlib.contextmanager
    def _devices(self):
        used = (devices.Servers(self.servers, self.patience) if self.servers else
                devices.OneMachine(self.towers) if self.towers > 1 else None)
        with contextlib.closing(used) if used else contextlib.nullcontext():
            yield used

    def open(self, data, sample_shape):
        """Open the run, new or resumed; returns a `run_directory.Run`.

        `data` has the attributes `key`, `title` and `train`, a `TrainingSet`; `sample_shape` is the
        shape of the samples of one epoch. Raises InputError if the run to resume was trained on
        other data, or if a batch of the new run is larger than its training set or
        smaller than the number of its towers.
        """
        crc = data.train.fingerprint()
        if self.resumed:
            if self.resumed["data_crc32"] != crc:
                raise InputError(f"{self.path} was trained on other data: {data.title} here has "
                                 f"the checksum {crc}, there {self.resumed['data_crc32']}")
            self._note_changes()
            return run_directory.Run(self.path)
        data.train.check_batch(self.config.batch_size)
        towers.refuse_few(self.config.batch_size, self.towers)
        new = run_directory.start(self.path, {
            "chapter": self.chapter, **_change(self.model),
            "settings": dataclasses.asdict(self.config), "data": data.key,
            "loop": self.loop._asdict(), **({"measured": self.measured} if self.measured else {}),
            **({"record": True} if self.record else {}),
            **({"towers": self.towers} if self.towers > 1 else {}),
            "data_title": data.title, "data_crc32": crc,
            **({"data_note": data.note} if getattr(data, "note", "") else {}),
            **diversity.of_data(data.train),
            "data_dir": self.data_dir and str(self.data_dir), "seed": self.seed,
            "sample_shape": list(sample_shape), "command": sys.argv,
            "versions": run_config.versions(), "processor": processor.described(),
            "threads": memory.threads()})
        if self.note:
            print(self.note, file=sys.stderr, flush=True)
        print(f"run directory: {new.path}", flush=True)
        return new

    def _note_changes(self):
        """Say so if the resumed run was computed with other rounding until now."""
        before, now = self.resumed.get("threads", memory.threads()), memory.threads()
        if before != now:
            print(f"note: until now, this run had {quantity(before, 'thread')}, and now it has {now}, which can "
                  f"change last digits: TF_NUM_INTRAOP_THREADS={before} makes the run equal to an uninterrupted one",
                  file=sys.stderr, flush=True)
        before, now = self.resumed.get("processor", processor.described()), processor.described()
        if before != now:
            print(f"note: until now, this run was computed by {before}, and now by {now}, which rounds differently: "
                  "from here on, the run is not equal to an uninterrupted one", file=sys.stderr, flush=True)


def _change(model):
    """The key "change" of a model with a change (`experiments/known_changes.py`), or nothing."""
    return {"change": model.CHANGE} if hasattr(model, "CHANGE") else {}


class Small(NamedTuple):
    """Settings for minutes on two cores, if those of the chapter take hours.

    A script that has such settings uses them unless `--paper` is given.
    """
    settings: dict     # the settings that differ from the chapter's Config
    paper: str         # what the chapter's own settings train, in words
    data: tuple = ()   # the data sets for which the settings are meant, of which the first
                       # available one is the default; empty for all data sets of the script


def seed_number(text) -> int:
    """An argparse type: a seed that both NumPy and TensorFlow accept, 0 to 2147483647."""
    number = whole_number(text)
    if number >= 2**31:
        raise argparse.ArgumentTypeError(f"{text} is too large: a seed is at most {2**31 - 1}")
    return number


def parse(argv, description, model, data_choices, in_graph=True, small=None,
          subcommand="", recordable=False, reportable=True) -> Launch:
    """Parse the command line `argv` of the script for the chapter's `model`; returns a `Launch`.

    `in_graph` is False for a script without the loop in the graph. `subcommand` is the word that
    stands before `argv`, if the script does something else without it. `recordable` is True for a
    script with the flag `--record`, and `reportable` is False for one without `--report`.

    The settings in `small`, a `Small` or None, are used unless `--paper` is given, or a data set is
    named for which they are not meant. Settings on the command line override them. A resumed run
    keeps its own settings; with `--paper`, these must be the chapter's.

    Raises InputError if a setting is out of range, if the run directory is occupied, if there is no
    run to resume, if it is complete but has no checkpoint, if it has another configuration than the
    one asked for, or if `--xla` is given without `--loop graph`.
    """
    chapter, Config = model.CHAPTER, model.Config
    parser = Parser(description, subcommand)
    parser.add_argument("--data", choices=data_choices, default=argparse.SUPPRESS,
                        help=f"the data set; {about_auto(data_choices)}default: "
                        f"{_default_data(small, data_choices)}")
    parser.add_argument("--data-dir", type=data_folder, metavar="DIR",
                        help="the folder of the data set (default: TFDS_DATA_DIR, or the default "
                        "of TensorFlow Datasets)")
    parser.add_argument("--seed", type=seed_number, default=argparse.SUPPRESS,
                        help="the seed of all random numbers (default: 0)")
    parser.add_argument("--run-dir", type=user_path, metavar="DIR",
                        help="the run's directory (default: the next free "
                        f"checkpoints/{chapter}-NNN; with --resume, the newest of these)")
    parser.add_argument("--resume", action="store_true",
                        help="continue the run in --run-dir from its last checkpoint")
    parser.add_argument("--paper", action="store_true", help="train the chapter's own size: "
                        f"{small.paper}" if small else "use the chapter's own settings, which are "
                        "this script's defaults anyway")
    parser.set_defaults(report=False)
    if reportable:
        parser.add_argument("--report", action="store_true", help="at the end, write report.html into the "
                            "run's directory: one page that opens from disk, as report.py writes it")
    if recordable:
        parser.add_argument("--record", action="store_true", help="also keep the images of the same latent "
                            "vectors after each epoch, which a report then plays; the training stays as it is")
    if in_graph:
        _add_loop_flags(parser)
    add_flags(parser, Config, small.settings if small else {})
    args = parser.parse_args(argv)

    servers = tuple(devices.addresses(args.cluster)) if getattr(args, "cluster", None) else ()
    divided = {"towers": len(servers) or args.towers} if servers or hasattr(args, "towers") else {}
    patience = getattr(args, "patience", devices.PATIENCE)
    named = given(args, Config)
    data = _suited(small, args, data_choices)
    reduced = {} if data is None or args.resume else {
        name: value for name, value in small.settings.items() if name not in named}
    # A run to resume may have other intervals than the chapter, with which these don't fit.
    config = (make if args.resume else _config)(Config, {**reduced, **named})
    chosen = {name: getattr(args, name) for name in Loop._fields if hasattr(args, name)}
    if not args.resume:
        loop = _checked(Loop(**chosen), **divided, insist=getattr(args, "insist", False))
        if hasattr(args, "patience") and not servers:
            raise InputError("--patience is for --cluster: give both, or neither")
        run_directory.vacant(args.run_dir or outputs.next_free(chapter))
        chosen = " ".join(as_flag(name, value) for name, value in reduced.items())
        note = f"small settings: {chosen}; --paper trains {small.paper}" if chosen else ""
        data = data or getattr(args, "data", data_choices[0])
        return Launch(chapter, config, data, args.data_dir, getattr(args, "seed", 0),
                      args.run_dir, None, loop, note, args.report, getattr(args, "record", False),
                      divided.get("towers", 1), servers, patience, model, getattr(args, "insist", False))

    path = args.run_dir or run_directory.newest(chapter)
    stored = run_config.read_config(path)
    if args.paper:
        named = {**dataclasses.asdict(Config()), **named}
    named |= {name: getattr(args, name) for name in ("data", "seed") if hasattr(args, name)}
    if named.get("data") == "auto":
        del named["data"]
    if chosen.get("loop") == "auto" and stored.get("measured"):
        del chosen["loop"]  # the run keeps what was chosen for it
    record = {"record": True} if getattr(args, "record", False) else {}
    run_config.refuse_other(path, stored, {"chapter": chapter, "change": None, **_change(model), **named,
                                           **chosen, **record, **divided})
    if stored["data"] not in data_choices:
        raise InputError(f"{path}/config.json names the data set {stored['data']!r}, which "
                         f"{chapter} doesn't have: choose from {', '.join(data_choices)}")
    own = [field.name for field in dataclasses.fields(Config)] + list(Loop._fields)
    kept = [*stored["settings"], *stored.get("loop", {})]
    lacks, extra = ([name for name in one if name not in other]
                    for one, other in ((own, kept), (kept, own)))
    if lacks or extra:
        other = "; ".join([f"it lacks {', '.join(lacks)}"] * bool(lacks)
                          + [f"{chapter} has no {', '.join(extra)}"] * bool(extra))
        raise InputError(f"{path}/config.json does not fit {chapter} ({other}): it was changed, or "
                         "written by another version, so start a new run")
    run_directory.resumable(path)
    return Launch(chapter, _config(Config, stored["settings"]), stored["data"],
                  args.data_dir or stored["data_dir"], stored["seed"], path, stored,
                  Loop(**stored["loop"]), report=args.report, record=stored.get("record", False),
                  towers=stored.get("towers", 1), servers=servers, patience=patience)


def _config(Config, values):
    """`make(Config, values)`, whose iterations, if it has any, are whole intervals."""
    config = make(Config, values)
    if hasattr(config, "sample_interval"):
        intervals(config)
    return config


def about_auto(data_choices):
    """What --help says about "auto", if it is one of `data_choices`: the next, or drawn data."""
    if "auto" not in data_choices:
        return ""
    real = data_choices[data_choices.index("auto") + 1]
    drawn = next(choice for choice in DRAWN if choice in data_choices)
    return f"auto is {real} if it is there or can be downloaded, otherwise {drawn}; "


def _default_data(small, data_choices):
    """The text in --help on the data set that is used if none is named."""
    if small is None or not small.data:
        return data_choices[0]
    return (f"the first of {', '.join(small.data)} that is available without a download; with "
            f"--paper {data_choices[0]}")


def _suited(small, args, data_choices):
    """The data set to train on with the small settings, or None if these are not used."""
    if small is None or args.paper:
        return None
    if not small.data:
        return getattr(args, "data", data_choices[0])
    if hasattr(args, "data"):
        return args.data if args.data in small.data else None
    return next((choice for choice in small.data if _available(choice, args.data_dir)), None)


def _available(choice, data_dir):
    """Whether the data set `choice` is drawn by the package, or can be read without a download."""
    from gan_tf1.data import mnist, source
    if choice in DRAWN:
        return data_dir is None
    return (source.prepared_version(choice, data_dir) is not None
            or choice == "mnist" and data_dir is not None and mnist.has_idx_files(data_dir))


def _add_loop_flags(parser):
    group = parser.add_argument_group("the training loop")
    group.add_argument("--loop", choices=("feed", "graph", "auto"), default=argparse.SUPPRESS, help="feed: "
                       "as in the chapter, a batch and noise are fed at every step; graph: data, "
                       "noise and many steps per call are in the graph, with the same mathematics "
                       "on other batches and other noise; auto: the fastest of feed, graph and graph "
                       "with --xla here, measured for a few steps before a new run "
                       f"(default: {Loop().loop})")
    group.add_argument("--xla", action=argparse.BooleanOptionalAction, default=argparse.SUPPRESS,
                       help="compile the loop in the graph; on a processor, each step by itself if the "
                       "network has convolutions, which take 2 to 10 times as long then")
    group.add_argument("--mixed-precision", action=argparse.BooleanOptionalAction,
                       default=argparse.SUPPRESS,
                       help="compute in bfloat16 wherever grappler considers it safe; refused if a few "
                       "steps before a new run show that it is slower here")
    group.add_argument("--insist", action="store_true",
                       help="train with --mixed-precision without measuring whether it is faster")
    group = parser.add_argument_group("several devices").add_mutually_exclusive_group()
    group.add_argument("--towers", type=_towers, default=argparse.SUPPRESS, metavar="N",
                       help="divide each batch among N devices of this machine: GPUs if there are "
                       "enough, else CPU devices (default: 1)")
    group.add_argument("--cluster", metavar="HOST:PORT,...", help="divide each batch among the "
                       "servers at these addresses, each started with python -m gan_tf1.server; TF_CONFIG: "
                       "the workers that the variable of this name lists")
    parser.add_argument("--patience", type=seconds, default=argparse.SUPPRESS, metavar="SECONDS",
                        help="with --cluster, until a call that has not ended has failed (default: "
                        f"{devices.PATIENCE:g})")


def _towers(text):
    number = whole_number(text)
    if not 1 <= number <= MOST_TOWERS:
        raise argparse.ArgumentTypeError(f"{text} is not from 1 to {MOST_TOWERS}")
    return number


def seconds(text) -> float:
    """An argparse type: seconds, above 0 and at most a day."""
    with contextlib.suppress(ValueError):
        if 0 < (number := float(text)) <= 86400:
            return number
    raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a number of seconds, up to 86400")


def _checked(loop, towers=1, insist=False):
    if insist and not loop.mixed_precision:
        raise InputError("--insist is for --mixed-precision: give both, or neither")
    if towers > 1 and loop.loop != "feed":
        raise InputError("--towers and --cluster divide the chapter's own session.run lines: "
                         f"leave out --loop {loop.loop}")
    if loop.xla and loop.loop == "auto":
        raise InputError("--loop auto measures whether to compile the loop: leave out --xla")
    if loop.xla and loop.loop != "graph":
        raise InputError("--xla compiles the loop in the graph: give --loop graph too")
    return loop
