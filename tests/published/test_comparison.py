"""Comparing logs: which are read, which differ, and how often the verdict is wrong."""

import json
import pathlib
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

import simulated_logs
from conftest import ROOT, load_script, refusal
from gan_tf1.errors import InputError
from gan_tf1.published import comparison, envelopes, likeness, logs, window_statistics
from gan_tf1.training import outputs

LOGS = pathlib.Path(__file__).parent / "logs"
MNIST_GAN = logs.CHAPTERS["mnist_gan"]


@pytest.fixture(scope="module")
def envelope():
    return envelopes.envelope("mnist_gan")


@pytest.fixture(scope="module")
def main():
    return load_script("compare_logs.py").main


def seed_of(envelope, row):
    """Seed number `row` of the envelope as a log."""
    return envelope.logs()[row]


# --- reading ---

def test_both_books_spellings_are_read_from_any_text():
    first = "noise\nEpoch 71/100... Disc Loss: 1.078... Gen Loss: 1.361\r\n 12%|=>  | 3/9"
    second = "Epoch 71/100... Discriminator Loss: 1.0780... Generator Loss: 1.3610"
    for text in (first, second):
        log = logs.parse(text, "mnist_gan")
        assert log.epochs.tolist() == [71]
        assert log.losses == {"disc_loss": [1.078], "gen_loss": [1.361]}


def test_colours_and_wide_characters_are_read(tmp_path):
    line = "Epoch 71/100... Disc Loss: 1.078... Gen Loss: 1.361\n"
    (tmp_path / "wide.txt").write_text(line, encoding="utf-16")
    (tmp_path / "colour.txt").write_text(line.replace("1.078", "\x1b[31m1.078\x1b[0m"))
    for name in ("wide.txt", "colour.txt"):
        assert logs.read(tmp_path / name, "mnist_gan").losses == {
            "disc_loss": [1.078], "gen_loss": [1.361]}


def test_lines_are_sorted_by_epoch():
    log = logs.parse("Epoch 2/9... Disc Loss: 2... Gen Loss: 4\n"
                     "Epoch 1/9... Disc Loss: 1e0... Gen Loss: nan", "mnist_gan")
    assert log.epochs.tolist() == [1, 2] and log.losses["disc_loss"].tolist() == [1, 2]
    assert np.isnan(log.losses["gen_loss"][0])


@pytest.mark.parametrize("text, complaint", [
    ("", "it is empty"),
    ("Epoch 1... loss 3", "there is no line like"),
    (2 * "Epoch 5/9... Disc Loss: 1.0... Gen Loss: 1.0\n", "2 runs (epoch 5 to 5, epoch 5 to 5): choose"),
    ("Epoch 5/9... Disc Loss: 1.0... Gen Loss: 3,863\n"
     "Epoch 6/9... Disc Loss: 1.0... Gen Loss: 3.8\n", "1 of 2 lines begin with an epoch"),
    ("epoch,disc,gen\n1,1,1\n1,1,1\n", "epoch 1 occurs more than once"),
    ("epoch,disc,gen\n1.5,1,1\n", "not a whole number"),
    ("epoch,disc_loss,gen_loss\n", "no rows"),
    ("# chapter: mnist_gan\nepoch,real_loss,gen_loss\n1,1,1\n", "lacks disc_loss"),
    ("Step,Value\n1,1\n", "it has the columns step, value, and no chapter has such a table"),
    ("\n \n", "it is empty"),
    ("epoch,disc,gen\n1,0.4\n2,0.4,3.1\n", "its first row has 2 cells, and there are 3 names above it"),
    ('epoch,disc,gen\n1,"0,35","3,8"\n2,"0,35","3,8"\n', "a decimal comma would divide a number"),
    ("epoch,disc,gen\n1,0.4,3\n1e300,0.4,3\n", "the number of an epoch is not a whole number"),
])
def test_what_is_not_a_log_is_refused(tmp_path, main, capsys, text, complaint):
    (tmp_path / "log.txt").write_text(text)
    line = refusal(capsys, main, tmp_path / "log.txt")
    assert complaint in line and str(tmp_path / "log.txt") in line


def test_the_book_prints_thirty_epochs():
    book = logs.book("mnist_gan")
    assert book.epochs.tolist() == list(range(71, 101))
    # The means that the printed lines have, rounded to the thousandth.
    assert round(book.losses["disc_loss"].mean(), 3) == 1.115
    assert round(book.losses["gen_loss"].mean(), 3) == 1.553
    assert (book.losses["disc_loss"][0], book.losses["gen_loss"][-1]) == (1.078, 1.736)


def test_the_envelope_is_of_many_seeds_of_the_chapters_configuration(envelope):
    assert envelope.epochs.tolist() == list(range(1, 101))
    assert {values.shape for values in envelope.losses.values()} == {(envelope.seeds, 100)}
    assert envelope.seeds >= 90
    assert envelope.settings["learning_rate"] == 0.001
    assert envelope.settings["label_smooth"] == 0.1
    assert envelope.settings["batch_size"] == 100
    header = (logs.BOOK_LOGS / "mnist_gan_envelope.csv").read_text().split("seed,epoch")[0]
    assert all(word in header for word in ("# command:", "# versions:", "# data: MNIST"))


# --- the method ---

def test_prediction_interval_against_its_definition():
    values = np.array([1.0, 2.0, 4.0, 5.0])
    low, high = comparison.prediction_interval(values, 0.01)
    # t(0.995, 3) = 5.8409; mean 3, standard deviation sqrt(10 / 3).
    reach = 5.8409 * np.sqrt(10 / 3) * np.sqrt(1 + 1 / 4)
    assert (low, high) == (pytest.approx(3 - reach, rel=1e-4), pytest.approx(3 + reach, rel=1e-4))


def test_windows_are_those_that_the_log_has():
    every, spans = np.arange(1, 101), MNIST_GAN.windows
    assert list(window_statistics.windows(every, every, spans)) == [
        "first", "early", "middle", "late", "printed"]
    assert list(window_statistics.windows(np.arange(71, 101), every, spans)) == ["printed"]
    assert list(window_statistics.windows(np.arange(1, 21), every, spans)) == ["first", "early"]
    assert list(window_statistics.windows(np.arange(1, 3), every, spans)) == ["first"]
    assert window_statistics.windows(np.arange(101, 200), every, spans) == {}


def test_two_epochs_have_a_mean_but_no_spread_to_judge(envelope):
    log = seed_of(envelope, 0)
    log = logs.Log(log.epochs[:2], {name: values[:2] for name, values in log.losses.items()})
    verdict = comparison.judge(log, envelope)
    assert [(s.window, s.kind) for s in verdict.statistics] == 2 * [("first", "mean")]


def test_a_run_of_the_same_model_is_flagged_in_at_most_about_one_case_in_a_hundred():
    """The noise of the losses has skewed shocks: harder on the method than its assumptions."""
    rng = np.random.default_rng(0)
    epochs, trials = simulated_logs.EPOCHS, 200
    wrong = 0
    for _ in range(trials):
        losses = {name: simulated_logs.losses(rng, 21) for name in MNIST_GAN.columns}
        envelope = envelopes.Envelope(MNIST_GAN, epochs, {n: v[1:] for n, v in losses.items()}, {})
        log = logs.Log(epochs, {name: values[0] for name, values in losses.items()})
        wrong += comparison.judge(log, envelope).word == "differs"
    # 1 % is 2, with a standard error of 1.4.
    assert wrong <= 7


@pytest.mark.slow
def test_the_level_of_one_seed_with_the_noise_of_another_is_not_flagged(envelope):
    """100 runs that combine the level of one seed with the noise of another."""
    kernel = np.ones(11) / 11
    level = {name: np.array([np.convolve(np.pad(row, 5, "edge"), kernel, "valid")
                             for row in values]) for name, values in envelope.losses.items()}
    wrong = 0
    for one in range(0, 20, 2):
        for other in range(0, 20, 2):
            log = logs.Log(envelope.epochs, {
                # In the first epochs all seeds are alike, and noise is not yet that of the rest.
                name: np.where(envelope.epochs <= 10, values[one],
                               level[name][one] + (values - level[name])[other])
                for name, values in envelope.losses.items()})
            wrong += comparison.judge(log, envelope).word == "differs"
    assert wrong <= 2


def test_hardly_a_seed_of_the_envelope_differs_from_the_others(envelope):
    words = [comparison.judge(log, envelope.without([row])).word for row, log in enumerate(envelope.logs())]
    assert words.count("differs") <= 1 + 0.03 * envelope.seeds


@pytest.mark.parametrize("change, where", [
    (lambda log: {**log.losses, "gen_loss": log.losses["gen_loss"] + 1.5}, "mean of the gen loss"),
    (lambda log: {**log.losses, "disc_loss": log.losses["disc_loss"] * 0.5}, "mean of the disc loss"),
    # Losses averaged over an epoch instead of taken on its last batch: right mean, no spread.
    (lambda log: {name: np.convolve(np.pad(values, 12, "edge"), np.ones(25) / 25, "valid")
                  for name, values in log.losses.items()}, "spread of the disc loss"),
], ids=["shifted", "halved", "smoothed"])
def test_a_changed_log_differs_and_the_sentence_says_where(envelope, change, where):
    log = seed_of(envelope, 3)
    verdict = comparison.judge(log._replace(losses=change(log)), envelope)
    assert verdict.word == "differs" and where in verdict.sentence
    assert "in epochs" in verdict.sentence and "the envelope's" in verdict.sentence


def test_a_verdict_lists_three_statistics_and_counts_the_rest(envelope):
    log = seed_of(envelope, 3)
    far = log._replace(losses={name: values + 9 for name, values in log.losses.items()})
    first, *lines = comparison.judge(far, envelope).sentence.splitlines()
    assert first.startswith("Differs: ") and " of 18 statistics lie" in first
    count = int(first.split()[1])
    assert len(lines) == 4 and lines[-1] == f"  and {count - 3} more, marked in the table"
    assert all(len(line) < 100 for line in (first, *lines))


def first_seeds(envelope, count):
    """The `envelope` reduced to its first `count` seeds."""
    return envelope._replace(losses={name: values[:count]
                                     for name, values in envelope.losses.items()})


def test_few_seeds_are_refused_and_a_few_more_detect_less():
    rng = np.random.default_rng(3)
    envelope = envelopes.Envelope(MNIST_GAN, np.arange(1, 101), {
        name: rng.normal(1, 0.1, (40, 1)) + rng.normal(0, 0.1, (40, 100)) for name in MNIST_GAN.columns}, {})
    log = seed_of(envelope, 19)
    with pytest.raises(InputError, match="an envelope of 3 seeds is too small .* at least 5"):
        comparison.judge(log, first_seeds(envelope, 3))
    verdict = comparison.judge(log, first_seeds(envelope, 5))
    assert verdict.limits.startswith("With 5 seeds and 18 statistics that count as ")
    every = comparison.judge(log, envelope)
    for few_seeds, many_seeds in zip(verdict.statistics, every.statistics):
        assert few_seeds.smallest > 1.2 * many_seeds.smallest


def test_intervals_are_clipped_to_the_range_of_the_values(envelope):
    """Five seeds that differ a lot: without clipping, the interval would contain impossible values."""
    rng = np.random.default_rng(2)
    epochs = np.arange(20, 25)
    for chapter, bounds in (("mnist_gan", (0, np.inf)), ("semi_supervised", (0, 1))):
        form = logs.CHAPTERS[chapter]
        losses = {name: rng.uniform(0.2, 0.9, (5, 1)) + rng.normal(0, 0.01, (5, 5))
                  for name in form.columns}
        few = envelopes.Envelope(form, epochs, losses, {})
        verdict = comparison.judge(logs.Log(epochs, {n: v[0] for n, v in losses.items()}), few)
        means = [each for each in verdict.statistics if each.kind == "mean"]
        assert means and {each.joint[0] for each in means} == {0}
        assert all(each.joint[1] <= bounds[1] for each in means)
        assert any(comparison.prediction_interval(values.mean(axis=1), 0.01)[0] < 0
                   for values in losses.values())


def test_a_constant_log_differs(envelope):
    flat = {name: np.full(100, values.mean()) for name, values in envelope.losses.items()}
    verdict = comparison.judge(logs.Log(envelope.epochs, flat), envelope)
    assert verdict.word == "differs" and "spread" in verdict.sentence


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_loss_that_is_not_finite_differs(envelope, value):
    log = seed_of(envelope, 0)
    losses = {name: values.copy() for name, values in log.losses.items()}
    losses["gen_loss"][41] = value
    verdict = comparison.judge(log._replace(losses=losses), envelope)
    assert verdict.word == "differs" and "epoch 42" in verdict.sentence


def test_shares_count_single_epochs(envelope):
    log = seed_of(envelope, 0)
    low, high = comparison.prediction_interval(envelope.losses["gen_loss"], 0.05)
    half = np.where(np.arange(100) < 50, (low + high) / 2, high + 1)
    verdict = comparison.judge(log._replace(losses={**log.losses, "gen_loss": half}), envelope)
    assert verdict.shares["gen loss"] == 0.5
    assert verdict.shares["disc loss"] > 0.85


# --- real trainings: 100 epochs on MNIST each, logs as 01_mnist_gan.py wrote them ---

@pytest.mark.parametrize("log", ["seed-1012.txt", "seed-1013.txt", "seed-1014.txt", "seed-1015.txt"])
def test_runs_of_the_feed_loop_do_not_differ(main, log, tmp_path):
    """The envelope does not have these seeds, and was trained with the loop in the graph."""
    main([str(LOGS / log), "--check", "--out", str(tmp_path / "figure.png")])  # else SystemExit(1)


def test_hardly_any_further_seed_differs():
    """Seeds that are not in the envelope, of another loop. Each would be flagged by chance in one case in a hundred."""
    further = envelopes.envelope("mnist_gan", envelopes.BOOK_LOGS / "mnist_gan_feed_loop.csv")
    own = envelopes.envelope("mnist_gan")
    words = [comparison.judge(log, own).word for log in further.logs()]
    assert len(words) == 100 and words.count("differs") <= 4


def test_the_losses_of_many_seeds_do_not_depend_on_the_loop(main, capsys, tmp_path):
    """Both files come with the package; in 100 pairs without a difference, p would be above 0.05 in 95."""
    main([str(envelopes.BOOK_LOGS / "mnist_gan_feed_loop.csv"), "--json", "--out", str(tmp_path / "figure.png")])
    verdict = json.loads(capsys.readouterr().out)
    assert verdict["verdict"] != "differs" and verdict["p_value"] > 0.05


def test_seeds_of_another_processor_do_not_differ(main, capsys, tmp_path):
    """Both files come with the package; in 100 pairs without a difference, p would be above 0.05 in 95."""
    intel = ROOT / "checkpoints" / "envelopes" / "adam_0.002_intel.csv"
    amd = envelopes.KNOWN_CHANGES / "mnist_gan" / "adam_0.002.csv"
    main([str(intel), "--envelope", str(amd), "--json", "--out", str(tmp_path / "figure.png")])
    verdict = json.loads(capsys.readouterr().out)
    assert verdict["verdict"] != "differs" and verdict["p_value"] > 0.05


@pytest.mark.parametrize("log", ["adam_0.02.txt", "smooth_0.txt", "swapped.txt"])
def test_other_models_differ(main, capsys, log, tmp_path):
    with pytest.raises(SystemExit) as exit_:
        main([str(LOGS / log), "--check", "--out", str(tmp_path / "figure.png")])
    assert exit_.value.code == 1
    assert "Differs: " in capsys.readouterr().out


# --- the script ---

def run_directory(tmp_path, data="mnist", title="MNIST", chapter="mnist_gan", **settings):
    """A run directory with the losses of one seed, as `compare_logs.py` needs it."""
    path = tmp_path / "run"
    path.mkdir()
    envelope = envelopes.envelope("mnist_gan")
    settings = {**envelope.settings, **settings}
    (path / "config.json").write_text(json.dumps(
        {"chapter": chapter, "settings": settings, "data": data, "data_title": title, "seed": 0,
         "data_crc32": "0", "data_dir": None, "sample_shape": [16, 784]}))
    rows = zip(envelope.epochs, *(values[5] for values in envelope.losses.values()))
    (path / "losses.csv").write_text("epoch,disc_loss,gen_loss\n" + "".join(
        f"{epoch},{disc},{gen}\n" for epoch, disc, gen in rows))
    return path


def test_a_run_is_compared_and_its_figure_named(main, tmp_path, capsys):
    path = run_directory(tmp_path)
    main([str(path), "--check"])
    out = capsys.readouterr().out.splitlines()
    figure = outputs.home() / "comparison-001.png"
    assert out[-1] == str(figure) and figure.read_bytes()[:4] == b"\x89PNG"
    assert not (path / "figures").exists()  # a run that is there stays as it is
    assert "exists: name another file, or add --overwrite" in refusal(
        capsys, main, path, "--out", figure)
    assert out[-4].startswith("Can't tell: no difference was found, but equivalence")
    assert out[-3].startswith("Most like: ") and likeness.OWN in out[-3]
    assert out[-2].startswith("(No difference from the chapter was found, ")
    assert len([line for line in out if line.startswith(tuple(MNIST_GAN.windows))]) == 18


@pytest.mark.parametrize("word, own, fit, expected", [
    ("can't tell", 0.3, 0.5, "found, and the chapter's own program is one of the likely ones, so this suggests no "),
    ("equivalent", 0.3, 0.005, "found, so this is only a hint. All 2 known programs were taken to be equally "),
    ("can't tell", 0.05, 0.5, "found, so this is only a hint. All 2 known programs were taken to be equally "),
    ("differs", 0.3, 0.5, None)])
def test_a_name_of_a_mistake_is_not_an_accusation_if_no_difference_was_found(word, own, fit, expected):
    like = likeness.Likeness({"leak_0": 1 - own, likeness.CHAPTER: own}, {
        "leak_0": "ReLU without a leak", likeness.CHAPTER: likeness.OWN}, fit, level=0.01)
    sentence, *rest = load_script("compare_logs.py").said(like, SimpleNamespace(word=word))
    assert sentence == like.sentence
    assert [expected in line for line in rest] == [True] * (expected is not None)


def test_other_settings_are_noted(main, tmp_path, capsys):
    main([str(run_directory(tmp_path, learning_rate=0.002))])
    assert "note: learning_rate is 0.002 here, 0.001 in the envelope's runs" in (
        capsys.readouterr().out)


def test_drawn_digits_are_not_compared_with_the_book(main, tmp_path, capsys):
    path = run_directory(tmp_path, "drawn", "drawn digits (synthetic)")
    main([str(path)])
    out = capsys.readouterr().out.strip().splitlines()[-1]
    assert out == ("Cannot be compared: it was trained on drawn digits (synthetic), the book's on "
                   "MNIST.")
    assert not (path / "figures").exists()
    with pytest.raises(SystemExit) as exit_:
        main([str(path), "--check"])
    assert exit_.value.code == 2
    (tmp_path / "log.txt").write_text("mnist_gan on drawn digits (synthetic), seed 0, in x\n" + (
        LOGS / "seed-1012.txt").read_text().partition("\n")[2])
    main([str(tmp_path / "log.txt")])
    assert "Cannot be compared" in capsys.readouterr().out


def test_a_log_of_other_epochs_cannot_be_compared(main, tmp_path, capsys):
    (tmp_path / "log.txt").write_text("Epoch 101/200... Disc Loss: 0.4... Gen Loss: 3.0\n")
    main([str(tmp_path / "log.txt")])
    assert "none of the epochs 1-100" in capsys.readouterr().out


def test_the_book_and_losses_csv_are_read_as_tables(main, tmp_path, capsys, monkeypatch):
    shutil.copy(logs.BOOK_LOGS / "mnist_gan.csv", tmp_path / "book.csv")
    monkeypatch.chdir(tmp_path)
    main([str(tmp_path / "book.csv")])
    assert "printed  71-100" in capsys.readouterr().out
    main([str(run_directory(tmp_path) / "losses.csv")])
    assert "Can't tell" in capsys.readouterr().out


@pytest.mark.parametrize("path, complaint", [
    ("nowhere", "can't be read"),
    (".", "holds no run"),
])
def test_what_cannot_be_read_is_named(main, tmp_path, capsys, path, complaint):
    assert complaint in refusal(capsys, main, tmp_path / path)


def test_a_run_of_another_chapter_is_refused(main, tmp_path, capsys):
    assert "not of 'mnist_gan'" in refusal(
        capsys, main, run_directory(tmp_path, chapter="dcgan_svhn"), "--chapter", "mnist_gan")


def test_a_damaged_envelope_is_named(tmp_path):
    (tmp_path / "envelope.csv").write_text("# settings: {}\nseed,epoch,disc_loss,gen_loss\n1,1,2\n")
    with pytest.raises(InputError, match="envelope.csv"):
        envelopes.envelope("mnist_gan", tmp_path / "envelope.csv")
    rows = (logs.BOOK_LOGS / "mnist_gan_envelope.csv").read_text().splitlines()
    (tmp_path / "envelope.csv").write_text("\n".join(rows[:500] + rows[501:]))
    with pytest.raises(InputError, match="an epoch of a seed is missing"):
        envelopes.envelope("mnist_gan", tmp_path / "envelope.csv")
    (tmp_path / "envelope.csv").write_text("seed,epoch,d_loss,gen_loss\n1,1,2,2\n")
    with pytest.raises(InputError, match="it has no column disc_loss"):
        envelopes.envelope("mnist_gan", tmp_path / "envelope.csv")


def test_settings_in_the_first_line_of_a_text_are_noted(main, tmp_path, capsys):
    text = (LOGS / "smooth_0.txt").read_text()
    first = "mnist_gan on MNIST, seed 7"
    (tmp_path / "log.txt").write_text(text.replace(first, first + ", with label-smooth 0.0, samples 64, loop graph"))
    main([str(tmp_path / "log.txt")])
    notes = [line for line in capsys.readouterr().out.splitlines() if line.startswith("note:")]
    assert notes == ["note: label_smooth is 0.0 here, 0.1 in the envelope's runs"]


# --- the semi-supervised chapter: one printed epoch, and no envelope in the package ---

PRINTED = """semi_supervised on SVHN, seed 0
Epoch 23
\t\tClassifier train accuracy:  0.925
\t\tClassifier test accuracy 0.66
\t\tStep time:  0.2188
\t\tEpoch time:  75.1
Epoch 24
\t\tClassifier train accuracy:  0.947
\t\tClassifier test accuracy 0.66401659496
\t\tStep time:  0.2188
\t\tEpoch time:  75.1
Epoch 25
"""


def test_the_chapters_indented_lines_are_read():
    log = logs.parse(PRINTED, "semi_supervised")
    assert log.epochs.tolist() == [23, 24]  # the epoch under way is none yet
    assert log.losses["train_accuracies"].tolist() == [0.925, 0.947]
    assert log.losses["test_accuracies"].tolist() == [0.66, 0.66401659496]
    assert log.incomparable == ""
    with pytest.raises(InputError, match="1 of 2 lines begin"):
        logs.parse(PRINTED.replace("test accuracy 0.66\n", "test accuracy\n"), "semi_supervised")


def test_ones_own_envelope_judges_the_printed_epoch(main, tmp_path, capsys):
    accuracies = [0.65, 0.66, 0.67, 0.655, 0.665]
    (tmp_path / "own.csv").write_text(
        "# settings: {}\nseed,epoch,train_accuracies,test_accuracies,d_loss,g_loss\n" + "".join(
            f"{seed},24,0.9{seed}5,{accuracy},1,1\n" for seed, accuracy in enumerate(accuracies)))
    own = ["--chapter", "semi_supervised", "--envelope", str(tmp_path / "own.csv"), "--check"]
    (tmp_path / "log.txt").write_text(PRINTED)
    main([str(tmp_path / "log.txt"), *own])
    assert "Can't tell: no difference was found" in capsys.readouterr().out
    (tmp_path / "log.txt").write_text(PRINTED.replace("0.66401659496", "0.4"))
    with pytest.raises(SystemExit) as exit_:
        main([str(tmp_path / "log.txt"), *own])
    assert exit_.value.code == 1
    assert "mean of the test accuracy in epoch 24: 0.400" in capsys.readouterr().out


# --- accuracies that are exactly 1 ---

@pytest.mark.parametrize("odd", [[3], [3, 7]])
def test_accuracies_of_1_in_all_seeds_but_few_are_compared_in_a_table_that_can_be_read(odd):
    form, steps, rng = logs.CHAPTERS["vanilla_gan"], np.arange(200), np.random.default_rng(0)
    losses = {name: rng.normal(0.5, 0.1, (20, 200)) for name in form.columns} | {"disc_acc": np.ones((20, 200))}
    losses["disc_acc"][odd, np.multiply(10, odd)] = 0.95
    one = envelopes.Envelope(form, steps, losses, {}, "MNIST")

    def outside(accuracies):
        log = logs.Log(steps, {"disc_loss": losses["disc_loss"][0], "gen_loss": losses["gen_loss"][0],
                               "disc_acc": accuracies}, data="MNIST")
        verdict = comparison.judge(log, one)
        assert all(len(line) < 120 for line in load_script("compare_logs.py").table(verdict, "step"))
        return {(each.epochs, each.kind) for each in verdict.statistics
                if each.outside and each.loss == "disc accuracy"}

    assert not outside(losses["disc_acc"][0])
    # A single odd seed is infinitely far from all others, and so are logs that are less odd than it.
    expected = {("10-99", "mean")} if len(odd) > 1 else set()
    assert expected <= outside(rng.uniform(0.8, 1, 200))
