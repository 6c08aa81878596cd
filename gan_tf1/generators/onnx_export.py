"""Export a run's generator as ONNX, for programs that don't have TensorFlow.

`onnxruntime` computes it in Python, and onnxruntime-web in a browser::

    session = onnxruntime.InferenceSession("exported/generator.onnx")
    [images] = session.run(["generated"], {"latent": z})      with "label" if it is conditional

The graph is the one that `export.py` traces. Its variables become constants, and `tf2onnx` writes
its ops as those of ONNX. ONNX has none of TensorFlow's random numbers. So where the graph draws
some, which is the dropout of pix2pix, the file takes them as inputs: uniform_1, uniform_2, ...

`tf2onnx` and `onnxruntime` are the optional extra `[onnx]`.
"""

import contextlib
import importlib.util
import logging

from gan_tf1.errors import InputError
from gan_tf1.files import making, unoccupied
from gan_tf1.generators.export import SIGNATURE, Signature, needed, traced, write_about
from gan_tf1.tf1 import load, tf, without_chatter

OPSET = 18         # the newest version of ONNX's ops that tf2onnx writes
OUTPUT = "generated"  # the name of the output in each file; "images" may be an input
TOLERANCE = 1e-4   # largest difference of a pixel in [-1, 1] from the session's images
DRAWS = "StatelessRandomUniformV2"  # the op whose numbers become inputs, float32 in [0, 1)
PACKAGES = ("tf2onnx", "onnxruntime")


def export(path, folder) -> None:
    """Write the newest generator of the run directory `path` to the new folder `folder`.

    The folder has generator.onnx, or AtoB.onnx and BtoA.onnx, and generator.json, which states the
    inputs. Raises InputError as `export.export` does, or if the extra `[onnx]` is not installed.
    """
    refuse_missing()
    unoccupied(folder)
    with traced(path) as (sess, _, signatures, about):
        frozen = {name: frozen_graph(sess, signature) for name, signature in signatures.items()}
    with making(folder) as temporary:
        for name, (graph_def, signature) in frozen.items():
            file = f"{'generator' if name == SIGNATURE else name}.onnx"
            (temporary / file).write_bytes(converted(graph_def, signature))
        write_about({**about, "onnx": {"opset": OPSET, "inputs": {
            name: tensor.shape.as_list() for name, tensor in signature.inputs.items()}}}, temporary)


def refuse_missing() -> None:
    """Raise InputError if the extra `[onnx]` is not installed."""
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(f"not installed: {', '.join(missing)}. ONNX needs the extra packages of "
                         'pip install -e ".[onnx]"')


def frozen_graph(sess, signature):
    """The GraphDef of a `Signature` without variables or random numbers, and its new `Signature`.

    Random numbers that `signature.output` depends on become inputs uniform_1, uniform_2, ..., in
    place of the input that seeded them.
    """
    graph, output = sess.graph, signature.output.op.name
    graph_def = tf.graph_util.convert_variables_to_constants(
        sess, needed(graph, [signature.output]), [output])
    drawn = [node.name for node in graph_def.node if node.op == DRAWS]
    for node in graph_def.node:
        if node.name in drawn:
            tensor = graph.get_operation_by_name(node.name).outputs[0]
            node.Clear()
            node.CopyFrom(placeholder(tensor).node_def)
    graph_def = tf.graph_util.extract_sub_graph(graph_def, [output])
    kept = {node.name for node in graph_def.node}
    inputs = {name: tensor for name, tensor in signature.inputs.items() if tensor.op.name in kept}
    inputs |= {f"uniform_{number}": graph.get_operation_by_name(name).outputs[0]
               for number, name in enumerate((name for name in drawn if name in kept), 1)}
    return graph_def, Signature(inputs, signature.output)


def placeholder(tensor):
    """A placeholder, in a graph of its own, with the name, type and shape of `tensor`."""
    with tf.Graph().as_default():
        return tf.placeholder(tensor.dtype, tensor.shape, name=tensor.op.name).op


def converted(graph_def, signature) -> bytes:
    """The content of an ONNX file with the inputs of `signature` and the output `OUTPUT`."""
    load()  # before tf2onnx imports TensorFlow in its own way
    with without_chatter(), quiet():
        from tf2onnx import optimizer, tfonnx
        with tf.Graph().as_default() as graph:
            tf.import_graph_def(graph_def, name="")
            names = {tensor.name: name for name, tensor in signature.inputs.items()}
            made = tfonnx.process_tf_graph(
                graph, opset=OPSET, input_names=list(names), output_names=[signature.output.name],
                tensors_to_rename={**names, signature.output.name: OUTPUT})
            return optimizer.optimize_graph(made).make_model("generator").SerializeToString()


@contextlib.contextmanager
def quiet():
    """A context in which `tf2onnx` logs errors only."""
    log = logging.getLogger("tf2onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)
