"""The text in which a log is looked for: a file, the recording of a terminal, or a notebook's output.
"""

import html
import json
import pathlib
import re

from gan_tf1.errors import InputError

# Escape sequences of a terminal, for colours and movements of the cursor, and the backspaces with
# which a progress bar is drawn again.
_TERMINAL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][0-9A-Z]|\x08+")
# The bar of Keras, 3/4 [=====>....], whose arrow looks like the beginning of a log line.
_KERAS_BAR = re.compile(r"(?<!\d)\d{1,9}/\d{1,9} \[[=>.]{1,200}\]")
_WEB_PAGE = re.compile(r"\s*<(?:!doctype|html|pre)\b", re.IGNORECASE)


def of_file(path) -> str:
    """The text in the file `path`, or what the cells of the notebook `path` have printed.

    Raises InputError, which names the file, if it can't be read or is a damaged notebook.
    """
    path = pathlib.Path(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}") from error
    wide = raw[:2] in (b"\xff\xfe", b"\xfe\xff")  # what PowerShell's > writes
    text = raw.decode("utf-16" if wide else "utf-8", errors="replace").removeprefix("\ufeff")
    if path.suffix.lower() == ".ipynb":
        try:
            text = of_notebook(text)
        except InputError as error:
            raise InputError(f"{path}: {error}") from None
    elif path.suffix.lower() in (".html", ".htm") or _WEB_PAGE.match(text):
        text = of_web_page(text)
    return plain(text)


def plain(text) -> str:
    """`text` as it is read on a terminal, without the bars of Keras: a carriage return ends a line."""
    return _KERAS_BAR.sub("", _TERMINAL.sub("", text)).replace("\r\n", "\n").replace("\r", "\n")


def of_web_page(text) -> str:
    """The text that a web page shows, such as a notebook that was saved as HTML."""
    return html.unescape(re.sub(r"<[^<>]{0,1000}>", "", re.sub(r"<br\s*/?>", "\n", text, flags=re.IGNORECASE)))


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
