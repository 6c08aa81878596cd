"""Measure the steps per second of a chapter on one device and on 1 and 2 servers of this machine.

    python -m gan_tf1.bench.towers mnist_gan --rounds 5

Each round takes some seconds of steps in every row, one row after another, so that all rows have
the same conditions. The servers are processes of this machine, which share its cores and its memory:
what is measured is what the runtime costs, and not what further machines gain. The output also says
how many bytes went through the loopback device (Linux, /proc/net/dev) per step, which contains the
feeds that the client sends, and whatever else uses that device.
"""

import contextlib
import pathlib
import threading
import time

import numpy as np

from gan_tf1.bench import wire
from gan_tf1.config import Parser, whole_number
from gan_tf1.errors import InputError, script
from gan_tf1.server import Server
from gan_tf1.tf1 import new_graph, tf
from gan_tf1.training import devices, towers


class Row:
    """A chapter's step on some devices, with a graph and a session of its own."""

    def __init__(self, name, opened, divided, stack):
        model = wire.models.of_chapter(name)
        self._config, self._step = model.Config(), model.step
        self._graph = new_graph(0, resource_variables=True)
        with self._graph.as_default(), tf.device(opened.names[0]):
            self._net, self._train_set = wire.built(model, self._config)
            initialize = tf.global_variables_initializer()
            self._used = session = stack.enter_context(opened.session(self._graph))
            session.run(initialize)
            if divided:
                self._used = towers.Session(self._graph, opened.names)
                self._used.sess = session
        self._rng = np.random.default_rng(0)
        self.measured(1)  # the first step prepares the graph

    def measured(self, least):
        """Make steps for at least so many seconds: steps per second, loopback bytes per step."""
        start, before, steps = time.perf_counter(), loopback(), 0
        while steps == 0 or time.perf_counter() - start < least:
            self._step(self._used, self._net, self._train_set, self._rng, self._config)
            steps += 1
        return steps / (time.perf_counter() - start), (loopback() - before) / steps


def loopback() -> int:
    """The bytes that the loopback device has received since the machine was started."""
    for line in pathlib.Path("/proc/net/dev").read_text().splitlines():
        name, _, counts = line.partition(":")
        if name.strip() == "lo":
            return int(counts.split()[0])
    return 0


@contextlib.contextmanager
def servers(count):
    """Addresses of `count` servers of this machine."""
    made = [Server("127.0.0.1", 0) for _ in range(count)]
    for one in made:
        threading.Thread(target=_serve, args=(one,), daemon=True).start()
    try:
        yield [f"127.0.0.1:{one.port}" for one in made]
    finally:
        for one in made:
            one.close()


def _serve(one):
    with contextlib.suppress(OSError):  # when it is closed
        one.serve()


@script
def main(argv=None):
    parser = Parser(__doc__, prog="python -m gan_tf1.bench.towers")
    parser.add_argument("chapter", choices=wire.CHAPTERS, help="the chapter")
    parser.add_argument("--rounds", type=whole_number, default=5, help="rounds (default: 5)")
    parser.add_argument("--seconds", type=whole_number, default=5,
                        help="seconds per row and round (default: 5)")
    args = parser.parse_args(argv)
    if not args.rounds:
        raise InputError("--rounds must be at least 1")
    with servers(3) as addresses, contextlib.ExitStack() as opened:
        rows = {}
        for name, used, divided in (
                ("one device", devices.OneMachine(1), False),
                ("2 CPU devices", devices.OneMachine(2), True),
                ("1 server", devices.Servers(addresses[:1]), True),
                ("2 servers", devices.Servers(addresses[1:]), True)):
            opened.callback(used.close)
            rows[name] = Row(args.chapter, used, divided, opened)
        found = {name: np.array([]) for name in rows}
        sent = {name: [] for name in rows}
        for _ in range(args.rounds):
            for name, row in rows.items():
                rate, size = row.measured(args.seconds)
                found[name] = np.append(found[name], rate)
                sent[name].append(size)
        for name, rates in found.items():
            ratios = rates / found["one device"]
            print(f"{name}: {np.median(rates):.3g} steps per second, {np.median(ratios):.2f} times "
                  f"one device ({ratios.min():.2f} to {ratios.max():.2f}), "
                  f"{np.median(sent[name]) / 1e6:.3f} MB per step through the loopback device")


if __name__ == "__main__":
    main()
