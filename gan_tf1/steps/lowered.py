"""A traced training step as StableHLO, the language in which TensorFlow and JAX hand programs to XLA.

The step becomes one function without hidden state. Its arguments are what the step draws, and all
variables that it reads; its results are the losses, and the variables that it updates.
"""

import contextlib
import re
from typing import NamedTuple

import numpy as np

from gan_tf1.tf1 import insides, load, tensor_float_32, tf, without_chatter

ALIAS = re.compile(r"parameter_number = (\d+) : i64\}, output_index = array<i64(?:: (\d+))?>")
# What the text has beside the program: where each op comes from, and hints to XLA.
HINTS = re.compile(r" loc\((?:fused\[[^\]]*\]|#loc\d*|\"[^\"]*\"|unknown)\)"
                   r"| \{mhlo\.frontend_attributes = \{[^}]*\}\}")
COPY = re.compile(r"^ *(%\w+) = mhlo\.copy (%\w+) : .*\n", re.M)  # of a value that is returned


class Argument(NamedTuple):
    """An argument or a result of a lowered step."""
    name: str     # of a draw or a variable of the graph; "loss_1", ... for losses
    dtype: str    # as NumPy names it
    shape: tuple


class Lowered(NamedTuple):
    """A step as StableHLO."""
    text: str           # with the names of arguments and results in comments
    serialized: bytes   # the same as a portable artifact, which later versions of XLA accept too
    arguments: list     # of `Argument`: draws, then variables
    results: list       # of `Argument`: losses, then the variables that are updated


def lower(graph, draws, losses, done, tf32=False) -> Lowered:
    """Lower the step of `graph` that ends with the ops `done`.

    `draws` are its placeholders by name, and `losses` its scalars. Matrix products and convolutions
    are marked as float32 of full precision; with `tf32` as "default", for which a GPU may use TF32.
    """
    with graph.as_default(), tf.control_dependencies(done):
        ends = [tf.identity(loss) for loss in losses]
    graph_def = tf.graph_util.extract_sub_graph(graph.as_graph_def(), [end.op.name for end in ends])
    names = {node.name for node in graph_def.node}
    draws = {name: tensor for name, tensor in draws.items() if tensor.op.name in names}
    with graph.as_default():
        variables = [var for var in tf.global_variables() if var.handle.op.name in names]
    given = {tensor.op.name for tensor in draws.values()}
    others = tf.GraphDef(node=[node for node in graph_def.node
                               if node.op != "VarHandleOp" and node.name not in given],
                         versions=graph_def.versions, library=graph_def.library)
    arguments = [Argument(name, tensor.dtype.as_numpy_dtype.__name__, tuple(tensor.shape.as_list()))
                 for name, tensor in draws.items()]
    arguments += [Argument(var.op.name, var.dtype.base_dtype.as_numpy_dtype.__name__,
                           tuple(var.shape.as_list())) for var in variables]

    text = _lowered(others, draws.values(), variables, ends, tf32)
    [module] = [line for line in text.splitlines() if line.startswith("module @")]
    aliases = [(int(result or 0), int(argument)) for argument, result in ALIAS.findall(module)]
    results = [Argument(f"loss_{number}", loss.dtype.as_numpy_dtype.__name__, ())
               for number, loss in enumerate(losses, 1)]
    results += [arguments[argument] for _, argument in sorted(aliases)]
    text = _plain(text)
    about = [f"// %arg{number}: {argument.name}" for number, argument in enumerate(arguments)]
    about += [f"// result {number}: {result.name}" for number, result in enumerate(results)]
    return Lowered("\n".join([*about, text]), _serialized(text), arguments, results)


def _lowered(graph_def, draws, variables, ends, tf32):
    """The text of the module that XLA is given for the tensors `ends` of `graph_def`."""
    with _eager(), tensor_float_32(tf32):
        handles = {var.handle.name: load().Variable(
            np.zeros(var.shape.as_list(), var.dtype.base_dtype.as_numpy_dtype), use_resource=True)
            for var in variables}

        def step(*values):
            inside = tf.get_default_graph()
            inputs = {tensor.name: value for tensor, value in zip(draws, values)}
            inputs |= {name: inside.capture(var.handle) for name, var in handles.items()}
            return tf.import_graph_def(graph_def, inputs, [end.name for end in ends], name="")

        function = insides("eager.polymorphic_function.polymorphic_function").function(
            step, autograph=False).get_concrete_function(
            *(tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in draws))
        compiler_ir = insides("eager.polymorphic_function.compiler_ir")
        return compiler_ir.from_concrete_function(function)(stage="stablehlo", platform_name="CPU")


@contextlib.contextmanager
def _eager():
    """TF2's eager execution, in which functions can be lowered."""
    with insides("eager.context").eager_mode(), without_chatter():
        load().random.set_random_seed(0)  # a lowering draws a number, and throws it away
        yield


def _plain(text):
    """The module `text` with nothing but StableHLO."""
    lines = [HINTS.sub("", line) for line in text.splitlines() if not line.startswith("#loc")]
    lines = ["module @step {" if line.startswith("module @") else line for line in lines]
    functions = re.split(r"(?m)^(?=  func\.func)", "\n".join(lines).strip() + "\n")
    return "".join(map(_without_copies, functions))


def _without_copies(function):
    """The text of a function in which each copy of a value is replaced by the value."""
    copied = dict(COPY.findall(function))
    return re.sub(r"%\w+", lambda name: copied.get(name[0], name[0]), COPY.sub("", function))


def _serialized(text):
    stablehlo = insides("mlir.stablehlo.stablehlo", "compiler")
    return stablehlo.serialize_portable_artifact_str(text, stablehlo.get_minimum_version())
