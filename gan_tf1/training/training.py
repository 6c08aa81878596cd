"""The loop around a chapter's training step: log, samples, checkpoints, resuming."""

import contextlib
import math
from time import perf_counter

from tqdm import tqdm

from gan_tf1 import figures
from gan_tf1.errors import TrainingError
from gan_tf1.tf1 import session_config, tf
from gan_tf1.training import (
    checkpoint, diagnosis, graph_loop as loops, graph_memory, saved_generator)


ESTIMATE_AFTER = 10.  # seconds of training, before it is said how long the rest will take
ESTIMATE_FROM = 60.   # seconds: what takes less isn't announced


def fit(run, *, epochs, steps, step, report, log_line, sample, train_set, rng, gen_vars,
        first_epoch=1, first_step=None, tally=None, evaluate=None, watch=(), loop=loops.Loop(),
        part=None, carried=(), picture=figures.grid_png, closing=diagnosis.tell):
    """Train from where `run` stands (a new one stands at 0) to the end of its last epoch.

    The graph is the current default graph; it is finalized before the first
    step. What the chapter decides comes as callables::

        step(sess, train_set, rng) -> fetched
                                        one training step, batch and noise drawn inside
        tally(last, fetched, seconds) -> last
                                        sums over the epoch's steps, at first of None; without it
                                        `last` is what the last step fetched
        report(sess, last) -> dict      the epoch's losses
        log_line(epoch, losses) -> str  the lines as the chapter prints them
        sample(sess) -> images          the epoch's samples; None for a net that draws none
        picture(samples) -> bytes       a PNG of them for TensorBoard; None of what has no picture
        evaluate(sess, epoch)           what the chapter tells after some epochs only: None, or
                                        the line and a dict for accuracies.csv

    The log counts epochs from `first_epoch`. Where a chapter prints every step, `first_step` is
    the number of its first one: `report` and `log_line` then serve each step, and losses.csv
    counts steps. `loop` says by which loop the steps are made; that in the graph writes the losses
    `watch`, a dict of tensors, of every step to step_losses.csv. Entries of a report that are
    called `..._time` are for the log alone: no two runs have them equal.

    Everything random outside of the graph comes from `rng`
    (a `numpy.random.Generator`) and `train_set` (with `state()`, `restore()`);
    both are part of each checkpoint, so that a resumed run goes on with the
    very numbers that an uninterrupted one would have drawn. `gen_vars` are saved
    alone after each epoch, as the chapters do.

    Where the graph changes on the way, each graph is trained by a `fit` of its own, one after the
    other: `part` is (first, last), this graph's epochs being those after `first` up to `last` of
    the run's `epochs`. At its start the variables `carried` are those of the checkpoint that the
    part before left; other variables, and `train_set`, are new. Of a resumed run, the parts before
    `epochs_done` are left out.

    The log of a complete run ends with a sentence on how it went, which `closing(run)` writes
    (`gan_tf1/training/diagnosis.py`).

    On stderr it says how many steps there are to make, and after some seconds how long they will
    take, if that is more than a minute.

    Raises InputError if the machine has too little memory for the graph, and TrainingError if a
    loss is no longer finite.
    """
    first, end = part or (0, epochs)
    graph = tf.get_default_graph()
    graph_memory.refuse_graph(graph, run.config["settings"], run.config["sample_shape"])
    if loop.loop == "graph":
        in_graph = loops.build(step, train_set, run.config["seed"], steps, watch, loop.xla)
    saver = tf.train.Saver(max_to_keep=None)
    carrier = tf.train.Saver(var_list=carried) if first else None
    gen_saver = tf.train.Saver(var_list=gen_vars, max_to_keep=2, save_relative_paths=True)
    initialize = tf.global_variables_initializer()
    graph.finalize()

    with tf.Session(graph=graph, config=session_config(loop.mixed_precision)) as sess, \
            _resumable(run):
        sess.run(initialize)
        rows = 1 if first_step is None else steps  # in losses.csv, an epoch
        last_generators = saved_generator.saved(run.path)
        start = _restore(run, saver, sess, train_set, rng, epochs, rows, first, carrier)
        if start == epochs:
            run.say(f"{run.path} is complete: it has all of its {epochs} epochs")
            return _finish(run, closing)
        run.events(graph, start)
        saved_generator.follow(run.path, gen_saver, last_generators)
        left = (end - start) * steps
        whole = "" if left == epochs * steps else f" of {epochs * steps:,} in all"
        run.say(f"{left:,} training steps{whole}")
        turns = (loops.graph_steps(sess, in_graph, start * steps) if loop.loop == "graph" else
                 loops.feed_steps(sess, step, train_set, rng))
        turns = _estimated(turns, left, run.say)

        with tqdm(total=epochs * steps, initial=start * steps, unit="step", disable=None,
                  mininterval=0.5, smoothing=0.05) as bar:
            for epoch in range(start + 1, end + 1):
                bar.set_description(f"epoch {epoch}/{epochs}", refresh=False)
                last = None
                number = {"epoch": epoch - 1 + first_epoch}
                for done in range((epoch - 1) * steps, epoch * steps):
                    fetched, watched, seconds = next(turns)
                    last = tally(last, fetched, seconds) if tally else fetched
                    bar.update()
                    if watched:
                        watched = {name: float(value) for name, value in watched.items()}
                        run.record({"step": done + 1, **watched}, "step_losses.csv")
                    if first_step is not None:
                        losses = _tell(run, epoch, {"step": done + first_step}, report(sess, last),
                                       log_line)
                if first_step is None:
                    losses = _tell(run, epoch, number, report(sess, last), log_line)
                if evaluated := evaluate and evaluate(sess, epoch):
                    line, accuracies = evaluated
                    run.log(line)
                    run.record({**number, **accuracies}, "accuracies.csv")
                grid = None
                if sample:
                    images = sample(sess)
                    run.add_samples(images)
                    grid = picture(images) if picture else None
                run.summarize(epoch, losses, grid)

                flushed = run.flushed_epoch(epoch, last=epoch == epochs)
                saved_generator.save(run.path, gen_saver, sess, epoch, flushed == epoch)
                checkpoint.save(run.path / "state", saver, sess, {
                    "epoch": epoch, **run.grown(flushed == epoch), "identity": run.identity(),
                    "rng": rng.bit_generator.state, "train_set": train_set.state()}, flushed)
    if end == epochs:
        _finish(run, closing)


def _estimated(turns, steps, say):
    """The `turns`, of which a line says after some seconds how long all `steps` of them will take.

    The first turn doesn't count: in it the graph is prepared. What soon ends is not announced.
    """
    begun = None
    for done, turn in enumerate(turns):
        yield turn
        if done == 0:
            begun = perf_counter()
        elif begun is not None and (elapsed := perf_counter() - begun) > ESTIMATE_AFTER:
            left = elapsed / done * (steps - done - 1)
            if left > ESTIMATE_FROM:
                say(f"about {duration(left)} to go, at {done / elapsed:.3g} steps a second")
            begun = None


def duration(seconds):
    """`seconds` in words, to two digits at most: "2 minutes", "1.5 hours", "3 days"."""
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        if seconds >= size:
            break
    number = float(f"{seconds / size:.2g}")
    return f"{number:g} {unit}{'s' * (number != 1)}"


def epochs_done(run):
    """How many epochs `run` has a sound checkpoint of: a resumed one goes on from there."""
    state, _ = checkpoint.newest(run.path / "state", run.say, run.misfit)
    return state["epoch"] if state else 0


@contextlib.contextmanager
def _resumable(run):
    try:
        yield
    except KeyboardInterrupt:
        run.say(f"{run.path} can go on: --resume --run-dir {run.path}")
        raise
    except TrainingError:
        diagnosis.tell(run)
        raise
    except tf.errors.ResourceExhaustedError as error:
        raise TrainingError(f"{run.path} stops: its settings take more memory than the device "
                            "has: choose smaller sizes") from error


def _finish(run, closing):
    run.finish()
    closing(run)


def _tell(run, epoch, number, losses, log_line):
    """Log and record the losses of the epoch or step `number`; return those that are recorded.

    Losses that aren't finite are recorded alone: the row says later on why the run stopped.
    """
    kept = {name: value for name, value in losses.items() if not name.endswith("_time")}
    if not all(map(math.isfinite, losses.values())):
        run.record({**number, **kept})
        raise TrainingError(_not_finite(run, epoch, losses))
    run.log(log_line(*number.values(), losses))
    run.record({**number, **kept})
    return kept


def _restore(run, saver, sess, train_set, rng, epochs, rows, first, carrier):
    """Put run, variables and generators back to the last sound checkpoint; return its epoch.

    A run that was stopped before its first checkpoint is emptied, and starts at 0. The checkpoint
    of epoch `first` is of the graph before: `carrier` restores what this one takes over from it.
    """
    state, prefix = checkpoint.newest(run.path / "state", run.say, run.misfit)
    if state is None:
        run.refuse_to_lose(rows)
        run.cut_back({})
        run.log(run.headline())
        return 0
    if state["epoch"] < epochs:
        run.cut_back(state["sizes"])
    rng.bit_generator.state = state["rng"]
    if state["epoch"] == first:
        carrier.restore(sess, prefix)
    else:
        run.say(f"resuming {run.path} after epoch {state['epoch']}")
        saver.restore(sess, prefix)
        train_set.restore(state["train_set"])
    return state["epoch"]


def _not_finite(run, epoch, losses):
    values = ", ".join(f"{name} = {value}" for name, value in losses.items())
    good = f"the last good checkpoint is that of epoch {epoch - 1}" if epoch > 1 else (
        "there is no checkpoint yet")
    return f"the losses of epoch {epoch} are not finite ({values}): {run.path} stops, and {good}"
