"""Who does the work: our loops and their peers, as `--rows` names them."""

import importlib
import importlib.util
from typing import Any, Callable, NamedTuple


class Runner(NamedTuple):
    """A row, set up for a work: what the worker calls.

    run(units) -> dict        does so many units with random numbers of its own, and returns the
                              last step's losses once everything is computed
    replay(weights, feeds)    for tests: `(losses [S, k], weights)` of one step for each of `feeds`,
                              from `weights`: {"gen": [...], "disc": [...]}, arrays in TensorFlow's
                              layout and the graph's order. A feed holds a step's arrays in the
                              order of the work's own placeholders
    """
    run: Callable
    replay: Callable
    packages: tuple        # whose versions the table tells
    flops: Any = None      # of a unit, a `flops.Count`: where the row has a graph to count in
    part: float = 1.0      # of a unit that `run(1)` does: less than 1 where a unit takes minutes


class Row(NamedTuple):
    """A row of the table."""
    key: str
    title: str
    module: str            # in gan_tf1.bench
    needs: tuple = ()      # packages, by the name that is imported
    options: dict = {}     # given to the module's function
    precision: str = "float32"  # whose ceiling the row is held against


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
    Row("jax", "JAX, jit over fori_loop", "jax_peer", ("jax",)),
)}
REFERENCE = "ours"  # what ratios are against

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
    """The row's module; importing it imports no framework."""
    return importlib.import_module(f"gan_tf1.bench.{row.module}")


def absent(row, work):
    """Why `row` can't do `work` here, or None: it does no such work, or a package is missing."""
    if row.key not in CEILINGS:
        module = module_of(row)
        if work.name not in module.WORKS:
            return f"it has no {work.name}"
    missing = [name for name in row.needs if importlib.util.find_spec(name) is None]
    if missing:
        return f"{' and '.join(missing)} is not installed: pip install -e '.[bench]'"
    return None


def make(row, work, config, data):
    """The `Runner` of `row` for `work`; imports the row's framework. Raises what that raises."""
    module = module_of(row)
    function = module.product if row.key in CEILINGS else module.WORKS[work.name]
    return function(work, config, data, **row.options)
