"""Write a small module in the TF1 Hub format, which is also that of `progan-128`."""

import pathlib
import tarfile

import numpy as np

from double import float32_rounding
from gan_tf1.tf1 import load, new_graph, session_config, tf

# How far the module, which computes in float32, may be from NumPy: by the rounding error of a sum of
# 512 products of size 1. What follows, tanh, four weights and the sigmoid, does not enlarge it.
APART = float32_rounding(512)


def write(folder, z_size=512, image=(128, 128, 3), given=None, signature="default", seed=0,
          scale=1., dtype="float32", tags=((), ("train",))):
    """Write a module with random weights to the new `folder`. Returns the same function in NumPy.

    The function maps latent vectors [N, z_size] to images [N, *image] in [0, `scale`]. The module is
    like those that `hub.Module` wrote: graphs without a Saver (by default one without tags and one
    with the tag "train"), reference variables, and `tfhub_module.pb`. `given` is the shape of the
    latent vectors in the signature.
    """
    load()
    from tensorflow.core.protobuf import saved_model_pb2
    folder = pathlib.Path(folder)
    (folder / "variables").mkdir(parents=True)
    rng = np.random.default_rng(seed)
    size = int(np.prod(image))
    kernel = rng.normal(0, 1, (z_size, 4)).astype(np.float32)
    stretch = rng.normal(0, 1, (4, size)).astype(np.float32)
    module = saved_model_pb2.SavedModel(saved_model_schema_version=1)
    with new_graph(0).as_default(), tf.Session(config=session_config()) as sess:
        z = tf.placeholder(dtype, given or (None, z_size), name="latent_vector")
        with tf.variable_scope("G"):
            h = tf.tanh(tf.cast(z, tf.float32) @ tf.get_variable("kernel", initializer=kernel))
            x = h @ tf.get_variable("stretch", initializer=stretch)
        images = tf.reshape(scale * tf.sigmoid(x), (-1, *image), name="images")
        sess.run(tf.global_variables_initializer())
        tf.train.Saver().save(sess, str(folder / "variables" / "variables"),
                              write_meta_graph=False, write_state=False)
        for names in tags:
            meta_graph = tf.train.export_meta_graph(strip_default_attrs=True)
            meta_graph.ClearField("saver_def")
            meta_graph.meta_info_def.tags.extend(names)
            meta_graph.signature_def[signature].CopyFrom(tf.saved_model.build_signature_def(
                {"latent_vector": tf.saved_model.build_tensor_info(z)},
                {"default": tf.saved_model.build_tensor_info(images)}))
            module.meta_graphs.append(meta_graph)
    (folder / "saved_model.pb").write_bytes(module.SerializeToString())
    (folder / "tfhub_module.pb").write_bytes(b"\x08\x03")

    def by_numpy(z):
        x = np.tanh(np.float64(z) @ kernel) @ stretch
        return scale / (1 + np.exp(-x)).reshape(-1, *image)

    return by_numpy


def pack(folder, archive):
    """Pack `folder` into `archive` as TensorFlow Hub does, a .tar.gz with the files at its root."""
    with tarfile.open(archive, "w:gz") as files:
        files.add(folder, arcname=".")
    return archive
