"""The blocks of a listing, the text that is compiled, and the values that `--set` changes."""

import ast
import json

import pytest

from gan_tf1.errors import InputError
from gan_tf1.listing import blocks, rewrite
from gan_tf1.listing.__main__ import block_numbers

CHAPTER = """# A chapter

Some `inline` code, then

```py
a = 1
```

```
Output:
a = 2
```

1. in a list:

    ```python
    b = 2
        # deeper
    ```

~~~
c = '''
```
'''
~~~

```bash
rm -rf /
```

```

  Output:
1
```
"""


def cells(*sources):
    return {"cells": [{"cell_type": "code", "source": source} for source in sources]}


def written(tmp_path, name, content):
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_a_chapters_blocks_are_its_fenced_python_code(tmp_path):
    found = blocks.read(written(tmp_path, "chapter.txt", CHAPTER))
    assert [block.source for block in found] == [
        "a = 1\n", "b = 2\n    # deeper\n", "c = '''\n```\n'''\n"]
    lines = CHAPTER.split("\n")
    assert [lines[block.first_line - 1].strip() for block in found] == ["a = 1", "b = 2",
                                                                       "c = '''"]


def test_a_notebooks_blocks_are_its_code_cells(tmp_path):
    notebook = cells(["a = 1\n", "b = 2"], "c = 3")
    notebook["cells"].insert(1, {"cell_type": "markdown", "source": "```\nd = 4\n```"})
    found = blocks.read(written(tmp_path, "a.ipynb", notebook))
    assert [(block.number, block.source) for block in found] == [(1, "a = 1\nb = 2"), (2, "c = 3")]


@pytest.mark.parametrize("name, content, said", [
    ("a.ipynb", "not json", "not a Jupyter notebook"), ("a.ipynb", "[]", "not a Jupyter notebook"),
    ("a.ipynb", {"cells": [{"cell_type": "code"}]}, "not a Jupyter notebook"),
    ("a.ipynb", cells(), "no block of code"), ("a.txt", "only prose", "no block of code"),
    ("a.ipynb", {**cells("1"), "metadata": {"kernelspec": {"language": "R"}}}, "notebook of R")])
def test_a_file_without_code_is_refused(tmp_path, name, content, said):
    with pytest.raises(InputError, match=said):
        blocks.read(written(tmp_path, name, content))


def test_a_file_that_is_not_text_is_refused(tmp_path):
    (tmp_path / "a.py").write_bytes(b"\xff\xfe\x00a")
    with pytest.raises(InputError, match="UTF-8"):
        blocks.read(tmp_path / "a.py")


def compiled(source, kind="cell"):
    return blocks.code(blocks.Block(1, source, 0, kind))


def test_ipythons_lines_are_removed_and_every_line_keeps_its_number():
    source = """%matplotlib inline
from __future__ import division
!mkdir -p a/b
text = '''
%not a magic
!nor this
'''
rest = (7
        % 4)
!pip install \\
    something
if rest:
    %load_ext nothing
    !mkdir c
%time x = 5
?help
x.real?
last = 1 % 2
"""
    code, skipped = compiled(source)
    assert len(code.split("\n")) == len(source.split("\n"))
    called, names = [], {blocks.SHELL: lambda line: called.append(line)}
    exec(compile(code, "cell", "exec"), names)
    assert called == ["mkdir -p a/b", "pip install something", "mkdir c"]
    assert names["text"] == "\n%not a magic\n!nor this\n"
    assert (names["rest"], names["x"], names["last"]) == (3, 5, 1)
    assert [line for line, _ in skipped] == [16, 17]
    assert code.split("\n").index("last = 1 % 2") == 17


@pytest.mark.parametrize("source, run, told", [
    ("%%time\nx = 1", True, False), ("\n%%capture out\nx = 1", True, False),
    ("%%bash\nx = 1", False, True), ("%%writefile a.py\nx = 1", False, True)])
def test_cell_magics(source, run, told):
    code, skipped = compiled(source)
    names = {}
    exec(code, names)
    assert ("x" in names) == run and bool(skipped) == told


def test_a_whole_cell_may_be_indented_but_a_chapters_block_may_not():
    assert ast.parse(compiled("    a = 1\n    b = 2").text)
    with pytest.raises(IndentationError):
        ast.parse(compiled(" a = 1", "fence").text)


def run_with(source, **texts):
    tree = ast.parse(source)
    assigned = rewrite.set_values(
        tree, {name: rewrite.value(name, text) for name, text in texts.items()})
    names = {}
    exec(compile(tree, "listing", "exec"), names)
    return assigned, names


def test_set_replaces_values_that_are_assigned_outside_of_functions():
    source = """
epochs = 100
a, [b, c] = 1, [2, 3]
rate: float = 0.1
first = second = 5
if epochs:
    inside = 6
def function(epochs=7):
    local = 8
    epochs = epochs + 1
    return epochs
class Net:
    size = 9
text = "epochs = 100"
epochs += 1
"""
    assigned, names = run_with(source, epochs="2", a="'x'", rate="1e-3", second="[1, 2]",
                               inside="epochs * 10")
    assert assigned >= {"epochs", "a", "rate", "first", "second", "inside", "text"}
    assert not assigned & {"local", "size", "function"}
    assert (names["epochs"], names["a"], names["c"], names["rate"]) == (3, "x", 3, 1e-3)
    assert names["inside"] == 20 and names["function"]() == 8 and names["Net"].size == 9
    assert names["text"] == "epochs = 100"
    assert names["second"] == [1, 2]


@pytest.mark.parametrize("name, text", [("epochs", "two words"), ("epochs", ""), ("2x", "1"),
                                        ("a[0]", "1"), ("-", "1")])
def test_a_value_that_is_not_an_expression_is_refused(name, text):
    with pytest.raises(InputError, match="--set"):
        rewrite.value(name, text)


def test_ranges_of_blocks():
    assert block_numbers("3") == {3}
    assert block_numbers("1,3-5") == {1, 3, 4, 5}
    for wrong in ("", "5-3", "a", "1-", "-2"):
        with pytest.raises(Exception, match="is not a range"):
            block_numbers(wrong)
