"""Idioms of well-known notebooks from 2016 to 2018, apart from their networks."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

import few_idx
from conftest import ROOT, heed_ctrl_c, refusal
from gan_tf1.listing import blocks
from gan_tf1.listing.__main__ import main
from gan_tf1.listing.rewrite import value
from gan_tf1.listing.run import run
from gan_tf1.tf1 import tf


def ran(tmp_path, text, name="listing.py", **options):
    """Run a listing, check that it doesn't fail, and return the names that it defines."""
    (tmp_path / name).write_text(text)
    result = run(tmp_path / name, tmp_path, **options)
    assert [str(failure.error) for failure in result.failures] == []
    return result.names


def test_sizes_that_are_whole_floats(tmp_path):
    """As in the O'Reilly tutorial's `z_dim/2`, for Python 2 and TensorFlow before 1.15."""
    names = ran(tmp_path, """
import tensorflow as tf
w = tf.get_variable('w', [3, 3, 1, 100/2], initializer=tf.truncated_normal_initializer())
try:
    tf.get_variable('v', [2.5])
except TypeError as error:
    refused = error
""")
    assert names["w"].shape.as_list() == [3, 3, 1, 50] and "2.5" in str(names["refused"])
    with pytest.raises(TypeError):
        tf.TensorShape([50.0])


def test_keras_is_keras_2_on_the_listings_graph(tmp_path):
    names = ran(tmp_path, """
import keras, sys
import numpy as np
from keras import backend as K
from keras.layers import Dense
from keras.layers.advanced_activations import LeakyReLU
from keras.layers.merge import _Merge
from keras.models import Sequential
from keras.optimizers import Adam
from keras.utils import np_utils
from keras.utils.np_utils import to_categorical
class Sum(_Merge):
    def _merge_function(self, inputs):
        return inputs[0] + inputs[1]
net = Sequential([Dense(3, input_dim=2), LeakyReLU(alpha=0.2), Dense(1)])
net.compile(loss='mse', optimizer=Adam(lr=0.1, beta_1=0.5))
losses = [net.train_on_batch(np.ones((4, 2)), 10 * np.ones((4, 1))) for _ in range(20)]
total = K.eval(Sum()([K.ones((2, 2)), K.ones((2, 2))]))
one = to_categorical([1], 3), np_utils.to_categorical([1], 3)
version = keras.__version__
""")
    assert names["losses"][-1] < names["losses"][0] / 2 and names["version"].startswith("2.")
    assert names["total"].tolist() == [[2, 2], [2, 2]] and names["one"][0].tolist() == [[0, 1, 0]]


def test_contribs_inner_files_and_training(tmp_path):
    names = ran(tmp_path, """
import tensorflow as tf
import tensorflow.contrib.layers as ly
from tensorflow.contrib.layers.python.layers import batch_norm, initializers, layers
from tensorflow.contrib.framework.python.ops import add_arg_scope, variables
from tensorflow.contrib.learn.python.learn.datasets.mnist import read_data_sets
from tensorflow.contrib.keras.python.keras.layers import Dense
from tensorflow.contrib.rnn import static_rnn
same = layers.conv2d is ly.conv2d, initializers.xavier_initializer is ly.xavier_initializer
v, step = tf.Variable([3.0, 4.0]), tf.Variable(0, trainable=False)
loss = tf.reduce_sum(v)
op = ly.optimize_loss(loss, step, 0.5, tf.train.GradientDescentOptimizer, variables=[v],
                      summaries=['gradient_norm'])
clipped = ly.optimize_loss(loss, step, 1.0, 'SGD', clip_gradients=1.0)
train = tf.contrib.slim.learning.create_train_op(loss, tf.train.GradientDescentOptimizer(1.0))
hp = tf.contrib.training.HParams(size=64, rate=0.1, name='x', on=True).parse('size=8,on=False')
x = tf.reshape(tf.range(24.), [2, 6, 2])
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    seen = [(sess.run(one), sess.run(v))
            for one in (op, clipped, train)]
    steps = sess.run([step, tf.train.get_global_step()])
    largest = sess.run([ly.maxout(x, 3, axis=1), ly.maxout(x, 1)])
rate = [var.op.name for var in tf.global_variables() if 'learning_rate' in var.name]
""")
    assert names["same"] == (True, True)
    _, weights = zip(*names["seen"])  # as in TensorFlow 1, the losses may be those before or after the step
    np.testing.assert_allclose(weights[0], [2.5, 3.5])
    np.testing.assert_allclose(weights[1], np.array([2.5, 3.5]) - 0.5 ** 0.5, rtol=1e-6)
    np.testing.assert_allclose(weights[2], weights[1] - 1, rtol=1e-6)
    assert names["steps"] == [2, 1]
    assert names["rate"] == ["OptimizeLoss/learning_rate", "OptimizeLoss_1/learning_rate"]
    assert names["hp"].values() == {"size": 8, "rate": 0.1, "name": "x", "on": False}
    x = np.arange(24.0).reshape(2, 6, 2)
    # As in contrib, num_units replaces `axis`, and the rest of it becomes the last axis.
    np.testing.assert_array_equal(names["largest"][0], x.reshape(2, 3, 2, 2).max(-1))
    np.testing.assert_array_equal(names["largest"][1], x.max(-1, keepdims=True))


def test_old_numpy_python_and_pillow(tmp_path):
    names = ran(tmp_path, """
import base64, collections, inspect, numpy as np
from PIL import Image
a = np.reshape(np.arange(4, dtype=np.uint8), newshape=(2, 2))
text = a.tostring()
again = np.fromstring(text, dtype=np.uint8); again[0] = 9
width = a.ptp()
a.itemset((0, 1), 7); a.itemset(3, 8)
np.save('ragged.npy', np.array([[1], [1, 2]], dtype=object))
ragged = np.load('ragged.npy').shape
def f(a, b=2, **c): pass
arguments = inspect.getargspec(f).args, inspect.getargspec(f).keywords
names = collections.Iterable, base64.encodestring(b'a'), np.lib.pad([1], 1, 'constant').tolist()
small = Image.new('L', (8, 8)).resize((4, 4), Image.ANTIALIAS).size
""")
    assert names["a"].tolist() == [[0, 7], [2, 8]] and names["text"] == bytes([0, 1, 2, 3])
    assert names["again"].tolist() == [9, 1, 2, 3] and names["width"] == 3
    assert names["ragged"] == (2,) and names["names"][2] == [0, 1, 0] and names["small"] == (4, 4)
    assert names["arguments"] == (["a", "b"], "c")
    assert not hasattr(np.zeros(1), "itemset")


def test_old_matplotlib_without_waiting_for_keys(tmp_path):
    names = ran(tmp_path, """
import matplotlib.pyplot as plt
heights = plt.hist([0, 1, 1, 1], bins=2, normed=True)[0]
axes = plt.gca()
axes.set_axis_bgcolor('red')
axes.tick_params(labelbottom='off', bottom='on')
plt.grid(b=False); axes.grid('off'); axes.hold(True)
shown = axes.xaxis.get_major_ticks()[0]
shown = shown.label1.get_visible(), shown.tick1line.get_visible(), shown.gridline.get_visible()
color = axes.get_facecolor()
image = plt.imshow([[1, 2]], cmap=plt.cm.spectral).get_cmap().name, plt.cm.get_cmap('spectral').name
plt.gcf().canvas.set_window_title('GAN')
plt.savefig('a.png', frameon=False)
solid = plt.figure().gca(projection='3d').name, plt.subplot(111, axisbg='blue').get_facecolor()
f, a = plt.subplots(2); f.show(); plt.draw(); plt.waitforbuttonpress(); f.waitforbuttonpress()
""")
    np.testing.assert_allclose(names["heights"], [0.5, 1.5])
    assert names["shown"] == (False, True, False) and names["color"] == (1, 0, 0, 1)
    assert names["image"] == ("nipy_spectral", "nipy_spectral")
    assert names["solid"] == ("3d", (0, 0, 1, 1))


def test_progress_bars_of_notebooks_count_without_ipywidgets(tmp_path):
    names = ran(tmp_path, """
from tqdm import tqdm_notebook, tnrange
from tqdm.notebook import tqdm
counted = [sum(tqdm_notebook(range(3))), sum(tnrange(4)), sum(tqdm(range(5)))]
""")
    assert names["counted"] == [3, 6, 10]


def test_gifs_if_imageio_is_not_installed(tmp_path):
    names = ran(tmp_path, """
import imageio, numpy as np
for i in range(2):
    imageio.imwrite('%d.png' % i, np.full((4, 6), 100 * i, np.uint8))
images = [imageio.imread('%d.png' % i) for i in range(2)]
imageio.mimsave('all.gif', images, fps=5)
with imageio.get_writer('two.gif', mode='I') as writer:
    for image in images:
        writer.append_data(image)
imageio.imsave('f.png', np.array([[0, 0.5, 1.0]]))
stretched = imageio.imread('f.png').tolist()
back = imageio.mimread('two.gif')
""")
    assert [image.max() for image in names["images"]] == [0, 100]
    assert [image.shape[:2] for image in names["back"]] == [(4, 6), (4, 6)]
    assert names["stretched"] == [[0, 127, 255]]
    from PIL import Image
    with Image.open(tmp_path / "all.gif") as gif:
        assert gif.n_frames == 2 and gif.info["duration"] == 200


def test_integer_flags_with_a_float_default_and_the_tutorials_input_data(tmp_path):
    few_idx.write(tmp_path / "MNIST_data")
    names = ran(tmp_path, """
import numpy as np, tensorflow as tf, input_data
tf.app.flags.DEFINE_integer('train_size', np.inf, 'as in DCGAN-tensorflow')
mnist = input_data.read_data_sets('MNIST_data/')
size = tf.app.flags.FLAGS.train_size
""")
    assert names["size"] == np.inf and names["mnist"].train.images.shape[1] == 784
    assert "input_data" not in sys.modules


SETTABLE = """
class Net:
    def __init__(self):
        self.epochs = 25
def train(a, rate=0.1, *, epochs=100):
    size = 7
    return a, rate, epochs, size
for step in range(1000000):
    last = step
    if step > 20:
        break
net, found, other = Net(), train(1), train(10000)
"""


def test_set_reaches_values_in_functions_and_bare_numbers(tmp_path):
    texts = {"self.epochs": "2", "train.epochs": "3", "train.rate": "0.5", "train.size": "4",
             "1000000": "5"}
    names = ran(tmp_path, SETTABLE, values={name: value(name, text)
                                            for name, text in texts.items()})
    assert names["net"].epochs == 2 and names["found"] == (1, 0.5, 3, 4) and names["last"] == 4
    assert names["other"][0] == 10000


@pytest.mark.parametrize("given, said", [
    ("epochs=2", "only inside of a function or class: use --set train.epochs=..."),
    ("size=2", "--set train.size=..."), ("7.0=1", "the number 7.0 doesn't occur in listing.py"),
    ("train.nothing=1", "never assigns train.nothing"), ("a[0]=1", "neither the name")])
def test_a_name_that_set_does_not_find_gives_one_line(tmp_path, capsys, given, said):
    (tmp_path / "listing.py").write_text(SETTABLE)
    assert said in refusal(capsys, main, tmp_path / "listing.py", "--set", given)


def test_a_work_directory_that_is_a_file_gives_one_line(tmp_path, capsys):
    (tmp_path / "listing.py").write_text("a = 1\n")
    assert "is a file: name a directory" in refusal(
        capsys, main, tmp_path / "listing.py", "--workdir", tmp_path / "listing.py")


def test_a_second_run_keeps_the_figures_of_the_first(tmp_path):
    text = "import matplotlib.pyplot as plt\nplt.plot([1])\nplt.show()\n"
    ran(tmp_path, text)
    first = (tmp_path / "figure-001.png").read_bytes()
    ran(tmp_path, text.replace("[1]", "[1, 5, 2]"))
    assert (tmp_path / "figure-001.png").read_bytes() == first
    assert (tmp_path / "figure-002.png").read_bytes() != first


def test_ctrl_c_saves_the_open_figures_and_names_the_line(tmp_path, capfd):
    (tmp_path / "listing.py").write_text(
        "import os, signal, time, matplotlib.pyplot as plt\nplt.plot([1])\n"
        "os.kill(os.getpid(), signal.SIGINT); time.sleep(60)\n")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    try:
        with pytest.raises(SystemExit) as exit_:
            main([str(tmp_path / "listing.py"), "--workdir", str(tmp_path)])
    finally:
        signal.signal(signal.SIGINT, before)
    said = capfd.readouterr().err
    assert exit_.value.code == 130 and "interrupted at block 1, line 3" in said
    assert (tmp_path / "figure-001.png").is_file() and "Traceback" not in said


@pytest.mark.slow  # the process has to import TensorFlow
def test_ctrl_c_that_comes_from_another_process_does_the_same(tmp_path):
    (tmp_path / "listing.py").write_text(
        "import time, matplotlib.pyplot as plt\nplt.plot([1])\n"
        "print('on', flush=True); time.sleep(60)\n")
    process = subprocess.Popen([sys.executable, "-m", "gan_tf1.listing", tmp_path / "listing.py"],
                               cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
                               preexec_fn=heed_ctrl_c)  # a shell's background jobs ignore SIGINT
    assert process.stdout.readline() == "on\n"
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130 and "interrupted at block 1, line 3" in said
    assert (tmp_path / "figure-001.png").is_file() and "Traceback" not in said


def test_notebook_lines_that_assign_and_pylab(tmp_path):
    code, skipped = blocks.code(blocks.Block(
        1, "files = !ls data\nshown = %env HOME\nif 1:\n    a, b = !ls\nc = 5 % 3\nd = not 1\n"
           "%pylab inline\ne = linspace(0, 1, 3)\n", 0, "cell"))
    names = {blocks.SHELL: lambda line: [line, 2]}
    exec(code, names)
    assert (names["files"], names["shown"], names["a"]) == (["ls data", 2], None, "ls")
    assert (names["c"], names["d"], names["e"].tolist()) == (2, False, [0, 0.5, 1])
    assert names["np"] is np and names["plt"].__name__ == "matplotlib.pyplot"
    assert skipped == ((2, "%env HOME"),)


def test_sessions_with_prompts_and_quoted_fences(tmp_path):
    (tmp_path / "chapter.md").write_text("""
> ```python
> def f(x):
>     return x + 1
> ```

```pycon
>>> found = []
>>> for i in range(2):
...     found.append(f(i))
...
>>> found
[1, 2]
```

````markdown
```python
raise SystemExit(9)
```
````
""")
    first, second = blocks.read(tmp_path / "chapter.md")
    assert first.source == "def f(x):\n    return x + 1\n" and first.first_line == 3
    result = run(tmp_path / "chapter.md", tmp_path)
    assert result.failures == [] and result.names["found"] == [1, 2]


@pytest.mark.parametrize("text, meaning", [
    ("import cv2_not_here", "neither installed nor beside"),
    ("import prettytensor as pt", "made for TensorFlow 1"),
    ("import imutils", "pip install"),
    ("import tensorflow as tf\nv = tf.Variable(1)\nwith tf.Session() as s:\n"
     "    tf.train.Saver().restore(s, 'pretrained/gan.ckpt')", "there is no checkpoint")])
def test_hints(tmp_path, text, meaning):
    (tmp_path / "listing.py").write_text(text)
    [failure] = run(tmp_path / "listing.py", tmp_path).failures
    assert meaning in failure.hint
