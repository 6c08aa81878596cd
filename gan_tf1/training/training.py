"""What surrounds the training loop of a chapter's script.

A script builds its model, and then does in its own two loops what the chapter does::

    with job.training(data, sample_shape) as training:
        gan = model.build(config)
        take_step = training.stepper(model.step, gan, data.train, config, steps)
        for epoch in training.epochs(config.epochs, gan.gen_vars):
            for _ in range(steps):
                taken = take_step()
            losses = model.report(training.sess, gan, taken)
            line = model.log_line(epoch, config.epochs, losses)
            training.log(line, epoch=epoch, **losses)
            samples = model.sample(training.sess, gan, training.noise(), config.samples, config)
            training.keep_samples(samples)

Everything else is here: the seeded graph and its session, the choice between the two
loops, resuming, saving after each epoch, TensorBoard events, the progress bar, and the
sentence that ends the log.
"""

import contextlib
import math
from time import perf_counter

from tqdm import tqdm

from gan_tf1 import figures, seeds
from gan_tf1.data.training_set import TrainingSet
from gan_tf1.errors import TrainingError
from gan_tf1.tf1 import session_config, tf
from gan_tf1.training import (
    checkpoint, diagnosis, events, graph_loop as loops, graph_memory, saved_generator, titles,
    tower_differences, towers)
from gan_tf1.wording import quantity

ESTIMATE_AFTER = 10.  # seconds of training after which the remaining time is printed
ESTIMATE_FROM = 60.   # seconds: a shorter remaining time is not printed


@contextlib.contextmanager
def opened(run, loop, devices=None):
    """A context with the `Training` of the open `run`, and a new default graph.

    `loop` is a `graph_loop.Loop`; `devices`, from `devices.py`, are those of a run with towers. At
    the end of the block, a sentence on how the training went is added to the log of a complete run
    (`diagnosis.py`). If the run is interrupted, a line on stderr says how to resume it.

    Raises TrainingError if the device runs out of memory, or if a server fails.
    """
    training = Training(run, loop, devices)
    try:
        training.new_graph()
        yield training
        if training.complete:
            diagnosis.tell(run)
    except KeyboardInterrupt:
        run.say(f"to continue {run.path}, give --resume --run-dir {run.path}")
        raise
    except TrainingError:
        diagnosis.tell(run)
        raise
    except tf.errors.ResourceExhaustedError as error:
        raise TrainingError(f"{run.path} stops, since its settings take more memory than the "
                            "device has: choose smaller sizes") from error
    except (tf.errors.OpError, OSError) as error:  # a failed save is an OSError
        failure = devices and devices.failure(error if isinstance(error, tf.errors.OpError)
                                              else error.__cause__)
        if not failure:
            if isinstance(error, OSError):
                run.say(f"to continue {run.path}, give --resume --run-dir {run.path}")
            raise
        raise TrainingError(f"{failure}: to continue {run.path} after its last saved epoch, give "
                            f"--resume --run-dir {run.path}, with other servers if need be"
                            ) from error
    finally:
        training.close()


class Training:
    """A run in training: its session, its random numbers, and what is logged and saved.

    path      the run directory, a `pathlib.Path`
    sess      the `tf.Session`, open from the first epoch on
    rng       the `numpy.random.Generator` of the training steps; its state is in each checkpoint
    seconds   how long the last step took
    complete  whether all epochs are done
    """

    def __init__(self, run, loop, devices=None):
        self.run, self.path = run, run.path
        self.rng, self.sess = seeds.stream(run.config["seed"], seeds.STEPS), None
        self.seconds, self.complete = 0., False
        self._epoch = None  # the epoch that this process trains, or has trained last
        self._loop, self._opened = loop, contextlib.ExitStack()
        self._devices, self._divided = devices, None

    def title(self, what, *named) -> str:
        """The title of a figure: `what` was trained, on which data, and the settings that differ.

        `named` are the settings that `what` already mentions.
        """
        return titles.title(what, self.run.config, named)

    def noise(self):
        """A `numpy.random.Generator` for samples: every call returns one with the same numbers."""
        return seeds.stream(self.run.config["seed"], seeds.SAMPLES)

    def new_graph(self) -> None:
        """Close the present graph, if any, and make an empty, seeded graph the default."""
        self.close()
        graph = self._loop.new_graph(self.run.config["seed"], divided=bool(self._devices))
        self._opened.enter_context(graph.as_default())
        if self._devices:  # the chapter's own ops and all variables are on the first device
            self._opened.enter_context(tf.device(self._devices.names[0]))

    def close(self) -> None:
        """Close session, graph, events and progress bar."""
        self._opened.close()

    def stepper(self, step, net, train_set: TrainingSet, config, steps, watch=(), stops=0):
        """A function that makes one training step and returns what the chapter's `step` returns.

        It calls `step(sess, net, train_set, rng, config)`, or with `--loop graph` takes the next
        result of the loop in the graph. `steps` is the number of steps per epoch. `watch`, a dict
        name -> tensor, contains losses that the loop in the graph writes to step_losses.csv at
        every step. After every `stops`th step, if that is not 0, the losses of the network can be
        computed with the loop in the graph too; otherwise only after an epoch, since one call makes
        many steps.

        Raises InputError if the machine has too little memory for the graph, or if its batches
        cannot be divided among the towers.
        """
        self._graph, stored = tf.get_default_graph(), self.run.config
        graph_memory.refuse_graph(self._graph, stored["settings"], stored["sample_shape"])
        self._train_set, self._steps, self._stops = train_set, steps, stops
        self._step = loops.bound(step, net, config)
        if self._devices:
            self._divided = towers.of_run(self._graph, self._devices.names, train_set, config)
            self._note = tower_differences.note(net, len(self._devices.names))
        if self._loop.loop == "graph":
            if slow := loops.slow_if_compiled(self._loop, self._graph):
                self.run.say(slow)
            self._in_graph = loops.build(self._step, train_set, stored["seed"], steps, watch,
                                         self._loop.xla)
        return self._take_step

    def _take_step(self):
        taken = next(self._turns)
        self._done += 1
        self._bar.update()
        if taken.losses:
            losses = {name: float(value) for name, value in taken.losses.items()}
            self.run.record({"step": self._done, **losses}, "step_losses.csv")
        self.seconds = taken.seconds
        return taken.fetched

    def epochs(self, epochs, gen_vars, part=None, carried=()):
        """Yield the numbers of the epochs that are left to train, and save the run after each one.

        The numbers begin at 1. The graph is finalized before the first epoch. A resumed run
        continues after its newest usable checkpoint, with the random numbers that an uninterrupted
        run would have drawn; a complete run has no epochs left. The variables `gen_vars` are also
        saved alone, as in the chapters.

        If a chapter changes its graph during the training, each graph trains one `part` of all
        `epochs`: (first, last), the epochs after `first` up to `last`. Each graph but the first
        starts with the variables `carried` as the previous graph has left them, and with new values
        for all others.
        """
        first, last = part or (0, epochs)
        make_saver = self._devices.saver if self._devices else tf.train.Saver
        saver = make_saver(max_to_keep=None)
        carrier = make_saver(var_list=carried) if first else None
        gen_saver = make_saver(var_list=gen_vars, max_to_keep=2, save_relative_paths=True)
        initialize = tf.global_variables_initializer()
        self.sess = self._opened.enter_context(self._session())
        if self._divided:
            self._divided.sess = self.sess
        self.sess.run(initialize)

        before = saved_generator.saved(self.path)
        start = self._restore(saver, carrier, first, epochs)
        if start < epochs:
            saved_generator.follow(self.path, gen_saver, before)
            self._begin(start, last, epochs)
        else:
            self.run.say(f"{self.path} is complete: it has all of its {quantity(epochs, 'epoch')}")
        for epoch in range(start + 1, last + 1):
            self._bar.set_description(f"epoch {epoch}/{epochs}", refresh=False)
            self._epoch, self._losses, self._picture = epoch, {}, None
            yield epoch
            self._save(saver, gen_saver, epochs)
        if start < last:
            self._bar.close()
        if max(start, last) == epochs:
            self.run.finish()
            self.complete = True

    def _session(self):
        if self._devices:  # the first step adds the towers to the graph
            return self._devices.session(self._graph, self._loop.mixed_precision)
        self._graph.finalize()
        return tf.Session(graph=self._graph, config=session_config(self._loop.mixed_precision))

    def log(self, line, table="losses.csv", **row) -> None:
        """Log `line` as the chapter prints it, and add the numbers `row` to a table of the run.

        If `line` is empty, the numbers are only added to the table. The first number is that of the
        epoch or step. Numbers whose names end in `_time` are not written to the table, since they
        differ from run to run.

        Raises TrainingError if a number is not finite. In that case the row is recorded, so that
        the diagnosis can name it, but the line is not logged. A loss within an epoch is also recorded as
        that of the epoch, since losses.csv shows whether a run has diverged.
        """
        kept = {name: value for name, value in row.items() if not name.endswith("_time")}
        if not all(map(math.isfinite, row.values())):
            self.run.record(kept, table)
            if table == "printed_losses.csv":
                _, *losses = kept.items()
                self.run.record({"epoch": self._epoch, **dict(losses)}, "losses.csv")
            raise TrainingError(self._not_finite(row))
        if line:
            self.run.log(line)
        self.run.record(kept, table)
        if table == "losses.csv":
            _, *losses = kept.items()
            self._losses = dict(losses)

    def keep_samples(self, samples, picture=True) -> None:
        """Keep the epoch's `samples`, of the run's sample shape, and show them in TensorBoard.

        By default they are shown as a grid of images. `picture`, the bytes of a PNG file, is shown
        instead; with None, nothing is shown.
        """
        self.run.add_samples(samples)
        self._picture = figures.grid_png(samples) if picture is True else picture

    def keep_fixed(self, images) -> None:
        """Keep the images of latent vectors that are the same after each epoch, of the run's sample shape."""
        self.run.add_fixed(images)

    def epochs_done(self) -> int:
        """The epoch of the newest usable checkpoint, or 0: a resumed run continues after it."""
        state, _ = checkpoint.newest(self.path / "state", self.run.say, self.run.misfit)
        return state["epoch"] if state else 0

    def _begin(self, start, last, epochs):
        """Start events, loop and progress bar after epoch `start`; print how many steps remain."""
        steps, left = self._steps, (last - start) * self._steps
        self._events = self._opened.enter_context(contextlib.closing(
            events.started(self.path / "events", self._graph, start)))
        whole = "" if left == epochs * steps else f" of {epochs * steps:,} in all"
        self.run.say(f"{quantity(left, 'training step')}{whole}")
        self._done = start * steps
        turns = (loops.graph_steps(self.sess, self._in_graph, self._done, self._stops)
                 if self._loop.loop == "graph" else
                 loops.feed_steps(self._divided or self.sess, self._step, self._train_set,
                                  self.rng))
        self._turns = _estimated(turns, left, self.run.say)
        self._bar = self._opened.enter_context(
            tqdm(total=epochs * steps, initial=self._done, unit="step", disable=None,
                 mininterval=0.5, smoothing=0.05))

    def _restore(self, saver, carrier, first, epochs):
        """Restore files, variables and random numbers from the newest usable checkpoint.

        Returns its epoch. A run that was stopped before its first checkpoint is emptied, and starts
        after epoch 0. The checkpoint of epoch `first` was made with the previous graph: of its
        variables, `carrier` restores those that this graph shares.
        """
        run = self.run
        state, prefix = checkpoint.newest(run.path / "state", run.say, run.misfit)
        if state is None:
            run.refuse_to_lose(self._steps)
            run.cut_back({})
            run.log(titles.headline(run.config))
            if "data_note" in run.config:
                run.log(run.config["data_note"])
            if self._devices:
                run.log(self._note)
            return 0
        if state["epoch"] < epochs:
            run.cut_back(state["sizes"])
            if self._epoch is None:  # else the checkpoint is this process's own, of the previous graph
                run.say(f"resuming {run.path} after epoch {state['epoch']}")
        self.rng.bit_generator.state = state["rng"]
        if state["epoch"] == first:
            carrier.restore(self.sess, prefix)
        else:
            saver.restore(self.sess, prefix)
            self._train_set.restore(state["train_set"])
        return state["epoch"]

    def _save(self, saver, gen_saver, epochs):
        """Save the epoch: its events, the generator, and the whole state."""
        run, epoch = self.run, self._epoch
        events.add(self._events, epoch, self._losses, self._picture)
        flushed = run.flushed_epoch(epoch, last=epoch == epochs)
        saved_generator.save(run.path, gen_saver, self.sess, epoch, flushed == epoch)
        checkpoint.save(run.path / "state", saver, self.sess, {
            "epoch": epoch, **run.grown(flushed == epoch), "identity": run.identity(),
            "rng": self.rng.bit_generator.state, "train_set": self._train_set.state()}, flushed)

    def _not_finite(self, row):
        _, *losses = row.items()
        values = ", ".join(f"{name} = {value}" for name, value in losses)
        good = (f"the last good checkpoint is that of epoch {self._epoch - 1}" if self._epoch > 1
                else "there is no checkpoint yet")
        return (f"the losses of epoch {self._epoch} are not finite ({values}): {self.path} stops, "
                f"and {good}")


def _estimated(turns, steps, say):
    """Yield the items of `turns`, `steps` in number, and once `say` how much time is left.

    The first step is not counted, since TensorFlow prepares the graph in it. A short remaining time
    is not announced.
    """
    begun = None
    for done, turn in enumerate(turns):
        yield turn
        if done == 0:
            begun = perf_counter()
        elif begun is not None and (elapsed := perf_counter() - begun) > ESTIMATE_AFTER:
            left = elapsed / done * (steps - done - 1)
            if left > ESTIMATE_FROM:
                say(f"about {duration(left)} to go, at {done / elapsed:.3g} steps per second")
            begun = None


def duration(seconds) -> str:
    """`seconds` in words, with at most two digits: "2 minutes", "1.5 hours", "3 days"."""
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        if seconds >= size:
            break
    number = float(f"{seconds / size:.2g}")
    return f"{number:g} {unit}{'s' * (number != 1)}"
