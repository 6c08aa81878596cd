"""The three verdicts, on one run and on several, as text and as JSON."""

import json

import numpy as np
import pytest

import simulated_logs
from conftest import load_script, refusal
from gan_tf1.errors import InputError
from gan_tf1.published import comparison, envelopes, likeness, logs


@pytest.fixture(scope="module")
def seeds():
    return simulated_logs.envelope(np.random.default_rng(0), 25)


@pytest.fixture(scope="module")
def main():
    return load_script("compare_logs.py").main


def runs(seed, count, **changes):
    return simulated_logs.envelope(np.random.default_rng(seed), count, **changes).logs()


def test_many_runs_of_one_program_are_equivalent_and_one_can_not_tell(seeds):
    several, single = comparison.judge_runs(runs(1, 20), seeds), comparison.judge(runs(1, 1)[0], seeds, 0.05)
    assert several.word == "equivalent" and several.sentence.startswith(
        "Equivalent: no difference was found (p = ")
    assert several.sentence.endswith("the mean losses of all windows differ by less than 0.1 nats.")
    assert several.p_value > 0.01 and np.isnan(single.p_value)
    assert single.word == "can't tell" and "and the margin is 0.05 nats." in single.sentence
    assert max(several.equivalence.within.values()) < 0.1 < 0.2 < min(
        comparison.judge(runs(1, 1)[0], seeds).equivalence.within.values())


def test_the_word_follows_from_the_margin_and_the_margin_from_the_data(seeds):
    verdict = comparison.judge_runs(runs(1, 20), seeds)
    within = max(verdict.equivalence.within.values())
    assert comparison.judge_runs(runs(1, 20), seeds, 1.01 * within).word == "equivalent"
    assert comparison.judge_runs(runs(1, 20), seeds, 0.99 * within).word == "can't tell"


@pytest.mark.slow
def test_runs_as_far_as_the_margin_are_rarely_called_equivalent():
    """At the margin itself: at most 5 % for each loss. (With a significant difference, never.)"""
    rng, wrong, trials = np.random.default_rng(2), 0, 100
    for _ in range(trials):
        verdict = comparison.judge_runs(simulated_logs.envelope(rng, 5, shift=0.1).logs(),
                                        simulated_logs.envelope(rng, 15), 0.1)
        wrong += verdict.equivalence.holds
    assert wrong <= 0.05 * trials


def test_several_runs_find_what_one_can_not(seeds):
    shifted = runs(3, 5, shift=0.1)
    assert [comparison.judge(log, seeds).word for log in shifted].count("differs") <= 2
    verdict = comparison.judge_runs(shifted, seeds)
    assert verdict.word == "differs" and verdict.p_value <= comparison.SIGNIFICANCE
    assert " where those of as many seeds would not (p = 0.00" in verdict.sentence
    one = comparison.judge(shifted[0], seeds)
    for many, single in zip(verdict.statistics, one.statistics):
        assert many.smallest < single.smallest
    assert "With 25 seeds and 5 runs, these shifts of a mean are found in 80 % of cases: disc loss 0.1" in (
        verdict.limits)


@pytest.mark.slow
def test_the_stated_shift_of_a_mean_is_found_in_four_of_five_cases():
    rng, found, trials = np.random.default_rng(4), 0, 60
    for _ in range(trials):
        seeds = simulated_logs.envelope(rng, 20)
        [log] = simulated_logs.envelope(rng, 1).logs()
        late = next(one for one in comparison.judge(log, seeds).statistics
                    if (one.window, one.loss, one.kind) == ("late", "gen loss", "mean"))
        log.losses["gen_loss"][66:] += late.smallest  # "printed" lies inside, and is shifted too
        found += comparison.judge(log, seeds).word == "differs"
    assert 0.68 * trials <= found <= 0.98 * trials


def test_runs_are_compared_in_the_epochs_that_all_of_them_have(seeds):
    long, other = runs(5, 2)
    short = logs.Log(other.epochs[70:], {name: values[70:] for name, values in other.losses.items()})
    verdict = comparison.judge_runs([long, short], seeds)
    assert {one.window for one in verdict.statistics} == {"printed"}
    early = logs.Log(other.epochs[:9], {name: values[:9] for name, values in other.losses.items()})
    assert comparison.judge_runs([early, short], seeds).sentence == (
        "Cannot be compared: together, they have none of the epochs 1-100 that are compared.")


def test_too_few_seeds_for_two_runs_are_named(seeds):
    few = seeds._replace(losses={name: values[:6] for name, values in seeds.losses.items()})
    verdict = comparison.judge_runs(runs(3, 2, shift=9), few)
    assert verdict.word == "can't tell" and verdict.limits == (
        "6 seeds and 2 runs are too few: no difference between them can be shown at the level of 1 %.")


def test_accuracies_have_a_margin_of_their_own():
    form = logs.CHAPTERS["semi_supervised"]
    assert comparison.default_margin(form, "test_accuracies") == 0.02
    assert comparison.default_margin(simulated_logs.MNIST_GAN, "gen_loss") == 0.1


# --- the script ---

@pytest.fixture
def files(tmp_path, seeds):
    """An envelope of the program, one of as many seeds, and one of a changed program."""
    rng = np.random.default_rng(6)
    made = {"one": seeds, "same": simulated_logs.envelope(rng, 12),
            "other": simulated_logs.envelope(rng, 12, shift=0.4)}
    return {name: str(simulated_logs.write(tmp_path / f"{name}.csv", one)) for name, one in made.items()}


def test_two_envelopes_are_compared(main, files, capsys):
    main([files["same"], "--envelope", files["one"], "--check"])
    out = capsys.readouterr().out
    assert out.splitlines()[0].endswith("same.csv (mnist_gan): 12 logs")
    assert "Equivalent: no difference was found" in out or "Can't tell: " in out
    with pytest.raises(SystemExit) as exit_:
        main([files["other"], "--envelope", files["one"], "--check"])
    assert exit_.value.code == 1
    assert "Differs: " in capsys.readouterr().out


def test_a_log_of_many_formats_can_be_one_of_several(main, files, capsys, tmp_path):
    for place, log in enumerate(runs(8, 2)):
        (tmp_path / f"{place}.txt").write_text("".join(
            f"Epoch {epoch}/100... Disc Loss: {disc:.3f}... Gen Loss: {gen:.3f}\n"
            for epoch, disc, gen in zip(log.epochs, *log.losses.values())))
    main([str(tmp_path / "0.txt"), str(tmp_path / "1.txt"), files["same"], "--envelope", files["one"]])
    assert ": 14 logs\n" in capsys.readouterr().out


KEYS = {"format": int, "chapter": str, "logs": list, "verdict": str, "sentence": str, "limits": str,
        "compared": str, "notes": list,
        "p_value": (float, type(None)), "envelope": dict, "statistics": list, "effective": (float, type(None)),
        "not_normal": int, "shares_inside": dict, "equivalence": dict, "likeness": (dict, type(None))}
ROW = {"window": str, "epochs": str, "loss": str, "kind": str, "value": float, "expected": float,
       "interval": list, "joint": list, "outside": bool, "smallest_shift": (float, type(None))}


def strict(text):
    """The object in a JSON text, in which NaN and Infinity are errors."""
    def refuse(name):
        raise AssertionError(f"{name} is not JSON")
    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize("which, word, code", [
    ("same", "equivalent", 0), ("other", "differs", 1), ("nan", "differs", 1), ("late", "cannot be compared", 2),
    ("few", "can't tell", 0)])
def test_the_json_has_the_documented_keys_whatever_the_verdict(
        main, files, home, capsys, tmp_path, which, word, code):
    path = files.get(which, tmp_path / f"{which}.txt")
    line = "Epoch {}/200... Disc Loss: {}... Gen Loss: 1.0\n"
    if which == "nan":
        path.write_text(line.format(1, "nan") + line.format(2, 1.0))
    if which == "late":
        path.write_text(line.format(150, 1.0))
    envelope, given = files["one"], [str(path)]
    if which == "few":  # cut-offs are infinite
        few = simulated_logs.envelope(np.random.default_rng(1), 5)
        envelope, given = str(simulated_logs.write(tmp_path / "few.csv", few)), [str(path), str(path)]
        path.write_text("".join(line.format(epoch, 1.0) for epoch in range(1, 4)))
    exits = pytest.raises(SystemExit) if code else pytest.MonkeyPatch.context()
    with exits as exit_:
        main([*given, "--envelope", envelope, "--json", "--check", "--margin", "0.15"])
    assert not code or exit_.value.code == code
    found = strict(capsys.readouterr().out)
    assert list(found) == list(KEYS) and found["verdict"] == word and found["logs"] == given
    assert all(isinstance(found[key], kind) for key, kind in KEYS.items())
    for row in found["statistics"]:
        assert list(row) == list(ROW) and all(isinstance(row[key], kind) for key, kind in ROW.items())
        assert len(row["interval"]) == len(row["joint"]) == 2
    if found["statistics"]:
        assert found["equivalence"]["disc loss"]["margin"] == 0.15
    assert not home.exists()  # no figure


def test_the_documentation_of_the_json_names_every_key():
    from gan_tf1.published import verdict_file
    for key in (*KEYS, *ROW):
        assert key in verdict_file.__doc__


@pytest.mark.parametrize("margin", ["0", "-1", "nan", "inf", "few"])
def test_a_margin_is_a_number_above_zero(main, capsys, margin):
    assert "--margin" in refusal(capsys, main, "x", f"--margin={margin}")


def test_logs_of_several_chapters_are_refused(main, capsys, files, tmp_path):
    (tmp_path / "other.txt").write_text(">1, 1/234, d=0.711, g=0.678\n")
    line = refusal(capsys, main, files["one"], tmp_path / "other.txt", "--envelope", files["one"])
    assert "other.txt" in line and "Epoch 1/100" in line


def test_an_envelope_of_few_seeds_is_refused_for_several_runs_too(seeds):
    few = seeds._replace(losses={name: values[:4] for name, values in seeds.losses.items()})
    with pytest.raises(InputError, match="4 seeds is too small"):
        comparison.judge_runs(runs(1, 3), few)


def test_the_margins_of_three_columns_are_a_list():
    own = envelopes.envelope("vanilla_gan")
    sentence = comparison.judge_runs(own.logs()[:5], own).sentence
    assert sentence.endswith("and the margin is 0.1 nats (disc loss), 0.02 (disc accuracy) and 0.1 nats (gen loss).")


# --- numbers with few digits ---

def nearly_constant(rng, seeds):
    """An envelope of a program whose discriminator loss hardly changes, such as one that learns nothing."""
    one = simulated_logs.envelope(rng, seeds, "learns nothing")
    one.losses["disc_loss"] = 0.32508 + rng.normal(0, 2e-5, one.losses["disc_loss"].shape)
    return one


def test_the_third_decimal_of_a_log_decides_nothing(seeds):
    """With three decimals, a nearly constant loss has a spread of exactly 0 in the log."""
    rng = np.random.default_rng(9)
    known, [log] = nearly_constant(rng, 10), nearly_constant(rng, 1).logs()
    log.losses["disc_loss"] = np.round(log.losses["disc_loss"], 3)
    assert np.ptp(log.losses["disc_loss"]) == 0
    verdict = comparison.judge(log, known)
    assert [one.kind for one in verdict.statistics if one.loss == "disc loss" and one.outside] == []
    found = likeness.most_like([log], {"chapter": seeds, "nothing": known})
    assert found.best == "nothing"


@pytest.mark.parametrize("odd_seeds", [0, 1])
def test_if_all_accuracies_are_1_one_wrong_image_is_no_difference_and_fifty_are(odd_seeds):
    form = logs.CHAPTERS["vanilla_gan"]
    steps = np.arange(20)
    rng = np.random.default_rng(3)
    losses = {name: rng.normal(1, 0.1, (20, 20)) for name in ("disc_loss", "gen_loss")}
    losses["disc_acc"] = np.ones((20, 20))
    losses["disc_acc"][:odd_seeds, 15] = 1 - 1 / 256
    envelope = envelopes.Envelope(form, steps, losses, {}, "MNIST")
    log = logs.Log(steps, {name: values[5].copy() for name, values in losses.items()})
    log.losses["disc_acc"][12] = 1 - 1 / 256
    assert not any(one.outside for one in comparison.judge(log, envelope).statistics)
    log.losses["disc_acc"][10:] = 1 - 50 / 256
    verdict = comparison.judge(log, envelope)
    assert {one.loss for one in verdict.statistics if one.outside} == {"disc accuracy"}


# --- what is said beside a verdict ---

def as_text(path, log):
    path.write_text("".join(f"Epoch {epoch}/200... Disc Loss: {disc:.3f}... Gen Loss: {gen:.3f}\n"
                            for epoch, disc, gen in zip(log.epochs, *log.losses.values())))
    return str(path)


def test_a_log_that_is_not_finite_is_drawn_too(main, files, capsys, tmp_path):
    [log] = runs(8, 1)
    log.losses["gen_loss"][50:] = np.nan
    out = tmp_path / "figure.png"
    main([as_text(tmp_path / "mine.txt", log), "--envelope", files["one"], "--out", str(out)])
    assert "Differs: a loss is not finite in epoch 51." in capsys.readouterr().out
    assert out.read_bytes()[:4] == b"\x89PNG"


def test_a_line_says_how_much_of_a_long_log_was_compared(main, files, capsys, tmp_path):
    [log] = runs(8, 1)
    longer = logs.Log(np.arange(1, 151), {name: np.append(values, values[:50]) for name, values in log.losses.items()})
    main([as_text(tmp_path / "long.txt", longer), "--envelope", files["one"]])
    assert "\ncompared: 100 epochs, 1 to 100, which the envelope has too\n" in capsys.readouterr().out
    main([as_text(tmp_path / "mine.txt", log), "--envelope", files["one"], "--json"])
    assert strict(capsys.readouterr().out)["compared"] == "100 epochs, 1 to 100"


def test_seeds_of_the_envelope_that_diverged_are_mentioned(main, files, capsys, tmp_path):
    own = tmp_path / "own.csv"
    own.write_text('# diverged: {"90": 3, "91": 4}\n' + open(files["one"]).read())
    [log] = runs(8, 1)
    main([as_text(tmp_path / "mine.txt", log), "--envelope", str(own)])
    assert "note: 2 of 27 seeds of the envelope diverged, and are left out" in capsys.readouterr().out


def test_an_envelope_of_another_chapter_or_with_a_loss_that_is_not_finite_is_refused(files, tmp_path):
    text = open(files["one"]).read()
    for changed, complaint in (
            (text.replace("# chapter: mnist_gan", "# chapter: dcgan_class"), "it is one of dcgan_class, not of mnist_gan"),
            (text.replace(text.splitlines()[-1], text.splitlines()[-1].rpartition(",")[0] + ",nan"),
             "a loss of seed 24 is not finite")):
        (tmp_path / "changed.csv").write_text(changed)
        with pytest.raises(InputError, match=complaint):
            envelopes.envelope("mnist_gan", tmp_path / "changed.csv")


def test_known_changes_on_other_data_are_refused_and_flags_without_an_envelope_too(main, capsys, tmp_path):
    rng = np.random.default_rng(2)
    simulated_logs.write(tmp_path / "changes" / "calm.csv", simulated_logs.envelope(rng, 4, "calm")._replace(data="drawn"))
    mine = as_text(tmp_path / "mine.txt", runs(8, 1)[0])
    assert "the known change calm was trained on drawn, and the chapter's envelope on MNIST" in refusal(
        capsys, main, mine, "--changes", tmp_path / "changes")
    svhn = tmp_path / "svhn.txt"
    svhn.write_text("Epoch 0\n\t\tClassifier train accuracy:  0.1\n\t\tClassifier test accuracy 0.2\n")
    assert "the package has no envelope of semi_supervised, which --changes and --margin need" in refusal(
        capsys, main, svhn, "--margin", "0.1")


def test_part_is_for_one_log(main, files, capsys):
    assert "--part is for a single text or notebook" in refusal(
        capsys, main, files["one"], files["same"], "--part", "1")
