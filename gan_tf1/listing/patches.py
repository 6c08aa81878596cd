"""Change attributes and modules for as long as a context lasts; what the other modules share."""

import contextlib
import sys

ABSENT = object()


def nothing(*args, **options):
    """What stands for a function that there is no need of."""


@contextlib.contextmanager
def attributes(owner, **values):
    """Give `owner` these attributes for as long as the context lasts."""
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
    """`import name` gives `value` for as long as the context lasts."""
    before = sys.modules.get(name)
    sys.modules[name] = value
    try:
        yield
    finally:
        if before is None:
            sys.modules.pop(name, None)
        else:
            sys.modules[name] = before
