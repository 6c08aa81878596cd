"""The rows of the benchmark: our loops and their peers, as `--rows` names them."""

import importlib
import importlib.util
from typing import Any, Callable, NamedTuple


class Runner(NamedTuple):
    """A row that is set up for a work.

    run(units) -> dict        does `units` units with its own random numbers, waits until all is
                              computed, and returns the losses of the last step
    replay(weights, feeds)    for tests: does one step for each of `feeds`, starting from `weights`,
                              and returns `(losses [S, k], weights)`. Weights are {"gen": [...],
                              "disc": [...]}, arrays in TensorFlow's layout and the graph's order.
                              A feed has the arrays of a step in the order of the placeholders
    """
    run: Callable
    replay: Callable
    packages: tuple        # the packages whose versions the table shows
    flops: Any = None      # a `flops.Count` per unit, if the row has a graph in which to count
    part: float = 1.0      # the share of a unit that `run(1)` does, if a whole one takes minutes


class Row(NamedTuple):
    """A row of the table."""
    key: str
    title: str
    module: str            # in gan_tf1.bench
    needs: tuple = ()      # the packages that it imports
    options: dict = {}     # arguments of the module's function
    precision: str = "float32"  # the precision of its products and convolutions, and of its ceiling
    works: tuple = ()      # the names of the works that it is for; empty for all that its module has


DENSE, CONVOLUTIONAL = ("mnist_gan", "wgan_gp"), ("semi_supervised", "dcgan_svhn")

ALL = {row.key: row for row in (
    Row("ours", "ours, feed loop", "ours"),
    Row("ours-graph", "ours, graph loop", "ours", options={"loop": "graph"}),
    Row("ours-graph-xla", "ours, graph loop, XLA", "ours", options={"loop": "graph", "xla": True}),
    Row("ours-graph-mixed", "ours, graph loop, mixed precision", "ours",
        options={"loop": "graph", "mixed_precision": True}, precision="bfloat16"),
    Row("listing", "the chapter's listing, as printed", "listing_peer"),
    Row("keras", "Keras, predict and train_on_batch", "keras_peer", ("keras",)),
    Row("torch", "PyTorch, eager", "torch_peer", ("torch",)),
    Row("torch-compile", "PyTorch, torch.compile", "torch_peer", ("torch",), {"compiled": True}),
    Row("torch-channels-last", "PyTorch, channels_last", "torch_peer", ("torch",),
        {"channels_last": True}, works=CONVOLUTIONAL),
    Row("torch-bfloat16", "PyTorch, autocast", "torch_peer", ("torch",), {"bfloat16": True}, "bfloat16"),
    Row("torch-channels-last-bfloat16", "PyTorch, channels_last and autocast", "torch_peer", ("torch",),
        {"channels_last": True, "bfloat16": True}, "bfloat16", CONVOLUTIONAL),
    Row("jax", "JAX, jit over fori_loop", "jax_peer", ("jax",), works=DENSE),
    Row("jax-bfloat16", "JAX, jit over fori_loop, bfloat16", "jax_peer", ("jax",), {"bfloat16": True},
        "bfloat16", DENSE),
    # Inside of a loop, XLA's convolutions take 40 to 70 times as long on a processor.
    Row("jax-step", "JAX, jit of one step", "jax_peer", ("jax",), {"single": True}, works=CONVOLUTIONAL),
    Row("jax-step-bfloat16", "JAX, jit of one step, bfloat16", "jax_peer", ("jax",),
        {"single": True, "bfloat16": True}, "bfloat16", CONVOLUTIONAL),
)}
REFERENCE = "ours"  # ratios are relative to this row

CEILINGS = {row.key: row for row in (
    Row("product-numpy", "NumPy's product", "ceiling", options={"library": "numpy"}),
    Row("product-tensorflow", "TensorFlow's product", "ceiling", options={"library": "tensorflow"}),
    Row("product-torch", "PyTorch's product", "ceiling", ("torch",), {"library": "torch"}),
    Row("product-tensorflow-bfloat16", "TensorFlow's product in bfloat16", "ceiling", (),
        {"library": "tensorflow", "precision": "bfloat16"}, "bfloat16"),
    Row("product-torch-bfloat16", "PyTorch's product in bfloat16", "ceiling", ("torch",),
        {"library": "torch", "precision": "bfloat16"}, "bfloat16"),
)}


def module_of(row):
    """Import the row's module, which doesn't import its framework yet."""
    return importlib.import_module(f"gan_tf1.bench.{row.module}")


def absent(row, work) -> str | None:
    """The reason why `row` can't do `work` here, such as a missing package, or None."""
    if row.key not in CEILINGS:
        module = module_of(row)
        if work.name not in (row.works or module.WORKS):
            return f"it has no {work.name}"
    missing = [name for name in row.needs if importlib.util.find_spec(name) is None]
    if missing:
        return f"{' and '.join(missing)} is not installed: pip install -e '.[bench]'"
    return None


def make(row, work, config, data):
    """Import the row's framework, and set up the `Runner` of `row` for `work`."""
    module = module_of(row)
    function = module.product if row.key in CEILINGS else module.WORKS[work.name]
    return function(work, config, data, **row.options)
