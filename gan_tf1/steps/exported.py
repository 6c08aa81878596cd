"""Writing a chapter's training step, with what it should compute, for programs without TensorFlow.

The folder has these files:

    step.mlir             the step as StableHLO text, with the names of arguments and results
    step.stablehlo        the same, serialized, with matrix products in full float32
    step_tf32.stablehlo   the same, except that a GPU may use TF32 for them
    step64.stablehlo      the same step in float64
    step.json             arguments and results of the three, in order, the settings, the versions
    arrays.npz            what each step draws, the variables before the first step, and the expected
                          losses and variables, computed by TensorFlow in float32 and in float64
    run.py                runs the steps in JAX and compares (a copy of run_exported.py)
"""

import dataclasses
import json
import pathlib
import shutil

import numpy as np

from gan_tf1.errors import InputError
from gan_tf1.files import making, unoccupied
from gan_tf1.steps import double, draws, small
from gan_tf1.steps.lowered import lower
from gan_tf1.tf1 import new_graph, session_config, tf, without_chatter
from gan_tf1.training.run_config import versions

RUN = pathlib.Path(__file__).with_name("run_exported.py")
MOST_BYTES = 2**30  # of arrays in one folder


def export(name, folder, steps=10, config=None) -> None:
    """Write the step of configuration `name` to the new `folder`, with `steps` expected steps.

    `config` replaces the small settings of `small.MODELS`. Raises InputError if `folder` is occupied,
    or if the variables would be too large.
    """
    unoccupied(folder)
    model, config = small.MODELS[name][0], config or small.config_of(name)
    arrays, kinds = {}, {}
    with new_graph(small.SEED, resource_variables=True).as_default() as graph, \
            tf.Session(config=session_config()) as sess:
        built = small.build(name, config)
        sess.run(tf.global_variables_initializer())
        start = variables_of(sess)
        _refuse_large(start)
        drawn, losses = draws.recorded(sess, built, steps, np.random.default_rng(small.SEED))
        arrays |= _named("start", start) | _named("end", variables_of(sess)) | {"losses": losses}
        traced = draws.traced(graph, built, drawn[0])
        kinds["step"] = lower(graph, *traced)
        kinds["step_tf32"] = lower(graph, *traced, tf32=True)
    leaves = [[leaf for leaf in tf.nest.flatten(step) if leaf is not None] for step in drawn]
    used = {argument.name for argument in kinds["step"].arguments}
    arrays |= _named("draws", {key: np.stack([step[number] for step in leaves])
                               for number, key in enumerate(traced[0]) if key in used})

    with without_chatter(), double.precision(), \
            new_graph(small.SEED, resource_variables=True).as_default() as graph, \
            tf.Session(config=session_config()) as sess:
        built = small.build(name, config)
        set_variables(sess, start)
        arrays["losses64"] = draws.replayed(sess, built, drawn, np.float64)
        arrays |= _named("end64", variables_of(sess))
        kinds["step64"] = lower(graph, *draws.traced(graph, built, drawn[0]))

    about = {"configuration": name, "chapter": model.CHAPTER,
             "settings": dataclasses.asdict(config), "steps": steps, "versions": versions(),
             **{kind: {"arguments": step.arguments, "results": step.results}
                for kind, step in kinds.items()}}
    with making(folder) as temporary:
        for kind, step in kinds.items():
            (temporary / f"{kind}.stablehlo").write_bytes(step.serialized)
        (temporary / "step.mlir").write_text(kinds["step"].text)
        (temporary / "step.json").write_text(json.dumps(about, indent=1) + "\n")
        np.savez_compressed(temporary / "arrays.npz", **arrays)
        shutil.copyfile(RUN, temporary / "run.py")


def set_variables(sess, found) -> None:
    """Set all variables of the default graph to `found`, a dict from name to array."""
    variables = tf.global_variables()
    feed = {var.initializer.inputs[1]: np.asarray(found[var.op.name], var.dtype.as_numpy_dtype)
            for var in variables}
    assert len(feed) == len(variables)  # no two variables have the same initial value, as a tensor
    sess.run([var.initializer for var in variables], feed)


def variables_of(sess) -> dict:
    """The values of all variables of the default graph, by name."""
    variables = tf.global_variables()
    return dict(zip([var.op.name for var in variables], sess.run(variables)))


def _named(prefix, arrays):
    return {f"{prefix}/{name}": value for name, value in arrays.items()}


def _refuse_large(start):
    size = 4 * sum(value.nbytes for value in start.values())  # start, end, and end64
    if size > MOST_BYTES:
        raise InputError(f"the variables would take {size / 2**30:.1f} GiB, more than "
                         f"{MOST_BYTES / 2**30:.0f}: make the networks smaller with --set")
