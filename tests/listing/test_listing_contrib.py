"""tf.contrib compared with TensorFlow 1.15's: tests/listing/listings/contrib_layers.py ran on both."""

import pathlib

import numpy as np
import pytest

from gan_tf1.listing.run import run

LISTINGS = pathlib.Path(__file__).parent / "listings"


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    folder = tmp_path_factory.mktemp("contrib")
    assert run(LISTINGS / "contrib_layers.py", folder).failures == []
    with np.load(LISTINGS / "contrib_layers_of_1_15.npz") as theirs:
        with np.load(folder / "contrib_layers.npz") as ours:
            return dict(ours), dict(theirs)


def test_both_recorded_the_same_keys(both):
    ours, theirs = both
    assert set(ours) == set(theirs)


def test_names_shapes_order_and_collections(both):
    ours, theirs = both
    names = [key for key, value in theirs.items() if value.dtype.kind in "Ui"]
    assert len(names) > 300
    for key in names:
        assert ours[key].tolist() == theirs[key].tolist(), key


def test_outputs_gradients_averages_and_penalties(both):
    ours, theirs = both
    numbers = [key for key, value in theirs.items()
               if value.dtype.kind == "f" and not key.startswith("initializer")]
    assert len(numbers) > 200
    for key in numbers:
        np.testing.assert_allclose(ours[key], theirs[key], rtol=2e-5, atol=1e-5, err_msg=key)


def test_the_spread_of_initial_weights(both):
    ours, theirs = both
    for key in (key for key in theirs if key.startswith("initializer")):
        assert ours[key] == pytest.approx(theirs[key], rel=0.015), key
