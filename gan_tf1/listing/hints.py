"""Hints on what is wrong with a listing, by its error: those of the chapters, and common ones."""

import re
from typing import NamedTuple


class Hint(NamedTuple):
    """What to say where an error is of type `error`, its text matches `text`, and the line of the
    listing where it came from matches `line`."""
    error: str
    text: str
    line: str
    meaning: str


# The chapters'. A line is matched, not a file's name: so copies and notebooks of them are told too.
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
         "three transposed convolutions of stride 2 make 56 x 56 of 7 x 7, and the "
         "discriminator's dense layer has been made for 28 x 28: the third must have stride 1"),
    Hint("TypeError", "'float' and 'tuple'", r"1\. - d_fake",
         "the discriminator returns a pair (output, logits), which the loss takes for a tensor: "
         "d_real, _ = ... and d_fake, _ = ... are meant"),
    Hint("NameError", "'np'|'plt'", "", "NumPy and matplotlib are never imported: `import numpy as "
         "np` and `import matplotlib.pyplot as plt` are missing"),
    Hint("ValueError|TypeError", "label_mask|int32.*float32", r"label_mask \*",
         "label_mask is int32 and is multiplied by float32: it must be cast"),
)
NO_SHAPE = ("this layer needs the shape of its input, and a placeholder that has no shape (or not "
            "this part of it) is where it comes from: tf.placeholder(tf.float32, (None, SIZE))")
PYTHON_2 = "this is Python 2, which TensorFlow no longer runs on"
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
         "['.]", "", "this library was made for TensorFlow 1 or before, and can't be had for the "
         "TensorFlow that is installed"),
    Hint("ModuleNotFoundError", "'cv2['.]", "", INSTALL.format("opencv-python-headless")),
    Hint("ModuleNotFoundError", "'sklearn['.]", "", INSTALL.format("scikit-learn")),
    Hint("ModuleNotFoundError", "'skimage['.]", "", INSTALL.format("scikit-image")),
    Hint("ModuleNotFoundError", "'moviepy['.]", "", INSTALL.format("'moviepy<2'")),
    Hint("ModuleNotFoundError", "'(pandas|seaborn|imutils|networkx)['.]", "",
         INSTALL.format("the module's name")),
    Hint("ValueError", "not a valid checkpoint", "", "there is no checkpoint of this name: it was "
         "published apart from the listing, or is saved by a block or at a step that hasn't run"),
    Hint("ModuleNotFoundError", "No module named", "",
         "this module is neither installed nor beside the listing"),
    Hint("RuntimeError", "Attempted to use a closed Session", "",
         "the session's `with` block has ended, and with it the session"),
)


def hint(error, line):
    """What is known about `error`, an exception, from `line` of a listing; or None."""
    names = {kind.__name__ for kind in type(error).__mro__}
    for known in BOOK_ERRORS + COMMON:
        if (names & set(known.error.split("|")) and re.search(known.text, str(error), re.S)
                and re.search(known.line, line)):
            return known.meaning
    return None
