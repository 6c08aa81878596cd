"""What is changed in a block between its text and its run: the values that `--set` names.

The parsed code is changed, never its text, so every line keeps its number and its columns.
"""

import ast

from gan_tf1.errors import InputError

SHOW = "__listing_show__"  # what a notebook's last expression is handed to


def value(name, text):
    """The expression `text` of `--set name=text`, parsed. Raises InputError where it is none."""
    if not name.isidentifier():
        raise InputError(f"--set {name}={text}: {name!r} is no name of a variable")
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise InputError(f"--set {name}={text}: {text!r} is no Python expression (a text needs its "
                         f"own quotes: --set \"{name}='{text}'\")") from error


def set_values(tree, values):
    """Put `values` (name -> expression) in place of what `tree` assigns to these names.

    Only assignments outside of functions and classes count, `a, b = 1, 2` and `a: int = 1` among
    them. Returns all names that are assigned so, changed or not.
    """
    names = set()
    for statement in _top_level(tree.body):
        if isinstance(statement, ast.AnnAssign) and statement.value is not None:
            pairs = [(statement, "value", statement.target)]
        elif isinstance(statement, ast.Assign):
            pairs = [(statement, "value", target) for target in statement.targets]
        else:
            continue
        for owner, field, target in pairs:
            if isinstance(target, (ast.Tuple, ast.List)):
                names |= _set_elements(statement, target, values)
            elif isinstance(target, ast.Name):
                names.add(target.id)
                if target.id in values:
                    setattr(owner, field, _placed(values[target.id], statement.value))
    return names


def _set_elements(statement, target, values):
    """`a, b = 1, 2`: each name has its own value, where both sides have as many parts."""
    right = statement.value
    if not isinstance(right, (ast.Tuple, ast.List)) or len(right.elts) != len(target.elts):
        return set()
    names = set()
    for index, element in enumerate(target.elts):
        if isinstance(element, ast.Name):
            names.add(element.id)
            if element.id in values:
                right.elts[index] = _placed(values[element.id], right.elts[index])
    return names


def _top_level(body):
    """The statements that run once a block runs: also inside `if`, `for`, `with` and `try`."""
    for statement in body:
        yield statement
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        for field in ("body", "orelse", "finalbody"):
            yield from _top_level(getattr(statement, field, []))
        for handler in getattr(statement, "handlers", []):
            yield from _top_level(handler.body)


def _placed(expression, old):
    """A copy of `expression` at the place of `old`, for tracebacks."""
    new = ast.parse(ast.unparse(expression), mode="eval").body
    for node in ast.walk(new):
        ast.copy_location(node, old)
    return new


def show_last(tree):
    """Hand the last expression of a notebook's cell to `SHOW`, as Jupyter displays it."""
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = tree.body[-1]
        call = ast.Call(ast.Name(SHOW, ast.Load()), [last.value], [])
        tree.body[-1] = ast.copy_location(ast.Expr(ast.copy_location(call, last)), last)
        ast.fix_missing_locations(tree)


def defined(tree):
    """The names that `tree` defines outside of functions and classes, but for imported ones."""
    names = set()
    for statement in _top_level(tree.body):
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(statement.name)
        else:
            names |= {node.id for node in ast.walk(statement)
                      if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return names


def mentioned(tree):
    """The names that a block of expressions alone reads; () where it has any other statement."""
    if not tree.body or not all(isinstance(statement, ast.Expr) for statement in tree.body):
        return ()
    nodes = list(ast.walk(tree))
    bound = {node.id for node in nodes
             if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    bound |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    return tuple(sorted({node.id for node in nodes if isinstance(node, ast.Name)} - bound))
