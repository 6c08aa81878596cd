"""The generator in the page: its images are those of the session, in NumPy, in node and in a browser."""

import base64
import json
import pathlib
import re
import shutil
import subprocess

import numpy as np
import pytest

from browser import CHROMIUM, browser
from conftest import ROOT
from gan_tf1 import models
from gan_tf1.report import contents, dense, page
from gan_tf1.tf1 import new_graph, tf
from gan_tf1.training.run_config import read_config
from test_report import document, run_at

SHIPPED = ROOT / "checkpoints" / "mnist_gan"
NODE = shutil.which("node")
in_node = pytest.mark.skipif(not NODE, reason="node is not installed")


def untrained_run(path, chapter, shape=None, **settings):
    """A run of `chapter` whose generator has random weights and moving statistics, all away from their start."""
    model = models.of_chapter(chapter)
    config = model.Config(**settings)
    samples = None if shape is None else np.zeros([3, *shape], np.float32)
    run = run_at(path, 3, samples, chapter=chapter, settings=vars(config), sample_shape=shape or [16, 784])
    (run / "generator").mkdir()
    rng = np.random.default_rng(1)
    with new_graph(0).as_default(), tf.Session() as sess:
        net = model.build(config)
        sess.run(tf.global_variables_initializer())
        for var in net.gen_vars:
            if "batch_normalization" in var.op.name:
                low, high = (0.3, 2) if "variance" in var.op.name or "gamma" in var.op.name else (-0.5, 0.5)
                var.load(rng.uniform(low, high, var.shape.as_list()), sess)
            elif "embedding" in var.op.name:
                var.load(rng.normal(0, 1, var.shape.as_list()), sess)
        tf.train.Saver(var_list=net.gen_vars).save(sess, str(run / "generator" / "generator_ck.ckpt"), global_step=3)
    return run


@pytest.fixture(scope="module")
def shipped():
    """The generator that comes with the repository."""
    return dense.of_run(SHIPPED, read_config(SHIPPED))


def in_javascript(expression, given, *others):
    """The value of a JavaScript `expression` of `given`, in node, with the arithmetic and `others` of the scripts."""
    scripts = "".join((page.HERE / name).read_text() for name in ("numbers.js", "network.js", *others))
    program = (f'"use strict"; {scripts}; const given = JSON.parse(require("fs").readFileSync(0)); '
               f"Promise.resolve({expression}).then((found) => console.log(JSON.stringify(found)))")
    done = subprocess.run([NODE, "-e", program], input=json.dumps(given), text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


CHAPTERS = [("conditional_gan", {"hidden_size": 30}), *(pytest.param(*one, marks=pytest.mark.slow) for one in (
    ("conditional_gan", {}), ("conditional_gan", {"variant": "corrected"}), ("vanilla_gan", {}), ("wasserstein_gan", {}),
    ("wasserstein_gan_gp", {}), ("mnist_gan", {}), ("vanilla_gan", {"hidden_size": 20})))]


@pytest.mark.numerics
@in_node
@pytest.mark.parametrize("chapter, settings", CHAPTERS)
def test_images_in_javascript_equal_those_of_the_session(tmp_path, untrained, monkeypatch, chapter, settings):
    if chapter == "conditional_gan":
        monkeypatch.setattr(dense, "EXACT", 0)  # float16 for small networks too
    run = untrained_run(tmp_path / "run", chapter, **settings)
    made = dense.of_run(run, read_config(run))
    assert made is not None and made.images.std() > 0.05
    assert np.abs(made.forward(made.latents, made.labels) - made.images).max() < dense.TOLERANCE
    wide = made.size > dense.EXACT
    found = in_javascript("(async () => { const net = network(given); return [await difference(net), "
                          "(await net.compute(net.latents, net.labels)).map((image) => Array.from(image))] })()",
                          dense.packed(made))
    assert found[0] < (dense.TOLERANCE if wide else 1e-4)
    assert np.abs(np.array(found[1]) - made.images).max() < (dense.TOLERANCE if wide else 1e-4)


@pytest.mark.numerics
@in_node
def test_the_page_of_the_shipped_generator_computes_its_images():
    text = page.html(contents.of_runs([SHIPPED]))
    [run] = document(text)["runs"]
    assert "--serve" not in text[:text.index("<script")] and "wasm" not in text[:text.index("<title>")]
    assert in_javascript("difference(network(given))", run["generator"]) < 1e-4


def test_a_wrong_weight_keeps_the_generator_out_of_the_page(monkeypatch, shipped):
    right = dense.layers_of

    def wrong(found):
        (weights, bias), *rest = right(found)
        return [(weights, bias + 0.1), *rest]

    assert shipped is not None
    monkeypatch.setattr(dense, "layers_of", wrong)
    assert dense.of_run(SHIPPED, read_config(SHIPPED)) is None


def test_runs_without_a_usable_generator_have_a_report_all_the_same(tmp_path):
    run = run_at(tmp_path / "run", 3)
    assert dense.of_run(run, read_config(run)) is None
    shutil.copytree(SHIPPED / "generator", run / "generator")
    (run / "generator" / "generator_ck.ckpt-100.data-00000-of-00001").write_bytes(b"damaged")
    assert document(page.html(contents.of_runs([run])))["runs"][0]["generator"] is None


def test_only_as_many_generators_as_fit_are_in_the_page(monkeypatch, shipped):
    found = contents.of_runs([SHIPPED])
    found = found._replace(runs=3 * found.runs)
    monkeypatch.setattr(dense, "of_run", lambda path, stored: shipped)
    monkeypatch.setattr(dense, "BUDGET", 2 * shipped.bytes)
    assert [run["generator"] is None for run in page.data(found)["runs"]] == [False, False, True]


def test_directions_are_orthogonal_and_the_first_changes_the_images_most(shipped):
    found = dense.directions(shipped)
    np.testing.assert_allclose(found @ found.T, np.eye(dense.DIRECTIONS), atol=1e-9)

    def change(direction):
        after, before = (shipped.forward(shipped.latents + by * direction) for by in (1e-3, -1e-3))
        return np.square(after - before).sum()

    changes = [change(direction) for direction in found]
    assert changes == sorted(changes, reverse=True)
    random = np.random.default_rng(0).normal(0, 1, (9, 100))
    assert min(changes) > max(map(change, random / np.linalg.norm(random, axis=1, keepdims=True)))


@in_node
def test_half_precision_is_decoded_as_numpy_does():
    values = np.arange(65536, dtype=np.uint16).view(np.float16)
    values = values[np.isfinite(values)]
    text = base64.b64encode(values.astype("<f2").tobytes()).decode()
    assert np.array_equal(in_javascript("Array.from(halvesOf(given))", text), values.astype(float))


@in_node
@pytest.mark.parametrize("value", [1.34, -0.5, 0])
def test_the_axis_of_a_run_of_one_epoch_has_labels(value):
    low, high, *labels = in_javascript(
        "(() => { const [low, high] = reach({ runs: [[given]] }, [{ x: [1] }], 1, 2);"
        " return [low, high, ...ticks(low, high, 4, false)]; })()", value, "charts.js")
    assert low <= value < high and low <= 0 <= high and len(labels) >= 3


@in_node
def test_the_way_between_two_vectors():
    rng = np.random.default_rng(0)
    one, other = rng.normal(0, 1, (2, 100))
    straight, turned = (np.array(in_javascript(
        f"[0, 0.25, 0.5, 1].map((share) => between(given[0], given[1], share, {normal}))",
        [one.tolist(), other.tolist()])) for normal in ("false", "true"))
    np.testing.assert_allclose(straight, [one, 0.75 * one + 0.25 * other, (one + other) / 2, other], atol=1e-12)
    np.testing.assert_allclose(turned[[0, 3]], [one, other], atol=1e-12)
    assert np.linalg.norm(straight[2]) < 0.8 * np.linalg.norm(one) < np.linalg.norm(turned[2])


@in_node
def test_latent_vectors_are_combined():
    found = in_javascript("Array.from(combined(given, [1, -0.5, 2]))", [[1, 2], [4, 8], [0.5, 0]])
    assert found == [0, -2]


@in_node
def test_random_vectors_are_distributed_as_in_training():
    normal, uniform = (np.array(in_javascript(
        "Array.from(drawn({ size: 20000, normal: given }))", given)) for given in (True, False))
    assert abs(normal.mean()) < 0.05 and abs(normal.std() - 1) < 0.05 and normal.max() > 3
    assert abs(uniform.mean()) < 0.03 and abs(uniform.std() - 3 ** -0.5) < 0.03 and np.abs(uniform).max() <= 1


# --- in a browser ---

def in_browser(path, width=900):
    """The document of the page at `path` after its scripts have run in headless Chromium."""
    done = subprocess.run([CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", f"--window-size={width},1200",
                           "--virtual-time-budget=4000", "--dump-dom", pathlib.Path(path).absolute().as_uri()],
                          text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")
def test_a_browser_runs_the_page_under_its_policy_and_a_stranger_s_script_does_not_run(tmp_path):
    run = run_at(tmp_path / "<img src=x onerror=document.title=1>", 3, data_title="<!--<script>",
                 command=["</script><script>document.title=1</script>"])
    shutil.copytree(SHIPPED / "generator", run / "generator")
    text = in_browser(page.write([run], tmp_path / "report.html"))
    assert float(re.search(r'data-difference="([^"]+)"', text)[1]) < 1e-4
    assert "<title>mnist_gan: &lt;img" in text
    assert text.count('<svg class="chart"') == 2 and text.count('class="pixels big"') == 1
    # Without its checksum, no script runs: the policy forbids it, whatever stands in the page.
    other = (tmp_path / "report.html").read_text().replace('"use strict";', "document.title = 1;")
    (tmp_path / "other.html").write_text(other)
    assert "<title>mnist_gan: &lt;img" in (dom := in_browser(tmp_path / "other.html")) and "<canvas" not in dom


@pytest.mark.slow
@pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")
def test_samples_are_added_with_the_keyboard_and_by_dragging(tmp_path):
    page.write([SHIPPED], tmp_path / "report.html")
    with browser() as page_in:
        page_in.open((tmp_path / "report.html").absolute().as_uri())
        page_in.wait("document.querySelectorAll('[aria-label=\"samples to choose from\"] .sample').length === 24")

        def inside():
            return page_in.value("[...document.querySelectorAll('.box .strip')].map((box) => box.children.length)")

        def shows(latent):
            """Whether the result is the image of the `latent` vector, a JavaScript expression."""
            return page_in.wait(
                "(() => { const report = JSON.parse(document.getElementById('data').textContent); "
                "const net = network(report.runs[0].generator), z = net.latents, mean = (...all) => combined(all, all.map(() => 1 / all.length)); "
                "const canvas = html('canvas', { width: 28, height: 28 }); "
                f"paint(canvas, net, generate(net, {latent}), 0, 0); "
                "return canvas.toDataURL() === document.getElementById('result').toDataURL(); })()")

        assert shows("combined([z[0], z[1], z[2]], [1, -1, 1])") and inside() == [1, 1, 1]
        page_in.value("document.querySelector('[aria-label=\"sample 5\"]').focus()")
        page_in.press("Enter")
        assert shows("combined([mean(z[0], z[4]), z[1], z[2]], [1, -1, 1])") and inside() == [2, 1, 1]
        page_in.value("document.querySelector('[aria-label=\"box C\"] button').focus()")
        page_in.press(" ")
        page_in.value("document.querySelector('[aria-label=\"sample 7\"]').focus()")
        page_in.press(" ")
        assert shows("combined([mean(z[0], z[4]), z[1], mean(z[2], z[6])], [1, -1, 1])") and inside() == [2, 1, 2]
        page_in.value("document.querySelector('[aria-label=\"take sample 1 out of box A\"]').focus()")
        page_in.press("Enter")
        assert shows("combined([z[4], z[1], mean(z[2], z[6])], [1, -1, 1])") and inside() == [1, 1, 2]
        page_in.value(
            "(() => { const moved = new DataTransfer(), from = document.querySelector('[aria-label=\"sample 9\"]'); "
            "for (const [place, kind] of [[from, 'dragstart'], [document.querySelectorAll('.box')[1], 'drop']]) "
            "place.dispatchEvent(new DragEvent(kind, { dataTransfer: moved, bubbles: true, cancelable: true })); })()")
        assert shows("combined([z[4], mean(z[1], z[8]), mean(z[2], z[6])], [1, -1, 1])") and inside() == [1, 2, 2]
