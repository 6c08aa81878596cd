"""What is said of a run: on series whose answer is known, and on small runs that do and don't."""

import json
import math
import shutil

import numpy as np
import pytest

import few_digits
from conftest import ROOT, load_script, refusal
from gan_tf1 import diagnosis, published, run
from gan_tf1.data import digits
from gan_tf1.logs import BOOK_LOGS
from gan_tf1.models import (
    conditional_gan, dcgan_class, dcgan_mnist, dcgan_svhn, dcgan_upsampling, mnist_gan,
    vanilla_gan)
from gan_tf1.tf1 import session_config, tf

CHANCE = 2 * math.log(2)
DIVERGENCE, COLLAPSE, WIN, OSCILLATION = diagnosis.SIGNS
EPOCHS = np.arange(1., 101)


def series(disc, gen, epochs=EPOCHS):
    """Columns of a losses.csv; numbers stand for a loss that stays."""
    return {"epoch": epochs, "disc_loss": np.broadcast_to(disc, len(epochs)).astype(float),
            "gen_loss": np.broadcast_to(gen, len(epochs)).astype(float)}


def noise(seed=0, deviation=0.1, count=100):
    return np.random.default_rng(seed).normal(0, deviation, count)


HEALTHY = series(1 + noise(0), 1.7 + noise(1))


# --- losses ---

def test_a_healthy_run_is_told_with_its_numbers():
    found = diagnosis.judge(HEALTHY, CHANCE)
    disc, gen = (HEALTHY[name][80:].mean() for name in ("disc_loss", "gen_loss"))
    assert found.signs == ()
    assert found.sentence == (
        "No sign of divergence, the discriminator's win or oscillation: over epochs 81 to 100 "
        f"disc_loss averages {disc:.3g} and gen_loss averages {gen:.3g}, over the second half they "
        "swing by 10% and 5%.")


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_not_finite(value):
    gen = 1.7 + noise()
    gen[6:9] = value
    for some in (series(1., gen), series(np.where(EPOCHS > 8, value, 1.), gen)):
        assert diagnosis.judge(some) == (
            (DIVERGENCE,), f"Signs of divergence: gen_loss is {value:g} in epoch 7.")
    # Two rows are enough, and one step among an epoch's.
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
                              "nats, where guessing has 1.39.")
    assert diagnosis.judge(series(1., disc), CHANCE).signs == (DIVERGENCE,)


def test_scores_diverge_where_they_grow_and_not_where_they_drift():
    critic = np.exp(EPOCHS / 10)
    assert diagnosis.judge(series(-critic, 0.1)).signs == (DIVERGENCE,)
    assert "and was 148 at most in the first half" in diagnosis.judge(
        series(-critic, 0.1)).sentence
    for drift in (EPOCHS, -100 * EPOCHS, 1000.):
        assert diagnosis.judge(series(drift, 0.1 + noise())).signs == ()


def test_the_discriminator_wins():
    losses = series(0.02, np.linspace(3, 8, 100))
    found = diagnosis.judge(losses, CHANCE)
    assert found == ((WIN,), "Signs of the discriminator's win: over epochs 81 to 100 disc_loss "
                     "averages 0.02, and can't be below 0, while gen_loss averages 7.52, and over "
                     "epochs 41 to 60 5.5.")
    # Labels of 0.9 leave a discriminator that errs nowhere 0.325.
    smooth = series(0.34, 8.)
    assert diagnosis.judge(smooth, CHANCE).signs == ()
    assert diagnosis.judge(smooth, CHANCE, least=0.325).signs == (WIN,)
    assert diagnosis.judge(series(0.44, 8.), CHANCE, least=0.325).signs == ()
    # However high the generator's loss is: that of a won game has no bound.
    assert diagnosis.judge(series(0.34, 90.), CHANCE, 0.325).signs == (WIN,)
    for other in (series(0.5, 8.),                                   # it errs
                  series(0.02, 4.),                                  # fakes pass at 2 %
                  series(np.where(EPOCHS > 50, 1., 0.02), np.where(EPOCHS > 50, 1.7, 8.))):
        assert diagnosis.judge(other, CHANCE).signs == ()
    # A critic's losses may be 0.02 and 8 too, and mean nothing of the sort.
    of_scores = diagnosis.judge(losses)
    assert of_scores.signs == () and "the discriminator's win" not in of_scores.sentence


def test_swings_of_one_period():
    sine = np.sin(2 * np.pi * EPOCHS / 10)  # five cycles in the second half
    found = diagnosis.judge(series(1 + 0.5 * sine + noise(), 1.7 + noise(1)), CHANCE)
    assert found.signs == (OSCILLATION,)
    assert "over the second half disc_loss swings by 3" in found.sentence
    assert found.sentence.endswith("of that in 5 cycles.")
    of_sine = diagnosis.swing(1 + 0.5 * sine[50:])
    assert of_sine.deviation == pytest.approx(0.5 / math.sqrt(2), rel=0.05)
    assert of_sine.share > 0.9 and of_sine.cycles == 5
    for other in (1 + 0.1 * sine,                                     # too near
                  1 + 0.5 * np.where(EPOCHS < 50, sine, 0),           # settled, as it should
                  1 + 0.5 * np.sin(2 * np.pi * EPOCHS / 90),          # a drift
                  1 + noise(3, 0.3)):                                 # of no period
        assert diagnosis.judge(series(other, 1.7 + noise(1)), CHANCE).signs == ()


def test_scores_that_swing_about_zero_need_a_period():
    sine = np.sin(2 * np.pi * EPOCHS / 10)
    assert diagnosis.judge(series(sine, noise(1))).signs == (OSCILLATION,)
    assert diagnosis.judge(series(noise(2), noise(1))).signs == ()


def test_wild_swings_need_no_period_but_both_losses():
    wild = np.exp(noise(4, 0.8))
    both = series(wild, np.exp(noise(5, 0.8)))
    assert diagnosis.judge(both, CHANCE).signs == (OSCILLATION,)
    assert diagnosis.judge(both).signs == ()
    assert diagnosis.judge(series(wild, 1.7), CHANCE).signs == ()


def test_swings_are_those_of_the_steps_where_these_are_known():
    steps = np.arange(5000.)
    # Batches differ by chance, epochs' last ones too; within, five cycles a half.
    disc = 1 + 0.5 * np.sin(2 * np.pi * steps / 500) + noise(0, 1, 5000)
    table = {"step": steps, "disc_loss": disc, "gen_loss": disc}
    assert diagnosis.judge(HEALTHY, CHANCE, steps=table).signs == (OSCILLATION,)
    fast = {**table, "disc_loss": 1 + noise(0, 1, 5000), "gen_loss": 1 + noise(1, 1, 5000)}
    assert diagnosis.judge(HEALTHY, CHANCE, steps=fast).signs == ()
    # Steps of other columns are passed by.
    assert diagnosis.judge(HEALTHY, CHANCE, steps={"step": steps, "loss": disc}).signs == ()


def test_noise_is_seldom_called_anything():
    rng, wrong, runs = np.random.default_rng(0), 0, 500
    for _ in range(runs):
        shocks = rng.normal(0, 0.2, (2, 120))
        for epoch in range(1, 120):  # noise that lingers, on a logarithmic scale
            shocks[:, epoch] += 0.5 * shocks[:, epoch - 1]
        disc, gen = np.exp(shocks[:, 20:])
        wrong += diagnosis.judge(series(disc, 1.7 * gen), CHANCE).signs != ()
    assert wrong <= 0.01 * runs


@pytest.mark.parametrize("name", ["mnist_gan_envelope.csv", "mnist_gan_graph_loop.csv"])
def test_no_seed_of_the_chapters_configuration_is_called_anything(name):
    """Not even seed 1018, whose generator stays behind, but isn't beaten."""
    envelope = published.envelope("mnist_gan", BOOK_LOGS / name)
    for disc, gen in zip(envelope.losses["disc_loss"], envelope.losses["gen_loss"]):
        found = diagnosis.judge(series(disc, gen, envelope.epochs.astype(float)), CHANCE, 0.325)
        assert found.signs == (), found.sentence


def test_little_is_said_of_little():
    assert diagnosis.judge({name: column[:9] for name, column in HEALTHY.items()}) is None
    assert diagnosis.judge({"epoch": EPOCHS, "accuracy": EPOCHS}) is None
    assert diagnosis.judge({"epoch": EPOCHS, "train_loss": 1 / EPOCHS}, CHANCE) == (
        (), "No sign of divergence: over epochs 81 to 100 train_loss averages 0.0111.")
    ten = {name: column[:10] for name, column in HEALTHY.items()}
    assert diagnosis.judge(ten, CHANCE).sentence.startswith(
        "No sign of divergence or the discriminator's win: over epochs 9 to 10 ")


@pytest.mark.parametrize("model, labels", [
    (mnist_gan, (0.,)), (dcgan_svhn, ()), (dcgan_class, ()), (dcgan_mnist, None),
    (vanilla_gan, None), (dcgan_upsampling, None), (conditional_gan, None)])
def test_chance_is_the_loss_of_logits_that_say_nothing(model, labels):
    with tf.Graph().as_default(), tf.Session(config=session_config()) as sess:
        zeros, y = tf.zeros((4, 1)), tf.constant([[1.], [1.], [0.], [0.]])
        losses = (model.model_loss(zeros, y, zeros) if labels is None else
                  model.model_loss(zeros, zeros, *labels))
        assert sess.run(losses[0]) == pytest.approx(model.CHANCE, abs=1e-4)


# --- samples ---

def test_diversity_is_the_share_of_the_variance_between_images():
    rng = np.random.default_rng(0)
    shape = (200, 28, 28)
    common, own = rng.normal(0, 2, shape[1:]), rng.normal(0, 1, shape)
    images = common + own  # variances of 4 within an image and 1 between images
    assert diagnosis.diversity(images) == pytest.approx(0.2, rel=0.1)
    assert diagnosis.diversity(3 * images - 7) == pytest.approx(diagnosis.diversity(images))
    assert diagnosis.diversity(own) == pytest.approx(1, abs=0.01)
    assert diagnosis.diversity(np.repeat(common[None], 8, axis=0)) == 0
    assert diagnosis.diversity(np.zeros((8, 784))) == 0
    # Few samples tell the same on the average: here variances of 1/4 and 1.
    few = [diagnosis.diversity((common / 4 + own)[start:start + 8]) for start in range(0, 200, 8)]
    assert np.mean(few) == pytest.approx(0.8, abs=0.02)
    assert math.isnan(diagnosis.diversity(images[:7]))


COURSES = {  # the diversity of a hundred epochs' samples; training images have 0.7 -> collapse?
    "lost": (np.linspace(0.6, 0.05, 100), True),
    "lost at the very end": (np.where(EPOCHS > 80, 0.02, 0.6), True),
    "never had": (np.full(100, 0.02), True),
    "still learned": (np.linspace(0.01, 0.2, 100), False),
    "from noise to digits": (np.linspace(1, 0.55, 100), False),
    "as that of the data": (np.full(100, 0.69), False),
}


@pytest.mark.parametrize("course", COURSES)
def test_collapse(course):
    diversities, collapsed = COURSES[course]
    found = diagnosis.judge(HEALTHY, CHANCE, 0, diversities, 0.7)
    assert found.signs == collapsed * (COLLAPSE,)
    assert (f"of the last samples' variance {diversities[80:].mean():.2f} is between samples, "
            f"before it was {np.median(diversities[:80]):.2f}, between training images 0.70"
            in found.sentence)


def test_without_the_training_images_a_collapse_is_a_loss_of_diversity():
    for course, collapsed in (("lost", True), ("never had", False)):
        found = diagnosis.judge(HEALTHY, CHANCE, 0, COURSES[course][0])
        assert found.signs == collapsed * (COLLAPSE,) and "training" not in found.sentence
    few = diagnosis.judge(HEALTHY, CHANCE, 0, np.full(9, 0.01), 0.7)
    assert few.signs == () and "collapse" not in few.sentence


def test_two_signs_make_one_sentence():
    found = diagnosis.judge(series(90., 400.), CHANCE, 0, COURSES["lost"][0], 0.7)
    assert found.signs == (DIVERGENCE, COLLAPSE)
    assert found.sentence.startswith(
        "Signs of divergence: over epochs 81 to 100 disc_loss averages 90 nats, where guessing has "
        "1.39; collapse: of the last")


# --- runs ---

TINY = ("--data", "drawn", "--batch-size", "20")  # 20 steps an epoch


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """`trained(name, *flags)`: a run of the first chapter's script on few digits, made once."""
    folder, main = tmp_path_factory.mktemp("runs"), load_script("01_mnist_gan.py").main

    def train(name, *flags):
        if not (folder / name).exists():
            main([*TINY, "--run-dir", str(folder / name), *flags])
        return folder / name

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digits, "load", few_digits.load)
        yield train


RUNS = {  # what it suffers from -> flags
    (): ("--epochs", "60"),
    (DIVERGENCE,): ("--epochs", "12", "--learning-rate", "1"),
    (COLLAPSE,): ("--epochs", "40", "--learning-rate", "0.003", "--disc-hidden-size", "2"),
    (WIN,): ("--epochs", "20", "--learning-rate", "0.1"),
    (OSCILLATION,): ("--epochs", "60", "--learning-rate", "0.01", "--batch-size", "50"),
}


@pytest.mark.parametrize("signs", RUNS, ids="-".join)
def test_real_runs_do_and_do_not(trained, signs, capsys):
    path = trained("-".join(signs) or "healthy", *RUNS[signs])
    found = diagnosis.of_run(path)
    assert found.signs == signs, found.sentence
    assert (path / "diagnosis.txt").read_text() == found.sentence + "\n"
    assert (path / "log.txt").read_text().splitlines()[-1] == found.sentence
    load_script("diagnose.py").main([str(path), str(ROOT / "checkpoints" / "mnist_gan")])
    told, of_shipped = capsys.readouterr().out.splitlines()[-2:]
    assert told == f"{path}: {found.sentence}"
    assert ": No sign of divergence, the discriminator's win or oscillation: over" in of_shipped


def test_resuming_a_complete_run_says_it_again_and_keeps_it_once(trained, capsys):
    path = trained("healthy", *RUNS[()])
    before, log = (path / "diagnosis.txt").read_bytes(), (path / "log.txt").read_bytes()
    assert log.endswith(b"\n" + before) and log.count(before) == 1
    capsys.readouterr()
    load_script("01_mnist_gan.py").main(["--resume", "--run-dir", str(path)])
    assert before.decode() in capsys.readouterr().err
    assert (path / "diagnosis.txt").read_bytes() == before
    assert (path / "log.txt").read_bytes() == log


def test_what_is_judged_is_what_the_run_was_trained_on(trained):
    config = json.loads((trained("healthy", *RUNS[()]) / "config.json").read_text())
    images = few_digits.load().train.images
    assert config["data_diversity"] == pytest.approx(diagnosis.diversity(images), abs=1e-4)
    assert config["data_diversity"] == diagnosis.of_data(digits.Pool(few_digits.load().train))


def test_a_run_that_stops_at_a_loss_that_is_not_finite_says_so_later_on(trained, capsys):
    with pytest.raises(SystemExit) as exit_:
        trained("infinite", "--epochs", "12", "--learning-rate", "1e37")
    assert exit_.value.code == 1
    told, said = (stream.splitlines() for stream in capsys.readouterr())
    path = trained("infinite")
    sentence = "Signs of divergence: disc_loss is nan in epoch 1."
    assert told[-1] == sentence and said[-1].startswith("error: the losses of epoch 1 are not finite")
    assert (path / "diagnosis.txt").read_text() == sentence + "\n"
    assert diagnosis.of_run(path).sentence == sentence
    assert len(run.load_losses(path)["epoch"]) == 1


def test_a_run_that_is_not_complete_is_judged_as_far_as_it_went(trained, tmp_path):
    path = shutil.copytree(trained("healthy", *RUNS[()]), tmp_path / "run")
    samples = run.load_samples(path)
    (path / "samples.npz").unlink()
    (path / "samples.f32").write_bytes(samples[:30].tobytes() + b"half of a sample")
    np.testing.assert_array_equal(run.samples_so_far(path), samples[:30])
    assert not run.is_complete(path) and run.is_complete(trained("healthy"))
    assert "of the last samples' variance" in diagnosis.of_run(path).sentence
    (path / "samples.f32").unlink()
    assert "of the last samples' variance" not in diagnosis.of_run(path).sentence


def test_no_run_is_one_line(capsys, tmp_path):
    assert "holds no run" in refusal(capsys, load_script("diagnose.py").main, tmp_path)
