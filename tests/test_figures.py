"""Every figure: all text is legible, and no data is hidden.

Each figure is drawn with many series and a title that is far too long for one line.
"""

import itertools

import numpy as np
import pytest
from conftest import ROOT, load_script
from matplotlib.backends.backend_agg import FigureCanvasAgg

from gan_tf1 import figure_layout, figures
from gan_tf1.bench import rows as bench_rows, table
from gan_tf1.data import mixtures
from gan_tf1.errors import InputError
from gan_tf1.evaluation import judged
from gan_tf1.experiments import collapse_figures, detection, plane, theory, theory_figures
from gan_tf1.experiments.objectives import Costs, Deviation
from gan_tf1.published import comparison_figure, envelope_figures, envelopes, logs

TITLE = ("Wasserstein GAN with gradient penalty on drawn digits (synthetic), learning rate 0.0002, "
         "5 critic updates per step, penalty weight 10, hidden size 128, seed $7_, 20,000 iterations")
IMAGES = np.zeros((24, 784))
OBJECTIVES = tuple(theory_figures.NAMES)


def losses(count, scale=1.0):
    rng = np.random.default_rng(count)
    return {"epoch": np.arange(1.0, count + 1), "disc_loss": rng.uniform(0, scale, count),
            "gen_loss": rng.uniform(0, scale, count)}


def steps(count):
    return {"step": np.arange(1, count + 1), **{
        name: np.linspace(1, 0, count) for name in ("disc_loss", "gen_loss")}}


def accuracies(count, *seeds):
    found = np.linspace(0.2, 1, count) * np.ones((*seeds, count))
    return {"epoch": np.arange(count), "train_accuracies": found, "test_accuracies": found / 2}


def compared(name, envelope=True):
    log = logs.Log(np.arange(1, 101), {loss: np.linspace(1, 3, 100)
                                       for loss in ("disc_loss", "gen_loss")}, None)
    return comparison_figure.comparison(log, logs.book("mnist_gan"),
                                        envelopes.envelope("mnist_gan") if envelope else None, name,
                                        logs.CHAPTERS["mnist_gan"])


def compared_accuracies(name):
    """A chapter whose log has an accuracy beside the losses."""
    own = envelopes.envelope("vanilla_gan")
    return comparison_figure.comparison(own.logs()[0], None, own, name, logs.CHAPTERS["vanilla_gan"])


def several_compared(count):
    seeds = envelopes.envelope("mnist_gan").logs()[:count]
    return comparison_figure.comparison(seeds[0], None, envelopes.envelope("mnist_gan"), f"{count} logs",
                                        logs.CHAPTERS["mnist_gan"], (), seeds[1:])


def method(name):
    own = envelopes.envelope("mnist_gan")
    return envelope_figures.method(own, own.logs()[0], name)


def detected(programs):
    return detection.figure([detection.Rate(str(number), f"fake labels smoothed, generator's labels 1.{number}",
                                            epochs, runs, number % 3, 2)
                             for number in range(programs) for epochs in ("all", "printed")
                             for runs in detection.SIZES], "mnist_gan_objectives")


def confused(programs):
    titles = [f"fake labels smoothed, generator's labels 1.{number}" for number in range(programs)]
    counts = np.diag(np.full(programs, 9)) + np.roll(np.eye(programs, dtype=int), 1, axis=1)
    return detection.confusion_figure(detection.Confusion(titles, np.pad(counts, [(0, 0), (0, 1)])),
                                      "mnist_gan_objectives")


def evaluated(count):
    rows = [judged.Row(f"wasserstein_gan_gp (wasserstein_gan_gp-{n:03})", {
        "score": (8.5, 0.03), "distance": (159.41 - n, 0.99), "classes": (10.0, 0.3),
        "KL to uniform": (0.000627 * n, 0.0069)}) for n in range(count)]
    generators = judged.over_seeds(rows[1:], [None] * (count - 1))
    return judged.bars(rows[0], generators, 10_000, "MNIST")


def measured(count):
    works = list(table.works.WORKS)[:count]
    return table.figure([table.Line(
        work, row.key, row.title, "step", 1.0, 1.0, 1.0, ratio, 100, 0.24, 400, "float32", 1, 500,
        (1.0,), "") for work in works for row, ratio in zip(
            bench_rows.ALL.values(), itertools.cycle((1, 0.44, 73.11, 1.6)))],
        {work: "drawn street numbers (synthetic)" for work in works})


def estimates(estimate):
    return figures.estimate_and_distance(300 * np.arange(1, len(estimate) + 1), estimate,
                                         np.linspace(500, 30, len(estimate)), 2.77,
                                         (0.69, 0.19, -0.12, 0.43), TITLE)


def cities(count):
    rng = np.random.default_rng(0)
    iterations = np.arange(25, 5025, 25)
    a = np.linspace(0, 0.9, 200)
    return collapse_figures.cities(
        [(f"{number} updates of G: partial collapse, cycling", iterations,
          rng.normal(30, 4, (200, 50)), np.stack([a, 0.9 - a], 1)) for number in range(count)],
        rng.normal(0, 4, 500), TITLE)


def class_shares(sets):
    return np.full((sets, 10), 0.09)


def remedies(rows, columns, modes):
    iterations = 10_000 * np.arange(1, 21)
    return collapse_figures.remedies(
        [(f"W-GAN-GP, {row} of D, weight 0.1", [(iterations, np.full((20, modes), 0.9 / modes))
                                                for _ in range(columns)]) for row in range(rows)],
        [f"mode {mode}" for mode in range(modes)], TITLE, range(columns))


def points(rows, columns):
    mixture = mixtures.load("grid", 50, 0)
    return plane.panels([[(mixture.train.stored()[0], mixture,
                           "grid, PacGAN2: 25 modes, 91 % of high quality")] * columns] * rows, TITLE)


def stages():
    x = np.linspace(-4, 5, 50)
    curve = np.exp(-x**2)
    return theory_figures.stages([theory.Stage(
        letter, x, curve, curve / 2, curve, curve, np.linspace(0.05, 0.95, 19),
        np.linspace(-2, 3, 19), Deviation(0.501, 0.1, -1, -1)) for letter in "abcd"], TITLE)


def costs():
    probs = np.linspace(0.01, 0.99, 50)
    cost = Costs(np.log(probs), -1 / probs, -probs)
    return theory_figures.generator_costs(probs, dict.fromkeys(OBJECTIVES, cost), TITLE)


def divergences():
    shift = np.linspace(0, 8, 20)
    return theory_figures.divergences({"shift": shift, "bound": -shift, "value": -shift, **{
        f"{name}_slope": shift for name in OBJECTIVES}}, TITLE)


def gradients():
    x = np.linspace(-6, 6, 50)
    return theory_figures.gradients(theory.Gradients(
        x, np.exp(-x**2), np.exp(-x**2), 1 / (1 + np.exp(x)), -x, {
            name: np.exp(-x**2) for name in ("D(x)", "log(1 - D(x))", "-log D(x)", "-f(x)")}), TITLE)


def trainings(epochs):
    return theory_figures.trainings([(name, {
        **losses(epochs), "gen_grad_norm": 10.0 ** -np.arange(epochs),
        "disc_prob_fake": 10.0 ** -np.arange(epochs)}) for name in 2 * OBJECTIVES], TITLE)


def panels(count, scale, epochs=15):
    return figures.loss_envelopes(
        [(f"learning-rate 0.02, disc-steps {n}, label-smooth 0.1, hidden-size 128\ndiscriminator "
          "dominance: 3 of 3, oscillation: 3 of 3, divergence: 1 of 3", [losses(epochs, scale)] * 3)
         for n in range(count)], TITLE, 2)


def modes(epochs):
    return plane.counted_curves({"epoch": np.arange(1.0, epochs + 1), "modes": np.arange(epochs),
                                 "high_quality": np.linspace(0, 1, epochs)}, 10_000, 25, TITLE)


ARITHMETIC = [(name, IMAGES[:3], IMAGES[0]) for name in ("bold 7", "- regular 7", "+ regular 3")]
FIGURES = {
    "losses": lambda: figures.loss_curves(losses(100), TITLE),
    "losses of steps": lambda: figures.loss_curves(
        steps(30_000), TITLE, "mean loss of 10000 iterations over all batches (the critic's units)"),
    "envelopes": lambda: panels(5, 3),
    "runaway envelopes": lambda: panels(6, 1e4),
    "diverged envelopes": lambda: panels(2, 1e30),
    "accuracies": lambda: figures.accuracy_curves(
        [(f"corrected, {number} labels, drop rate 0.2: ", accuracies(10, 3)) for number in range(6)],
        TITLE),
    "accuracies of one": lambda: figures.accuracy_curves([("", accuracies(24))], TITLE),
    "grid": lambda: figures.sample_grid(IMAGES, TITLE),
    "narrow grid": lambda: figures.sample_grid(IMAGES[:18], TITLE, 6, 0.8),
    "named grid": lambda: figures.sample_grid(IMAGES, TITLE, 8, 0.5, (
        "wasserstein_gan_gp (wasserstein_gan_gp-001)", "L1 alone", "a $run_")),
    "progress": lambda: figures.progress(np.zeros((100, 6, 784)), TITLE, counted="iteration",
                                         each=1000),
    "narrow progress": lambda: figures.progress(np.zeros((3, 2, 784)), TITLE, columns=2),
    "comparison": lambda: compared("mnist_gan-001"),
    "comparison without envelope": lambda: compared(40 * "long_", False),
    "comparison of several": lambda: several_compared(5),
    "comparison of three columns": lambda: compared_accuracies("vanilla_gan-001"),
    "method": lambda: method("the published log A001 (Adam 0.002)"),
    "detection": lambda: detected(24), "detection of one": lambda: detected(1),
    "confused programs": lambda: confused(24), "two confused programs": lambda: confused(2),
    "arithmetic": lambda: figures.arithmetic(ARITHMETIC, IMAGES[:9], TITLE),
    "estimate of both signs": lambda: estimates(np.concatenate(
        [[22.6, 13, 2.2, -0.07, -0.02, -0.0006, 0.25], np.linspace(0.2, 0.0076, 93)])),
    "positive estimate": lambda: estimates(np.geomspace(43, 0.95, 100)),
    "estimate of many decades": lambda: estimates(np.geomspace(1e6, 1e-9, 100)),
    "estimate that falls below zero by decades": lambda: estimates(-np.geomspace(1e6, 1e-6, 100)),
    "bars": lambda: evaluated(9), "bars of two": lambda: evaluated(2),
    "benchmark": lambda: measured(4), "benchmark of one": lambda: measured(1),
    "cities": lambda: cities(2), "one run on cities": lambda: cities(1),
    "digits": lambda: collapse_figures.digits(
        [(f"3 of D, Adam 0.004, beta1 0.{n}: partial collapse", 100 * np.arange(1, 31), IMAGES,
          class_shares(30)) for n in range(3)], TITLE),
    "one run on digits": lambda: collapse_figures.digits(
        [("", 100_000 * np.arange(1, 3), IMAGES, class_shares(2))], TITLE),
    "remedies": lambda: remedies(4, 3, 10), "remedies of cities": lambda: remedies(4, 5, 2),
    "one remedy": lambda: remedies(1, 1, 2),
    "points": lambda: points(2, 2), "one set of points": lambda: plane.samples(
        np.zeros((5, 2)), mixtures.load("ring", 50, 0), TITLE),
    "modes": lambda: modes(20),
    "stages": stages, "costs": costs, "divergences": divergences, "gradients": gradients,
    "trainings": lambda: trainings(15),
}


@pytest.fixture(params=FIGURES, scope="module")
def figure(request):
    """Each figure, after it was drawn, so that all its parts have a position."""
    drawn = FIGURES[request.param]()
    FigureCanvasAgg(drawn).draw()
    return drawn


@pytest.fixture(scope="module")
def boxes(figure):
    """Pairs (text, bounding box in pixels) of all text in the figure."""
    return [(text.get_text(), text.get_window_extent()) for text in texts(figure)]


def all_figures(figure):
    """The figure and all of its subfigures."""
    return [figure, *itertools.chain(*map(all_figures, figure.subfigs))]


def shown_ticks(axis):
    """The visible tick labels of `axis`."""
    low, high = sorted(axis.get_view_interval())
    if not axis.axes.axison or not axis.get_visible():
        return []
    return [label for place, label in zip(axis.get_majorticklocs(), axis.get_majorticklabels())
            if low <= place <= high and label.get_visible() and label.get_text()]


def legends(figure):
    return [legend for part in (*all_figures(figure), *figure.axes)
            for legend in ([part.get_legend()] if hasattr(part, "get_legend") else part.legends)
            if legend]


def texts(figure):
    """All visible text of the figure."""
    found = [text for part in all_figures(figure) for text in (
        part._suptitle, part._supxlabel, part._supylabel)]
    for axes in figure.axes:
        if not axes.get_visible():
            continue
        found += [axes.title, *axes.texts]
        if axes.axison:
            found += itertools.chain(*([axis.label, *shown_ticks(axis)] for axis in (
                axes.xaxis, axes.yaxis) if axis.get_visible()))
    found += itertools.chain(*(legend.get_texts() for legend in legends(figure)))
    return [text for text in found if text and text.get_visible() and text.get_text()]


def test_no_text_is_cut_at_the_edge(figure, boxes):
    for text, box in boxes:
        assert figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1, text
        assert figure.bbox.y0 <= box.y0 and box.y1 <= figure.bbox.y1, text


def test_no_texts_overlap(boxes):
    for (one, box), (other, beside) in itertools.combinations(boxes, 2):
        width = min(box.x1, beside.x1) - max(box.x0, beside.x0)
        height = min(box.y1, beside.y1) - max(box.y0, beside.y0)
        assert width < 1 or height < 1, (one, other)  # of a pixel


def test_no_text_crosses_the_frame_of_its_axes(figure):
    for axes in figure.axes:
        frame = axes.get_window_extent()
        for text in axes.texts:
            box = text.get_window_extent()
            assert frame.x0 < box.x0 and box.x1 < frame.x1, text.get_text()


def test_every_axis_with_numbers_has_a_name(figure):
    named = {axis for part in all_figures(figure) for axis, label in (
        ("x", part._supxlabel), ("y", part._supylabel)) if label and label.get_text()}
    for axes in figure.axes:
        for name, axis in (("x", axes.xaxis), ("y", axes.yaxis)):
            numbers = [label for label in shown_ticks(axis)
                       if label.get_text().replace("−", "").replace(",", "").replace(
                           ".", "").isdigit()]
            shared = name == "y" and axes.get_subplotspec() and len(
                axes.get_shared_y_axes().get_siblings(axes)) > 1
            if axes.get_visible() and numbers and not shared:
                assert axis.label.get_text() or name in named, axes.get_title()


def test_a_legend_never_covers_data(figure):
    for legend, axes in itertools.product(legends(figure), figure.axes):
        assert not legend.get_window_extent().padded(-0.5).overlaps(axes.get_window_extent())


def test_panels_have_room_for_their_data(figure):
    """If text takes too much room, matplotlib gives up the layout and panels become tiny."""
    for axes in figure.axes:
        if axes.axison and axes.get_visible():
            assert min(axes.get_window_extent().size) > 15


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7])
def test_ticks_of_short_runs_are_whole_numbers_of_epochs(count):
    drawn = [figures.loss_curves(losses(count), ""), modes(count), trainings(count),
             panels(2, 3, count), figures.accuracy_curves([("", accuracies(count))], "")]
    for axes in itertools.chain(*(figure.axes for figure in drawn)):
        assert all(float(place).is_integer() for place in axes.get_xticks())
        low, high = axes.get_xlim()
        assert any(low <= place <= high for place in axes.get_xticks())


def test_a_single_epoch_is_drawn_as_a_point():
    for figure in (figures.loss_curves(losses(1), ""), modes(1), trainings(1),
                   figures.accuracy_curves([("", accuracies(1))], "")):
        assert all(line.get_marker() == "o" for axes in figure.axes for line in axes.lines)


def test_the_figure_is_higher_with_more_lines_of_title():
    short, long = (figures.loss_curves(losses(5), title) for title in ("short", TITLE))
    lines = long.get_suptitle().count("\n")
    assert lines >= 1 and long.get_figheight() - short.get_figheight() == pytest.approx(
        lines * 1.25 * 12 / 72)


def test_wrapped_text_keeps_its_words_and_line_breaks():
    text = figure_layout.wrapped("of one line\nand " + 30 * "words ", 3)
    assert text.split("\n")[0] == "of one line" and text.split() == (
        "of one line and " + 30 * "words ").split()


def test_a_legend_lists_each_label_once_and_shows_dollars_as_they_are():
    figure = figure_layout.new_figure(6, 3)
    left, right = figure.subplots(1, 2)
    for axes in (left, right):
        axes.plot([1, 2], label="cost in $ or US$")
    figure_layout.legend_below(figure, left, right)
    [legend] = figure.legends
    assert [(text.get_text(), text.get_parse_math()) for text in legend.get_texts()] == [
        ("cost in $ or US$", False)]


def test_ticks_about_zero_keep_their_distance():
    axes = figure_layout.new_figure(5, 4).subplots()
    figure_layout.signed_log(axes, np.array([22.6, -0.07, 0.0076]), 0.0079)
    assert axes.get_yticks() == pytest.approx([0, 0.01, 0.1, 1, 10, -0.01])


def test_the_same_figure_gives_the_same_bytes(tmp_path):
    one, other = (figures.save(figures.loss_curves(losses(5), ""), tmp_path / name).read_bytes()
                  for name in ("one.png", "other.png"))
    assert one == other


# --- the figures that are stored in the repository ---

def test_stored_figures_are_redrawn_from_the_stored_numbers(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(figures, "save", lambda figure, path: drawn.update({path: figure}) or path)
    drawn = {}
    load_script("redraw_figures.py").main(["--out", str(tmp_path)])
    assert all((ROOT / "checkpoints" / path.relative_to(tmp_path)).exists() for path in drawn)
    assert capsys.readouterr().out.splitlines() == list(map(str, drawn))
    by_name = {str(path.relative_to(tmp_path)): figure for path, figure in drawn.items()}
    for kept in (ROOT / "checkpoints" / "semi_supervised").glob("*/accuracies.png"):
        assert str(kept.relative_to(ROOT / "checkpoints")) in by_name
    sweep = by_name["instability/sweep.png"].axes
    assert [axes.get_title().split("\n")[0] for axes in sweep] == [
        f"learning-rate {rate}, disc-steps {disc}" for rate in ("0.0002", "0.001", "0.02")
        for disc in (1, 3)]
    assert len(sweep[0].lines[0].get_xdata()) == 15
    diverged = by_name["mode_collapse/mnist_remedies.png"].axes[-3].collections
    assert len(diverged) == 10 and diverged[0].get_paths()[0].vertices[:, 0].max() < 1000
    assert "synthetic" in by_name["mode_collapse/two_cities_remedies.png"].get_suptitle()


def test_a_figure_of_scores_can_be_redrawn_from_its_report(tmp_path):
    rows = [judged.Row("MNIST: test images", {"score": (9.791, 0.011), "distance": (0.86, 0.09),
                                              "classes": (10.0, 0.0), "KL to uniform": (0.0018, 7e-4)}),
            judged.Row("conditional_gan (a run)", {"score": (9.329, 0.021), "distance": (10.9, 0.27),
                                                   "classes": (10.0, 0.0),
                                                   "KL to uniform": (6e-4, 4e-4)}, (0.97, 0.002))]
    script = load_script("evaluate.py")
    text = "\n".join(["# comment", "500 images per row; distance to 500 training images of MNIST",
                      *script.table(rows)])
    real, [generator], *others = judged.read_evaluation(text)
    assert (real, generator.row(), others) == (rows[0], rows[1]._replace(accuracy=None), [500, "MNIST"])
    with_checksum = text.replace("images of MNIST\n", "images of MNIST, data_crc32 7cd8a48a\n")
    assert judged.read_evaluation(with_checksum)[2:] == (500, "MNIST")
    other = judged.Row("", {name: (2 * value, error) for name, (value, error) in rows[1].figures.items()},
                       (0.9, 0.003))
    generators = judged.over_seeds([rows[1], other, rows[0]],
                                   [judged.Kind("gan, with label", "gan", 0), judged.Kind("", "gan", 1), None])
    read = judged.read_evaluation("\n".join([text, *script.seeds_table(generators)]))[1]
    assert [(one.name, one.seeds) for one in read] == [("gan, with label", 2), ("MNIST: test images", 1)]
    for one, written in zip(read, generators):
        for name, (value, error) in one.row().figures.items():
            assert (value, error) == pytest.approx(written.row().figures[name], rel=0.01, abs=6e-3)
    for read in (judged.read_evaluation, judged.read_estimate):
        with pytest.raises(InputError, match="not a report of"):
            read("nothing of the kind")
    with pytest.raises(InputError, match="has no table"):
        judged.read_evaluation("500 images a row; distance to 500 training images of MNIST\n")


def test_a_figure_of_estimates_can_be_redrawn_from_its_report():
    *curves, real, correlation, title = judged.read_estimate(
        (ROOT / "checkpoints" / "wasserstein_gan" / "estimate.txt").read_text())
    iterations, estimate, distance = curves
    assert iterations.tolist() == list(range(300, 30_001, 300))
    assert (estimate[0], estimate[9], distance[-1]) == (23.56, -0.0004686, 52.54)
    assert (real, correlation) == (2.68, (0.655, 0.329, 0.010, 0.628))
    assert title == "Wasserstein GAN on MNIST, seed 0: 1,000 samples of each interval"


def test_the_title_of_a_redrawn_estimate_is_that_of_the_run():
    text = (ROOT / "checkpoints" / "wasserstein_gan" / "estimate.txt").read_text()
    *_, title = judged.read_estimate(text.replace(", data_crc32 199591f3, seed 0,", ", seed 3,"))
    assert title == "Wasserstein GAN on MNIST, seed 3: 1,000 samples of each interval"
    with pytest.raises(InputError, match="not a report of"):
        judged.read_estimate(text.replace("\nwasserstein_gan (", "\nanother_gan ("))


def test_the_figure_of_progress_has_the_stride_of_the_chapter(tmp_path, monkeypatch):
    """Of 16 samples, the chapter shows 0, 2, ..., 10: its stride is int(16 / 6)."""
    from gan_tf1.training import run_figures
    shown = []
    monkeypatch.setattr(run_figures, "load_losses", lambda path: losses(10))
    monkeypatch.setattr(run_figures, "load_samples", lambda path: np.arange(16.0)[None, :, None] * np.ones((10, 1, 784)))
    monkeypatch.setattr(run_figures.figures, "progress", lambda some, *_, **named: shown.append(some[0, :, 0].tolist()))
    monkeypatch.setattr(run_figures.figures, "save", lambda figure, path: path)
    monkeypatch.setattr(run_figures.figures, "sample_grid", lambda *_: None)
    run_figures.of_run(tmp_path, "MNIST GAN")
    run_figures.of_run(tmp_path, "MNIST GAN", shown=slice(3))
    assert shown == [[0, 2, 4, 6, 8, 10], [0, 1, 2]]
