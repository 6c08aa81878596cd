"""Rules of early versions of TensorFlow, NumPy and Jupyter that have changed since."""

import json

import numpy as np
import pytest

from gan_tf1.listing import input_data, old_numpy
from gan_tf1.listing.run import run
from gan_tf1.tf1 import has_gpu_device


def ran(tmp_path, text, name="listing.py"):
    """Run a listing, check that it doesn't fail, and return the names that it defines."""
    (tmp_path / name).write_text(text)
    result = run(tmp_path / name, tmp_path)
    assert [str(failure.error) for failure in result.failures] == []
    return result.names


def test_slots_and_averages_in_a_scope_that_reuses_variables(tmp_path, capfd):
    """As in programs for TensorFlow 0.x and 1.0, where `reuse_variables()` is never undone."""
    names = ran(tmp_path, """
import tensorflow as tf
def d(x):
    w = tf.get_variable('d_w1', [2, 1], initializer=tf.constant_initializer(0.5))
    return tf.matmul(x, w)
real = d(tf.ones([3, 2]))
tf.get_variable_scope().reuse_variables()
fake = d(tf.zeros([3, 2]))
loss = tf.reduce_mean(real) - tf.reduce_mean(fake)
[w] = tf.trainable_variables()
train = tf.train.AdamOptimizer(0.1).minimize(loss)
second = tf.train.RMSPropOptimizer(0.1).minimize(-loss)
ema = tf.train.ExponentialMovingAverage(0.5)
with tf.control_dependencies([train]):
    average = ema.apply([w])
again = tf.get_variable('d_w1', [2, 1]) is w
sess = tf.InteractiveSession()
sess.run(tf.global_variables_initializer())
sess.run(average)
sess.run(average)
values = sess.run([w, ema.average(w)])
names = sorted(v.op.name for v in tf.global_variables())
""")
    assert names["again"]  # the scope still reuses variables
    np.testing.assert_allclose(names["values"][0].ravel(), [0.3, 0.3], rtol=1e-4)
    assert names["names"] == ["beta1_power", "beta2_power", "d_w1", "d_w1/Adam", "d_w1/Adam_1",
                              "d_w1/ExponentialMovingAverage", "d_w1/RMSProp", "d_w1/RMSProp_1"]
    said = capfd.readouterr().err
    assert said.count("Adam makes its variables although their scope reuses variables") == 1


def test_a_transposed_convolution_has_the_shape_that_it_is_given(tmp_path):
    """As in DCGAN-tensorflow, whose latent vectors have an unknown batch size."""
    names = ran(tmp_path, """
import tensorflow as tf
x, w = tf.placeholder(tf.float32, [None, 4, 4, 3]), tf.zeros([5, 5, 2, 3])
deconv = tf.nn.conv2d_transpose(x, w, output_shape=[6, 8, 8, 2], strides=[1, 2, 2, 1])
same = tf.reshape(tf.nn.bias_add(deconv, [1., 2.]), deconv.get_shape())
size = tf.shape(x)[0]
other = tf.nn.conv2d_transpose(x, w, tf.stack([size, 8, 8, 2]), [1, 2, 2, 1])
""")
    assert names["same"].shape == [6, 8, 8, 2] and names["other"].shape.as_list() == [None, 8, 8, 2]


def test_inner_names_of_tensorflow_contrib_and_keras(tmp_path):
    names = ran(tmp_path, """
import tensorflow as tf, keras.backend as K
from tensorflow.python.ops import array_ops, control_flow_ops, tensor_array_ops
from tensorflow.contrib.layers.python.layers import utils
K.set_image_dim_ordering('tf')
def body(i, array):
    return i + 1, array.write(i, 2 * i)
array = tensor_array_ops.TensorArray(tf.int32, size=3).unpack([0, 0, 0])
_, array = control_flow_ops.while_loop(lambda i, _: i < 3, body, (0, tensor_array_ops.TensorArray(tf.int32, size=3)))
training = tf.placeholder_with_default(True, [])
batches = tf.data.Dataset.range(5).apply(tf.contrib.data.shuffle_and_repeat(5, 1)).apply(
    tf.contrib.data.batch_and_drop_remainder(3))
both = utils.smart_cond(training, lambda: tf.constant(1), lambda: tf.constant(2))
one = utils.smart_cond(False, lambda: 1, lambda: 2), utils.constant_value(training), K.image_dim_ordering()
with tf.Session() as sess:
    found = type(both) == tf.Tensor and isinstance(training, tf.Tensor) and sess.run([array.pack(), both, array_ops.unstack(tf.constant([5, 6]))[1]])
""")
    assert names["found"][0].tolist() == [0, 2, 4] and names["found"][1:] == [1, 6]
    assert names["batches"].output_shapes.as_list() == [3]
    assert names["one"] == (2, None, "tf") and names["utils"].two_element_tuple(3) == (3, 3)


def test_numpy_1s_results_and_arrays_of_one_number(tmp_path):
    names = ran(tmp_path, """
import h5py, numpy as np, tensorflow as tf
s = np.array([7, 200], np.uint8)[1]
grey = 255 * s / 9, s - 201, s << 1, s ** 2, divmod(700, s), s * s, s + np.uint8(1)
total, loss = 0., np.float32(0.1)
for _ in range(3):
    total += loss
one = np.array([3])
texts = '%d %.2f' % (one, np.array([[0.5]])), int(one), float(one), str([loss])
try:
    int(np.array([1, 2]))
except TypeError as error:
    refused = str(error)
with h5py.File('a.h5', 'w') as file:
    file['x'] = [1, 2]
    values = file['x'].value
element = tf.data.Dataset.range(3).batch(np.int32(2)).prefetch(np.int64(1)).make_one_shot_iterator().get_next()
scaled = np.float32(2) * tf.constant([1., 2.]), tf.constant(1.) - loss
with tf.Session() as sess:
    first, scaled = sess.run([element, scaled])
""")
    assert names["grey"][:5] == (255 * 200 / 9, -1, 400, 40000, (3, 100))
    assert names["grey"][5:] == (64, 201) and names["grey"][5].dtype == np.uint8
    assert names["total"] == 3 * float(np.float32(0.1)) and names["total"].dtype == np.float64
    assert names["texts"] == ("3 0.50", 3, 3.0, "[0.1]") and "can be converted" in names["refused"]
    assert names["values"].tolist() == [1, 2] and names["first"].tolist() == [0, 1]
    np.testing.assert_allclose(names["scaled"][0], [2, 4])


def test_the_operators_have_the_places_in_this_python_that_the_module_states():
    places = old_numpy.OPERATORS | old_numpy.CONVERSIONS
    for name, place in places.items():
        slots = old_numpy._number_slots(type("", (), {f"__{name}__": lambda *_: 1}))
        assert [other for other in places.values() if slots[other]] == [place], name


def test_numpy_is_unchanged_after_a_listing():
    results = lambda: ((np.float32(3) * 2.0).dtype, type(np.ndarray.__int__), np.uint8.__mul__,
                       repr(np.float32(1)), old_numpy._number_slots(np.uint8)[2])
    before = results()
    with old_numpy.restored():
        assert before != results()
    assert before == results()


@pytest.mark.skipif(has_gpu_device(), reason="there is a GPU")
def test_a_missing_gpu_is_replaced_by_the_cpu(tmp_path, capfd):
    names = ran(tmp_path, """
import tensorflow as tf
with tf.device('/gpu:0'):
    two = tf.constant(1) + 1
with tf.Graph().as_default() as other, other.device('/device:GPU:1'):
    three = tf.constant(1) + 2
    with tf.Session(config=tf.ConfigProto(log_device_placement=False)) as sess:
        three = sess.run(three)
device = two.device
two = tf.InteractiveSession().run(two)
""")
    assert (names["two"], names["three"], names["device"]) == (2, 3, "/device:CPU:0")
    assert capfd.readouterr().err.count("there is no /gpu:0 here: its ops run on the CPU") == 1


def test_future_imports_anywhere_in_a_cell_and_contribs_csv_files(tmp_path):
    source = """a = 1
from __future__ import print_function, division
from tensorflow.contrib.learn.python.learn.datasets import base
import tensorflow as tf
with open('iris.csv', 'w') as file:
    file.write('2,3,setosa\\n5.5,1.5,7,1\\n2,3,4,0\\n')
iris = base.load_csv_with_header('iris.csv', int, float)
same = base.maybe_download('iris.csv', '.', 'http://localhost:1/iris.csv')
half = tf.contrib.learn.datasets.base is base and a / 2
"""
    cell = {"cell_type": "code", "source": source}
    names = ran(tmp_path, json.dumps({"cells": [cell]}), "book.ipynb")
    assert names["half"] == 0.5 and names["same"] == "./iris.csv"
    assert names["iris"].target.tolist() == [1, 0] and names["iris"].data.shape == (2, 3)
    exported = ran(tmp_path, "# coding: utf-8\n\n# In[1]:\n\nx = 1\n\n\n# In[2]:\n\n"
                             "from __future__ import division\ny = x / 2\n")
    assert exported["y"] == 0.5


def test_a_part_of_mnist_without_images_is_flattened_too():
    part = input_data.DataSet(np.zeros((0, 28, 28, 1), np.uint8), np.zeros(0, np.uint8), seed=0)
    assert part.images.shape == (0, 784)


def test_old_arguments_of_numpy_and_matplotlib(tmp_path):
    (tmp_path / "listing.py").write_text("""
import numpy as np, matplotlib.pyplot as plt
from scipy.signal import gaussian
heights = np.histogram([1, 2, 2, 3], bins=2, range=(1, 3), normed=True)[0].tolist()
ragged = np.array([[1], [1, 2]]).shape, np.asarray([[1], [1, 2]]).dtype
plain = np.array([[1], [2]], copy=False).tolist(), np.array([[1.5]], 'int32').tolist()
rows = np.vstack(np.ones(2) * i for i in range(3)).shape, len(np.linspace(0, 1, 10 / 2))
np.set_printoptions(threshold=np.nan)
np.save('all.npy', [np.zeros((3, 2)), [1, 2], [3, 4]])
saved = [len(part) for part in np.load('all.npy')]
try:
    np.array([[1], [1, 2]], dtype=float)
except ValueError as error:
    refused = error
fig = plt.figure(figsize=(1, 1), dpi=10)
plt.plot([1, 2], hold=True); plt.bar(left=[1], height=[2]); plt.subplot(2.0, 2.0, 1); plt.tight_layout(0.1)
fig.canvas.draw()
pixels = np.fromstring(fig.canvas.tostring_rgb(), dtype='uint8').size
""")
    result = run(tmp_path / "listing.py", tmp_path)
    assert [str(failure.error) for failure in result.failures] == []
    names = result.names
    assert names["heights"] == [0.25, 0.75] and names["ragged"] == ((2,), object)
    assert names["plain"] == ([[1], [2]], [[1]]) and names["rows"] == ((3, 2), 5)
    assert names["saved"] == [3, 2, 2] and "inhomogeneous" in str(names["refused"]) and names["pixels"] == 10 * 10 * 3
    with pytest.raises(TypeError):
        np.histogram([1], normed=True)
