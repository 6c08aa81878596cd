"""Restore, while a listing runs, the names of Python 2 and of early Python 3.

`python2.py` handles the rest of Python 2: its syntax, its division, its lists. Source: "What's new
in Python" 3.0 to 3.12.
"""

import ast
import base64
import builtins
import collections
import collections.abc
import contextlib
import fractions
import functools
import importlib
import inspect
import itertools
import math
import os
import string
import sys
import threading
import time
import urllib.parse
import urllib.request

from gan_tf1.listing.patches import attributes, nothing

# Modules that have another name in Python 3.
MODULES = {
    "cPickle": "pickle", "StringIO": "io", "cStringIO": "io", "Queue": "queue",
    "ConfigParser": "configparser", "urllib2": "urllib.request", "urlparse": "urllib.parse",
    "httplib": "http.client", "SocketServer": "socketserver", "commands": "subprocess",
    "HTMLParser": "html.parser", "__builtin__": "builtins", "copy_reg": "copyreg",
    "thread": "_thread"}


ArgSpec = collections.namedtuple("ArgSpec", ["args", "varargs", "keywords", "defaults"])


def _reload(module):
    # `reload(sys)` was needed before sys.setdefaultencoding, and does nothing good here.
    return module if module is sys else importlib.reload(module)


def _execfile(filename, *names):
    with open(filename, encoding="utf-8") as file:
        code = compile(file.read(), filename, "exec")
    exec(code, *(names or (sys._getframe(1).f_globals,)))


# `unicode`, `long` and so on are types, so that isinstance(x, long) works.
BUILTINS = {
    "xrange": range, "unicode": str, "basestring": str, "unichr": chr, "long": int, "file": open,
    "raw_input": input, "reduce": functools.reduce, "reload": _reload, "execfile": _execfile,
    "intern": sys.intern, "cmp": lambda a, b: (a > b) - (a < b)}
NAMES = {
    builtins: BUILTINS,
    base64: {"encodestring": base64.encodebytes, "decodestring": base64.decodebytes},
    collections: {name: getattr(collections.abc, name) for name in collections.abc.__all__},
    fractions: {"gcd": math.gcd}, time: {"clock": time.perf_counter},
    inspect: {"getargspec": lambda function: ArgSpec(*inspect.getfullargspec(function)[:4])},
    itertools: {"izip": zip, "imap": map, "ifilter": filter, "izip_longest": itertools.zip_longest},
    string: {"letters": string.ascii_letters, "lowercase": string.ascii_lowercase,
             "uppercase": string.ascii_uppercase, "maketrans": str.maketrans,
             "join": lambda words, sep=" ": sep.join(words)},
    os: {"getcwdu": os.getcwd},
    sys: {"maxint": sys.maxsize, "setdefaultencoding": nothing},
    threading.Thread: {"isAlive": threading.Thread.is_alive},
    urllib: {name: getattr(urllib.parse, name) for name in (
        "quote", "quote_plus", "unquote", "unquote_plus", "urlencode")}}


@contextlib.contextmanager
def restored():
    """A context with everything that this module restores, except the `MODULES`."""
    with contextlib.ExitStack() as stack:
        for owner, values in NAMES.items():
            stack.enter_context(attributes(owner, **{
                name: value for name, value in values.items() if name not in vars(owner)}))
        # Functions that are looked up when they are called, since a listing's context replaces one.
        for name in ("urlretrieve", "urlopen"):
            stack.enter_context(attributes(urllib, **{name: _late(name)}))
        yield


def _late(name):
    return lambda *args, **options: getattr(urllib.request, name)(*args, **options)


def used(tree) -> list[str]:
    """The `BUILTINS` of Python 2 that `tree` uses without defining them, if it also divides.

    Such a program may count on Python 2's division.
    """
    nodes = list(ast.walk(tree))
    if not any(isinstance(node, ast.Div) for node in nodes):
        return []
    names = [node for node in nodes if isinstance(node, ast.Name)]
    bound = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    bound |= {alias.asname or alias.name for node in nodes
              if isinstance(node, (ast.Import, ast.ImportFrom)) for alias in node.names}
    return [node.id for node in names if node.id in BUILTINS and node.id not in bound]
