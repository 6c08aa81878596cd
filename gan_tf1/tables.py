"""Text tables, formatted by the library `tabulate`, and functions that read CSV tables."""

import csv
from collections.abc import Iterable

from tabulate import tabulate


def lines(headers, rows, left=1) -> list[str]:
    """Return the lines of a table with `headers` and `rows`, each a sequence with one text per column.

    The first `left` columns are aligned to the left, and the others to the right. The caller formats
    the numbers, so that a column can also have standard errors or percentages.
    """
    alignment = ["left"] * left + ["right"] * (len(headers) - left)
    # Passed as `headers`, they would make each column two spaces wider than necessary.
    return tabulate([headers, *rows], tablefmt="plain", colalign=alignment,
                    disable_numparse=True).splitlines()


def rows_of(text: Iterable[str]) -> list[dict[str, str]]:
    """The rows of a CSV table as dicts, from its lines; those that begin with # are comments."""
    return list(csv.DictReader(line for line in text if not line.startswith("#")))


def rows_at(path) -> list[dict[str, str]]:
    """`rows_of` the CSV file at `path`."""
    with open(path, newline="") as file:
        return rows_of(file)


def markdown(headers, rows) -> str:
    """Return a Markdown table with `headers` and `rows`, each a sequence with one text per column."""
    return tabulate(rows, headers, "github", disable_numparse=True)
