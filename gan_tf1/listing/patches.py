"""Contexts that change attributes and modules, used by the other modules of this folder."""

import contextlib
import sys

ABSENT = object()


def nothing(*args, **options) -> None:
    """Replaces a function that isn't needed."""


@contextlib.contextmanager
def attributes(owner, **values):
    """A context in which `owner` has these attributes."""
    before = {name: vars(owner).get(name, ABSENT) for name in values}
    for name, value in values.items():
        setattr(owner, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, value)


@contextlib.contextmanager
def module(name, value):
    """A context in which `import name` returns `value`."""
    before = sys.modules.get(name)
    sys.modules[name] = value
    try:
        yield
    finally:
        if before is None:
            sys.modules.pop(name, None)
        else:
            sys.modules[name] = before
