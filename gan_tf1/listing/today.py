"""Old names and what replaces them today, for `--report`."""

import types

from gan_tf1.listing import images, old_names, old_numpy, old_python
from gan_tf1.listing.modules import INSIDES, keras_module, tf1_module
from gan_tf1.tf1 import load

# What replaces a name that the installed TensorFlow no longer has. `tf` is tensorflow.compat.v1.
TENSORFLOW = {
    **{old: f"tf.{new}" for old, new in old_names.RENAMED.items()},
    "scalar_summary": "tf.summary.scalar", "histogram_summary": "tf.summary.histogram",
    "image_summary": "tf.summary.image", "merge_summary": "tf.summary.merge",
    "merge_all_summaries": "tf.summary.merge_all", "concat_v2": "tf.concat",
    "op_scope": "tf.name_scope", "variable_op_scope": "tf.variable_scope",
    "train.SummaryWriter": "tf.summary.FileWriter",
    "image.per_image_whitening": "tf.image.per_image_standardization",
    "examples.tutorials": "a reader of your own for the four idx files"}
COPY = "a copy of gan_tf1/listing/contrib"
LAYERS = {
    "fully_connected": "tf.layers.dense, with activation=tf.nn.relu",
    "linear": "tf.layers.dense", "flatten": "tf.layers.flatten",
    "conv2d": "tf.layers.conv2d, with padding='same' and activation=tf.nn.relu",
    "convolution2d": "tf.layers.conv2d, with padding='same' and activation=tf.nn.relu",
    "conv2d_transpose": "tf.layers.conv2d_transpose, with padding='same' and activation=tf.nn.relu",
    "convolution2d_transpose":
        "tf.layers.conv2d_transpose, with padding='same' and activation=tf.nn.relu",
    "batch_norm":
        "tf.layers.batch_normalization, with momentum=0.999, scale=False and training=True",
    "dropout": "tf.layers.dropout, with rate = 1 - keep_prob and training=True",
    "max_pool2d": "tf.layers.max_pooling2d", "avg_pool2d": "tf.layers.average_pooling2d",
    "xavier_initializer": "tf.glorot_uniform_initializer",
    "xavier_initializer_conv2d": "tf.glorot_uniform_initializer",
    "variance_scaling_initializer": "tf.variance_scaling_initializer, with scale=2",
    "l2_regularizer": "tf.keras.regularizers.l2, with half the factor",
    "l1_regularizer": "tf.keras.regularizers.l1", "one_hot_encoding": "tf.one_hot",
    "add_arg_scope": COPY}
ORDER = {  # arguments whose order has changed
    "concat": "tf.concat(values, axis)", "split": "tf.split(value, num_or_size_splits, axis)"}
NUMPY = {"asscalar": "array.item()", "in1d": "np.isin", "asfarray": "np.asarray",
         "mat": "np.asmatrix", "msort": "np.sort(a, 0)", "rank": "np.ndim",
         "find_common_type": "np.result_type",
         "random.random_integers": "np.random.randint, whose upper limit is excluded",
         "lib.pad": "np.pad", "NINF": "-np.inf", "NaN": "np.nan", "NAN": "np.nan",
         **{name: "np.inf" for name in ("Inf", "Infinity", "infty", "PINF")}}
METHODS = {  # of arrays and dictionaries, and of matplotlib's objects
    "tostring": "tobytes", "itemset": "an assignment, a[index] = value", "iteritems": "items",
    "itervalues": "values", "iterkeys": "keys", "has_key": "the operator `in`",
    "set_axis_bgcolor": "set_facecolor", "waitforbuttonpress": "nothing (it waits for a key)",
    "set_window_title": "nothing (there is no window)"}
OTHERS = {
    "matplotlib.pyplot.hold": "nothing (it is always on)",
    "PIL.Image.ANTIALIAS": "PIL.Image.LANCZOS",
    "scipy.ndimage.imread": "imageio.imread", "time.clock": "time.perf_counter",
    "fractions.gcd": "math.gcd", "base64.encodestring": "base64.encodebytes",
    "base64.decodestring": "base64.decodebytes", "itertools.izip": "zip", "itertools.imap": "map",
    "itertools.ifilter": "filter", "string.letters": "string.ascii_letters",
    "sys.maxint": "sys.maxsize", "os.getcwdu": "os.getcwd", "urllib.urlretrieve":
    "urllib.request.urlretrieve", "urllib.urlopen": "urllib.request.urlopen",
    "sys.setdefaultencoding": "nothing", **{f"scipy.misc.{name}": "PIL.Image or imageio"
                                            for name in images.__all__},
    **{f"scipy.misc.{name}": f"scipy.special.{name}"
       for name in ("comb", "factorial", "logsumexp")},
    **{f"collections.{name}": f"collections.abc.{name}" for name in (
        "Iterable", "Iterator", "Mapping", "MutableMapping", "Sequence", "Callable", "Hashable")}}


def of_tensorflow(name) -> tuple[str, str]:
    """What becomes of `name`, a dotted name in `tensorflow`, as a pair.

    ("same", ""): the installed `tensorflow.compat.v1` has it; ("emulated", what replaces it today);
    or ("unknown", the message of the error).
    """
    if name.split(".")[0] in INSIDES:
        return "same", ""
    try:
        _walk(tf1_module(), name)
    except AttributeError as error:
        return "unknown", str(error)
    try:
        _walk(load(), name)
        return "same", ""
    except AttributeError:
        pass
    for known, replacement in TENSORFLOW.items():
        if name == known or name.startswith(known + "."):
            return "emulated", replacement
    return "emulated", LAYERS.get(name.rsplit(".", 1)[-1], COPY) if "contrib" in name else ""


def of_keras(name) -> tuple[str, str]:
    """What becomes of `name`, a dotted name in `keras`; see `of_tensorflow`."""
    try:
        _walk(keras_module(), name)
    except AttributeError as error:
        return "unknown", str(error)
    return "same", ""


def _walk(module, name):
    """Follow the dotted `name` as far as it leads through modules."""
    for part in name.split("."):
        if not isinstance(module, types.ModuleType):
            return
        module = getattr(module, part)


def of_library(name) -> str | None:
    """What replaces the dotted `name` of Python or another library today, or None."""
    library, _, rest = name.partition(".")
    if library == "numpy" and rest in NUMPY:
        return NUMPY[rest]
    if library == "numpy" and rest in old_numpy.GONE_FROM_NUMPY:
        new = old_numpy.GONE_FROM_NUMPY[rest]
        return new.__name__ if isinstance(new, type) and new.__module__ == "builtins" else (
            f"np.{getattr(new, '__name__', new)}")
    if name in OTHERS:
        return OTHERS[name]
    if library in old_python.MODULES:
        return f"the module {old_python.MODULES[library]}"
    return None
