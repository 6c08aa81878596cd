"""Diagnosing a run: series of losses and samples whose signs are known, and small real runs."""

import dataclasses
import json
import math
import re
import shutil

import numpy as np
import pytest

import few_digits
from conftest import ROOT, load_script, refusal, without_figures
from gan_tf1 import models
from gan_tf1.data import digits, mixtures, two_cities
from gan_tf1.errors import InputError
from gan_tf1.evaluation import mode_coverage
from gan_tf1.models import (
    conditional_gan, cyclegan, dcgan_class, dcgan_mnist, dcgan_svhn, dcgan_upsampling, mixture_gan,
    mnist_gan, pix2pix, progressive_gan, remedies_gan, vanilla_gan)
from gan_tf1.published import envelopes
from gan_tf1.published.logs import BOOK_LOGS
from gan_tf1.tf1 import session_config, tf
from gan_tf1.training import diagnosis, diversity, mode_shares, run_results, swings

CHANCE = 2 * math.log(2)
DIVERGENCE, COLLAPSE, PARTIAL, WIN, OSCILLATION = diagnosis.SIGNS
EPOCHS = np.arange(1., 101)


def series(disc, gen, epochs=EPOCHS):
    """The columns of a losses.csv; a number stands for a constant loss."""
    return {"epoch": epochs, "disc_loss": np.broadcast_to(disc, len(epochs)).astype(float),
            "gen_loss": np.broadcast_to(gen, len(epochs)).astype(float)}


def noise(seed=0, deviation=0.1, count=100):
    return np.random.default_rng(seed).normal(0, deviation, count)


def series_of(values, reference=0.7):
    """The diversity of images of digits, one value per epoch."""
    return diversity.Series("samples", np.asarray(values), reference, "training images")


HEALTHY = series(1 + noise(0), 1.7 + noise(1))


# --- losses ---

def test_the_sentence_on_a_healthy_run_gives_its_numbers():
    found = diagnosis.judge(HEALTHY, CHANCE)
    disc, gen = (HEALTHY[name][80:].mean() for name in ("disc_loss", "gen_loss"))
    assert found.signs == ()
    assert found.sentence == (
        "No sign of divergence, discriminator dominance or oscillation: over epochs 81 to 100 "
        f"disc_loss averages {disc:.3g} and gen_loss averages {gen:.3g}; over the second half they "
        "swing by 10 % and 5 % of their means.")


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_is_divergence(value):
    gen = 1.7 + noise()
    gen[6:9] = value
    for some in (series(1., gen), series(np.where(EPOCHS > 8, value, 1.), gen)):
        assert diagnosis.judge(some)[:2] == (
            (DIVERGENCE,), f"Signs of divergence: gen_loss is {value:g} in epoch 7.")
    # Two rows are enough, and so is a single step within an epoch.
    assert diagnosis.judge({name: column[5:7] for name, column in some.items()}).signs == (
        DIVERGENCE,)
    steps = {"step": EPOCHS, "disc_loss": gen, "gen_loss": gen}
    assert diagnosis.judge(HEALTHY, steps=steps).sentence == (
        f"Signs of divergence: disc_loss is {value:g} in step 7.")


def test_cross_entropies_diverge_above_ten_times_chance():
    for end, expected in ((12, ()), (15, (DIVERGENCE,))):
        disc = np.where(EPOCHS > 70, end, 1.)
        assert diagnosis.judge(series(disc, 1.), CHANCE).signs == expected
    found = diagnosis.judge(series(disc, 1.), CHANCE)
    assert found.sentence == ("Signs of divergence: over epochs 81 to 100 disc_loss averages 15 "
                              "nats (by guessing: 1.39).")
    assert diagnosis.judge(series(1., disc), CHANCE).signs == (DIVERGENCE,)


def test_scores_diverge_if_they_grow_but_not_if_they_drift():
    critic = np.exp(EPOCHS / 10)
    assert diagnosis.judge(series(-critic, 0.1)).signs == (DIVERGENCE,)
    assert "(in the first half: 148 at most)" in diagnosis.judge(
        series(-critic, 0.1)).sentence
    for drift in (EPOCHS, -100 * EPOCHS, 1000.):
        assert diagnosis.judge(series(drift, 0.1 + noise())).signs == ()


def test_discriminator_dominance():
    losses = series(0.02, np.linspace(3, 8, 100))
    found = diagnosis.judge(losses, CHANCE)
    assert found[:2] == ((WIN,), "Signs of discriminator dominance: over epochs 81 to 100 disc_loss "
                     "averages 0.02, close to its minimum of 0, and gen_loss averages 7.52 (over "
                     "epochs 41 to 60: 5.5).")
    # With labels of 0.9, the loss of a discriminator without errors is 0.325.
    smooth = series(0.34, 8.)
    assert diagnosis.judge(smooth, CHANCE).signs == ()
    assert diagnosis.judge(smooth, CHANCE, least=0.325).signs == (WIN,)
    assert diagnosis.judge(series(0.44, 8.), CHANCE, least=0.325).signs == ()
    # A high generator loss does not mean divergence: if the discriminator dominates, it has no bound.
    assert diagnosis.judge(series(0.34, 90.), CHANCE, 0.325).signs == (WIN,)
    for other in (series(0.5, 8.),                                   # D makes errors
                  series(0.02, 4.),                                  # D gives fakes 2 %
                  series(np.where(EPOCHS > 50, 1., 0.02), np.where(EPOCHS > 50, 1.7, 8.))):
        assert diagnosis.judge(other, CHANCE).signs == ()
    # The losses of a critic may have the same values without any such meaning.
    of_scores = diagnosis.judge(losses)
    assert of_scores.signs == () and WIN not in of_scores.sentence


def test_swings_with_one_period_are_oscillation():
    sine = np.sin(2 * np.pi * EPOCHS / 10)  # five cycles in the second half
    found = diagnosis.judge(series(1 + 0.5 * sine + noise(), 1.7 + noise(1)), CHANCE)
    assert found.signs == (OSCILLATION,)
    assert "over the second half disc_loss swings by 3" in found.sentence
    assert "a single period, which fits 5 times, makes up 9" in found.sentence
    of_sine = swings.swing(1 + 0.5 * sine[50:])
    assert of_sine.deviation == pytest.approx(0.5 / math.sqrt(2), rel=0.05)
    assert of_sine.share > 0.9 and of_sine.cycles == 5
    for other in (1 + 0.1 * sine,                                     # too small
                  1 + 0.5 * np.where(EPOCHS < 50, sine, 0),           # settled
                  1 + 0.5 * np.sin(2 * np.pi * EPOCHS / 90),          # a drift
                  1 + noise(3, 0.3)):                                 # without a period
        assert diagnosis.judge(series(other, 1.7 + noise(1)), CHANCE).signs == ()


def test_scores_that_swing_about_zero_need_a_period():
    sine = np.sin(2 * np.pi * EPOCHS / 10)
    assert diagnosis.judge(series(sine, noise(1))).signs == (OSCILLATION,)
    assert diagnosis.judge(series(noise(2), noise(1))).signs == ()


def test_wild_swings_of_both_losses_need_no_period():
    wild = np.exp(noise(4, 0.8))
    both = series(wild, np.exp(noise(5, 0.8)))
    assert diagnosis.judge(both, CHANCE).signs == (OSCILLATION,)
    assert diagnosis.judge(both).signs == ()
    assert diagnosis.judge(series(wild, 1.7), CHANCE).signs == ()


def test_swings_are_judged_by_the_losses_of_every_step_if_available():
    steps = np.arange(5000.)
    # Single batches are noisy, but there are five cycles in the second half.
    disc = 1 + 0.5 * np.sin(2 * np.pi * steps / 500) + noise(0, 1, 5000)
    table = {"step": steps, "disc_loss": disc, "gen_loss": disc}
    assert diagnosis.judge(HEALTHY, CHANCE, steps=table).signs == (OSCILLATION,)
    fast = {**table, "disc_loss": 1 + noise(0, 1, 5000), "gen_loss": 1 + noise(1, 1, 5000)}
    assert diagnosis.judge(HEALTHY, CHANCE, steps=fast).signs == ()
    # A run of few epochs is not judged, even if it has many steps.
    short = diagnosis.judge({name: column[:4] for name, column in HEALTHY.items()}, steps=fast)
    assert not short.judged and "in epoch 4 disc_loss is" in short.sentence
    # A table of steps without these losses is ignored.
    assert diagnosis.judge(HEALTHY, CHANCE, steps={"step": steps, "loss": disc}).signs == ()


def test_noise_is_rarely_flagged():
    rng, wrong, runs = np.random.default_rng(0), 0, 500
    for _ in range(runs):
        shocks = rng.normal(0, 0.2, (2, 120))
        for epoch in range(1, 120):  # correlated noise, on a logarithmic scale
            shocks[:, epoch] += 0.5 * shocks[:, epoch - 1]
        disc, gen = np.exp(shocks[:, 20:])
        wrong += diagnosis.judge(series(disc, 1.7 * gen), CHANCE).signs != ()
    assert wrong <= 0.01 * runs


@pytest.mark.parametrize("name", ["mnist_gan_envelope.csv", "mnist_gan_feed_loop.csv"])
def test_no_seed_of_the_chapters_configuration_is_flagged(name):
    """Not even those whose generator is worse than that of the others but not dominated."""
    envelope = envelopes.envelope("mnist_gan", BOOK_LOGS / name)
    for disc, gen in zip(envelope.losses["disc_loss"], envelope.losses["gen_loss"]):
        found = diagnosis.judge(series(disc, gen, envelope.epochs.astype(float)), CHANCE, 0.325)
        assert found.signs == (), found.sentence


def test_a_short_run_is_not_judged():
    nine = {name: column[:9] for name, column in HEALTHY.items()}
    disc, gen = nine["disc_loss"][-1], nine["gen_loss"][-1]
    assert diagnosis.judge(nine, CHANCE, samples=[series_of(np.full(9, 0.01))]) == (
        (), "Too short to be judged, with 9 epochs: all losses are finite, and in epoch 9 disc_loss "
        f"is {disc:.3g} and gen_loss is {gen:.3g}; not judged: divergence and discriminator "
        "dominance (10 epochs needed), collapse (10 sets of at least 8 samples needed), oscillation "
        "(59 epochs needed).", False)
    assert diagnosis.judge({"epoch": EPOCHS, "accuracy": EPOCHS / 100}) == (
        (), "Not judged, for no losses are recorded: in epoch 100 accuracy is 1.", False)
    assert diagnosis.judge({"epoch": EPOCHS, "train_loss": 1 / EPOCHS}, CHANCE)[:2] == (
        (), "No sign of divergence: over epochs 81 to 100 train_loss averages 0.0111.")
    none = {name: column[:0] for name, column in HEALTHY.items()}
    assert diagnosis.judge(none, CHANCE) == (
        (), "Too short to be judged: no epoch is complete yet.", False)
    ten = {name: column[:10] for name, column in HEALTHY.items()}
    assert diagnosis.judge(ten, CHANCE).sentence.startswith(
        "No sign of divergence or discriminator dominance: over epochs 9 to 10 ")


@pytest.mark.parametrize("model, labels", [
    (mnist_gan, (0.,)), (dcgan_svhn, ()), (dcgan_class, ()), (dcgan_mnist, None),
    (vanilla_gan, None), (dcgan_upsampling, None), (conditional_gan, None)])
def test_chance_is_the_loss_if_all_logits_are_zero(model, labels):
    with tf.Graph().as_default(), tf.Session(config=session_config()) as sess:
        zeros, y = tf.zeros((4, 1)), tf.constant([[1.], [1.], [0.], [0.]])
        losses = (model.model_loss(zeros, y, zeros) if labels is None else
                  model.model_loss(zeros, zeros, *labels))
        assert sess.run(losses[0]) == pytest.approx(model.CHANCE, abs=1e-4)


def test_swings_are_judged_for_every_length_from_59_rows():
    for rows in (59, 60, 100, 101, 110, 118, 199, 200, 201, 1000):
        swung = swings.of_second_half(np.sin(np.arange(rows)) + 2)
        assert swung is not None, rows
    assert swings.of_second_half(np.ones(58)) is None and swings.rows_needed() == 59


def test_the_unit_is_that_of_the_log():
    losses = dict(zip(("iteration", "disc_loss", "gen_loss"), HEALTHY.values()))
    losses["iteration"] = 25 * losses["iteration"]
    assert "over iterations 2025 to 2500 disc_loss" in diagnosis.judge(losses, each=25).sentence
    few = diagnosis.judge({name: column[:3] for name, column in losses.items()}, each=25)
    assert few.sentence.startswith("Too short to be judged, with 75 iterations: ")
    assert "in iteration 75 disc_loss" in few.sentence
    assert "oscillation (1475 iterations needed)" in few.sentence
    images = {"image": EPOCHS * 6000, "disc_loss": EPOCHS * math.nan, "gen_loss": EPOCHS}
    assert diagnosis.judge(images, each=6000).sentence == (
        "Signs of divergence: disc_loss is nan after 6000 images.")


# --- samples ---

def test_diversity_is_the_share_of_the_variance_between_images():
    rng = np.random.default_rng(0)
    shape = (200, 28, 28)
    common, own = rng.normal(0, 2, shape[1:]), rng.normal(0, 1, shape)
    images = common + own  # a variance of 4 within an image, and of 1 between images
    assert diversity.diversity(images) == pytest.approx(0.2, rel=0.1)
    assert diversity.diversity(3 * images - 7) == pytest.approx(diversity.diversity(images))
    assert diversity.diversity(own) == pytest.approx(1, abs=0.01)
    assert diversity.diversity(np.repeat(common[None], 8, axis=0)) == 0
    assert diversity.diversity(np.zeros((8, 784))) == 0
    # Few samples give the same on average: here with variances of 1/4 and 1.
    few = [diversity.diversity((common / 4 + own)[start:start + 8]) for start in range(0, 200, 8)]
    assert np.mean(few) == pytest.approx(0.8, abs=0.02)
    assert math.isnan(diversity.diversity(images[:7]))
    assert math.isnan(diversity.diversity(rng.normal(size=(50, 1))))  # single numbers are not images


def test_the_spread_of_points_is_their_total_variance_in_their_own_units():
    rng = np.random.default_rng(0)
    points = rng.normal([3, -5], [2, 1], (20_000, 2))
    assert diversity.spread(points) == pytest.approx(5, rel=0.05)
    assert diversity.spread(10 * points) == pytest.approx(100 * diversity.spread(points))
    assert diversity.spread(points[:1].repeat(8, axis=0)) == pytest.approx(0, abs=1e-25)
    assert math.isnan(diversity.spread(points[:7]))


@pytest.mark.parametrize("choice, expected", [("ring", 1), ("grid", 16), ("wide_ring", 1.02)])
def test_what_points_are_compared_with_is_the_spread_of_the_training_points(choice, expected):
    found = diversity.of_data(mixtures.load(choice, 5000, 0).train)
    assert found == {"data_spread": pytest.approx(expected, rel=0.05)}


def test_temperatures_are_compared_in_the_units_of_the_samples():
    train = two_cities.load(0, 5000).train
    celsius = diversity.of_data(train)["data_spread"] * 35 ** 2  # a range of 70 degrees is 2
    assert celsius == pytest.approx(15 ** 2 + 4 ** 2, rel=0.03)
    assert diversity.of_data(two_cities.load(0, 7).train) == {"data_spread": None}


COURSES = {  # name -> (the diversity after each epoch, is it a collapse?); training images have 0.7
    "lost": (np.linspace(0.6, 0.05, 100), True),
    "lost at the very end": (np.where(EPOCHS > 80, 0.02, 0.6), True),
    "never high": (np.full(100, 0.02), True),
    "lost, except for short times": (np.where(EPOCHS % 10 < 2, 0.4, 0.02), True),
    "still rising": (np.linspace(0.01, 0.2, 100), False),
    "from noise to digits": (np.linspace(1, 0.55, 100), False),
    "that of the data": (np.full(100, 0.69), False),
}


@pytest.mark.parametrize("course", COURSES)
def test_collapse(course):
    values, collapsed = COURSES[course]
    found = diagnosis.judge(HEALTHY, CHANCE, samples=[series_of(values)])
    assert found.signs == collapsed * (COLLAPSE,)
    assert (f"{100 * np.median(values[80:]):.3g} % of the variance of the last samples is between "
            f"images (before: {100 * np.median(values[:80]):.3g} %; training images: 70 %)"
            in found.sentence)


def test_a_single_mode_that_widens_is_still_a_collapse():
    widening = diversity.Series("samples", np.linspace(0.001, 0.01, 100), 1., "training points")
    assert diversity.collapsed(widening)
    spreading = widening._replace(values=np.linspace(0.01, 0.2, 100))
    assert not diversity.collapsed(spreading)
    assert not diversity.collapsed(series_of(widening.values))  # generated images are all alike at first


def test_without_the_training_images_a_collapse_is_a_loss_of_diversity():
    for course, collapsed in (("lost", True), ("never high", False)):
        found = diagnosis.judge(HEALTHY, CHANCE, samples=[series_of(COURSES[course][0], None)])
        assert found.signs == collapsed * (COLLAPSE,) and "training" not in found.sentence
    few = diagnosis.judge(HEALTHY, CHANCE, samples=[series_of(np.full(9, 0.01))])
    assert few.signs == () and few.sentence.endswith(
        "; not judged: collapse (10 sets of at least 8 samples needed).")


def test_two_signs_are_reported_in_one_sentence():
    found = diagnosis.judge(series(90., 400.), CHANCE, samples=[series_of(COURSES["lost"][0])])
    assert found.signs == (DIVERGENCE, COLLAPSE)
    assert found.sentence.startswith(
        "Signs of divergence: over epochs 81 to 100 disc_loss averages 90 nats (by guessing: "
        "1.39); collapse: 1")


# --- planted collapses: artificial runs with every kind of samples ---

def planted(path, model, samples, data, of_data, rows=None):
    """Write a complete run of `model` to `path`, with `samples` [E, n, ...] and healthy losses."""
    path.mkdir()
    config = dataclasses.asdict(model.Config())
    (path / "config.json").write_text(json.dumps({
        "chapter": model.CHAPTER, "settings": config, "data": data, "data_title": data,
        "data_crc32": "0", "data_dir": None, "seed": 0, "sample_shape": list(samples.shape[1:]),
        **of_data}))
    numbers = np.arange(1, len(samples) + 1)
    rng = np.random.default_rng(8)
    table = {"epoch": numbers, "disc_loss": rng.normal(1.3, 0.01, len(numbers)),
             "gen_loss": rng.normal(0.8, 0.01, len(numbers)), **(rows or {})}
    lines = [",".join(table), *(",".join(map(str, row)) for row in zip(*table.values()))]
    (path / "losses.csv").write_text("\n".join(lines) + "\n")
    np.savez(path / "samples.npz", samples=np.float32(samples))
    return path


@pytest.mark.parametrize("damaged, complaint", [
    ({"label_smooth": 2}, "--label-smooth must be"), ({"label_smooth": "0.1"}, "--label-smooth must be"),
    ({"epochs": None}, "--epochs must be")])
def test_a_setting_that_was_damaged_by_hand_is_named(tmp_path, damaged, complaint):
    path = planted(tmp_path / "run", models.of_chapter("mnist_gan"), np.zeros((20, 16, 784)), "mnist",
                   {"data_diversity": 0.7})
    stored = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps(stored | {"settings": damaged}))
    with pytest.raises(InputError, match=complaint):
        diagnosis.of_run(path)


def images_of(rng, sets, count, shape, diversity):
    """Images with about this diversity: each is the sum of a common image and one of its own."""
    common = rng.normal(0, math.sqrt(1 - diversity), shape)
    return common + rng.normal(0, math.sqrt(diversity), (sets, count, *shape))


IMAGES = {"mnist_gan": (mnist_gan, (784,)), "dcgan_svhn": (dcgan_svhn, (32, 32, 3)),
          "progressive_gan": (progressive_gan, (16, 16)), "remedies_gan": (remedies_gan, (784,))}


@pytest.mark.parametrize("name", IMAGES)
@pytest.mark.parametrize("own, signs", [(0.5, ()), (0.02, (COLLAPSE,))])
def test_a_planted_collapse_of_images(tmp_path, name, own, signs):
    model, shape = IMAGES[name]
    samples = images_of(np.random.default_rng(0), 20, 16, shape, own)
    found = diagnosis.of_run(planted(tmp_path / "run", model, samples, "drawn",
                                     {"data_diversity": 0.7}))
    assert found.signs == signs and "training images: 70 %" in found.sentence


def modes_of(data, chosen, sets=20, count=400):
    """Sets of points of the modes `chosen` of the mixture `data`, and the counts that a run logs."""
    rng = np.random.default_rng(1)
    means, deviation = mixtures.means(data), mixtures.DEVIATIONS[data]
    which = rng.choice(chosen, (sets, count))
    points = means[which] + rng.normal(0, deviation, (sets, count, 2))
    counted = [mode_coverage.of_points(each, means, deviation) for each in points]
    return points, {name: [getattr(one, name) for one in counted] for name in counted[0]._fields}


@pytest.mark.parametrize("data, chosen, signs, told", [
    ("grid", range(25), (), "25.0 of 25 modes are captured"),
    ("grid", [24], (COLLAPSE,), "1.0 of 25 modes"),
    ("grid", [11, 12], (COLLAPSE,), "of the variance of the training points"),
    ("grid", range(0, 25, 2), (PARTIAL,), "over the second half 13.0 of 25 modes are captured"),
    ("ring", range(8), (), "8.0 of 8 modes are captured"),
    ("ring", [3], (COLLAPSE,), "1.0 of 8 modes"),
    ("ring", [0, 4], (PARTIAL,), "2.0 of 8 modes")])  # opposite modes have the spread of all eight
def test_a_planted_collapse_of_points(tmp_path, data, chosen, signs, told):
    points, counted = modes_of(data, list(chosen))
    of_data = diversity.of_data(mixtures.load(data, 2000, 0).train)
    found = diagnosis.of_run(planted(tmp_path / "run", mixture_gan, points, data, of_data, counted))
    assert found.signs == signs and told in found.sentence


def test_points_that_have_not_found_the_modes_yet_are_not_a_collapse(tmp_path):
    points, _ = modes_of("grid", list(range(25)))
    points += np.random.default_rng(2).uniform(-1, 1, points.shape)
    counted = {"modes": [12] * 20, "high_quality": [0.02] * 20}
    found = diagnosis.of_run(planted(tmp_path / "run", mixture_gan, points, "grid",
                                     {"data_spread": 16.}, counted))
    assert found.signs == () and "2 % of the points are near one" in found.sentence


@pytest.mark.parametrize("cities, signs", [((0., 30.), ()), ((30.,), (COLLAPSE,))])
def test_a_planted_collapse_of_temperatures(tmp_path, cities, signs):
    """The spread alone is judged, as in an unfinished run, which has no shares of the modes."""
    rng = np.random.default_rng(3)
    celsius = rng.choice(cities, (20, 100, 1)) + rng.normal(0, 4, (20, 100, 1))
    samples = 2 * (celsius - two_cities.LOW) / (two_cities.HIGH - two_cities.LOW) - 1
    found = diagnosis.of_run(planted(
        tmp_path / "run", remedies_gan, samples, two_cities.KEY,
        diversity.of_data(two_cities.load(0, 5000).train)))
    assert found.signs == signs
    assert "over iterations 425 to 500" in found.sentence or signs
    assert "of the variance of the training points" in found.sentence


@pytest.mark.parametrize("shape", [(16, 16, 3), (16, 16)])
@pytest.mark.parametrize("lost, told", [((), ""), ((1,), "A to B"), ((4,), "B to A"),
                                        ((1, 4), "A to B"), ((2, 5), "")])
def test_a_planted_collapse_of_translations(tmp_path, shape, lost, told):
    """Only outputs are judged, not the real images nor the images that are translated back."""
    rng = np.random.default_rng(4)
    parts = [images_of(rng, 20, 4, shape, 0.6) for _ in range(6)]
    for real in (0, 3):  # the same test images each time
        parts[real] = parts[real][:1].repeat(20, axis=0)
    for part in lost:
        parts[part] = images_of(rng, 20, 4, shape, 0.01)
    found = diagnosis.of_run(planted(tmp_path / "run", cyclegan, np.concatenate(parts, axis=1),
                                     "drawn", {"data_diversity": 0.6}))
    assert found.signs == (COLLAPSE,) * bool(told)
    assert f"of the last translations from {told}" in found.sentence
    assert found.sentence.count("translations from") == (2 if lost != (1,) and lost != (4,) else 1)


@pytest.mark.parametrize("own, signs", [(0.5, ()), (0.01, (COLLAPSE,))])
def test_a_planted_collapse_of_pix2pix(tmp_path, own, signs):
    samples = images_of(np.random.default_rng(5), 20, 8, (16, 16, 3), own)
    found = diagnosis.of_run(planted(tmp_path / "run", pix2pix, samples, "cifar10",
                                     {"data_diversity": 0.6}))
    assert found.signs == signs and "; training inputs: 60 %)" in found.sentence


def test_every_model_with_samples_states_their_kind():
    for name in ("conditional_gan", "cyclegan", "dcgan_class", "dcgan_mnist", "dcgan_svhn",
                 "dcgan_upsampling", "mixture_gan", "mnist_gan", "mnist_gan_objectives", "pix2pix",
                 "progressive_gan", "remedies_gan", "salimans_gan", "semi_supervised",
                 "stacked_mnist_gan", "vanilla_gan", "wasserstein_gan", "wasserstein_gan_gp"):
        model = models.of_chapter(name)
        kinds = model.SAMPLES.values() if isinstance(model.SAMPLES, dict) else [model.SAMPLES]
        assert set(kinds) <= {"images", "points", "translations"}
        assert ("translations" in kinds) == hasattr(model, "translated")
        setting = getattr(model, "LOGGED", (None, None))[1]
        assert setting is None or hasattr(model.Config(), setting)


# --- known modes ---

def of_shares(*rows):
    return mode_shares.of_shares(np.repeat(rows, 10, axis=0), 25, "iteration")


def test_known_modes_decide_whether_there_is_a_collapse():
    alone, even = [1., 0.], [0.5, 0.5]
    for modes_, signs in ((of_shares(even, even), ()), (of_shares(even, alone), (COLLAPSE,)),
                          (of_shares(even, [0.6, 0.]), (PARTIAL,))):
        found = diagnosis.judge(HEALTHY, modes=modes_)
        assert found.signs == signs and modes_.told in found.sentence
    assert of_shares(even, [0.6, 0.02]).told == (
        "over the second half 1.0 of 2 modes are covered, and 38 % of the samples are near none")
    shares = np.tile(np.repeat(np.eye(2), 5, axis=0), (10, 1))
    cycling = mode_shares.of_shares(shares, 25, "iteration")
    assert cycling.verdict == "full" and cycling.told.endswith(
        "; the generator switches from mode to mode 9 times and returns to one every 250 "
        "iterations on average")


# --- runs ---

TINY = ("--data", "drawn", "--batch-size", "20")  # 20 steps per epoch


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A function that trains the first chapter on few digits, once for each name of a run."""
    folder, main = tmp_path_factory.mktemp("runs"), load_script("01_mnist_gan.py").main

    def train(name, *flags):
        if not (folder / name).exists():
            main([*TINY, "--run-dir", str(folder / name), *flags])
        return folder / name

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digits, "load", few_digits.load)
        without_figures(patch)
        yield train


HEALTHY_RUN = ("--epochs", "40", "--learning-rate", "0.003")
RUNS = {  # the first sign -> flags
    # Both were found in 20 of 20 trials: with four seeds on the machine as it is, and with four
    # others each without oneDNN, with AVX2 only, with SSE4.1 only, and on one core. In 7 of the
    # divergent runs there was a second sign, collapse.
    (): HEALTHY_RUN,
    (DIVERGENCE,): ("--epochs", "12", "--learning-rate", "1"),
}


@pytest.mark.numerics
@pytest.mark.parametrize("signs", RUNS, ids="-".join)
def test_real_runs_are_judged_by_their_files(trained, signs, capsys):
    path = trained("-".join(signs) or "healthy", *RUNS[signs])
    found = diagnosis.of_run(path)
    assert found.signs[:1] == signs, found.sentence
    assert (path / "diagnosis.txt").read_text() == found.sentence + "\n"
    assert (path / "log.txt").read_text().splitlines()[-1] == found.sentence
    load_script("diagnose.py").main([str(path), str(ROOT / "checkpoints" / "mnist_gan")])
    told, of_shipped = capsys.readouterr().out.splitlines()[-2:]
    assert told == f"{path}: {found.sentence}"
    assert ": No sign of divergence, discriminator dominance or oscillation: over" in of_shipped


PLANTED = {  # signs that no small run shows on every machine -> losses and spread of the samples
    WIN: (series(0.33, np.linspace(6, 8, 100)), None),
    OSCILLATION: (series(1 + 0.5 * np.sin(2 * np.pi * EPOCHS / 10), 1.7), None),
    COLLAPSE: (HEALTHY, 0),
}


@pytest.mark.parametrize("sign", PLANTED)
def test_signs_planted_in_a_runs_files_are_found_there(trained, tmp_path, sign):
    path = shutil.copytree(trained("healthy", *HEALTHY_RUN), tmp_path / "run")
    losses, spread = PLANTED[sign]
    rows = [f"{epoch:.0f},{disc!r},{gen!r}" for epoch, disc, gen in zip(
        *(map(float, column) for column in losses.values()))]
    (path / "losses.csv").write_text("\n".join([",".join(losses), *rows]) + "\n")
    if spread is not None:
        samples = run_results.load_samples(path)
        np.savez(path / "samples.npz", samples=samples[:, :1] + spread * samples)
    assert diagnosis.of_run(path).signs == (sign,)


def test_resuming_a_complete_run_prints_the_diagnosis_without_logging_it_twice(trained, capsys):
    path = trained("healthy", *HEALTHY_RUN)
    before, log = (path / "diagnosis.txt").read_bytes(), (path / "log.txt").read_bytes()
    assert log.endswith(b"\n" + before) and log.count(before) == 1
    capsys.readouterr()
    load_script("01_mnist_gan.py").main(["--resume", "--run-dir", str(path)])
    assert before.decode() in capsys.readouterr().err
    assert (path / "diagnosis.txt").read_bytes() == before
    assert (path / "log.txt").read_bytes() == log


def test_samples_are_compared_with_the_training_images(trained):
    config = json.loads((trained("healthy", *HEALTHY_RUN) / "config.json").read_text())
    images = few_digits.load().train.images
    assert config["data_diversity"] == pytest.approx(diversity.diversity(images), abs=1e-4)
    assert {"data_diversity": config["data_diversity"]} == diversity.of_data(
        digits.Pool(few_digits.load().train))


def test_a_run_that_stopped_at_a_loss_that_is_not_finite_is_divergence(trained, capsys):
    with pytest.raises(SystemExit) as exit_:
        trained("infinite", "--epochs", "12", "--learning-rate", "1e37")
    assert exit_.value.code == 1
    told, said = (stream.splitlines() for stream in capsys.readouterr())
    path = trained("infinite")
    sentence = told[-1]
    # NaN or infinity, depending on the order in which infinities are added.
    assert re.fullmatch("Signs of divergence: disc_loss is (nan|inf) in epoch 1.", sentence)
    assert said[-1].startswith("error: the losses of epoch 1 are not finite")
    assert (path / "diagnosis.txt").read_text() == sentence + "\n"
    assert diagnosis.of_run(path).sentence == sentence
    assert len(run_results.load_losses(path)["epoch"]) == 1


def test_an_unfinished_run_is_judged_by_the_epochs_it_has(trained, tmp_path):
    path = shutil.copytree(trained("healthy", *HEALTHY_RUN), tmp_path / "run")
    samples = run_results.load_samples(path)
    (path / "samples.npz").unlink()
    (path / "samples.f32").write_bytes(samples[:30].tobytes() + b"half of a sample")
    np.testing.assert_array_equal(run_results.samples_so_far(path), samples[:30])
    assert not run_results.is_complete(path) and run_results.is_complete(trained("healthy"))
    assert "of the variance of the last samples" in diagnosis.of_run(path).sentence
    (path / "samples.f32").unlink()
    assert "of the variance of the last samples" not in diagnosis.of_run(path).sentence


def test_a_folder_without_a_run_is_refused(capsys, tmp_path):
    assert "holds no run" in refusal(capsys, load_script("diagnose.py").main, tmp_path)
