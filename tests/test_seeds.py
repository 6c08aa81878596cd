"""The random streams of a run: each has one purpose in a script, and is used by its name."""

import ast
import functools

import numpy as np
import pytest

from conftest import ROOT, SCRIPT_NAMES
from gan_tf1 import seeds

STREAMS = {name: number for name, number in vars(seeds).items() if name.isupper()}
SHOWN = "the order in which a training set is shown"
# What each file draws from each stream. No script may use one stream for two purposes.
USES = {
    "STEPS": {
        "gan_tf1/training/training.py": "training steps",
        "gan_tf1/experiments/theory.py": "training steps",
        "scripts/notebooks/keras_chapters.py": "training steps",
        "scripts/notebooks/mnist_gan.py": "training steps",
        "scripts/notebooks/semi_supervised.py": "training steps"},
    "ORDER": {
        "gan_tf1/data/digits.py": SHOWN,
        "gan_tf1/data/facades.py": SHOWN,
        "gan_tf1/data/labelled.py": SHOWN,
        "gan_tf1/data/mixtures.py": SHOWN,
        "gan_tf1/data/pairs.py": SHOWN,
        "gan_tf1/data/svhn.py": SHOWN,
        "gan_tf1/data/two_cities.py": "the temperatures of two cities",
        "gan_tf1/data/unpaired.py": SHOWN,
        "scripts/13_progressive_gan.py": SHOWN,
        "scripts/evaluate.py": "which real images samples are compared with",
        "scripts/wasserstein_estimate.py": "which real images samples are compared with"},
    "SAMPLES": {
        "gan_tf1/training/training.py": "the noise of samples",
        "gan_tf1/generators/sample_files.py": "the noise of samples",
        "gan_tf1/report/dense.py": "the latent vectors of a report",
        "gan_tf1/report/convolutional.py": "the latent vectors of a report that is served",
        "gan_tf1/experiments/untrained.py": "the noise of samples",
        "scripts/notebooks/keras_chapters.py": "the noise of samples",
        "scripts/14_progan_hub.py": "the noise of samples",
        "scripts/15_pix2pix.py": "the noise of samples",
        "scripts/pix2pix_report.py": "the noise of samples"},
    "JUDGED": {
        "gan_tf1/experiments/label_translation.py": "samples that are judged",
        "gan_tf1/generators/sample_files.py": "samples that are judged",
        "scripts/pix2pix_report.py": "samples that are judged",
        "scripts/progressive_ablation.py": "samples that are judged"},
    "RESAMPLES": {
        "scripts/evaluate.py": "bootstrap",
        "scripts/wasserstein_estimate.py": "bootstrap"},
    "POINTS": {
        "gan_tf1/data/mixtures.py": "the training points of a mixture",
        "scripts/08_vector_arithmetic.py": "latent vectors"},
    "LABELLED": {
        "gan_tf1/data/svhn.py": "which training examples are labelled"}}


# Scripts that load digits, but not in the order that the loader determines.
UNORDERED = {"scripts/evaluate.py": "all of them are there to choose from",
             "scripts/wasserstein_estimate.py": "all of them are there to choose from",
             "scripts/18_mode_collapse.py": "each step draws them with replacement",
             "scripts/mode_collapse_report.py": "they are not loaded at all"}


@functools.cache
def sources():
    """A list of (path, syntax tree) of every module of package, scripts and tests that mentions seeds."""
    return [(str(path.relative_to(ROOT)), ast.parse(text))
            for folder in ("gan_tf1", "scripts", "tests") for path in sorted((ROOT / folder).rglob("*.py"))
            if "listings" not in path.relative_to(ROOT).parts  # which are code in the style of the books
            and "seed" in (text := path.read_text())]


def test_each_stream_has_its_own_number():
    assert len(set(STREAMS.values())) == len(STREAMS) == 7
    draws = {tuple(seeds.stream(7, number).integers(2**32, size=4)) for number in STREAMS.values()}
    assert len(draws) == 7


def test_a_stream_is_the_random_generator_of_seed_and_number():
    """Every result with a seed depends on these numbers, so they must not change."""
    assert STREAMS == {"STEPS": 0, "ORDER": 1, "SAMPLES": 2, "JUDGED": 3, "RESAMPLES": 4, "POINTS": 5,
                       "LABELLED": 6}
    expected = np.random.default_rng([3, 2]).normal(size=5)
    np.testing.assert_array_equal(seeds.stream(3, seeds.SAMPLES).normal(size=5), expected)


def test_every_use_of_a_stream_is_listed():
    found = {(node.attr, path) for path, tree in sources() if not path.startswith("tests/")
             for node in ast.walk(tree) if isinstance(node, ast.Attribute)
             and isinstance(node.value, ast.Name) and node.value.id == "seeds" and node.attr.isupper()}
    assert found == {(name, path) for name, uses in USES.items() for path in uses}


@pytest.mark.parametrize("script", [f"scripts/{name}" for name in SCRIPT_NAMES])
def test_no_script_uses_a_stream_for_two_things(script):
    """This includes the modules of the package that the script imports directly.

    All modules behind these would include loaders and reports of which a script uses only one.
    """
    tree = ast.parse((ROOT / script).read_text())
    imported = {script} | {
        f"{node.module}.{alias.name}".replace(".", "/") + ".py" for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module for alias in node.names}
    if script in UNORDERED:
        imported.discard("gan_tf1/data/digits.py")
    for name, uses in USES.items():
        assert len({purpose for path, purpose in uses.items() if path in imported}) <= 1, name


def test_no_stream_is_used_by_its_number():
    """No list has a seed and then a literal number, as in `default_rng([seed, 2])`."""
    found = [f"{path}:{node.lineno}" for path, tree in sources() if path != "tests/test_seeds.py"
             for node in ast.walk(tree) if isinstance(node, ast.List) and len(node.elts) > 1
             and type(getattr(node.elts[1], "value", None)) is int and "seed" in ast.unparse(node.elts[0])]
    assert not found
