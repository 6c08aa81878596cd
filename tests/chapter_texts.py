"""The texts of the chapters, for tests that read them."""

import os
import pathlib
import re

import pytest

FOLDER = pathlib.Path(os.environ.get("GAN_TF1_CHAPTERS")
                      or pathlib.Path(__file__).parents[2] / "shared" / "chapters")


def chapter(number):
    """The path of a chapter's text; if there is none, the test is skipped."""
    found = sorted(FOLDER.glob(f"{number}_*.txt"))
    if not found:
        pytest.skip("the chapters aren't here: set GAN_TF1_CHAPTERS to their folder")
    return found[0]


def code(number, containing=""):
    """The listings of a chapter that contain the text `containing`, as one string."""
    listings = re.findall(r"^```\w*\n(.*?)^```", chapter(number).read_text(), re.MULTILINE | re.DOTALL)
    return "\n".join(listing for listing in listings if containing in listing)
