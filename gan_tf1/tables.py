"""Tables of text for the terminal and for reports, formatted by the library `tabulate`."""

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


def markdown(headers, rows) -> str:
    """Return a Markdown table with `headers` and `rows`, each a sequence with one text per column."""
    return tabulate(rows, headers, "github", disable_numparse=True)
