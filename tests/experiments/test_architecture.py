"""The diagrams of the networks, read from the graph, and the other figures that need no training."""

import math
from xml.etree import ElementTree

import numpy as np
import pytest

from conftest import ROOT, load_script, refusal
from gan_tf1 import models
from gan_tf1.experiments import architecture, architecture_drawing, untrained as before_training
from gan_tf1.tf1 import new_graph, tf

FIGURES = ROOT / "scripts" / "figures"
SMALL = {"dcgan_svhn": dict(g_size_mult=4, d_size_mult=4), "progressive_gan": dict(max_maps=8, z_dim=8, resolution=8),
         "pix2pix": dict(size=16, channels=2, patch_layers=1)}


def graph_of(chapter, **settings):
    """The graph of a chapter, without gradients (see the fixture `untrained`)."""
    model = models.of_chapter(chapter)
    with new_graph(0).as_default() as graph:
        if chapter in architecture.SAMPLE_SHAPES:
            model.rebuild(model.Config(**settings), architecture.SAMPLE_SHAPES[chapter], None)
        else:
            model.build(model.Config(**settings))
    return graph


def trainable(graph):
    """The number of trainable weights of each network of the graph, by its scope."""
    found = {}
    for var in graph.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES):
        name = var.op.name.split("/")[0]
        found[name] = found.get(name, 0) + math.prod(var.shape.as_list())
    return found


def numbers_in(svg):
    """The numbers of weights in a drawing: of its networks, and of all its layers together."""
    texts = list(ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"))
    totals, layers = ([int(one.text.split()[0].replace(",", "")) for one in texts if one.get("class") == name]
                      for name in ("network", "layer"))
    return totals, sum(layers)


@pytest.fixture(scope="module")
def first():
    """The networks of the first chapter."""
    return architecture.of_graph(graph_of("mnist_gan"))


def test_the_networks_of_the_first_chapter_are_those_of_its_text(first):
    generator, discriminator = first
    assert generator.inputs == ((100,),) and discriminator.inputs == ((784,),)
    assert generator.layers == (
        architecture.Layer("dense", ("leaky ReLU",), (128,), 100 * 128 + 128),
        architecture.Layer("dense", ("tanh",), (784,), 128 * 784 + 784))
    assert [(layer.kind, layer.then, layer.shape) for layer in discriminator.layers] == [
        ("dense", ("leaky ReLU",), (128,)), ("dense", ("sigmoid",), (1,))]


@pytest.mark.parametrize("chapter", ["conditional_gan", *(
    pytest.param(name, marks=pytest.mark.slow) for name in models.chapters() if name != "conditional_gan")])
def test_the_weights_of_all_layers_are_those_of_the_graph(chapter, untrained):
    graph = graph_of(chapter, **SMALL.get(chapter, {}))
    networks = architecture.of_graph(graph)
    assert {network.name: network.weights for network in networks} == trainable(graph)
    totals, layers = numbers_in(architecture_drawing.drawing(networks, chapter))
    assert totals == [network.weights for network in networks]
    assert layers == sum(totals)
    assert all(layer.weights or number == 0 for network in networks for number, layer in enumerate(network.layers))
    if chapter == "semi_supervised":
        assert [layer.weights for layer in networks[1].layers if "not used" in layer.kind] == [147_840]
        assert "batch norm (not used)" in networks[1].layers[1].then


@pytest.mark.slow
def test_the_progressive_gan_has_the_23_million_weights_that_the_chapter_states(untrained):
    networks = architecture.of_graph(graph_of("progressive_gan", resolution=128))
    assert [round(network.weights / 1e6) for network in networks] == [23, 23]


def test_a_network_that_is_a_function_of_its_weights_is_found_too(untrained):
    """Also the first pass alone, although the ops of later passes are in the same scope."""
    _, discriminator = architecture.of_graph(graph_of("remedies_gan", hidden_size=3, z_dim=2))
    assert [(layer.kind, layer.then, layer.weights) for layer in discriminator.layers] == [
        ("dense", ("leaky ReLU",), 785 * 3), ("dense", ("leaky ReLU",), 12), ("dense", (), 4)]


def test_dropout_is_named(untrained):
    _, discriminator = architecture.of_graph(graph_of("dcgan_mnist"))
    assert [layer.then for layer in discriminator.layers] == [
        ("leaky ReLU", "dropout"), ("leaky ReLU", "dropout", "reshape"), ()]


def test_the_kept_diagram_of_the_first_chapter_is_that_of_its_graph(first):
    assert (FIGURES / "mnist_gan.svg").read_text() == architecture_drawing.drawing(first, "mnist_gan")


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(path.stem for path in FIGURES.glob("*.svg")))
def test_the_kept_diagrams_are_those_of_the_graphs(name, untrained):
    networks = architecture.of_graph(graph_of(name))
    assert (FIGURES / f"{name}.svg").read_text() == architecture_drawing.drawing(networks, name)


def test_the_script_draws_and_tells_the_networks(capsys, tmp_path):
    main = load_script("draw_network.py").main
    main(["mnist_gan", "--set", "gen_hidden_size=7", "disc_hidden_size=5", "--out", str(tmp_path / "a.svg")])
    said = capsys.readouterr().out
    assert f"generator: {101 * 7 + 8 * 784:,} weights, from 100 numbers" in said
    assert "  dense, leaky ReLU: 5 numbers, 3,925 weights" in said
    assert "mnist_gan gen_hidden_size=7" in (tmp_path / "a.svg").read_text()
    main(["--list"])
    assert "semi_supervised" in capsys.readouterr().out.split()
    main(["mnist_gan", "--set", "z-size=3", "--out", str(tmp_path / "b.svg")])  # the name of the flag
    assert "generator: 101,648 weights, from 3 numbers" in capsys.readouterr().out
    for argv, told in ((["mnist"], "no chapter called 'mnist'"), (["mnist_gan", "--set", "a=1"], "unknown setting 'a'"),
                       (["mnist_gan", "--set", "epochs"], "NAME=VALUE")):
        assert told in refusal(capsys, main, *argv)


def test_the_activations_are_those_that_the_chapter_states():
    x, relu, leaky = before_training.activations([0.01, 0.2])
    assert np.array_equal(relu, np.maximum(x, 0))
    assert np.allclose(leaky, [np.where(x < 0, alpha * x, x) for alpha in (0.01, 0.2)], atol=1e-6)


def test_an_untrained_generator_of_the_article_draws_an_even_grey(tmp_path, untrained):
    """So the picture that the article shows is made by the stretching of `imshow` alone."""
    image = before_training.sample("dcgan_mnist", 0)
    assert image.shape == (28, 28) and np.ptp(image) < 0.1 and abs(image.mean() - 0.5) < 0.05
    figure = before_training.sample_figure(image, "untrained")
    plain, stretched = (np.asarray(axes.images[0].get_array()) for axes in figure.axes)
    assert np.array_equal(plain, image) and (stretched.min(), stretched.max()) == (0, 1)


@pytest.mark.parametrize("argv, told", [(["draw_activations.py", "--alpha", "1.5"], "below 1"),
                                        (["draw_untrained.py", "cyclegan"], "no generator of images"),
                                        (["draw_untrained.py", "x"], "no chapter called 'x'")])
def test_bad_input_is_one_line(capsys, argv, told):
    assert told in refusal(capsys, load_script(argv[0]).main, *argv[1:])
