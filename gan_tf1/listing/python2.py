"""Run Python 2: `--python2` converts the text before it is compiled, with the package `fissix`.

fissix is the maintained copy of lib2to3, which Python 3.13 no longer has. Only fixers are used that
keep every statement on its line, so messages show the lines as they are written. `/` divides as in
Python 2, unless the file has `from __future__ import division`.
"""

import ast
import builtins
import contextlib
import importlib.machinery
import importlib.util
import math
import numbers
import pathlib
import pickle
import re
import sys

import numpy as np

from gan_tf1.errors import InputError
from gan_tf1.listing import python2_strings
from gan_tf1.listing.patches import attributes

DIVIDE = "__listing_divide__"  # the function that replaces `/` between two expressions
FIXERS = (
    "apply dict except exec filter funcattrs has_key long map metaclass methodattrs ne next "
    "nonzero numliterals paren print raise raw_input repr standarderror sys_exc throw "
    "tuple_params types unicode xrange zip").split()


def refuse_missing() -> None:
    """Raise InputError if fissix isn't installed."""
    if importlib.util.find_spec("fissix") is None:
        raise InputError("--python2 needs the package fissix: python -m pip install fissix")


def features(texts) -> set[str]:
    """The features that `texts`, the blocks of one listing, import from `__future__`."""
    found = re.findall(r"^[ \t]*from\s+__future__\s+import\s+(\([^)]*\)|.*)", "\n".join(texts),
                       re.M)
    return set(re.findall(r"\w+", " ".join(found)))


def parse(text, filename, future=()) -> ast.Module:
    """The syntax tree of `text`, which is Python 2 with the features `future`.

    Raises SyntaxError if `text` is neither Python 2 nor Python 3.
    """
    try:
        tree = ast.parse(_converted(text, filename, future), filename)
    except SyntaxError:
        try:
            tree = ast.parse(text, filename)  # written for Python 3, or for both
        except IndentationError:
            raise
        except SyntaxError:
            tree = None
        if tree is None:
            raise
    tree = _Codecs().visit(tree)
    return ast.fix_missing_locations(tree if "division" in future else _Division().visit(tree))


def _converted(text, filename, future):
    """`text` as Python 3."""
    from fissix import refactor
    from fissix.pgen2 import parse as parsing, tokenize
    lines = re.sub(r"^[ \t]+", lambda found: found[0].expandtabs(8), text, flags=re.M)
    tool = refactor.RefactoringTool([f"fissix.fixes.fix_{name}" for name in FIXERS],
                                    {"print_function": "print_function" in future})
    tool.log_error = tool.log_message = tool.log_debug = lambda *args, **options: None
    try:
        tree = tool.driver.parse_string(lines if lines.endswith("\n") else lines + "\n")
    except (parsing.ParseError, tokenize.TokenError) as error:
        line, column = (error.context[1] if isinstance(error, parsing.ParseError)
                        else error.args[1])
        raise SyntaxError("this is neither Python 2 nor Python 3",
                          (filename, line, column + 1, None)) from None
    tree.future_features = frozenset(future)
    tool.refactor_tree(tree, filename)
    return str(tree)


class _Division(ast.NodeTransformer):
    """Replaces `a / b` by DIVIDE(a, b), and `a /= b` by `a = DIVIDE(a, b, True)`."""

    def visit_BinOp(self, node):
        """The call, if the operator is `/`."""
        self.generic_visit(node)
        if not isinstance(node.op, ast.Div):
            return node
        return ast.copy_location(_call(node.left, node.right), node)

    def visit_AugAssign(self, node):
        """The assignment, if the operator is `/=`."""
        self.generic_visit(node)
        if not isinstance(node.op, ast.Div):
            return node
        target = ast.parse(ast.unparse(node.target), mode="eval").body
        call = _call(target, node.value, ast.Constant(True))
        return ast.copy_location(ast.Assign([node.target], call), node)


class _Codecs(ast.NodeTransformer):
    """Replaces `a.decode(...)` and `a.encode(...)` by functions that accept text and bytes."""

    def visit_Call(self, node):
        """The call, if it is one of these two."""
        self.generic_visit(node)
        names = {"decode": python2_strings.DECODE, "encode": python2_strings.ENCODE}
        if not isinstance(node.func, ast.Attribute) or node.func.attr not in names:
            return node
        name = ast.Name(names[node.func.attr], ast.Load())
        return ast.copy_location(
            ast.Call(name, [node.func.value, *node.args], node.keywords), node)


def _call(*args):
    return ast.Call(ast.Name(DIVIDE, ast.Load()), list(args), [])


def divide(a, b, in_place=False):
    """a / b as in Python 2: rounded down if both are integers, arrays or tensors of integers."""
    if _is_integral(a) and _is_integral(b):
        if in_place and isinstance(a, np.ndarray):
            a //= b
            return a
        return a // b
    if in_place:
        a /= b
        return a
    return a / b


def _is_integral(value):
    if isinstance(value, numbers.Integral):  # those of NumPy, too
        return True
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "iub"
    if type(value).__name__ == "Dimension":
        return True
    return bool(getattr(getattr(value, "dtype", None), "is_integer", False))  # a tensor


def _round(number, digits=None):
    """round(2.5) is 3.0 in Python 2: a float, and halves are rounded away from zero."""
    if digits:
        return builtins.round(number, digits)
    return math.copysign(math.floor(abs(number) + 0.5), number)


@contextlib.contextmanager
def running(root):
    """A context in which the modules in the folder `root` are Python 2."""
    plain_load, plain_loads = pickle.load, pickle.loads

    def load(file, *, encoding="latin1", **options):  # in Python 2, files of text hold bytes, too
        return plain_load(getattr(file, "buffer", file), encoding=encoding, **options)

    def dump(value, file, protocol=None, **options):
        return plain_dump(value, getattr(file, "buffer", file), protocol, **options)

    def loads(data, *, encoding="latin1", **options):
        return plain_loads(data, encoding=encoding, **options)

    plain_dump = pickle.dump
    finder = _Finder(pathlib.Path(root))
    sys.meta_path.insert(0, finder)
    try:
        with attributes(builtins, **{DIVIDE: divide}), python2_strings.running(), \
                attributes(pickle, load=load, loads=loads, dump=dump):
            yield {"round": _round}
    finally:
        sys.meta_path.remove(finder)


class _Finder:
    """Finds the modules below a folder, which are Python 2.

    As in Python 2, the modules of a package find each other without a dot.
    """

    def __init__(self, root):
        self.root = root

    def find_spec(self, name, path=None, target=None):
        """The module's spec, or None if it isn't below the folder."""
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is None and path is None:
            for package in list(sys.modules.values()):
                places = [str(place) for place in getattr(package, "__path__", ())]
                if places and pathlib.Path(places[0]).is_relative_to(self.root):
                    spec = spec or importlib.machinery.PathFinder.find_spec(name, places)
        from gan_tf1.listing.modules import is_library
        origin = spec.origin if spec else None
        if (origin and origin.endswith(".py") and pathlib.Path(origin).is_relative_to(self.root)
                and not is_library(origin)):
            spec.loader = _Loader(spec.name, origin)
            return spec
        return None


class _Loader(importlib.machinery.SourceFileLoader):
    """Converts a module before it compiles it."""

    def get_code(self, fullname):
        """The code of the module, never that of an earlier run."""
        with open(self.path, encoding="utf-8-sig", newline=None) as file:
            text = file.read()
        return compile(parse(text, self.path, features([text])), self.path, "exec")
