"""Tables: columns are aligned, and texts are printed as they are, even if they look like numbers."""

from gan_tf1 import tables


def test_columns_are_aligned_and_no_text_is_changed():
    assert tables.lines(("name", "score", ""), [("a long name", "1.50 +- 0.10", ""), ("b", "007", "<-")]) == [
        "name                score",
        "a long name  1.50 +- 0.10",
        "b                     007  <-"]
    assert tables.lines(("number", "of"), [("1e3", "2.0")], left=0) == ["number   of", "   1e3  2.0"]
    assert tables.lines(("a", "b"), [("x y", "10")], left=2) == ["a    b", "x y  10"]


def test_a_table_of_headers_alone_has_one_line():
    assert tables.lines(("a", "b"), []) == ["a  b"]


def test_markdown_has_a_rule_below_its_headers_and_changes_no_text():
    head, rule, *rows = tables.markdown(("row", "ratio"), [("feed loop", "1.00"), ("other", "0.5e1")]).splitlines()
    assert [cell.strip() for cell in head.strip("|").split("|")] == ["row", "ratio"]
    assert set(rule) == set("|-")
    assert [[cell.strip() for cell in row.strip("|").split("|")] for row in rows] == [
        ["feed loop", "1.00"], ["other", "0.5e1"]]
