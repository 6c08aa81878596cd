"""`--report FILE`: what a listing needs, what is emulated for it, and what stops it.

Nothing of the listing is run; its text, and that of the modules beside it, is only parsed.
"""

import ast
import importlib.util
import pathlib
import sys
from typing import NamedTuple

from gan_tf1.listing import blocks, hints, old_python, python2, rewrite, today
from gan_tf1.wording import quantity

MOST = 5  # places that are named for each name
EMULATED_MODULES = ("tensorflow", "keras", "input_data", "imageio", "IPython", "distutils")
FILE_READERS = ("loadmat", "load", "imread", "open", "File", "restore", "import_meta_graph")
DOWNLOADS = ("urlretrieve", "get_file", "maybe_download", "urlopen", "urlretrieve_with_retry")


class Found(NamedTuple):
    """What was found in a listing; each list has pairs (text, place)."""
    packages: list
    data: list
    options: list
    emulated: list
    skipped: list
    stops: list


class Text(NamedTuple):
    """The parsed text of a block or a module."""
    tree: ast.Module
    place: str  # "block 3, line {}"


def report(path) -> str:
    """The report on the listing at `path`. Raises InputError as `blocks.read` does."""
    found = Found(*([] for _ in Found._fields))
    python, texts, modules = _texts(path, found)
    for text in texts:
        _Reader(text, path.parent, found).visit(text.tree)
    lines = [f"{path.name}: {quantity(len(texts) - len(modules), 'block')}"
             + (f", with {', '.join(modules)} beside it" if modules else "")]
    command = f"python -m gan_tf1.listing {path.name}" + (" --python2" if python else "")
    lines += ["", "Run it unchanged with", f"  {command}"]
    if found.options:
        names = ", ".join(f"--{name}" for name, _ in found.options[:8])
        lines.append(f"Its own options come after --: {command} -- --{found.options[0][0]}=... "
                     f"(it has {names}{', ...' if len(found.options) > 8 else ''})")
    lines += _section("What it needs", [*python, *found.packages, *found.data])
    lines += _section("What is emulated (old name: what replaces it today, where tf is "
                      "tensorflow.compat.v1)", found.emulated)
    lines += _section("What is skipped", found.skipped)
    lines += _section("What stops it", found.stops)
    if not found.stops:
        lines += ["", "Nothing was found that stops it. Errors of its own are only found by "
                  "running it."]
    return "\n".join(lines)


def _section(title, pairs):
    places = {}
    for text, place in pairs:
        places.setdefault(text, []).append(place)
    if not places:
        return []
    lines = ["", title]
    for text, named in places.items():
        named = list(dict.fromkeys(place for place in named if place))
        more = f" and {len(named) - MOST} more" if len(named) > MOST else ""
        lines.append(f"  {text}" + (f"  ({'; '.join(named[:MOST])}{more})" if named else ""))
    return lines


def _texts(path, found):
    """Whether the listing is Python 2 (as pairs), its parsed `Text`s, and its modules' names."""
    all_blocks = blocks.read(path)
    codes = [(block, blocks.code(block)) for block in all_blocks]
    future, python, texts = python2.features(code.text for _, code in codes), [], []
    for block, code in codes:
        place = "line {}" if block.kind == "script" else f"block {block.number}, line {{}}"
        found.skipped.extend((text, place.format(line)) for line, text in code.skipped)
        texts += _parsed(code.text, place, future, block.kind != "fence", python, found)
    modules, waiting = [], [path.parent / name for text in texts
                            for name in _beside(text.tree, path.parent)]
    while waiting:
        module = waiting.pop(0)
        name = str(module.relative_to(path.parent))
        if name in modules or module == path:
            continue
        modules.append(name)
        text = module.read_text(encoding="utf-8", errors="replace")
        parsed = _parsed(text, f"{name}, line {{}}", python2.features([text]), True, python, found)
        texts += parsed
        waiting += [path.parent / other for part in parsed
                    for other in _beside(part.tree, path.parent, module.parent)]
    return python[:1], texts, modules


def _parsed(text, place, future, complete, python, found):
    """[the `Text`], or [] if it can't be parsed; says so in `found`, and Python 2 in `python`."""
    try:
        tree = ast.parse(text)
        names = old_python.used(tree)
        if names:
            python.append((f"Python 2, probably: it uses {names[0]} and divides. With --python2, "
                           "1/2 is 0", ""))
        return [Text(tree, place)]
    except (SyntaxError, ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None) or 1
        message = f"{type(error).__name__}: {getattr(error, 'msg', error)}"
    if importlib.util.find_spec("fissix") is None:
        if hints.hint(SyntaxError(message), text):
            python.append(("Python 2: --python2, which needs the package fissix",
                           place.format(line)))
            return []
    else:
        try:
            tree = python2.parse(text, "listing", future)
            python.append(("Python 2: --python2 converts it", place.format(line)))
            return [Text(tree, place)]
        except (SyntaxError, ValueError, RecursionError):
            pass
    if complete:
        found.stops.append((message, place.format(line)))
    else:
        found.skipped.append((f"a fragment of code: {message}", place.format(line)))
    return []


def _beside(tree, root, folder=None):
    """The files beside the listing that `tree` imports, relative to `root`."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module or "", *(f"{node.module or ''}.{alias.name}".strip(".")
                                           for alias in node.names)}
    found = []
    for name in sorted(names - {""}):
        for place in dict.fromkeys((root, folder or root)):
            inside = place.joinpath(*name.split("."))
            for file in (inside.with_suffix(".py"), inside / "__init__.py"):
                if file.is_file():
                    found.append(str(file.relative_to(root)))
    return found


class _Reader(ast.NodeVisitor):
    """Finds the names that a text uses, and sorts them into `found`."""

    def __init__(self, text, folder, found):
        self.place, self.folder, self.found, self.aliases = text.place, folder, found, {}
        for name, option in rewrite.options(text.tree).items():
            found.options.append((option, ""))
        for node in ast.walk(text.tree):  # an import may stand below its use
            self.note_import(node)

    def note_import(self, node):
        """Note what an import statement makes known, and the packages that it needs."""
        if isinstance(node, ast.Import):
            for alias in node.names:
                self.aliases[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0])
                self.package(alias.name, node)
                self.name(alias.name, node)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module != "__future__":
            self.package(node.module, node)
            for alias in node.names:
                self.aliases[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                if alias.name != "*":
                    self.name(f"{node.module}.{alias.name}", node)

    def package(self, module, node):
        """Note whether the package of `module` is there."""
        top, at = module.split(".")[0], self.place.format(node.lineno)
        if module == "input_data" and not (self.folder / "input_data.py").exists():
            new = today.TENSORFLOW["examples.tutorials"]
            self.found.emulated.append((f"input_data: {new}", at))
        if (top in sys.stdlib_module_names or top in old_python.MODULES or top in EMULATED_MODULES
                or module == "scipy.misc" or (self.folder / f"{top}.py").exists()
                or (self.folder / top).is_dir()):
            return
        if importlib.util.find_spec(top) is not None:
            self.found.packages.append((f"{top}: it is installed", ""))
            return
        error = ModuleNotFoundError(f"No module named {top!r}", name=top)
        what = hints.hint(error, "").partition(": ")[2]
        if top in hints.DISTRIBUTIONS or top in hints.SAME_NAMES:
            self.found.packages.append((what, at))
        self.found.stops.append((f"import {top}: {what}", at))

    def name(self, name, node):
        """Note what becomes of a dotted name."""
        top, _, rest = name.partition(".")
        at = self.place.format(node.lineno)
        if top == "tensorflow" and rest:
            kind, text = today.of_tensorflow(rest)
        elif top == "keras" and rest:
            kind, text = today.of_keras(rest)
        else:
            kind, text = "emulated", today.of_library(name)
        shown = "tf" + name.removeprefix("tensorflow") if top == "tensorflow" else name
        if kind == "emulated" and text is not None and not rest.endswith("contrib"):
            self.found.emulated.append((f"{shown}: {text}" if text else shown, at))
        elif kind == "unknown":
            self.found.stops.append((text, at))

    def visit_Attribute(self, node):
        """A dotted name, from an imported module on."""
        name = self.dotted(node)
        if name is None:
            if node.attr in today.METHODS:
                self.found.emulated.append((f".{node.attr}: {today.METHODS[node.attr]}",
                                            self.place.format(node.lineno)))
            self.generic_visit(node)
        else:
            self.name(name, node)

    def visit_Name(self, node):
        """A name of Python 2, or one that was imported from a module."""
        if node.id in old_python.BUILTINS and node.id not in self.aliases:
            new = getattr(old_python.BUILTINS[node.id], "__name__", "").strip("_<>")
            self.found.emulated.append((f"{node.id}: {new}", self.place.format(node.lineno)))

    def visit_Call(self, node):
        """Data that a call reads, arguments in an old order, and devices."""
        name = self.dotted(node.func) or ""
        short = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(
            node.func, "id", "")
        texts = [argument.value for argument in node.args
                 if isinstance(argument, ast.Constant) and isinstance(argument.value, str)]
        at, data = self.place.format(node.lineno), self.found.data
        if short == "read_data_sets":
            where = texts[0] if texts else "the folder that it is given"
            data.append((f"MNIST: the four idx files in {where}, or TensorFlow Datasets", at))
        elif name.endswith(".load_data") and "datasets." in name:
            data.append((f"{name.removesuffix('.load_data')}: see the README for the places of its "
                         "files", at))
        elif short in DOWNLOADS:
            address = next((text for text in texts if "://" in text), "a file")
            data.append((f"{address}: to be fetched by you, since nothing is downloaded", at))
        elif short in FILE_READERS and texts and not any(map(self.exists, texts[:2])):
            mode = texts[1] if len(texts) > 1 and short == "open" else "r"
            if "r" in mode and "/" not in mode and "%" not in texts[0] and "{" not in texts[0]:
                data.append((f"the file {texts[0]}, unless the listing writes it", at))
        elif short == "device" and texts and "gpu" in texts[0].lower():
            self.found.emulated.append((f"{texts[0]}: the CPU, if there is no GPU", at))
        first = node.args[0] if node.args else None
        is_number = isinstance(first, ast.Constant) and type(first.value) is int
        if name in ("tensorflow.concat", "tensorflow.split") and is_number:
            new = today.ORDER[name.partition(".")[2]]
            self.found.emulated.append((f"{name.replace('tensorflow', 'tf')} with the axis first: "
                                        f"{new}", at))
        elif name.endswith("cross_entropy_with_logits") and len(node.args) > 1:
            self.found.emulated.append(("losses with the logits first: tf.nn...(labels=..., "
                                        "logits=...)", at))
        self.generic_visit(node)

    def exists(self, name):
        """Whether a path exists, seen from the listing's folder or the current one."""
        return (self.folder / name).exists() or pathlib.Path(name).exists()

    def dotted(self, node):
        """The dotted name of an expression `tf.nn.relu` with `tf` resolved, or None."""
        parts = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self.aliases:
            return None
        return ".".join([self.aliases[node.id], *parts[::-1]])
