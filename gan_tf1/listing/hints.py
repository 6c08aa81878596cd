"""Hints on what is wrong with a listing: the errors of the chapters, and some common ones."""

import re
from typing import NamedTuple


class Hint(NamedTuple):
    """A hint for errors of type `error`, if their text and line of the listing match.

    `text` and `line` are regular expressions; `error` may name several types, separated by |.
    """
    error: str
    text: str
    line: str
    meaning: str


# The chapters' errors. They are recognized by the line, so copies and notebooks are covered too.
BOOK_ERRORS = (
    Hint("ValueError", "slice step cannot be zero", r"gen_samples?\[::int\(",
         "gen_samples holds a pair (tanh output, logits) for each epoch, so int(len / cols) is 0, "
         "as int(len / rows) is with fewer than 10 epochs: this figure can't be drawn"),
    Hint("NameError", "'g_vars'", r"Saver\(var_list=g_vars\)",
         "g_vars and z_size are never defined: the chapter calls them gen_vars and gen_z_size"),
    Hint("NameError", "'z_size'", r"np\.random\.uniform\(-1, 1, size=\(16, z_size\)\)",
         "z_size is never defined: the chapter calls it gen_z_size"),
    Hint("SyntaxError", "", r"=\s*raise NotImplementedError",
         "the chapter leaves this as an exercise: seven bodies are `raise NotImplementedError`"),
    Hint("NotImplementedError", r"^(?!.*supported here)", "",
         "the listing leaves this part as an exercise"),
    Hint("ValueError", r"discriminator/dense/kernel", r"logits = tf\.layers\.dense\(flattened",
         "three transposed convolutions of stride 2 enlarge 7 x 7 to 56 x 56, but the "
         "discriminator's dense layer was built for 28 x 28: the third must have stride 1"),
    Hint("TypeError", "'float' and 'tuple'", r"1\. - d_fake",
         "the discriminator returns a pair (output, logits), which the loss uses as a tensor: "
         "write d_real, _ = ... and d_fake, _ = ..."),
    Hint("NameError", "'np'|'plt'", "", "NumPy and matplotlib are never imported: `import numpy as "
         "np` and `import matplotlib.pyplot as plt` are missing"),
    Hint("ValueError|TypeError", "label_mask|int32.*float32", r"label_mask \*",
         "label_mask is int32 and is multiplied by float32: it must be cast"),
)


class FigureError(NamedTuple):
    """What the figures of a block show, if its text and that of the listing match."""
    block: str    # a regular expression
    listing: str  # a regular expression
    meaning: str


FIGURE_ERRORS = (
    FigureError(r"view_generated_samples\(-1",
                r"in zip\(axes\.flatten\(\), g_samples\[0\]\[epoch_num\]",
                "shows logits of the first epoch, not samples of the last one: each element of "
                "gen_samples is a pair (tanh output, logits), and g_samples[0][-1] is the second "
                "of the first pair"),
)
NO_SHAPE = ("this layer needs the shape of its input, which comes from a placeholder that has no "
            "shape, or only a part of it: write tf.placeholder(tf.float32, (None, SIZE))")
PYTHON_2 = "this is Python 2: add --python2 to the command"
LOST = ("this library was made for TensorFlow 1 or earlier, and is not available for the "
        "installed one")
IN_LISTINGS = (
    Hint("ValueError", r"rank.*(undefined|unknown|None)|should be defined|Found `None`|"
         r"unknown TensorShape|undefined rank|needs a known rank", "", NO_SHAPE),
    Hint("TypeError", "'NoneType' object is not (subscriptable|iterable)", r"(layers|slim)\.\w+\(",
         NO_SHAPE),
    Hint("RuntimeError", "Attempted to use a closed Session", "",
         "the session was closed when its `with` block ended"),
)
CHANGED = (
    Hint("SyntaxError", r"Missing parentheses in call to '(print|exec)'|multiple exception types "
         r"must be parenthesized|leading zeros in decimal integer|inconsistent use of tabs", "",
         PYTHON_2),
    Hint("SyntaxError", "invalid syntax|invalid decimal literal", r"<>|`\w+`|\bexcept .+, \w+:|"
         r"\braise \w+, |\bprint >>|\bur['\"]|\b\d+L\b", PYTHON_2),
    Hint("AttributeError", "'dict' object has no attribute '(iter(items|values|keys)|has_key)'", "",
         PYTHON_2),
    Hint("ModuleNotFoundError", "'(Tkinter|tkMessageBox)'", "", PYTHON_2),
    Hint("OverflowError", "Python integer .* out of bounds for u?int", "", "NumPy 2 refuses a "
         "number that the type of its array can't hold, where NumPy 1 chose a larger type: write "
         "array.astype(int)"),
)
MISSING = (
    Hint("ModuleNotFoundError", "'(prettytensor|tensorlayer|sonnet|tflearn|edward|neon|theano|"
         "lasagne|tensorpack|tfutils|zhusuan)['.]", "", LOST),
    Hint("ValueError", "not a valid checkpoint", "", "there is no checkpoint of this name: it was "
         "published separately, or it is saved by a block or at a step that hasn't run"),
    Hint("ModuleNotFoundError", "No module named", "",
         "this module is neither installed nor beside the listing"),
)
# What pip calls the package of a module, if it is another name.
DISTRIBUTIONS = {
    "cv2": "opencv-python-headless", "sklearn": "scikit-learn", "skimage": "scikit-image",
    "moviepy": "'moviepy<2'", "yaml": "pyyaml", "progressbar": "progressbar2",
    "dateutil": "python-dateutil", "bs4": "beautifulsoup4", "Crypto": "pycryptodome",
    "OpenGL": "pyopengl", "mpl_toolkits": "matplotlib", "git": "gitpython",
    "dotenv": "python-dotenv"}
SAME_NAMES = {
    "pandas", "seaborn", "imutils", "networkx", "imageio", "h5py", "lmdb", "librosa", "nltk", "gym",
    "dill", "joblib", "requests", "easydict", "toolz", "termcolor", "colorama", "colorlog",
    "tabulate", "prettytable", "visdom", "plotly", "bokeh", "ipdb", "fire", "sacred", "toposort",
    "gensim", "soundfile", "pydub", "nibabel", "pydicom", "trimesh", "rdkit", "music21", "wget"}
HEADINGS = {"What is wrong with the listing": BOOK_ERRORS + IN_LISTINGS,
            "What has changed since": CHANGED, "What is missing": MISSING}


def hint(error, line) -> str | None:
    """A hint for the exception `error`, raised at `line` of a listing: a sentence, or None."""
    module = str(getattr(error, "name", None) or "").partition(".")[0]
    if isinstance(error, ModuleNotFoundError) and (module in DISTRIBUTIONS or module in SAME_NAMES):
        return (f"What is missing: the package {module}: "
                f"python -m pip install {DISTRIBUTIONS.get(module, module)}")
    names = {kind.__name__ for kind in type(error).__mro__}
    for heading, hints in HEADINGS.items():
        for known in hints:
            if (names & set(known.error.split("|")) and re.search(known.text, str(error), re.S)
                    and re.search(known.line, line)):
                return f"{heading}: {known.meaning}"
    return None


def meaning(block, listing) -> str | None:
    """What the figures of `block` show, if it isn't what the author meant, else None."""
    for known in FIGURE_ERRORS:
        if re.search(known.block, block) and re.search(known.listing, listing):
            return known.meaning
    return None
