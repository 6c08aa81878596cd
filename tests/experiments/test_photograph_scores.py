"""How translations of photographs are judged, tables over seeds, and which images a figure shows."""

import contextlib
import io

import numpy as np
import pytest

from gan_tf1.data import facades
from gan_tf1.evaluation import pair_metrics
from gan_tf1.experiments import beside, label_translation, seed_scores, set_translation, translation
from gan_tf1.experiments.seed_scores import Column, Score


def test_scores_are_written_and_read_and_have_a_deviation_over_seeds():
    scores = [Score("real", None, {"x": 0.5}), Score("gan", 0, {"x": 0.25, "y": 3}),
              Score("gan", 1, {"x": 0.75, "y": 5})]
    file = io.StringIO()
    seed_scores.write(file, scores, ["how"])
    assert file.getvalue().startswith("# how\nrow,seed,metric,value\nreal,,x,0.5\n")
    assert seed_scores.read(file.getvalue().splitlines()) == scores
    head, real, gan = seed_scores.table(scores, {"x": Column(factor=100, head="x (%)"), "y": Column("g")},
                                        {"gan": "the GAN"})
    assert head.split() == ["x", "(%)", "y"] and real.split() == ["real", "50.0"]
    assert gan.split() == "the GAN 50.0 +- 35.4 4 +- 1.41421".split()
    assert seed_scores.best(scores, "gan", "x").seed == 1

    figure = seed_scores.bars(scores, {"x": "share x"}, {"gan": "the GAN"}, "T")
    [axes] = figure.axes
    assert figure.get_suptitle().replace("\n", " ") == "T: mean over seeds, black lines: standard error"
    assert axes.get_xlabel() == "share x" and [text.get_text() for text in axes.get_yticklabels()] == ["real", "the GAN"]
    assert [bar.get_width() for bar in axes.patches] == [0.5, 0.5]
    colours = [bar.get_facecolor()[:3] for bar in axes.patches]
    assert colours[0] == (0.6, 0.6, 0.6) != colours[1]  # real images are grey
    low, high = axes.collections[0].get_segments()[1][:, 0]  # the black line of the GAN
    assert (low, high) == pytest.approx((0.25, 0.75))
    alone = seed_scores.bars(scores[:2], {"x": "x"}, {}, "T")
    assert alone.get_suptitle() == "T: seed 0 alone"


def test_what_is_shown_and_kept_if_runs_are_missing():
    runs = {("gan", 2): "a", ("l1", 1): "b", ("gan", 1): "c", ("l1", 2): "d", ("gan", 0): "e"}
    assert seed_scores.first_row(["both", "l1", "gan"], runs) == "l1"
    assert seed_scores.fullest_seed([0, 2, 1], runs) == 2 and seed_scores.fullest_seed([0, 1, 2], runs) == 1


def test_random_images_are_the_same_for_all_rows_and_best_and_worst_their_own():
    measure = np.arange(20.)
    one, other = beside.chosen(measure), beside.chosen(-measure)
    assert one["best"].tolist() == [19, 18, 17] == other["worst"].tolist()
    assert one["worst"].tolist() == [0, 1, 2] == other["best"].tolist()
    assert one["drawn at random"].tolist() == other["drawn at random"].tolist()
    few = beside.chosen(np.zeros(2))
    assert sorted(few["drawn at random"].tolist()) == [0, 1] == sorted(few["best"].tolist())


def test_colours_in_lab():
    """Published values of the primaries of sRGB, and greys."""
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (119, 119, 119)]
    found = pair_metrics.lab(np.array(colours, np.uint8)[None, None])[0, 0]
    np.testing.assert_allclose(found, [(53.24, 80.09, 67.20), (87.73, -86.18, 83.18), (32.30, 79.19, -107.86),
                                       (100, 0, 0), (0, 0, 0), (50.03, 0, 0)], atol=0.05)


def test_histograms_in_lab_overlap_if_colours_are_the_same_wherever_they_are():
    images = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), np.uint8)
    assert pair_metrics.lab_overlap(images, images[::-1, ::-1]) == {"L": 1, "a": 1, "b": 1}
    grey = np.repeat(images[..., :1], 3, axis=-1)
    found = pair_metrics.lab_overlap(grey, images)
    assert found["L"] > 0.3 and found["a"] < 0.1 and found["b"] < 0.1
    half = np.concatenate([np.zeros((1, 2, 2, 3), np.uint8), np.full((1, 2, 2, 3), 255, np.uint8)])
    assert pair_metrics.lab_overlap(half[:1], half)["L"] == 0.5


# --- pix2pix ---

@pytest.mark.parametrize("size, layers", [(64, 4), (128, 5), (256, 5)])
def test_a_patch_of_the_whole_image_has_as_many_layers_as_fit(size, layers):
    ways = label_translation.ways(size)
    assert ways["patch-image"].flags == ("--disc-layers", layers)
    assert ways["patch-1"].flags == ("--disc-layers", 0) and len({way.name for way in ways.values()}) == 8


def test_the_targets_themselves_are_the_bound_and_others_are_below():
    labels = np.random.default_rng(0).integers(0, 12, (5, 8, 8)).astype(np.uint8)
    maps = np.array(list(facades.PALETTE.values()), np.uint8)[labels]
    pairs = label_translation.Pairs(maps, maps, labels)
    bound, other = label_translation.bounds(pairs, facades.classes, "true labels")
    assert bound.score.values == {"pixel accuracy": 1, "class accuracy": 1, "class IoU": 1, "L": 1, "a": 1,
                                  "b": 1, "MAE": 0}
    assert bound.accuracy.tolist() == 5 * [1]
    assert other.score.row == "true labels of other facades" and other.score.values["L"] == 1
    assert other.score.values["pixel accuracy"] < 0.3 and other.score.values["MAE"] > 10
    wrong = maps.copy()
    wrong[0, :4] = 0, 48, 255  # a wall in the upper half of the first map
    judged = label_translation.judge("both", 3, wrong, pairs, facades.classes)
    share = 1 - (labels[0, :4] != facades.CLASSES.index("wall")).mean() / 2
    assert judged.accuracy.tolist() == pytest.approx([share, 1, 1, 1, 1])
    assert judged.score.seed == 3 and judged.score.values["pixel accuracy"] == pytest.approx((4 + share) / 5)


@pytest.mark.parametrize("size, notes", [(64, 1), (128, 0), (256, 0)])
def test_a_table_says_if_patches_are_larger_than_the_images(size, notes):
    assert len(label_translation.wide_patches(size)) == notes


# --- CycleGAN ---

def test_held_out_images_that_are_training_images_are_left_out():
    images = np.random.default_rng(0).integers(0, 256, (6, 4, 4, 3), np.uint8)
    other = np.random.default_rng(1).integers(0, 256, (6, 4, 4, 3), np.uint8)
    horses, zebras = set_translation.unseen([images[2:5], other[3:]], [images[:3], images])
    np.testing.assert_array_equal(horses, images[3:5])
    np.testing.assert_array_equal(zebras, other[3:])


def bright(images):
    """In place of a classifier: it takes bright images for the second set."""
    level = images.mean(axis=(1, 2, 3)) / 255
    return np.stack([1 - level, level], axis=1), np.stack([level, images[:, 0, 0, 0] / 255], axis=1)


def test_translations_are_judged_in_both_directions(monkeypatch):
    rng = np.random.default_rng(0)
    dark, light = (rng.integers(low, low + 60, (6, 4, 4, 3), np.uint8) for low in (20, 160))

    @contextlib.contextmanager
    def restored(path):
        """From A to B, images become 100 levels brighter; from B to A, only those of B become darker."""
        def translate(images, direction):
            there = images + 100 if direction == "AtoB" else np.where(images < 150, images, images - 130)
            back = there - 98 if direction == "AtoB" else there + 130
            return [part.astype(np.uint8) for part in (there, back)]

        yield translate

    monkeypatch.setattr(translation, "restored", restored)
    judges = set_translation.judges(bright, [dark, light])
    there, back = set_translation.of_run("cyclegan", 7, "run", judges, [dark, light])
    assert there.score.row == "cyclegan AtoB" and back.score.row == "cyclegan BtoA" and back.score.seed == 7
    assert there.score.values["changed"] == 100 and there.score.values["cycle error"] == 2
    assert there.score.values["identity error"] == pytest.approx(
        np.abs((light + 100).astype(np.uint8).astype(int) - light).mean())
    assert back.score.values["changed"] == 130 and back.score.values["cycle error"] == 0
    assert back.score.values["identity error"] == 0  # A is dark, and stays as it is
    assert there.score.values["taken for the target"] == (dark.mean((1, 2, 3)) + 100 > 127.5).mean()
    assert there.score.values["back"] == back.score.values["back"] == 1
    np.testing.assert_allclose(there.confidence, (dark.mean((1, 2, 3)) + 100) / 255)
    bounds = {score.row: score.values for score in set_translation.bounds(judges, [dark, light])}
    assert bounds["as they are AtoB"]["taken for the target"] == 0
    assert bounds["real images of the target set BtoA"] == pytest.approx(
        {"taken for the target": 1, "distance": 0}, abs=1e-12)


def test_equally_many_images_of_both_sets_are_judged():
    a, b = np.arange(5), np.arange(10, 18)
    found = set_translation.equally_many([a, b])
    assert found[0].tolist() == a.tolist() and len(found[1]) == 5 == len(set(found[1]))
    assert sorted(found[1]) == found[1].tolist() and set(found[1]) <= set(b.tolist())
    names = set_translation.row_names(("horse", "zebra"))
    assert names["no-pool BtoA"] == "zebra to horse: without a pool"
