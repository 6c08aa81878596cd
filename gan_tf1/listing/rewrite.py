"""Change the parsed code of a block before it runs: the values given with `--set`.

Only the syntax tree is changed, never the text, so every line keeps its number and its columns.
"""

import ast

from gan_tf1.errors import InputError

SHOW = "__listing_show__"  # the function that displays a notebook's last expression
DEPTH = 50                 # largest depth of brackets, signs and operators in a value of --set


def value(name, text) -> ast.expr:
    """Parse the expression `text` of `--set name=text`.

    Raises InputError if it is not an expression, if `text` or `name` is nested more than `DEPTH`
    deep, or if `name` is neither a target (`epochs`, `self.epochs`, `train.epochs`) nor a number.
    """
    target = _parsed(name)
    if number(name) is None and not isinstance(target, (ast.Name, ast.Attribute)):
        raise InputError(f"--set {name[:80]}={text[:80]}: {name[:80]!r} is neither the name of a "
                         "variable nor a number")
    expression = _parsed(text)
    if expression is None:
        raise InputError(f"--set {name}={text[:80]}: {text[:80]!r} is not a Python expression, or "
                         f"is nested too deeply (a string needs its own quotes: --set "
                         f"\"{name}='{text[:80]}'\")")
    return expression


def _parsed(text):
    """The parsed expression `text`; None if it is invalid, or nested more than `DEPTH` deep."""
    try:
        expression = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # the last two: nested too deeply
        return None
    layer = [expression]
    for _ in range(DEPTH):
        layer = [child for node in layer for child in ast.iter_child_nodes(node)]
    return None if layer else expression


def number(name) -> int | float | None:
    """The number that `name` denotes, or None; `--set 1000000=100` replaces a number."""
    expression = _parsed(name)
    try:
        found = None if expression is None else ast.literal_eval(expression)
    except ValueError:
        return None
    return found if type(found) in (int, float) else None


def set_values(tree, values):
    """Replace the values that `tree` assigns, with `values` (name -> expression).

    A plain name stands for an assignment outside of functions and classes, `a, b = 1, 2` and
    `a: int = 1` included. `train.epochs` stands for an assignment in the function or class `train`,
    or for the default of its parameter; `self.epochs` for assignments to this attribute; and a
    number for each of its occurrences.

    Returns all plain names that `tree` assigns, replaced or not, and the other names in `values`
    that were found.
    """
    names = set()
    for statement in _top_level(tree.body):
        for target in _targets(statement):
            if isinstance(target, (ast.Tuple, ast.List)):
                names |= _set_elements(statement, target, values)
            elif isinstance(target, ast.Name):
                names.add(target.id)
                if target.id in values:
                    statement.value = _placed(values[target.id], statement.value)
    for name in values:
        if number(name) is not None:
            numbers = _Numbers(number(name), values[name])
            numbers.visit(tree)
            names |= {name} if numbers.found else set()
        elif "." in name:
            names |= {name} if _set_inside(tree, name, values[name]) else set()
    return names


def _targets(statement):
    if isinstance(statement, ast.Assign):
        return statement.targets
    return [statement.target] if isinstance(statement, ast.AnnAssign) and statement.value else []


class _Numbers(ast.NodeTransformer):
    """Replaces each occurrence of a number with an expression."""

    def __init__(self, old, new):
        self.old, self.new, self.found = old, new, False

    def visit_Constant(self, node):
        """The new expression, or the unchanged node."""
        if type(node.value) is not type(self.old) or node.value != self.old:
            return node
        self.found = True
        return _placed(self.new, node)


def _set_inside(tree, name, new):
    """Replace `self.epochs` everywhere, or `train.epochs` in the function or class `train`.

    Returns whether it was found.
    """
    owner, _, own = name.rpartition(".")
    found = False
    for node in ast.walk(tree):
        for target in _targets(node):
            if isinstance(target, ast.Attribute) and ast.unparse(target) == name:
                node.value, found = _placed(new, node.value), True
        if getattr(node, "name", None) != owner or not hasattr(node, "body"):
            continue
        for inner in _top_level(node.body):
            for target in _targets(inner):
                if isinstance(target, ast.Name) and target.id == own:
                    inner.value, found = _placed(new, inner.value), True
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            found |= _set_default(node.args, own, new)
    return found


def _set_default(arguments, own, new):
    """Replace the default of the parameter `own`; returns whether it has one."""
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs = [(arguments.defaults, index, argument) for index, argument in enumerate(
        positional[len(positional) - len(arguments.defaults):])]
    pairs += [(arguments.kw_defaults, index, argument)
              for index, argument in enumerate(arguments.kwonlyargs)]
    for defaults, index, argument in pairs:
        if argument.arg == own and defaults[index] is not None:
            defaults[index] = _placed(new, defaults[index])
            return True
    return False


def places(tree, name) -> list[str]:
    """The names by which `--set` reaches `name` in functions and classes, such as "self.name"."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            if _set_inside(ast.parse(ast.unparse(node)), f"{node.name}.{name}", ast.Constant(0)):
                found.append(f"{node.name}.{name}")
        found += [ast.unparse(target) for target in _targets(node)
                  if isinstance(target, ast.Attribute) and target.attr == name]
    return list(dict.fromkeys(found))


def _set_elements(statement, target, values):
    """Replace values in `a, b = 1, 2`, if both sides have the same length; returns the names."""
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
    """The statements outside of functions and classes, also those in `if`, `for`, `with`, `try`."""
    for statement in body:
        yield statement
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        for field in ("body", "orelse", "finalbody"):
            yield from _top_level(getattr(statement, field, []))
        for handler in [*getattr(statement, "handlers", []), *getattr(statement, "cases", [])]:
            yield from _top_level(handler.body)


def _placed(expression, old):
    """A copy of `expression` with the position of `old`, for tracebacks."""
    new = ast.parse(ast.unparse(expression), mode="eval").body
    for node in ast.walk(new):
        ast.copy_location(node, old)
    return new


def show_last(tree) -> None:
    """Pass the last expression of a notebook's cell to `SHOW`, since Jupyter displays it."""
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = tree.body[-1]
        call = ast.Call(ast.Name(SHOW, ast.Load()), [last.value], [])
        tree.body[-1] = ast.copy_location(ast.Expr(ast.copy_location(call, last)), last)
        ast.fix_missing_locations(tree)


def allow_late_future_imports(tree) -> None:
    """Let `from __future__ import ...` stand anywhere in a cell, as in Jupyter.

    Jupyter compiles a cell statement by statement. Python 3 has the features that listings import,
    so these imports are left out.
    """
    for index, statement in enumerate(tree.body):
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            tree.body[index] = ast.copy_location(ast.Pass(), statement)


def defined(tree):
    """The names that `tree` defines outside of functions and classes, without imported ones."""
    names = set()
    for statement in _top_level(tree.body):
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(statement.name)
        else:
            names |= {node.id for node in ast.walk(statement)
                      if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return names


def options(tree) -> dict[str, str]:
    """The options of the command line that `tree` defines, by tf.app.flags or argparse.

    A dict from the name of the attribute (`batch_size`) to that of the option (`batch-size`).
    """
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            texts = [argument.value for argument in node.args if isinstance(argument, ast.Constant)
                     and isinstance(argument.value, str)]
            if node.func.attr.startswith("DEFINE_"):
                found += texts[:1]
            elif node.func.attr == "add_argument":
                found += [text[2:] for text in texts if text.startswith("--")]
    return {name.replace("-", "_"): name for name in found}


def mentioned(tree) -> tuple[str, ...]:
    """The names that a block reads if it consists of expressions only, else ()."""
    if not tree.body or not all(isinstance(statement, ast.Expr) for statement in tree.body):
        return ()
    nodes = list(ast.walk(tree))
    bound = {node.id for node in nodes
             if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    bound |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    return tuple(sorted({node.id for node in nodes if isinstance(node, ast.Name)} - bound))
