"""Are a chapter's training steps the same on a GPU? The comparison of two devices.

The same steps, with the same variables and the same numbers, are made on a reference device (the
CPU) and on a tested one (the GPU), in each of the two loops. In the place of the GPU, tests use a
second virtual CPU.
"""

import contextlib
import subprocess
from collections import Counter
from time import perf_counter
from typing import NamedTuple

import numpy as np

from gan_tf1.steps import double, draws, small
from gan_tf1.steps.exported import set_variables, variables_of
from gan_tf1.steps.run_exported import UNITS, difference, units
from gan_tf1.tf1 import session_config, tensor_float_32, tf
from gan_tf1.training import graph_loop

LOOPS = ("feed", "graph")
# Ops that do not compute: they bring values into a part of the graph or out of it, or order others.
TRANSFERS = {"_Send", "_Recv", "_HostSend", "_HostRecv", "_Arg", "_Retval", "Const", "HostConst",
             "NoOp", "Placeholder", "PlaceholderWithDefault", "VarHandleOp", "VariableV2", "Shape",
             "ShapeN", "Size", "Rank"}
MOST_MEMORY = 0.5  # largest share of a GPU's memory for such small steps; TensorFlow would take nearly all


class Place(NamedTuple):
    """A device, and how ops get there."""
    title: str
    device: str          # as TensorFlow names it: "/device:GPU:0"
    pinned: bool = True  # by `tf.device`; if not, TensorFlow decides, as it does for the scripts


CPU, GPU = Place("CPU", "/device:CPU:0"), Place("GPU", "/device:GPU:0", pinned=False)


class Taken(NamedTuple):
    """What some steps have led to."""
    losses: np.ndarray   # float64 [steps, k]
    variables: dict      # name -> array
    seconds: float       # per step

    def same_bytes(self, other) -> bool:
        """Whether losses and variables equal those of `other` to the last bit."""
        return self.losses.tobytes() == other.losses.tobytes() and all(
            value.tobytes() == other.variables[name].tobytes()
            for name, value in self.variables.items())


class Recording:
    """A session that records where each op of its calls was executed."""

    def __init__(self, sess):
        self._sess, self.graphs = sess, []

    def run(self, fetches, feed_dict=None):
        metadata = tf.RunMetadata()
        values = self._sess.run(fetches, feed_dict, run_metadata=metadata,
                                options=tf.RunOptions(output_partition_graphs=True))
        self.graphs += metadata.partition_graphs
        return values

    def elsewhere(self, device):
        """Which ops were executed on other devices than `device`, and how often: a Counter.

        Its keys are (device, type of op, whether it has floating-point numbers). Ops that do not
        compute are left out.
        """
        return Counter((node.device.rpartition("/")[2], node.op, _has_floats(node))
                       for graph in self.graphs for node in graph.node
                       if node.op not in TRANSFERS and not node.device.endswith(device))

    def on(self, device):
        """How many ops were executed on `device`, without those that do not compute."""
        return sum(node.op not in TRANSFERS and node.device.endswith(device)
                   for graph in self.graphs for node in graph.node)


def _has_floats(node):
    return any(tf.as_dtype(kind).is_floating for value in node.attr.values()
               for kind in ([value.type] if value.type else value.list.type)
               if kind < 100)  # above are references, which TF1's variables have


class Steps:
    """A configuration's steps in one of the loops, on one device, in an open session."""

    def __init__(self, sess, built, graph):
        self.sess, self.built, self._graph = sess, built, graph

    def start(self):
        """Initialize all variables, and return their values."""
        self.sess.run(tf.global_variables_initializer())
        return variables_of(self.sess)

    def take(self, start, drawn, dtype=np.float32, sess=None) -> Taken:
        """Make the steps from the variables `start`, with the draws `drawn`.

        The loop in the graph makes as many steps, and has draws of its own.
        """
        set_variables(self.sess, start)
        sess, begin = sess or self.sess, perf_counter()
        if self._graph is None:
            losses = draws.replayed(sess, self.built, drawn, dtype)
        else:
            taken = []
            while len(taken) < len(drawn):
                taken += graph_loop.call(sess, self._graph, len(taken), len(drawn) - len(taken))
            losses = draws.numbers([(one.losses, one.fetched) for one in taken])
        return Taken(losses, variables_of(self.sess), (perf_counter() - begin) / len(drawn))


@contextlib.contextmanager
def opened(name, place, loop):
    """The `Steps` of configuration `name` at a `Place`."""
    config = session_config()
    kind, _, number = place.device.removeprefix("/device:").partition(":")
    config.device_count[kind] = int(number) + 1
    with contextlib.ExitStack() as stack:
        stack.enter_context(graph_loop.Loop(loop).new_graph(small.SEED).as_default())
        if place.pinned:
            stack.enter_context(tf.device(place.device))
        sess, graph = stack.enter_context(tf.Session(config=config)), None
        built = small.build(name)
        if loop == "graph":
            graph = graph_loop.build(built.step, built.train_set, small.SEED, built.epoch,
                                     built.watch)
            graph_loop.load(sess, graph)
        yield Steps(sess, built, graph)


def check(name, loop, steps, reference=CPU, tested=GPU) -> dict:
    """Compare `steps` steps of configuration `name` in `loop` at two places: a row of the table."""
    row = {"configuration": name, "loop": loop}
    with opened(name, reference, loop) as here:
        start, drawn = here.start(), [()] * steps
        if loop == "feed":
            drawn, _ = draws.recorded(here.sess, here.built, steps,
                                      np.random.default_rng(small.SEED))
        here.take(start, drawn)  # the first call is slow
        single = here.take(start, drawn)
    with double.precision(), opened(name, reference, loop) as here:
        exact = here.take(start, drawn, np.float64)
    with opened(name, tested, loop) as there, tensor_float_32(False):
        try:
            recording = Recording(there.sess)
            there.take(start, drawn[:1], sess=recording)
            first, second = there.take(start, drawn), there.take(start, drawn)
            with tensor_float_32(True):
                with_tf32 = there.take(start, drawn)
        except tf.errors.OpError as error:
            return row | {"refused": _refusal(error)}
    row["on"], row["elsewhere"] = recording.on(tested.device), recording.elsewhere(tested.device)
    row["units"], row["of"] = worst(first, single, exact)
    row["TF32 units"], _ = worst(with_tf32, single, exact)
    row["TF32 difference"] = max(difference(with_tf32.losses, first.losses), *(
        difference(with_tf32.variables[key], value) for key, value in first.variables.items()))
    row["same bytes"] = first.same_bytes(second)
    row["reference speed"], row["tested speed"] = 1 / single.seconds, 1 / second.seconds
    return row


def worst(found, single, exact):
    """The largest error of `found` in units of that of `single`, and the array that has it."""
    pairs = [(units(found.losses, single.losses, exact.losses), "losses")]
    pairs += [(units(value, single.variables[key], exact.variables[key]), key)
              for key, value in found.variables.items()]
    return max(pairs)


def problems(row) -> list[str]:
    """What a row of the table shows that must not be, in words."""
    if "refused" in row:
        return [row["refused"]]
    found = [f"{count} {op} on {device}" for (device, op, floats), count in
             sorted(row["elsewhere"].items()) if floats]
    if not row["on"]:
        found.append("nothing ran on the tested device")
    if not row["units"] <= UNITS:
        found.append(f"{row['of']} has {row['units']:.3g} units of error, more than {UNITS}")
    if not row["same bytes"]:
        found.append("two runs differ")
    return found


def used_memory():
    """The share of the first GPU's memory that is in use, by nvidia-smi; None if it cannot be asked."""
    try:
        told = subprocess.run(["nvidia-smi", "--query-gpu=memory.used,memory.total", "--id=0",
                               "--format=csv,noheader,nounits"], capture_output=True, text=True,
                              check=True, timeout=60).stdout
        used, total = map(float, told.split(","))
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return used / total


def _refusal(error):
    op = f"{error.op.type} ({error.op.name})" if error.op is not None else "an op"
    return f"{op} refuses: {error.message.splitlines()[0][:200]}"
