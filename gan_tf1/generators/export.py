"""Export a run's generator as a SavedModel that doesn't need this package.

It can be loaded on any machine with TensorFlow, with TF2 behaviour too::

    generator = tf.saved_model.load(folder).signatures["default"]
    images = generator(latent=z)["default"]           with label=labels if it is conditional

The chapters that translate images define their signatures in `translations(net)`::

    pix2pix       signatures["default"](images=imgs, noise=seed)["default"]
    cyclegan      signatures["AtoB"](images=imgs)["default"], and "BtoA"

The graph is the chapter's own, traced (`training/tracing.py`), with only the variables that it
reads. generator.json beside it states the chapter, the training data, and the shapes, types and
ranges of inputs and outputs.
"""

import contextlib
import json
from typing import Any, NamedTuple

import numpy as np

from gan_tf1 import models
from gan_tf1.errors import InputError
from gan_tf1.files import making, unoccupied
from gan_tf1.generators import sample_files
from gan_tf1.tf1 import new_graph, session_config, tf, without_chatter
from gan_tf1.training import tracing
from gan_tf1.training.run_config import read_config, versions

SIGNATURE = "default"  # the name that TensorFlow Hub gives a module's first signature
ABOUT = "generator.json"


def export(path, folder) -> None:
    """Write the newest generator of the run directory `path` to the new folder `folder`.

    The signature `default` takes `latent`, float32 [N, Z], and also `label`, int32 [N], if the
    chapter has labels. Its output `default` contains float32 images [N, ...] in the chapter's
    SAMPLE_RANGE. A chapter that translates images has the signatures of its `translations`.

    Raises InputError if `folder` is occupied, if the run has no generator that can be restored, or
    if the shapes of its weights or samples differ from those in its config.json.
    """
    unoccupied(folder)
    with traced(path) as (sess, net, signatures, about):
        graph_def = needed(sess.graph, [signature.output for signature in signatures.values()])
        read = {name for node in graph_def.node for name in node.input}
        kept = [var for var in net.gen_vars if var.op.name in read]
        variables = list(zip(kept, sess.run(kept)))
    with making(folder) as temporary:
        save(graph_def, variables, signatures, temporary)
        write_about(about, temporary)


@contextlib.contextmanager
def traced(path):
    """A context with the traced newest generator of the run `path`: (sess, net, signatures, about).

    `signatures` maps names to `Signature`s of the session's graph, and `about` is the content of
    generator.json. Raises InputError as `export` does.
    """
    stored = read_config(path)
    model = models.of_chapter(stored["chapter"])
    translates = hasattr(model, "translations")
    if not translates and not (hasattr(model, "generate") and hasattr(model, "SAMPLE_RANGE")):
        raise InputError(f"{path} is a run of {stored['chapter']!r}, which doesn't say how a "
                         "latent vector becomes an image")
    with sample_files.restored(path, model, resource_variables=True) as (sess, net, config, epoch):
        signatures, about = traced_translations(sess.graph, model, net) if translates else (
            traced_generator(sess.graph, model, net, config, stored["sample_shape"]))
        yield sess, net, signatures, {
            "chapter": stored["chapter"], "epoch": epoch, "data_title": stored["data_title"],
            **about, "versions": versions()}


def write_about(about, folder) -> None:
    """Write generator.json into the folder `folder`."""
    (folder / ABOUT).write_text(json.dumps(about, indent=2) + "\n")


class Signature(NamedTuple):
    """A function of the SavedModel, as tensors of the graph."""
    inputs: dict  # name -> placeholder
    output: Any


def traced_generator(graph, model, net, config, sample_shape):
    """The signatures of a generator of latent vectors by name, and their entries in the JSON."""
    z_size = model.latent(np.random.default_rng(0), 1, config).shape[1]
    inputs = {"latent": tf.placeholder(tf.float32, (None, z_size), name="latent")}
    if hasattr(model, "sample_labelled"):
        inputs["label"] = tf.placeholder(tf.int32, (None,), name="label")
    images = model.generate(tracing.Session(graph), net,
                            *map(tracing.Traced, inputs.values())).tensor
    try:
        images.set_shape((None, *sample_shape[1:]))
    except ValueError as error:
        raise InputError(f"the generator's images have the shape {images.shape.as_list()}, but "
                         f"config.json has the sample_shape {sample_shape}") from error
    about = {"latent": {"shape": [None, z_size], "is": _said(model.latent)},
             "images": {"shape": images.shape.as_list(), "range": model.SAMPLE_RANGE,
                        "is": _said(model.generate)}}
    if "label" in inputs:
        about["label"] = {"shape": [None], "below": model.NUM_CLASSES}
    return {SIGNATURE: Signature(inputs, images)}, about


def traced_translations(graph, model, net):
    """The signatures of a generator of images by name, and their entries in the JSON.

    All of them take and return the same shapes.
    """
    signatures, session = {}, tracing.Session(graph)
    for name, (output, given) in model.translations(net).items():
        inputs = {key: tf.placeholder(tensor.dtype, tensor.shape, name=f"{name}/{key}")
                  for key, tensor in given.items()}
        # In training an input may have a default; an export doesn't need it.
        images = session.run(output, {given[key]: tracing.Traced(inputs[key]) for key in inputs})
        images.tensor.set_shape(output.shape)
        signatures[name] = Signature(inputs, images.tensor)
    about = {"takes": {key: {"shape": tensor.shape.as_list(), "type": tensor.dtype.name}
                       for key, tensor in inputs.items()},
             "images": {"shape": images.tensor.shape.as_list(), "range": [-1, 1]},
             "is": _said(model.translations)}
    return signatures, about


def needed(graph, tensors):
    """The GraphDef of what `tensors` need of `graph`, without ops that update variables."""
    graph_def = graph.as_graph_def()
    # If batch norm updates its moving averages in place, its output depends on the updates.
    writes = {f"^{node.name}" for node in graph_def.node if node.op.startswith("Assign")}
    for node in graph_def.node:
        node.input[:] = [name for name in node.input if name not in writes]
    return tf.graph_util.extract_sub_graph(graph_def, [tensor.op.name for tensor in tensors])


def save(graph_def, variables, signatures, folder) -> None:
    """Write `graph_def` to the empty `folder` as a SavedModel.

    `signatures` maps names to `Signature`s, and `variables` are pairs (variable, value). They may
    belong to another graph, since only their names and shapes matter.
    """
    with new_graph(0, resource_variables=True).as_default() as graph, \
            tf.Session(config=session_config()) as sess:
        handles = {}
        for var, value in variables:
            own = tf.get_variable(var.op.name, initializer=tf.zeros(var.shape, var.dtype),
                                  trainable=var.trainable)
            own.load(value, sess)
            handles[var.handle.name] = own.handle
        others = [node for node in graph_def.node if node.op != "VarHandleOp"]
        tf.import_graph_def(tf.GraphDef(node=others, versions=graph_def.versions,
                                        library=graph_def.library), handles, name="")

        def info(tensor):
            found = graph.get_tensor_by_name(tensor.name)
            found.set_shape(tensor.shape)
            return tf.saved_model.build_tensor_info(found)

        defined = {name: tf.saved_model.build_signature_def(
            {key: info(tensor) for key, tensor in signature.inputs.items()},
            {"default": info(signature.output)}, tf.saved_model.PREDICT_METHOD_NAME)
            for name, signature in signatures.items()}
        builder = tf.saved_model.Builder(str(folder))
        with without_chatter():  # the builder looks for devices without our configuration
            builder.add_meta_graph_and_variables(
                sess, [tf.saved_model.SERVING], defined)
        builder.save()


def _said(function):
    return " ".join(function.__doc__.split())
