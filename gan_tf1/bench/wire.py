"""Count the bytes that a training on servers sends per step, and compute what it can gain.

    python -m gan_tf1.bench.wire                    all chapters, at their own sizes
    python -m gan_tf1.bench.wire mnist_gan          one chapter
    python -m gan_tf1.bench.wire --seconds 0.6 --megabytes 30    the efficiency of a training

No step is computed. The chapter's step is called with a stand-in for the session that divides each
of its `session.run` lines between two towers, follows the tensors from one device to the other, and
returns zeros of the right shapes. What crosses is counted from the shapes:

    weights    from the first device to a tower: the variables that the tower reads, once per call
    gradients  from a tower to the first device, and what else is fetched
    images     a tower's slices of all that is fed

With n machines the first one sends the weights n - 1 times and receives as many gradients, all over
its own connection, so a step that takes T on one machine takes T / n + (n - 1) bytes / rate.
"""

from typing import NamedTuple

import numpy as np
from tabulate import tabulate

from gan_tf1 import models
from gan_tf1.config import Parser
from gan_tf1.errors import InputError, script
from gan_tf1.tf1 import new_graph, tf
from gan_tf1.training import towers
from gan_tf1.training.command_line import seconds

DEVICES = ["/cpu:0", "/cpu:1"]
MACHINES, RATES = (2, 8, 32), (1, 10, 100)  # Gbit/s
MOST_MACHINES = 1000
CHAPTERS = (  # those that can be divided
    "mnist_gan", "dcgan_svhn", "semi_supervised", "dcgan_mnist", "vanilla_gan", "dcgan_upsampling",
    "conditional_gan", "wasserstein_gan", "wasserstein_gan_gp", "dcgan_class", "progressive_gan",
    "pix2pix", "mixture_gan", "stacked_mnist_gan", "salimans_gan")
STREETS = [(32, 32, 3), (), ()]  # images, labels, and which labels may be used
COLUMNS = {"mnist_gan": [(784,), ()], "dcgan_class": [(784,), ()], "mixture_gan": [(2,)],
           "dcgan_svhn": STREETS, "semi_supervised": STREETS, "salimans_gan": STREETS}


class Bytes(NamedTuple):
    """What one step sends, for each tower but the first."""
    calls: int
    weights: int
    gradients: int
    images: int

    def total(self):
        return self.weights + self.gradients + self.images


class Counting(towers.Session):
    """A stand-in for the session of a step that counts the bytes of its calls."""

    def __init__(self, graph):
        super().__init__(graph, DEVICES)
        self.counted = Bytes(0, 0, 0, 0)

    def run(self, fetches, feed_dict=None):
        """Zeros in the structure of `fetches`, with as many rows as are fed."""
        feeds = {self._graph.as_graph_element(fed): value
                 for fed, value in (feed_dict or {}).items()}
        flat = [self._graph.as_graph_element(fetch) for fetch in tf.nest.flatten(fetches)]
        call = self.divided(flat, list(feeds))
        sliced = [np.asarray(value) for fed, value in feeds.items() if fed.name in call.slices]
        rows = len(sliced[0]) if sliced else 0
        images = sum(value.size * fed.dtype.size for fed, value in feeds.items()
                     if fed.name in call.slices) // len(DEVICES)
        weights, gradients = crossing(call, rows // len(DEVICES))
        self.counted = Bytes(*np.add(self.counted, (1, weights, gradients, images)).tolist())
        return tf.nest.pack_sequence_as(fetches, [
            np.zeros(_shape(fetch, rows), fetch.dtype.as_numpy_dtype)
            if isinstance(fetch, tf.Tensor) else None for fetch in flat])


def crossing(call, rows):
    """The bytes that a divided call sends to the second device, and back, with `rows` per tower."""
    sent, seen = {}, set()
    waiting = [fetch if isinstance(fetch, tf.Operation) else fetch.op for fetch in call.fetches]
    while waiting:
        op = waiting.pop()
        if op not in seen:
            seen.add(op)
            waiting += op.control_inputs
            for tensor in op.inputs:
                waiting.append(tensor.op)
                # An op without a device of its own, such as a variable's read, is on the first.
                ends = [one.device.rpartition(":")[2] or "0" for one in (tensor.op, op)]
                if ends[0] != ends[1] and tensor.dtype != tf.resource:
                    size = int(np.prod(_shape(tensor, rows))) * tensor.dtype.size
                    sent[tensor.ref()] = ends[1], size
    return tuple(sum(size for end, size in sent.values() if end == device) for device in "10")


def _shape(tensor, rows):
    shape = tensor.shape.as_list() if tensor.shape.rank is not None else []
    return [rows if size is None else size for size in shape]


class _Zeros:
    """A training set of zeros, whose batches have columns of the shapes `columns`."""

    def __init__(self, count, columns):
        self.num_examples = count
        self._columns = [np.zeros((count, *shape), np.float32 if shape else np.int64)
                         for shape in columns]
        self.images, self.labels = self._columns[0], np.zeros(count, np.int64)

    def next_batch(self, count):
        return [column[:count].copy() for column in self._columns]


def of_chapter(name) -> Bytes:
    """The `Bytes` of a step of chapter `name`, with its own settings."""
    model = models.of_chapter(name)
    config = model.Config()
    with new_graph(0, resource_variables=True).as_default() as graph, tf.device(DEVICES[0]):
        net, train_set = built(model, config)
        session = Counting(graph)
        model.step(session, net, train_set, np.random.default_rng(0), config)
    return session.counted


def built(model, config):
    """The net of a model, at its last stage if it has any, and a training set of zeros for it."""
    chapter = model.CHAPTER
    size = getattr(config, "size", None) or getattr(config, "resolution", None)
    pairs = 2 if chapter == "pix2pix" else 1
    columns = COLUMNS.get(chapter) or [(size, size, 3) if size else (28, 28)] * pairs
    stage = [model.stages(config)[-1], 3] if chapter == "progressive_gan" else []
    count = max(3 * config.batch_size * getattr(config, "packing", 1),
                getattr(config, "num_labels", 0))
    return model.build(config, *stage), _Zeros(count, columns)


def machines_that_pay(compute, sent, rate):
    """The number of machines with which a step is fastest, of `compute` s and `sent` bytes."""
    return max(range(1, MOST_MACHINES + 1),
               key=lambda count: count * efficiency(compute, sent, count, rate))


def efficiency(compute, sent, machines, rate):
    """The share of the time of n `machines` in which they compute, at `rate` Gbit/s."""
    step = compute / machines + (machines - 1) * sent * 8 / rate / 1e9
    return compute / (machines * step)


def table(compute, sent) -> str:
    """The efficiencies of a step of `compute` s that sends `sent` bytes per further machine."""
    rows = [[f"{rate} Gbit/s", *(f"{100 * efficiency(compute, sent, count, rate):.0f} %"
                                 for count in MACHINES),
             machines_that_pay(compute, sent, rate)] for rate in RATES]
    heads = ["", *(f"{count} machines" for count in MACHINES), "fastest with"]
    return tabulate(rows, heads, "github")


@script
def main(argv=None):
    parser = Parser(__doc__, prog="python -m gan_tf1.bench.wire")
    parser.add_argument("chapters", nargs="*", help=f"from: {', '.join(CHAPTERS)}")
    parser.add_argument("--seconds", type=seconds, help="how long a step takes on one machine")
    parser.add_argument("--megabytes", type=seconds, help="what a step sends per further machine")
    args = parser.parse_args(argv)
    if bool(args.seconds) != bool(args.megabytes):
        raise InputError("--seconds and --megabytes need each other: give both, or chapters")
    if args.seconds:
        print(table(args.seconds, args.megabytes * 1e6))
        return
    if unknown := [name for name in args.chapters if name not in CHAPTERS]:
        raise InputError(f"{unknown[0]} is not one of {', '.join(CHAPTERS)}")
    rows = []
    for name in args.chapters or CHAPTERS:
        counted = of_chapter(name)
        rows.append([name, counted.calls, *(f"{size / 1e6:.2f}" for size in counted[1:]),
                     f"{counted.total() / 1e6:.2f}"])
        print(rows[-1], flush=True)
    heads = ["chapter", "calls", "weights, MB", "gradients, MB", "images, MB", "sum, MB"]
    print(tabulate(rows, heads, "github", disable_numparse=True))


if __name__ == "__main__":
    main()
