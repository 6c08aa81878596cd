"""What a training on several servers sends per step, counted in the divided graph."""

import pytest

from conftest import refusal
from gan_tf1.bench import wire
from gan_tf1.models import mnist_gan
from gan_tf1.tf1 import new_graph, tf


def test_the_bytes_of_a_step_are_those_of_its_weights_gradients_and_images():
    with new_graph(0).as_default():
        gan = mnist_gan.build(mnist_gan.Config())
        gen, disc = (sum(var.shape.num_elements() * 4 for var in each) for each in (gan.gen_vars, gan.disc_vars))
    # Both calls need both networks, and each has the gradients of one. A tower has half of 100 images.
    images, noise = 50 * 784 * 4, 50 * 100 * 4
    others = tf.get_default_graph().get_operations()
    counted = wire.of_chapter("mnist_gan")
    assert counted.calls == 2 and counted.images == images + 2 * noise
    assert counted.weights == pytest.approx(2 * (gen + disc), abs=100)  # and some scalars
    assert counted.gradients == pytest.approx(disc + gen, abs=100)
    assert tf.get_default_graph().get_operations() == others


def test_the_first_machines_connection_is_what_limits():
    """A step of 1 s that sends 125 MB, which take 1 s at 1 Gbit/s and 0.01 s at 100."""
    assert wire.efficiency(1, 125e6, 2, 1) == pytest.approx(1 / (2 * (1 / 2 + 1)))
    assert wire.efficiency(1, 125e6, 8, 100) == pytest.approx(1 / (8 * (1 / 8 + 7 * 0.01)))
    assert wire.machines_that_pay(1, 125e6, 1) == 1
    assert wire.machines_that_pay(1, 125e6, 100) == 10  # 1 / n + (n - 1) / 100 is smallest


def test_the_seconds_and_the_megabytes_of_a_step_need_each_other(capsys):
    for given in (["--seconds", "0.6"], ["--megabytes", "3"]):
        assert "need each other" in refusal(capsys, wire.main, *given)
