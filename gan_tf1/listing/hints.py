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
         "the chapter leaves this as an exercise: five bodies are `raise NotImplementedError`"),
    Hint("NotImplementedError", "", "", "the listing leaves this part as an exercise"),
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
NO_SHAPE = ("this layer needs the shape of its input, which comes from a placeholder that has no "
            "shape, or only a part of it: write tf.placeholder(tf.float32, (None, SIZE))")
PYTHON_2 = "this is Python 2, which TensorFlow no longer supports"
INSTALL = "this module isn't installed: pip install {}"
COMMON = (
    Hint("ValueError", r"rank.*(undefined|unknown|None)|should be defined|Found `None`|"
         r"unknown TensorShape|undefined rank|needs a known rank", "", NO_SHAPE),
    Hint("TypeError", "'NoneType' object is not (subscriptable|iterable)", r"(layers|slim)\.\w+\(",
         NO_SHAPE),
    Hint("SyntaxError", r"Missing parentheses in call to 'print'|Missing parentheses in call to "
         "'exec'|multiple exception types must be parenthesized", "", PYTHON_2),
    Hint("NameError", "'(xrange|raw_input|unicode|unichr|reduce|basestring)'", "", PYTHON_2),
    Hint("ModuleNotFoundError", "'(cPickle|urllib2|ConfigParser|Queue|StringIO|Tkinter)'", "",
         PYTHON_2),
    Hint("ModuleNotFoundError", "'(prettytensor|tensorlayer|sonnet|tflearn|edward|neon|theano|lasagne)"
         "['.]", "", "this library was made for TensorFlow 1 or earlier, and is not available for "
         "the installed TensorFlow"),
    Hint("ModuleNotFoundError", "'cv2['.]", "", INSTALL.format("opencv-python-headless")),
    Hint("ModuleNotFoundError", "'sklearn['.]", "", INSTALL.format("scikit-learn")),
    Hint("ModuleNotFoundError", "'skimage['.]", "", INSTALL.format("scikit-image")),
    Hint("ModuleNotFoundError", "'moviepy['.]", "", INSTALL.format("'moviepy<2'")),
    Hint("ModuleNotFoundError", "'(pandas|seaborn|imutils|networkx)['.]", "",
         INSTALL.format("the module's name")),
    Hint("ValueError", "not a valid checkpoint", "", "there is no checkpoint of this name: it was "
         "published separately, or it is saved by a block or at a step that hasn't run"),
    Hint("ModuleNotFoundError", "No module named", "",
         "this module is neither installed nor beside the listing"),
    Hint("RuntimeError", "Attempted to use a closed Session", "",
         "the session was closed when its `with` block ended"),
)


def hint(error, line) -> str | None:
    """The hint for the exception `error`, raised at `line` of a listing, or None."""
    names = {kind.__name__ for kind in type(error).__mro__}
    for known in BOOK_ERRORS + COMMON:
        if (names & set(known.error.split("|")) and re.search(known.text, str(error), re.S)
                and re.search(known.line, line)):
            return known.meaning
    return None
