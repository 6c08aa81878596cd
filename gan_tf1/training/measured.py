"""Which loop is the fastest here, and whether bfloat16 is faster: measured for a few steps before a run.

The steps are made by graphs and sessions of their own, with random numbers of their own, and the training
set is put back where it was. So the run that follows is the same, byte for byte, as one whose loop was
named on the command line. The choice and the seconds per step are stored in config.json, and a run
that is resumed does not measure again.
"""

import contextlib
import dataclasses
import math
import sys
from time import perf_counter

import numpy as np

from gan_tf1.errors import InputError
from gan_tf1.tf1 import session_config, tf
from gan_tf1.training import graph_loop as loops, graph_memory

ROUNDS = 5      # the fastest of so many counts, since other programs may slow down any of them
SECONDS = 0.25  # the intended duration of one round of the slowest
MOST = 100      # steps per round
MARGIN = 1.05   # bfloat16 is refused if it takes so many times as long; less may be chance
AUTO = {"feed": loops.Loop("feed"), "graph": loops.Loop("graph"),
        "graph compiled": loops.Loop("graph", xla=True)}


def settled(loop, insist, make, say=None):
    """The `Loop` to train with, and the seconds per step of all that were measured, name -> seconds.

    loop    the `Loop` that was asked for, with `loop="auto"` for the fastest
    insist  whether to use bfloat16 without measuring
    make    a function of a dict of loops that returns the seconds per step of each: `per_step`, with
            what is trained

    Raises InputError if bfloat16 was asked for and is slower.
    """
    say = say or (lambda line: print(line, file=sys.stderr, flush=True))
    found = {}
    if loop.loop == "auto":
        found = make({name: each._replace(mixed_precision=loop.mixed_precision)
                      for name, each in AUTO.items()})
        fastest = min(found, key=found.get)
        loop = AUTO[fastest]._replace(mixed_precision=loop.mixed_precision)
        say(f"the fastest loop here is {fastest}; per step: {in_words(found)}")
    if loop.mixed_precision and not insist:
        both = make({"float32": loop._replace(mixed_precision=False), "bfloat16": loop})
        if both["bfloat16"] > MARGIN * both["float32"]:
            raise InputError(f"--mixed-precision is slower here; per step: {in_words(both)}: leave it "
                             "out, or give --insist to train with it all the same")
        found = {**found, **both}
    return loop, found


def in_words(found) -> str:
    """Seconds per step, name -> seconds, as "feed 2.31 ms, graph 1.52 ms"."""
    return ", ".join(f"{name} {1000 * seconds:.4g} ms" for name, seconds in found.items())


def per_step(asked, build, step, train_set, config, seed, sample_shape=()) -> dict[str, float]:
    """The seconds per step of each `Loop` in the dict `asked`, under the same names.

    `build(config)` and `step(sess, net, train_set, rng, config)` are the chapter's. The rounds of all
    loops take turns. A compiled loop is left out on a processor if the network has convolutions, since
    XLA's take longer there than oneDNN's, and compiling them takes longest.

    Raises InputError if the machine has too little memory for the graph.
    """
    state, seconds, runs = train_set.state(), {}, {}
    alternatives = not all(loop.xla for loop in asked.values())
    try:
        with contextlib.ExitStack() as stack:
            for name, loop in asked.items():
                graph = loop.new_graph(seed)
                with graph.as_default():
                    net = build(config)
                    graph_memory.refuse_graph(graph, dataclasses.asdict(config), sample_shape)
                    if loop.xla and alternatives and loops.single_steps(graph):
                        continue
                    runs[name] = _runner(stack, loop, loops.bound(step, net, config), train_set,
                                         config.batch_size, seed)
            for run in runs.values():
                run(1)  # TensorFlow prepares the graph in the first step, and XLA compiles it
            slowest = max(_seconds(run, 1) for run in runs.values())
            count = int(min(MOST, max(1, SECONDS // slowest)))
            for _ in range(ROUNDS):
                for name, run in runs.items():
                    seconds[name] = min(seconds.get(name, math.inf), _seconds(run, count) / count)
    finally:
        train_set.restore(state)
    return {name: float(f"{value:.4g}") for name, value in seconds.items()}


def _runner(stack, loop, step, train_set, batch_size, seed):
    """A function that makes `count` steps of the current graph, in a session that `stack` closes."""
    if loop.loop == "graph":
        epoch = train_set.num_examples // batch_size + 1  # and the smaller batch, if there is one
        in_graph = loops.build(step, train_set, seed, epoch, xla=loop.xla)
    initialize = tf.global_variables_initializer()
    sess = stack.enter_context(contextlib.closing(
        tf.Session(config=session_config(loop.mixed_precision))))
    sess.run(initialize)
    if loop.loop == "feed":
        turns = loops.feed_steps(sess, step, train_set, np.random.default_rng(seed))
        return lambda count: [next(turns) for _ in range(count)]
    loops.load(sess, in_graph)
    return loops.runner(sess, in_graph)


def _seconds(run, count):
    start = perf_counter()
    run(count)
    return perf_counter() - start
