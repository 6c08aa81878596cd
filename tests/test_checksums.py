"""Every table and report that was made from runs states the checksum of their data."""

import re

import pytest

from conftest import ROOT
from test_pages import RESULTS

PACKAGE = ROOT / "gan_tf1" / "published"
FOUND = {str(path.relative_to(ROOT)): path for folder in RESULTS for path in folder.rglob("*")
         if path.suffix in (".csv", ".txt") and not (path.parent / "config.json").exists()}  # which states it for a run
FOUND |= {str(path.relative_to(ROOT)): path for path in PACKAGE.rglob("*.csv") if "other_logs" not in path.parts}
WITHOUT = {
    "no data set: computed, or drawn from a distribution": [
        *(f"checkpoints/gan_objectives/{name}.csv" for name in (
            "divergences", "generator_costs", "gradients", "stages")),
        *(f"checkpoints/mode_coverage/{name}" for name in ("mode_coverage.csv", "mode_coverage.txt", "settings.csv")),
        "checkpoints/mode_collapse/two_cities.csv", "checkpoints/mode_collapse/two_cities.txt"],
    "printed by a book, a blog or a notebook": [
        *(f"gan_tf1/published/book_logs/{name}.csv" for name in (
            "dcgan_mnist", "dcgan_mnist_accuracies", "mnist_gan", "semi_supervised", "semi_supervised_runs"))],
    "the losses of the run whose report lies beside them": ["checkpoints/cyclegan/losses.csv"],
    "made before the checksum was written into these files": [
        "checkpoints/benchmark/benchmark.csv", "checkpoints/benchmark/benchmark-growth.csv",
        "checkpoints/semi_supervised/search.csv",
        *(f"checkpoints/semi_supervised/svhn_subset_narrow/{name}" for name in (
            "search_gan.csv", "search_labelled.csv", "variance_shift.txt"))]}
EXCEPTIONS = {name for names in WITHOUT.values() for name in names}


@pytest.mark.parametrize("name", sorted(FOUND))
def test_every_table_and_report_states_the_checksum_of_its_data(name):
    text = FOUND[name].read_text()
    states_it = re.search(r"data_crc32\W+[0-9a-f]{8}", text) or re.search(r"^work,.*,data_crc32,", text)  # or a column
    assert bool(states_it) != (name in EXCEPTIONS)


def test_every_exception_is_a_file():
    assert EXCEPTIONS <= set(FOUND)
