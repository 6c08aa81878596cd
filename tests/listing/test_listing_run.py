"""Whole listings, written in the style of their time, and the command line."""

import builtins
import json
import os
import pathlib
import pickle
import sys

import numpy as np
import pytest
import scipy.io

import few_idx
from conftest import refusal
from gan_tf1.listing.__main__ import main
from gan_tf1.listing.rewrite import value
from gan_tf1.listing.run import run
from gan_tf1.tf1 import tf

LISTINGS = pathlib.Path(__file__).parent / "listings"


@pytest.fixture(autouse=True)
def untouched():
    """Check that the process is unchanged after a listing, also if the listing failed."""
    watched = lambda: (os.getcwd(), sys.argv, sys.path[:], sys.modules["__main__"],
                       builtins.__import__, hasattr(np, "float"), hasattr(np, "product"),
                       set(tf.app.flags.FLAGS), hasattr(sys.modules.get("IPython"), "display")
                       and not hasattr(sys.modules["IPython"], "__file__"),
                       sys.modules.get("scipy.misc"), tf.get_default_session(),
                       tf.get_default_graph(), len(tf.get_default_graph().get_operations()))
    before = watched()
    yield
    assert watched() == before


@pytest.fixture(scope="module")
def mnist_data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("listing")
    few_idx.write(folder / "MNIST_data")
    return folder


@pytest.fixture
def workdir(mnist_data, tmp_path):
    (tmp_path / "MNIST_data").symlink_to(mnist_data / "MNIST_data")
    return tmp_path


def values(**texts):
    return {name: value(name, text) for name, text in texts.items()}


def test_dcgan_of_mat_files(workdir, capfd):
    (workdir / "data").mkdir()
    rng = np.random.default_rng(0)
    for part, count in (("train", 32), ("test", 10)):
        scipy.io.savemat(workdir / "data" / f"{part}_32x32.mat", {
            "X": rng.integers(0, 256, (32, 32, 3, count), np.uint8),
            "y": rng.integers(1, 11, (count, 1), np.uint8)})
    before = (LISTINGS / "dcgan_svhn.py").read_bytes()
    result = run(LISTINGS / "dcgan_svhn.py", workdir, values(epochs="2"))
    assert result.failures == []
    assert (LISTINGS / "dcgan_svhn.py").read_bytes() == before
    assert np.isfinite(result.names["losses"]).all() and len(result.names["losses"]) == 2
    with open(workdir / "samples.pkl", "rb") as file:
        [samples] = pickle.load(file)
    assert samples.shape == (8, 32, 32, 3) and 0 < np.abs(samples).max() <= 1
    saved = dict(tf.train.list_variables(str(workdir / "checkpoints/generator.ckpt")))
    assert saved["generator/batch_normalization/moving_mean"] == [4 * 4 * 32 // 16]
    reader = tf.train.load_checkpoint(str(workdir / "checkpoints/generator.ckpt"))
    averages = reader.get_tensor("discriminator/batch_normalization/moving_variance")
    assert (averages != 1).all()  # UPDATE_OPS ran
    # Two figures are shown, and one is left open.
    assert [path.name for path in result.figures] == [
        "figure-001.png", "figure-002.png", "figure-003.png"]
    assert all(path.read_bytes()[:4] == b"\x89PNG" for path in result.figures)
    said = capfd.readouterr()
    assert "Epoch 2/2... Discriminator Loss: " in said.out
    assert "data/train_32x32.mat exists, and is not downloaded" in said.err
    assert "figure-003.png saved" in said.err


@pytest.mark.numerics
def test_semi_supervised_with_contrib_and_a_module_beside_it(workdir, capfd):
    result = run(LISTINGS / "semi_supervised.py", workdir, values(steps="120"))
    assert result.failures == []
    assert result.names["test_accuracy"] > 0.3  # chance is 0.1
    assert result.names["samples"].shape == (4, 28, 28, 1)
    assert [var.op.name for var in result.names["d_vars"]] == [
        f"discriminator/{layer}/{kind}" for layer in ("Conv", "conv2", "logits")
        for kind in ("weights", "biases")]
    assert "semi_supervised_ops" not in sys.modules


@pytest.mark.numerics
@pytest.mark.parametrize("flags", [["--max_steps=30"], ["--max_steps=30", "--supervisor"]])
def test_classifier_with_flags_and_summaries(workdir, capfd, flags):
    main([str(LISTINGS / "mnist_summaries.py"), "--workdir", str(workdir), "--", *flags])
    accuracy = float(capfd.readouterr().out.rpartition(": ")[2])
    assert accuracy > 0.25
    found = {}
    for path in sorted((workdir / "logs").glob("events*")):
        for event in tf.train.summary_iterator(str(path)):
            for entry in event.summary.value:
                found.setdefault(entry.tag, []).append(event.step)
    assert {"cross_entropy", "layer1/weights/summaries/mean_1", "input/image/0"} <= set(found)
    assert max(found["cross_entropy"]) >= 20
    last = tf.train.latest_checkpoint(str(workdir / "logs"))
    # A Supervisor saves at the start, and then at intervals of time.
    assert ("model.ckpt-" if "--supervisor" in flags else "model.ckpt-30") in last


def test_a_notebook(workdir, capfd):
    result = run(LISTINGS / "mnist_gan.ipynb", workdir, values(num_steps="11"))
    assert result.failures == []
    said = capfd.readouterr()
    assert "(300, 784)\n" in said.out and said.out.endswith("[True, 10]\n")
    assert sorted(path.name for path in (workdir / "out").rglob("*")) == [
        "000.png", "010.png", "inside_an_if", "samples", "with space"]
    assert not (workdir.parent / "outside").exists() and not (workdir / "leaked.txt").exists()
    for skipped in ("!mkdir ../outside", "!rm -rf out", "!pip install -q tensorflow==1.4",
                    "%%bash"):
        assert f"{skipped} " in said.err
    assert "matplotlib" not in said.err
    assert [path.name for path in result.figures] == ["figure-001.png"]


def test_spellings_of_tensorflow_0(workdir):
    result = run(LISTINGS / "old_spellings.ipynb", workdir)
    assert result.failures == []
    joined, left, right, first, chosen, loss, named, softmax = result.names["values"]
    a, b = np.array([[1, 2], [3, 4]]), np.array([[10, 20], [30, 40]])
    np.testing.assert_array_equal(joined, np.concatenate([a, b], 1))
    np.testing.assert_array_equal([left, right, first], [a, b, a * b])
    np.testing.assert_array_equal(chosen, np.where(a > 2, a, b))
    np.testing.assert_allclose([loss, named], np.log1p(np.exp([-0.5, 2])).mean(), rtol=1e-6)
    np.testing.assert_allclose(softmax, np.log1p(np.exp([-1, -4])), rtol=1e-5)
    [events] = (workdir / "logs").glob("events*")
    tags = {entry.tag for event in tf.train.summary_iterator(str(events))
            for entry in event.summary.value}
    assert len(tags) == 3


def listing(tmp_path, text, name="listing.py"):
    path = tmp_path / name
    path.write_text(text if isinstance(text, str) else json.dumps(text))
    return path


def test_names_that_libraries_have_dropped(tmp_path):
    result = run(listing(tmp_path, """
import time, matplotlib
matplotlib.use('TkAgg')
import numpy as np, scipy.misc, matplotlib.pyplot as plt
from scipy.misc import imread, imresize
from IPython import display
from IPython.display import clear_output
from distutils.version import LooseVersion
plt.switch_backend('Qt5Agg')
types = np.zeros(2, np.float).dtype, np.arange(2).astype(np.int).dtype, np.ones(1, np.bool).dtype
total, axes = np.product([2, 3]), plt.subplots()[1]
axes.set_adjustable('box-forced')
plt.style.use('seaborn-whitegrid')
before = time.clock()
scipy.misc.imsave('a.png', np.arange(12).reshape(3, 4))
image = imread('a.png')
small = imresize(np.zeros((8, 6, 3)), (4, 3)).shape, imresize(image, 200).shape
plt.pause(0.1)
figure = plt.figure(); plt.plot([1, 2])
"""), tmp_path)
    assert result.failures == []
    names = result.names
    assert [kind.name for kind in names["types"]] == ["float64", "int64", "bool"]
    assert names["total"] == 6 and names["axes"].get_adjustable() == "box"
    assert names["small"] == ((4, 3, 3), (6, 8))
    assert names["image"].tolist() == (np.arange(12) * 255 / 11 + 0.5).astype(int).reshape(
        3, 4).tolist()
    assert len(result.figures) == 2


def test_the_surroundings_of_a_program(tmp_path):
    path = listing(tmp_path, """
import os, pickle, sys
class Mine:
    pass
found = __name__, os.path.basename(__file__), os.getcwd(), sys.argv[1:]
again = pickle.loads(pickle.dumps(Mine()))
import __main__
same = __main__.Mine is Mine
sys.exit(0)
never = 1
""")
    result = run(path, tmp_path / "new" / "folder", arguments=["--a", "b"])
    assert result.failures == []
    assert result.names["found"] == ("__main__", "listing.py", str(tmp_path / "new" / "folder"),
                                     ["--a", "b"])
    assert result.names["same"] and "never" not in result.names


def failed(capfd, *arguments):
    """The message of a listing that fails; checks the exit status 1, and that no traceback shows."""
    with pytest.raises(SystemExit) as exit_:
        main(list(map(str, arguments)))
    assert exit_.value.code == 1
    said = capfd.readouterr().err
    assert "Traceback" not in said
    return said


def test_a_failure_names_block_line_error_and_calls(tmp_path, capfd):
    path = listing(tmp_path, """Text.

```python
def net(x):
    y = 2 * x

    return y / 0
```

```
print("here")

net(1)
```

```
print("never")
```
""", "chapter.md")
    said = failed(capfd, path, "--workdir", tmp_path)
    assert said.splitlines() == [
        "error: chapter.md, block 1, line 4 (line 7 of the file), in net: ZeroDivisionError: "
        "division by zero", "    return y / 0",
        "  called in block 2, line 3 (line 13 of the file)", "    net(1)"]
    said = failed(capfd, path, "--workdir", tmp_path, "--only", "2-3", "--keep-going")
    assert "never" not in said
    assert "block 2, line 3 (line 13 of the file): NameError: name 'net' is not defined" in said


@pytest.mark.parametrize("text, line, error, meaning", [
    ("a = 1\nthis is some prose\n", 2, "SyntaxError: invalid syntax", ""),
    ("import tensorflow as tf\nx = tf.placeholder(tf.float32)\n"
     "tf.contrib.layers.fully_connected(x, 3)", 3, "ValueError", "a placeholder that has no shape"),
    ("import tensorflow as tf\nx = tf.placeholder(tf.float32, [None, None])\n"
     "tf.layers.dense(x, 3)", 3, "ValueError", "a placeholder that has no shape"),
    ("import tensorflow as tf\nx = tf.placeholder(tf.float32)\ntf.layers.conv2d(x, 3, 3)", 3,
     "TypeError", "a placeholder that has no shape"),
    ("import tensorflow as tf\ntf.contrib.crf.crf_decode", 2,
     "AttributeError: tf.contrib.crf isn't supported here: tf.contrib has", ""),
    ("from tensorflow.contrib import learn, nonsense", 1, "ImportError: tf.contrib.nonsense isn't", ""),
    ("from tensorflow.contrib import learn, crf\nimport tensorflow.contrib.gan as gan\ncrf.crf_decode", 3,
     "AttributeError: tf.contrib.crf isn't supported here: tf.contrib has", ""),
    ("from urllib.request import urlretrieve\n\nurlretrieve('http://x.org/a.mat', 'data/a.mat')",
     3, "OSError: nothing is downloaded here: get http://x.org/a.mat and put it at {}/data/a.mat",
     ""),
    ("import tensorflow as tf\nx = tf.constant(-1.)\nwith tf.Session() as sess:\n"
     "    sess.run(tf.check_numerics(tf.log(x), 'nan'))", 4, "InvalidArgumentError", ""),
    ("import tensorflow as tf\nwith tf.Session() as sess:\n    pass\nsess.run(tf.constant(1))", 4,
     "RuntimeError", "`with` block ended"),
    ("from tensorflow.examples.tutorials.mnist.input_data import read_data_sets\n"
     "read_data_sets('fashion', source_url='http://fashion.org/')", 2,
     "nothing is downloaded here: get the four idx files of http://fashion.org/ and put them into "
     "{}/fashion", ""),
    ("import sys\nsys.exit(3)", 2, "the listing exited with status 3", "")])
def test_failures_and_hints(tmp_path, capfd, text, line, error, meaning):
    said = failed(capfd, listing(tmp_path, text), "--workdir", tmp_path)
    assert f"listing.py, block 1, line {line}: {error.format(tmp_path)}" in said
    assert f"    {text.splitlines()[line - 1].strip()}\n" in said
    assert ("What is wrong with the listing" in said) == bool(meaning) and meaning in said
    assert "Original stack trace" not in said


def test_a_listing_has_its_own_graph(tmp_path):
    path = listing(tmp_path, "import tensorflow as tf\nfound = tf.get_default_graph()\n"
                             "names = [op.name for op in found.get_operations()]\n"
                             "session = tf.InteractiveSession()\ntf.reset_default_graph\n")
    with tf.Graph().as_default() as mine:
        tf.constant(1, name="mine")
        assert run(path, tmp_path).names["names"] == []
        assert tf.get_default_graph() is mine


def test_a_failure_in_a_module_beside_the_listing(tmp_path, capfd):
    (tmp_path / "my_ops.py").write_text("import tensorflow as tf\n\ndef concat(a):\n"
                                        "    return tf.contrib.crf(a)\n")
    said = failed(capfd, listing(tmp_path, "from my_ops import *\nconcat(1)\n"), "--workdir",
                  tmp_path)
    assert said.startswith("error: my_ops.py, line 4, in concat: AttributeError: tf.contrib.crf ")
    assert "  called in block 1, line 2\n    concat(1)\n" in said


def test_fragments_of_a_chapter_are_skipped_but_code_is_not(tmp_path, capfd):
    path = listing(tmp_path, "```\nwith open('x'):\n    # Your code here\n```\n"
                             "```\n    a = b\n```\n```\nf(undefined, [i for i in other])\n```\n"
                             "```\ng = 1\n```\n```\nprint(g, max([i for i in (1, 2)]))\n```\n"
                             "```\nh = undefined\n```\n", "chapter.txt")
    said = failed(capfd, path, "--workdir", tmp_path)
    assert [f"block {number} is a fragment" in said for number in range(1, 7)] == [
        True, True, True, False, False, False]
    assert "block 6, line 1 (line 18 of the file): NameError" in said


@pytest.mark.parametrize("arguments, said", [
    (["--set", "epoch=2"], "--set epoch: listing.py never assigns epoch outside of functions "
                            "and classes; it assigns a"),
    (["--set", "a"], "'a' is not NAME=VALUE"), (["--set", "a=b c"], "is not a Python expression"),
    (["--only", "2"], "no block 2: its blocks are 1 to 1"), (["--only", "x"], "is not a range"),
    (["--steps", "3"], "unrecognized arguments")])
def test_bad_input_gives_one_line(tmp_path, capsys, arguments, said):
    path = listing(tmp_path, "a = 1\ndef f():\n    epochs = 1\nraise SystemExit(9)\n")
    assert said in refusal(capsys, main, path, *arguments)


def test_a_missing_file_gives_one_line(tmp_path, capsys):
    assert "No such file" in refusal(capsys, main, tmp_path / "none.py")


def test_help_says_that_code_is_executed(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "EXECUTES the code" in capsys.readouterr().out


def test_blocks_are_listed(capsys):
    main([str(LISTINGS / "old_spellings.ipynb"), "--list"])
    assert capsys.readouterr().out.splitlines()[2].startswith("  3  7 lines: with tf.Session()")


def test_read_data_sets(mnist_data, tmp_path):
    source = """
import numpy as np
import tensorflow as tf
from tensorflow.examples.tutorials.mnist import input_data
found = input_data.read_data_sets(FOLDER, one_hot=True, reshape=False, validation_size=100, seed=2)
plain = tf.contrib.learn.datasets.mnist.read_data_sets(FOLDER, dtype=tf.uint8)
tf.set_random_seed(7)
with tf.gfile.Open(FOLDER + '/t10k-images-idx3-ubyte', 'rb') as file:
    unpacked = tf.contrib.learn.datasets.mnist.extract_images(file)
with open(FOLDER + '/t10k-labels-idx1-ubyte', 'rb') as file:
    vectors = tf.contrib.learn.datasets.mnist.extract_labels(file, one_hot=True)
first, second = (input_data.read_data_sets(FOLDER).train.next_batch(5)[0] for _ in range(2))
firsts = plain.train.next_batch(7, shuffle=False)
epoch = [plain.train.next_batch(200) for _ in range(3)]
"""
    result = run(listing(tmp_path, source.replace("FOLDER", repr(str(
        mnist_data / "MNIST_data")))), tmp_path)
    assert result.failures == []
    found, plain = result.names["found"], result.names["plain"]
    assert [part.num_examples for part in found] == [5200, 100, 500]
    assert found.train.images.shape == (5200, 28, 28, 1) and found.train.labels.shape == (5200, 10)
    assert found.train.images.dtype == np.float32 and found.train.images.max() == 1
    assert plain.train.images.shape == (300, 784) and plain.train.images.dtype == np.uint8
    assert plain.train.labels.shape == (300,) and plain.train.epochs_completed == 2
    np.testing.assert_array_equal(result.names["first"], result.names["second"])
    assert result.names["unpacked"].shape == (500, 28, 28, 1) and result.names["vectors"].shape == (500, 10)
    sizes = {len(images) for images, _ in result.names["epoch"]}
    assert sizes == {200} and len(result.names["firsts"][0]) == 7


def test_batches_equal_those_of_tensorflow_1():
    """The test repeats TensorFlow 1's rule: NumPy's global generator is seeded by a `DataSet`, and
    the last batch of an epoch is filled from the next epoch, which is shuffled first."""
    from gan_tf1.listing.input_data import DataSet
    images = np.arange(10, dtype=np.uint8).reshape(10, 1, 1, 1)
    with tf.Graph().as_default():
        data = DataSet(images, np.arange(10), seed=3, dtype=tf.uint8)
        _, seed = tf.get_seed(3)
    rng = np.random.RandomState(seed)
    order = np.arange(10)
    rng.shuffle(order)
    first = np.arange(10)[order]
    rng.shuffle(order := np.arange(10))
    expected = np.concatenate([first, first[order]])
    got = [data.next_batch(4) for _ in range(5)]
    np.testing.assert_array_equal(np.concatenate([labels for _, labels in got]), expected)
    np.testing.assert_array_equal(np.concatenate([x[:, 0] for x, _ in got]), expected)
    assert data.epochs_completed == 1


# --- what a listing must not do ---

def test_nbconverts_calls_are_treated_like_magics_and_shell_lines(tmp_path, capfd):
    """Versions 4 to 7 of `jupyter nbconvert --to script` write these calls."""
    result = run(listing(tmp_path, """
get_ipython().run_line_magic('matplotlib', 'inline')
get_ipython().magic('matplotlib inline')
get_ipython().magic(u'config InlineBackend.figure_format = "retina"')
get_ipython().run_line_magic('tensorboard', '--logdir logs')
get_ipython().run_line_magic('time', 'a = 2')
get_ipython().run_cell_magic('time', '', 'b = a + 1\\nc = b + 1')
get_ipython().run_cell_magic('bash', '', 'touch leaked.txt')
get_ipython().system('mkdir -p out/deep')
get_ipython().system('mkdir ../outside')
get_ipython().system('touch leaked.txt')
get_ipython().system(u'pip install tensorflow==1.4')
lines = get_ipython().getoutput('ls')
"""), tmp_path)
    assert result.failures == []
    assert [result.names[name] for name in ("a", "b", "c", "lines")] == [2, 3, 4, []]
    assert (tmp_path / "out" / "deep").is_dir()
    assert not (tmp_path.parent / "outside").exists() and not list(tmp_path.glob("leaked*"))
    said = capfd.readouterr().err.splitlines()
    assert said == [
        "listing: %tensorboard --logdir logs is skipped", "listing: %%bash and its cell is skipped",
        f"listing: !mkdir ../outside is skipped: it is outside of {tmp_path}",
        "listing: !touch leaked.txt is skipped: nothing is passed to a shell",
        "listing: !pip install tensorflow==1.4 is skipped: nothing is passed to a shell",
        "listing: !ls is skipped: nothing is passed to a shell"]


def test_keras_downloads_nothing_and_says_what_to_get(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "none"))
    for call, said in (
            ("tf.keras.utils.get_file('a.txt', 'http://localhost:1/a.txt', cache_dir='.')",
             "get http://localhost:1/a.txt and put it at {0}/datasets/a.txt"),
            ("tf.keras.datasets.mnist.load_data()",
             "put mnist.npz into {0}/keras/datasets, the original files into {0}/MNIST_data, or set "
             "TFDS_DATA_DIR"),
            ("keras.datasets.cifar10.load_data()", "put cifar-10-batches-py.tar.gz into "
             "{0}/keras/datasets, the original files into {0}/cifar-10-batches-py, or"),
            ("keras.datasets.cifar100.load_data()",
             "get https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz and put")):
        path = listing(tmp_path, "import tensorflow as tf, keras\n" + call)
        [failure] = run(path, tmp_path).failures
        assert "nothing is downloaded here: " + said.format(tmp_path) in str(failure.error)
        assert isinstance(failure.error, OSError)
    assert "Downloading" not in capfd.readouterr().out
    (tmp_path / "datasets" / "a.txt").write_text("there")
    result = run(listing(tmp_path, "import tensorflow as tf\n"
                         "path = tf.keras.utils.get_file('a.txt', 'http://localhost:1/a.txt',"
                         "cache_dir='.')\n"), tmp_path)
    assert (tmp_path / result.names["path"]).read_text() == "there"


def test_keras_finds_local_files_and_prepared_data(workdir, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(workdir / "keras"))
    rng, folder = np.random.default_rng(0), workdir / "data" / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    for name in ("data_batch_1", "data_batch_2", "test_batch"):
        with open(folder / name, "wb") as file:
            pickle.dump({b"data": rng.integers(0, 256, (4, 3072), np.uint8), b"labels": [3, 1, 2, 9]}, file)
    (workdir / "fashion").symlink_to(workdir / "MNIST_data")
    prepared = {"image": np.ones([2, 28, 28, 1], np.uint8), "label": np.array([7, 8])}
    monkeypatch.setattr("gan_tf1.data.source.prepared_version", lambda name: workdir)
    monkeypatch.setattr("gan_tf1.data.source.read", lambda version, split: prepared)
    result = run(listing(workdir, """
import os
from keras.datasets import mnist
from tensorflow.keras.datasets import cifar10, fashion_mnist
shapes = [[array.shape for part in data.load_data() for array in part]
          for data in (mnist, fashion_mnist, cifar10)]
(_, cifar_labels), (images, _) = cifar10.load_data()
os.remove('MNIST_data')
(prepared, labels), _ = mnist.load_data()
"""), workdir)
    assert result.failures == []
    few = [(5300, 28, 28), (5300,), (500, 28, 28), (500,)]
    assert result.names["shapes"] == [few, few, [(8, 32, 32, 3), (8, 1), (4, 32, 32, 3), (4, 1)]]
    assert result.names["cifar_labels"].ravel().tolist() == 2 * [3, 1, 2, 9]
    with open(folder / "test_batch", "rb") as file:  # red, green and blue planes, row by row
        assert result.names["images"][1, 2, 3, 1] == pickle.load(file)[b"data"][1, 1024 + 2 * 32 + 3]
    assert result.names["prepared"].shape == (2, 28, 28) and result.names["labels"].tolist() == [7, 8]


@pytest.mark.parametrize("content, complaint", [
    (b"\xff\xfe\x00", "is not UTF-8 text"), (b"a = 1\0", "is not text: it contains null bytes"),
    (b"a = " + 5000 * b"-" + b"1", "has code that is nested too deeply"),
    (b"a = " + 900 * b"-" + b"1", "has code that is nested too deeply"),
    (b"x" * 101, "has 101 bytes: a listing has at most 100")])
def test_a_file_that_cannot_be_a_listing_gives_one_line(tmp_path, capsys, monkeypatch, content,
                                                        complaint):
    if b"x" in content:
        monkeypatch.setattr("gan_tf1.listing.blocks.LARGEST", 100)
    (tmp_path / "listing.py").write_bytes(content)
    assert complaint in refusal(capsys, main, tmp_path / "listing.py", "--set", "1=2",
                                "--workdir", tmp_path)
    assert "is not a file" in refusal(capsys, main, tmp_path)


@pytest.mark.parametrize("given", [
    "epochs=" + 5000 * "-" + "1", "epochs=" + 60 * "-" + "1", "epochs=" + 5000 * "(" + 5000 * ")",
    "epochs=" + 300 * "[" + 300 * "]", "epochs=1" + 5000 * "+1", "1" + 5000 * "+1" + "=3",
    "epochs" + 5000 * ".a" + "=3", "epochs=" + 10_000 * "9"])
def test_a_value_that_is_nested_too_deeply_gives_one_line(tmp_path, capsys, given):
    path = listing(tmp_path, "epochs = 3\nraise SystemExit(9)\n")
    line = refusal(capsys, main, path, "--set", given, "--workdir", tmp_path)
    assert line.startswith("error: --set ") and len(line) < 500


def test_a_long_listing_is_read_in_one_pass():
    """The time to find the end of each statement is linear in the number of lines."""
    from gan_tf1.listing import blocks

    class Lines(list):
        taken = 0

        def __getitem__(self, index):
            found = super().__getitem__(index)
            Lines.taken += len(found) if isinstance(index, slice) else 1
            return found

    lines = Lines(1000 * ["x = [1,", "2]"])
    at, ends = 0, []
    while at < len(lines):
        ends.append(blocks._last_line(lines, at))
        at = ends[-1] + 1
    assert ends == list(range(1, 2000, 2)) and Lines.taken < 3 * len(lines)
