"""Run the blocks of a listing, one after the other, in one module `__main__`."""

import ast
import builtins
import contextlib
import linecache
import os
import pathlib
import traceback
import types
from typing import NamedTuple

from gan_tf1.errors import InputError
from gan_tf1.listing import (
    blocks, figures, hints, ipython, old_libraries, old_python, python2, rewrite, surroundings)
from gan_tf1.listing.modules import is_library, tf1_imports
from gan_tf1.listing.report import Failure, Place, note


class Result(NamedTuple):
    """The outcome of a listing."""
    failures: list   # `Failure`s; at most one without `keep_going`
    figures: list    # paths of the saved figures
    fragments: list  # numbers of the blocks that were skipped as fragments
    names: dict      # the listing's globals


def run(path, workdir=".", values=None, only=None, arguments=(), keep_going=False,
        is_python2=False) -> Result:
    """Run the listing at `path` as it is written, and return a `Result`.

    `values` maps names to the parsed expressions (`rewrite.value`) that replace what the listing
    assigns, `only` are the numbers of the blocks to run, and `arguments` become sys.argv[1:]. The
    work directory is created if needed, and is the current directory while the listing runs. With
    `keep_going` the run continues after a block that fails. With `is_python2` the listing and the
    modules beside it are Python 2.

    Raises InputError if the listing isn't valid (see `blocks.read`), if a block of `only` doesn't
    exist, if a name of `values` is never assigned, if the code is nested too deeply for Python, or
    if fissix, which `is_python2` needs, isn't installed.
    """
    path, workdir = pathlib.Path(path).resolve(), pathlib.Path(workdir).resolve()
    all_blocks = blocks.read(path)
    chosen = _chosen(path, all_blocks, only)
    codes = {block.number: blocks.code(block) for block in all_blocks}
    try:
        parse = _parser(codes.values(), is_python2)
        trees = {block.number: _parsed(path, block, codes[block.number], parse)
                 for block in all_blocks}
        _set_values(path, {block.number: trees[block.number] for block in chosen}, values or {})
        own = set().union(*(rewrite.defined(tree) for tree in trees.values()
                            if isinstance(tree, ast.Module)))
    except (RecursionError, MemoryError) as error:  # Python's parser raises both
        raise InputError(f"{path.name} has code that is nested too deeply for Python") from error
    try:
        workdir.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise InputError(f"--workdir {workdir}: {error.filename} is a file: name a directory"
                         ) from error
    if not is_python2:
        _warn_of_python2(tree for tree in trees.values() if isinstance(tree, ast.Module))
    listing = _Listing(path, workdir, all_blocks, codes, trees, own)
    with contextlib.ExitStack() as stack:
        stack.enter_context(tf1_imports())
        stack.enter_context(old_libraries.restored(vars(listing.module)["get_ipython"]))
        stack.enter_context(surroundings.of(listing, arguments))
        if is_python2:
            vars(listing.module).update(stack.enter_context(python2.running(path.parent)))
        listing.figures = stack.enter_context(figures.instead_of_windows(workdir))
        failures, fragments = [], []
        for block in chosen:
            ended, failure = listing.run_block(block, fragments)
            if failure is not None:
                failures.append(failure)
            if ended or (failure is not None and not keep_going):
                break
        listing.figures.save_open()
        return Result(failures, listing.figures.saved, fragments, vars(listing.module))


def _chosen(path, all_blocks, only):
    if only is None:
        return all_blocks
    missing = sorted(set(only) - {block.number for block in all_blocks})
    if missing:
        raise InputError(f"--only: {path.name} has no block {missing[0]}: its blocks are 1 to "
                         f"{len(all_blocks)}")
    return [block for block in all_blocks if block.number in only]


def _parser(codes, is_python2):
    """The function that parses a text, given with its file name."""
    if not is_python2:
        return ast.parse
    python2.refuse_missing()
    future = python2.features(code.text for code in codes)
    return lambda text, filename: python2.parse(text, filename, future)


def _parsed(path, block, code, parse):
    """The block's syntax tree, or the SyntaxError."""
    try:
        return parse(code.text, _filename(path, block))
    except (SyntaxError, ValueError) as error:  # ValueError: a null byte
        return error


def _warn_of_python2(trees):
    """Say that a listing that uses names of Python 2 may count on its division, too."""
    names = [name for tree in trees for name in old_python.used(tree)]
    if names:
        note(f"{names[0]} is of Python 2, where 1/2 was 0; here it is 0.5, as in Python 3. If the "
             "listing was written for Python 2, add --python2")


def _set_values(path, trees, values):
    assigned, parsed = set(), [tree for tree in trees.values() if isinstance(tree, ast.Module)]
    for tree in parsed:
        assigned |= rewrite.set_values(tree, values)
    for name in values:
        if name in assigned:
            continue
        if rewrite.number(name) is not None:
            raise InputError(f"--set {name}: the number {name} doesn't occur in {path.name}")
        options = {}
        for tree in parsed:
            options |= rewrite.options(tree)
        option = options.get(name.split(".")[-1])
        if option:
            raise InputError(f"--set {name}: {path.name} takes this value from its command line: "
                             f"add -- --{option}=... at the end")
        inside = [place for tree in parsed for place in rewrite.places(tree, name.split(".")[-1])]
        if inside:
            raise InputError(f"--set {name}: {path.name} assigns it only inside of a function or "
                             f"class: use --set {inside[0]}=...")
        known = ", ".join(sorted(assigned)) or "nothing"
        raise InputError(f"--set {name}: {path.name} never assigns {name} outside of functions "
                         f"and classes; it assigns {known}")


def _filename(path, block):
    """The name that tracebacks show: that of the file, with the block unless it is a script."""
    return str(path) if block.kind == "script" else f"{path}, block {block.number}"


class _Listing:
    """A listing that is being run."""

    def __init__(self, path, workdir, all_blocks, codes, trees, own):
        self.path, self.workdir = path, workdir
        self.codes, self.trees, self.own, self.figures = codes, trees, own, None
        self.by_filename = {_filename(path, block): block for block in all_blocks}
        self.module = types.ModuleType("__main__")
        names = vars(self.module)
        shell = ipython.Shell(workdir, names)
        names |= {blocks.SHELL: shell.getoutput, rewrite.SHOW: self.show_value}
        if all_blocks[0].kind == "script":
            names["__file__"] = str(path)
        names["get_ipython"] = ipython.asker(shell)

    def run_block(self, block, fragments):
        """Run one block. Returns whether the listing has ended, and the `Failure` or None."""
        tree, names = self.trees[block.number], vars(self.module)
        for line, text in self.codes[block.number].skipped:
            note(f"block {block.number}, line {line}: {text} is skipped")
        if block.kind == "fence":
            why = _fragment(tree, names, self.own)
            if why:
                fragments.append(block.number)
                note(f"block {block.number} is a fragment and is skipped: {why}")
                return False, None
        filename = _filename(self.path, block)
        source = self.codes[block.number].text
        linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
        self.figures.meaning = hints.meaning(source, "\n".join(
            code.text for code in self.codes.values()))
        try:
            if not isinstance(tree, ast.Module):
                raise tree
            if block.kind == "cell":
                rewrite.show_last(tree)
            if block.kind != "script" or "# In[" in source:  # nbconvert writes it before each cell
                rewrite.allow_late_future_imports(tree)
            exec(compile(tree, filename, "exec"), names)
            if block.kind != "script":  # like Jupyter after each cell
                self.figures.save_open()
        except KeyboardInterrupt as error:
            place = self.failure(error, block).places[-1]
            note(f"interrupted at {place.module or f'block {place.block}'}, line {place.line}")
            self.figures.save_open()
            raise
        except SystemExit as error:
            if error.code in (None, 0):
                return True, None
            return True, self.failure(error, block)
        except Exception as error:
            self.figures.drop_empty()
            return False, self.failure(error, block)
        return False, None

    def failure(self, error, block):
        """The `Failure` that describes `error`, raised in `block`."""
        frames = [frame for frame in traceback.extract_tb(error.__traceback__)
                  if self.is_own(frame.filename)]
        if isinstance(error, SyntaxError) and self.is_own(error.filename or ""):
            line = error.lineno or 1
            text = linecache.getline(error.filename, line).strip()
            frames.append(traceback.FrameSummary(error.filename, line, "<module>", line=text))
        places = tuple(map(self.place_of, frames)) or (self.place(block, 1, "<module>"),)
        about = " ".join(place.text for place in places[::-1])
        made = [frame for frame in getattr(getattr(error, "op", None), "traceback", None) or ()
                if self.is_own(frame.filename)]
        op = (error.op.name, self.place_of(made[-1])) if made else ()
        return Failure(error, places, hints.hint(error, about), op)

    def is_own(self, filename):
        """Whether a file is the listing, or one of its own modules: in its folder or below."""
        if filename in self.by_filename:
            return True
        return not is_library(filename) and pathlib.Path(filename).is_relative_to(self.path.parent)

    def place_of(self, frame):
        if frame.filename in self.by_filename:
            return self.place(self.by_filename[frame.filename], frame.lineno, frame.name)
        return Place(0, frame.lineno, 0, frame.name, frame.line, os.path.basename(frame.filename))

    def place(self, block, line, function):
        lines = block.source.split("\n")
        text = lines[line - 1].strip() if 0 < line <= len(lines) else ""
        return Place(block.number, line, block.first_line and block.first_line + line - 1,
                     function, text)

    def show_value(self, value) -> None:
        """Print the value of a cell's last expression, as Jupyter does."""
        if value is not None:
            vars(self.module)["_"] = value
            print(repr(value))


def _fragment(tree, names, own):
    """The reason why a chapter's block is only a fragment of code, or None if it is complete.

    A fragment has an indented first line, ends with a statement without its body (such as a
    `with`), or is an expression with undefined names and without any of the listing's `own`.
    """
    if isinstance(tree, IndentationError):
        return tree.msg
    if isinstance(tree, ast.Module):
        mentioned = rewrite.mentioned(tree)
        missing = [name for name in mentioned if name not in names and not hasattr(builtins, name)]
        if missing and not own.intersection(mentioned):
            return f"it only mentions undefined names: {', '.join(missing)}"
    return None
