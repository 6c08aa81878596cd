"""What every graph and session of the package has, whatever the chapter."""

import pytest

from gan_tf1 import tf1
from gan_tf1.errors import InputError
from gan_tf1.tf1 import load, new_graph, session_config, tensor_float_32


def test_float32_has_all_of_its_bits_on_a_gpu():
    """TensorFlow allows TF32, with 11 bits instead of 24, unless it is told otherwise."""
    with tensor_float_32(True):
        new_graph(0)
        assert not load().config.experimental.tensor_float_32_execution_enabled()


def test_mixed_precision_is_refused_on_a_gpu_where_it_would_change_nothing(monkeypatch):
    monkeypatch.setattr(tf1, "uses_onednn", lambda: True)
    monkeypatch.setattr(tf1, "sees_gpu", lambda: True)
    with pytest.raises(InputError, match="^--mixed-precision computes in bfloat16 on processors only"):
        session_config(mixed_precision=True)
    session_config()


def test_without_a_gpu_in_the_operating_system_tensorflow_is_not_asked(monkeypatch):
    monkeypatch.setattr(tf1, "has_gpu_device", lambda: False)
    monkeypatch.setattr(load().compat.v1.config.experimental, "list_physical_devices",
                        lambda kind: pytest.fail("asked"))
    assert not tf1.sees_gpu()
