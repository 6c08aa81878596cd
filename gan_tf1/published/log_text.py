"""The text in which a log is looked for: a file, the recording of a terminal, or a notebook's output."""

import html
import json
import pathlib
import re

from gan_tf1.errors import InputError

# Escape sequences of a terminal, for colours and movements of the cursor, and the backspaces with
# which a progress bar is drawn again.
_TERMINAL = re.compile(r"\x1b\[[0-9;:?]*[A-Za-z]|\x1b[()][0-9A-Z]|\x08+")
# The bar of Keras, 3/4 [=====>....], whose arrow looks like the beginning of a log line.
_KERAS_BAR = re.compile(r"(?<!\d)\d{1,9}/\d{1,9} \[[=>.]{1,200}\]")
_WEB_PAGE = re.compile(r"\s*<(?:!doctype|html|pre)\b", re.IGNORECASE)
_INLINE = re.compile(r"data:[\w/.+-]{1,80};base64,[A-Za-z0-9+/=]+")  # an image in a web page
_BLOCK = re.compile(r"<br\s*/?>|</?(?:p|div|li|tr|pre)\b[^<>]{0,1000}>", re.IGNORECASE)  # ends a line
# A number as Python shows it in a list, such as np.float32(0.5), array(0.5, dtype=float32), or
# <tf.Tensor: shape=(), dtype=float32, numpy=0.5>.
_SHOWN_NUMBER = re.compile(
    r"(?:\b(?:(?:np|numpy)\.float\d\d|array|tf\.Tensor)\(|<tf\.Tensor: shape=\(\), dtype=\w{1,9}, numpy=)"
    r"([^()<>]{1,60}?)(?:, ?shape=\(\))?(?:, ?dtype=\w{1,9})?[)>]")
_PLAIN_MARKS = str.maketrans({"\xa0": " ", "\u2026": "..."})  # a blank that does not break a line, and three dots


def of_file(path) -> str:
    """The text in the file `path`, or what the cells of the notebook `path` have printed.

    A notebook is recognized by its contents too, and so is the log of a notebook that has run on Kaggle.
    Raises InputError, which names the file, if it can't be read or is a damaged notebook.
    """
    path = pathlib.Path(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}") from error
    wide = raw[:2] in (b"\xff\xfe", b"\xfe\xff")  # what PowerShell's > writes, and >> without these two bytes
    encoding = "utf-16" if wide else "utf-16-le" if raw[1:2] == b"\0" else "utf-8"
    text = raw.decode(encoding, errors="replace").removeprefix("\ufeff")
    if path.suffix.lower() in (".html", ".htm") or _WEB_PAGE.match(text):
        text = of_web_page(text)
    elif path.suffix.lower() == ".ipynb" or text.lstrip()[:1] == "{" and '"nbformat"' in text:
        try:
            text = of_notebook(text)
        except InputError as error:
            raise InputError(f"{path}: {error}") from None
    elif text.lstrip()[:1] == "[" and '"stream_name"' in text:
        text = of_kaggle(text)
    return plain(text)


def plain(text) -> str:
    """`text` as it is read on a terminal, without the bars of Keras: a carriage return ends a line.

    Numbers that are shown with their type are replaced by the number alone.
    """
    text = _KERAS_BAR.sub("", _TERMINAL.sub("", text)).replace("\r\n", "\n").replace("\r", "\n")
    return _SHOWN_NUMBER.sub(r"\1", text.translate(_PLAIN_MARKS)).replace("&gt;", ">")


def of_web_page(text) -> str:
    """The text that a web page shows, such as a notebook that was saved as HTML."""
    return html.unescape(re.sub(r"<[^<>]{0,1000}>", "", _BLOCK.sub("\n", _INLINE.sub("", text))))


def of_kaggle(text) -> str:
    """What a notebook has printed on Kaggle, from the JSON of its log: one part after another.

    A text that is not such a log is returned as it is.
    """
    try:
        parts = json.loads(text)
        streams = {part["stream_name"]: [] for part in parts}
        for part in parts:
            streams[part["stream_name"]].append(part["data"])
        return "\n".join("".join(printed) for printed in streams.values())
    except (ValueError, KeyError, TypeError, RecursionError):
        return text


def of_notebook(text) -> str:
    """What all cells of a Jupyter notebook have printed, in the order of the cells.

    `text` is the JSON of the notebook, of format 3 or 4. Raises InputError if it is not a notebook,
    or if no cell has an output.
    """
    try:
        notebook = json.loads(text)
        sheets = notebook.get("worksheets", [notebook])  # format 3 has its cells in worksheets
        cells = [cell["outputs"] for sheet in sheets for cell in sheet["cells"]
                 if cell.get("outputs")]
        printed = "\n".join(part for outputs in cells for part in _parts(outputs) if part)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InputError("it is not a Jupyter notebook, or it is damaged") from None
    if not printed:
        raise InputError("the notebook has no printed output: save it after its cells have run")
    return printed


def _parts(outputs):
    """The texts in the outputs of a cell: what it printed, its warnings, and the values it showed.

    Jupyter divides a stream between two outputs, even within a line, if a line of the other stream
    comes between them. So each stream is put together again.
    """
    streams = {"stdout": [], "stderr": []}
    shown = []
    for output in outputs:
        name = output.get("name", output.get("stream"))
        text = output.get("text") or output.get("data", {}).get("text/plain") or ""
        streams.get(name, shown).append(text if isinstance(text, str) else "".join(text))
    return ["".join(streams["stdout"]), "".join(streams["stderr"]), *shown]
