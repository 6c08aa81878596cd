"""Vector arithmetic on a made-up linear generator, for which it is exact, and on others."""

import contextlib
import json
import types

import numpy as np
import pytest

from conftest import SCRIPTS, load_script, refusal, unpainted
from gan_tf1 import figures
from gan_tf1.errors import InputError
from gan_tf1.evaluation import statistics
from gan_tf1.experiments import stroke, vector_arithmetic
from gan_tf1.generators import sample_files

SHIPPED = SCRIPTS.parent / "checkpoints" / "mnist_gan"
Z = 20


def linear_images(z):
    """The made-up generator: z[0] is the weight of the strokes, and the sign of z[1] says 7 or 3."""
    return np.pad(z, [(0, 0), (0, 784 - Z)])


def linear_probabilities(images):
    """The made-up classifier: it is sure if |z[1]| > 0.5."""
    probabilities = np.full((len(images), 10), 0.01)
    rest = 1 - 0.08
    seven = np.clip(0.5 + images[:, 1], 0.02, 0.98)
    probabilities[:, 7], probabilities[:, 3] = rest * seven, rest * (1 - seven)
    return probabilities


@pytest.fixture(scope="module")
def drawn():
    """20,000 latent vectors of the made-up generator, and the readings of their images."""
    z = np.random.default_rng(0).normal(size=(20_000, Z))
    images = linear_images(z)
    return z, vector_arithmetic.read(linear_probabilities(images), images[:, 0])


# --- the arithmetic ---

def test_trials_are_disjoint_groups_of_their_concepts(drawn):
    z, images = drawn
    trials = vector_arithmetic.trials(images, 7, 3, 4, 25, np.random.default_rng(1))
    assert [group.shape for group in trials] == [(25, 4)] * 3
    for group in trials:
        assert len(np.unique(group)) == 100 and images.sure[group].all()
    assert (images.digit[trials.bold] == 7).all() and (images.digit[trials.other] == 3).all()
    assert (images.digit[trials.regular] == 7).all()
    for group, digit, low, high in ((trials.bold, 7, 90, 100), (trials.regular, 7, 40, 60),
                                    (trials.other, 3, 40, 60)):
        own = images.weight[(images.digit == digit) & images.sure]
        least, middle, most = np.percentile(own, [low, (low + high) / 2, high])
        assert least <= images.weight[group].min() < middle < images.weight[group].max() <= most
    other = vector_arithmetic.trials(images, 7, 3, 4, 25, np.random.default_rng(2))
    assert not np.isin(other.bold, trials.bold).all()
    assert len(vector_arithmetic.trials(images, 7, 3, 4, 10_000, np.random.default_rng(1)).bold) > 25


def test_a_linear_generator_gives_exactly_the_sum(drawn):
    z, images = drawn
    trials = vector_arithmetic.trials(images, 7, 3, 4, 25, np.random.default_rng(1))
    bold, regular, other = (vector_arithmetic.means(z, group) for group in trials)
    np.testing.assert_allclose(bold[2], sum(z[number] for number in trials.bold[2]) / 4)
    weight = linear_images(bold - regular + other)[:, 0]
    bold, regular, other = (images.weight[group].mean(axis=1) for group in trials)
    np.testing.assert_allclose(weight, bold - regular + other)
    assert (weight - other).min() > 1  # the heaviest tenth begins at 1.28, the regular fifth is around 0


def test_too_few_exemplars_are_refused(drawn):
    _, images = drawn
    few = images.only(np.arange(100))
    count = len(vector_arithmetic.between(few, 7, 0.9, 1))
    with pytest.raises(InputError, match=f"^{count} of 100 images are bold 7s, .* need 40: draw m"):
        vector_arithmetic.trials(few, 7, 3, 20, 5, np.random.default_rng(0))
    none = images._replace(digit=np.full_like(images.digit, 7))
    with pytest.raises(InputError, match="^0 of 20000 images are regular 3s"):
        vector_arithmetic.trials(none, 7, 3, 3, 5, np.random.default_rng(0))


def test_an_image_that_is_not_surely_a_digit_is_not_an_exemplar():
    images = vector_arithmetic.read(np.eye(10)[[7] * 10 + [3] * 10] * 0.88 + 0.012, np.arange(20.))
    assert not images.sure.any() and (images.digit[:10] == 7).all()
    assert len(vector_arithmetic.between(images, 7, 0, 1)) == 0


def test_the_control_has_the_same_length_and_a_random_direction():
    vectors = np.random.default_rng(0).normal(size=(500, 100)) * np.linspace(1, 9, 500)[:, None]
    random = vector_arithmetic.as_long(vectors, np.random.default_rng(1))
    np.testing.assert_allclose(np.linalg.norm(random, axis=1), np.linalg.norm(vectors, axis=1))
    cosine = (random * vectors).sum(axis=1) / (vectors ** 2).sum(axis=1)
    assert abs(cosine.mean()) < 0.02 and cosine.std() == pytest.approx(0.1, rel=0.15)


def test_the_great_circle_keeps_the_length():
    start, end = np.array([2., 0, 0]), np.array([0, 2., 0])
    way = vector_arithmetic.spherical(start, end, 4)
    turn = np.radians([0, 30, 60, 90])
    np.testing.assert_allclose(way, 2 * np.stack([np.cos(turn), np.sin(turn), 0 * turn], axis=1),
                               atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(vector_arithmetic.spherical(start, 3 * end, 3), axis=1),
                               [2, 4, 6])
    np.testing.assert_allclose(vector_arithmetic.spherical(start, 2 * start, 3)[:, 0], [2, 3, 4])
    z = np.random.default_rng(0).normal(size=(2, 100))
    way = vector_arithmetic.spherical(*z, 5)
    np.testing.assert_allclose(way[[0, -1]], z)
    straight = z.mean(axis=0)
    assert np.linalg.norm(way[2]) > 1.2 * np.linalg.norm(straight)


@pytest.mark.parametrize("end, complaint", [([-3., 0], "opposite"), ([0., 0], "length 0")])
def test_interpolation_without_a_unique_great_circle_is_refused(end, complaint):
    with pytest.raises(InputError, match=complaint):
        vector_arithmetic.spherical(np.array([1., 0]), np.array(end), 5)


def test_intervals_of_literal_numbers():
    # By hand: mean 3, standard error sqrt(2.5 / 5), Student's t with 4 degrees of freedom 2.776.
    assert statistics.mean_interval([1, 2, 3, 4, 5]) == pytest.approx((3, 1.0368, 4.9632), abs=1e-4)
    assert statistics.mean_interval([2., 2., 2.]) == (2, 2, 2)
    # Clopper and Pearson: for 0 of 10 the upper limit is 1 - 0.025 ** 0.1.
    assert statistics.share_interval(np.zeros(10, bool)) == pytest.approx((0, 0, 0.3085), abs=1e-4)
    share, low, high = statistics.share_interval(np.arange(10) < 5)
    assert (share, low, high) == pytest.approx((0.5, 0.1871, 0.8129), abs=1e-4)


def test_a_difference_is_undecided_if_its_interval_contains_0():
    lines = [vector_arithmetic.difference("it", pixels) for pixels in (
        [1, 2, 3, 4, 5], [-1, -2, -3, -4, -5], [3, -1, -2, 3, 2], [4])]
    assert lines == [
        "  it: +3.00 (+1.04 to +4.96), bolder", "  it: -3.00 (-4.96 to -1.04), lighter",
        "  it: +1.00 (-1.91 to +3.91), undecided", "  it: too few trials"]


# --- the weight of strokes ---

def test_width_of_literal_strokes():
    images = np.zeros((4, 28, 28))
    images[0, 4:24, 10:13] = 1    # 3 wide and 20 long; its ends belong to the outline too
    images[1, 4:24, 10:13] = 0.5  # paler, but as wide
    images[2, 4:24, 10:16] = 1
    images[3, :, :3] = 1          # a stroke ends at the border of the picture
    widths = stroke.width(images.reshape(4, 784))
    # At one corner of each stroke both differences fall on one pixel: sqrt(2) instead of 2.
    corner = np.sqrt(2) - 2
    assert widths == pytest.approx([2 * 60 / (46 + corner), 2 * 60 / (46 + corner),
                                    2 * 120 / (52 + corner), 2 * 84 / (62 + corner)])
    assert stroke.width(np.zeros((1, 784))) == [0]


def test_the_gauge_estimates_held_out_digits():
    gauge = stroke.gauge()
    drawn = stroke.drawn_digits.load(stroke.COUNT, stroke.SEED)
    fitted, images = drawn.images[:2500] / 255, drawn.images[2500:].reshape(-1, 784) / 255
    line = np.polyfit(stroke.width(fitted), drawn.weight[:2500], 1)
    assert (gauge.slope, gauge.intercept) == pytest.approx(tuple(line))
    known, labels = drawn.weight[2500:], drawn.labels[2500:]
    left = known - stroke.weight(gauge, images)
    assert gauge.held_out == 2500 and gauge.error == pytest.approx(np.sqrt((left ** 2).mean()))
    assert gauge.r_squared == pytest.approx(1 - (left ** 2).mean() / known.var())
    assert 0.72 < gauge.r_squared < 0.82 and abs(left.mean()) < 0.03
    for digit in (3, 7):
        assert abs(left[labels == digit].mean()) < 0.12


# --- the script ---

@pytest.fixture
def made_up(monkeypatch):
    """The script with the made-up generator and classifier; `made_up.bend` changes the images."""
    script = load_script("08_vector_arithmetic.py")
    script.bend = lambda images: images
    model = types.SimpleNamespace(
        CHAPTER="linear", SAMPLE_RANGE=(0, 1),
        latent=lambda rng, count, config: rng.normal(size=(count, Z)),
        generate=lambda sess, net, z: script.bend(linear_images(z)))
    monkeypatch.setattr(script, "latent_chapter", lambda path: model)
    monkeypatch.setattr(sample_files, "restored", lambda path, model: contextlib.nullcontext(4 * [None]))
    monkeypatch.setattr(sample_files, "judged", lambda path, sets: [
        (linear_probabilities(images), None) for images in sets])
    monkeypatch.setattr(stroke, "weight", lambda gauge, images: images[:, 0])
    monkeypatch.setattr(figures, "save", unpainted)
    return script


def printed(script, capsys, out, *arguments):
    script.main([str(SHIPPED), "--out", str(out), "--overwrite", "--samples", "6000",
                 *arguments])
    lines = capsys.readouterr().out.splitlines()
    return lines, {line.split(":")[0].strip(): line for line in lines}


def test_exact_arithmetic_is_recognized(made_up, capsys, tmp_path):
    lines, by_name = printed(made_up, capsys, tmp_path / "figures", "--exemplars", "10")
    for name in ("its regular 3s", "the mean of its regular 3s", "its control",
                 "its regular 3s, where it is read as a 3"):
        assert by_name[name].endswith(", bolder"), by_name[name]
    # The mean above the 90th percentile of a normal distribution is 1.755.
    assert float(by_name["its regular 3s"].split()[3].strip("+(")) == pytest.approx(1.755, abs=0.1)
    assert "of the results, more than the 50" in lines[-4]
    [result] = [line for line in lines if line.startswith("result  ")]
    assert float(result.split("%")[0].split()[-1]) > 95
    assert {path.name for path in (tmp_path / "figures").iterdir()} == {
        "arithmetic.png", "arithmetic_trials.png", "interpolation.png"}


def test_arithmetic_that_fails_is_recognized(made_up, capsys, tmp_path):
    """z[0] makes a 7 bold, but not a 3: it turns a 3 into a 7 if it is above 1."""
    def bend(images):
        images = images.copy()
        threes = (images[:, 1] < 0) & (images[:, 0] < 1)
        images[threes, 0] = images[threes, 2]
        images[~threes, 1] = abs(images[~threes, 1])
        return images

    made_up.bend = bend
    lines, by_name = printed(made_up, capsys, tmp_path, "--samples", "20000")
    assert by_name["its regular 3s"].endswith(", bolder")  # since most are bold 7s
    assert by_name["its regular 3s, where it is read as a 3"].endswith(", undecided")
    assert "of the results, less than the" in lines[-4]


def test_the_same_seed_prints_the_same_and_another_does_not(made_up, capsys, tmp_path):
    runs = [printed(made_up, capsys, tmp_path, "--seed", seed)[0] for seed in "001"]
    assert runs[0] == runs[1] != runs[2]


def test_the_script_runs_on_the_shipped_generator(untrained, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "save", unpainted)
    load_script("08_vector_arithmetic.py").main([
        str(SHIPPED), "--samples", "2000", "--out", str(tmp_path)])
    out = capsys.readouterr().out
    assert "% of 5000 drawn digits right" in out and "R^2 0.7" in out
    assert "regular 3s" in out and out.endswith(f"{tmp_path / 'interpolation.png'}\n")


@pytest.mark.parametrize("arguments, complaint", [
    (["--exemplars", "2"], "--exemplars must be at least 3"),
    (["--digits", "7", "7"], "--digits must be two different digits, not 7 twice"),
    (["--digits", "7", "11"], "argument --digits: invalid choice: 11"),
    (["--samples", "99"], "--samples must be at least 100"),
    (["--out", __file__], "is a file: name a folder"),
    (["--trials", "1"], "--trials must be at least 2"),
    (["--samples", "100"], "two trials need 6: draw more (--samples), or train longer"),
    (["--classifier", SHIPPED], "is a run of 'mnist_gan', not of the classifier")])
def test_bad_input_is_one_line(untrained, capsys, tmp_path, arguments, complaint):
    main = load_script("08_vector_arithmetic.py").main
    assert complaint in refusal(capsys, main, SHIPPED, "--out", tmp_path, *arguments)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("chapter, shape", [("conditional_gan", [80, 784]),
                                            ("dcgan_svhn", [50, 32, 32, 3])])
def test_a_run_whose_latent_vectors_alone_make_no_digits_is_refused(
        capsys, tmp_path, chapter, shape):
    config = json.loads((SHIPPED / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(
        {**config, "chapter": chapter, "sample_shape": shape}))
    assert f"is a run of {chapter!r}, which doesn't say how a latent vector becomes" in refusal(
        capsys, load_script("08_vector_arithmetic.py").main, tmp_path)


def test_a_run_without_latent_vectors_is_refused(capsys):
    main = load_script("08_vector_arithmetic.py").main
    classifier = SHIPPED.parent / "mnist_classifier"
    assert "which doesn't say how a latent vector becomes a digit" in refusal(
        capsys, main, classifier)
    assert "holds no run" in refusal(capsys, main, SCRIPTS)
