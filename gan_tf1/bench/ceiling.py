"""The machine's ceiling: how fast the frameworks multiply two large matrices.

The products are rows of the benchmark, measured in the same rounds as the others. The fastest
product of all rounds and frameworks is the ceiling for its precision.
"""

import numpy as np

from gan_tf1.bench.rows import Runner

SIZE = 2048  # three float32 matrices take 48 MiB; larger ones don't multiply faster


def product(work, config, data, library, precision="float32") -> Runner:
    """A `Runner` whose unit is one product of two [SIZE, SIZE] matrices."""
    matrices = np.random.default_rng(0).normal(size=(2, SIZE, SIZE)).astype(np.float32)
    multiply, package = {"tensorflow": _tensorflow, "torch": _torch, "numpy": _numpy}[library](
        *matrices, precision)

    def run(units):
        for _ in range(units):
            multiply()
        return {}

    return Runner(run, None, (package,), (2 * SIZE**3,) * 2)


def _tensorflow(a, b, precision):
    from gan_tf1.tf1 import refuse_bfloat16, session_config, tf
    if precision == "bfloat16":
        refuse_bfloat16("TensorFlow's product")
    graph = tf.Graph()
    with graph.as_default():
        # Variables, since a product of constants would be folded.
        a, b = (tf.Variable(tf.cast(matrix, precision)) for matrix in (a, b))
        multiplied = tf.matmul(a, b).op
        initialize = tf.global_variables_initializer()
    sess = tf.Session(graph=graph, config=session_config())
    sess.run(initialize)
    return lambda: sess.run(multiplied), "tensorflow"


def _torch(a, b, precision):
    import torch
    a, b = (torch.from_numpy(matrix).to(getattr(torch, precision)) for matrix in (a, b))
    return lambda: a @ b, "torch"


def _numpy(a, b, precision):
    assert precision == "float32", precision
    return lambda: a @ b, "numpy"
