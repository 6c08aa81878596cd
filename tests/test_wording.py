"""Counts and shares in messages, and that all output writes a percentage in the same way."""

import re

import pytest

from conftest import ROOT
from gan_tf1.wording import percent, quantity


@pytest.mark.parametrize("number, nouns, text", [
    (0, ("image",), "0 images"), (1, ("image",), "1 image"), (2000, ("image",), "2,000 images"),
    (1, ("batch", "batches"), "1 batch"), (2, ("batch", "batches"), "2 batches"),
])
def test_a_quantity_has_its_noun_in_the_right_number(number, nouns, text):
    assert quantity(number, *nouns) == text


def test_a_share_in_percent():
    assert (percent(0.052), percent(0.052, 1), percent(1)) == ("5 %", "5.2 %", "100 %")


def test_output_and_pages_write_a_percentage_with_a_space():
    """All but the log lines that the books print, such as "acc.: 50.00%", and listings of Python."""
    bare = re.compile(r":\.\d%\}|\d%(?![\w(])")
    printed = re.compile(r"acc\.: 50\.00%\]|>Accuracy real: 51%, fake: 78%")  # of the books' log lines
    found = {str(path.relative_to(ROOT)) for folder in ("gan_tf1", "scripts", "checkpoints")
             for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".md")
             for line in path.read_text().splitlines()
             if bare.search(printed.sub("", line))}
    assert not found


def test_no_message_has_a_plural_in_brackets():
    assert not [path for folder in ("gan_tf1", "scripts") for path in (ROOT / folder).rglob("*.py")
                if re.search(r"\w\(s\)", path.read_text())]
