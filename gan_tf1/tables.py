"""Tables of texts for the terminal and for reports, laid out by the library `tabulate`."""

from tabulate import tabulate


def lines(headers, rows, left=1):
    """The lines of a table: `headers`, and below them `rows` of as many texts, in aligned columns.

    The first `left` columns are aligned to the left, and the others to the right. Numbers must be
    formatted by the caller, so that a column can have a standard error or a percentage.
    """
    alignment = ["left"] * left + ["right"] * (len(headers) - left)
    # As headers, and not as a row, they would be given two spaces more than they need.
    return tabulate([headers, *rows], tablefmt="plain", colalign=alignment,
                    disable_numparse=True).splitlines()


def markdown(headers, rows):
    """A table in Markdown, as one text, of `headers` and `rows` of as many texts."""
    return tabulate(rows, headers, "github", disable_numparse=True)
