"""Tolerances for what two programs compute in float64, and the context in which the models do."""

import numpy as np
import pytest

from gan_tf1.steps.double import fused_batch_norm, precision, resize_bilinear, unfused_batch_norm

__all__ = ["assert_same", "float32_rounding", "fused_batch_norm", "precision", "resize_bilinear", "same",
           "unfused_batch_norm"]

ROUNDING = 1e-12  # see `same`


def same(expected):
    """`pytest.approx` for what another program computes in float64, with other rounding errors.

    A sum of n terms of size 1 has a rounding error of at most n 2^-53, which is 1e-13 for the largest
    sums of the small networks here. Ten times as much leaves room for all layers.
    """
    return pytest.approx(expected, rel=ROUNDING, abs=ROUNDING)


def assert_same(found, expected, err_msg=""):
    """The same for arrays."""
    np.testing.assert_allclose(found, expected, rtol=ROUNDING, atol=ROUNDING, err_msg=err_msg)


def float32_rounding(terms, magnitude=1.):
    """The largest rounding error of a sum of `terms` numbers of size `magnitude` in float32.

    This is the tolerance if a program computes in float32 and the other one in float64.
    """
    return terms * magnitude * 2**-24
