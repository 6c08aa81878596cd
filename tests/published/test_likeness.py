"""What went wrong: which known program a log looks most like, and whether it is one of them at all."""

import json

import numpy as np
import pytest
import scipy

import simulated_logs
from conftest import load_script, refusal
from gan_tf1.errors import InputError
from gan_tf1.published import envelopes, likeness, logs, window_statistics

CHANGES = {"higher": {"shift": 0.3}, "noisy": {"noise": 1.6}, "calm": {"noise": 0.2}}


def known(rng, seeds=10):
    return {"chapter": simulated_logs.envelope(rng, 25),
            **{name: simulated_logs.envelope(rng, seeds, name, **change) for name, change in CHANGES.items()}}


@pytest.fixture(scope="module")
def programs():
    return known(np.random.default_rng(0))


def one_log(seed, **changes):
    return simulated_logs.envelope(np.random.default_rng(seed), 1, **changes).logs()


@pytest.mark.parametrize("name, change", [("chapter", {}), *CHANGES.items()])
def test_a_log_is_most_like_its_own_program(programs, name, change):
    right = 0
    for seed in range(20):
        found = likeness.most_like(one_log(100 + seed, **change), programs)
        right += found.best == name
        assert sum(found.probabilities.values()) == pytest.approx(1)
        assert list(found.probabilities.values()) == sorted(found.probabilities.values(), reverse=True)
    assert right >= 17


def test_the_sentence_names_titles_and_probabilities(programs):
    found = likeness.most_like(one_log(1, shift=0.3), programs)
    assert found.sentence.startswith("Most like: higher (")
    own = likeness.most_like(one_log(1), programs)
    assert own.sentence.startswith(f"Most like: {likeness.OWN} (")


def test_a_program_that_is_not_known_is_none_of_these(programs):
    far = likeness.most_like(one_log(1, shift=-0.9, noise=3), programs)
    assert far.none and far.best == "" and far.fit == far.level == pytest.approx(1 / 56)
    likeliest = far.titles[next(iter(far.probabilities))]
    assert far.sentence == f"Like none of the 4 known programs; the most likely of them is {likeliest}."


def test_a_log_that_fits_a_wide_program_is_known_although_a_narrow_one_is_more_likely():
    """Of two programs, the narrow one can have the higher density although the log is far from it."""
    rng = np.random.default_rng(15)
    fit = likeness.fitted({"narrow": rng.normal(0, 0.05, (60, 8)), "wide": rng.normal(0.5, 1, (60, 8))})
    between = np.linspace(0, 1, 200)[:, None] * fit.means[1]
    found = [likeness.classify(run[None], fit) for run in between]
    place = max(place for place, (chances, _) in enumerate(found) if chances["narrow"] > 0.5)
    assert likeness._far((between[place:place + 1] - fit.means[0]) / fit.scales[0], fit.inverse, 60) > fit.far[-2]
    assert all(p_value > fit.level for _, p_value in found)


@pytest.mark.parametrize("count", [2, 10])
def test_several_logs_of_an_unknown_program_are_none_of_these_and_of_a_known_one_rarely(programs, count):
    unknown = simulated_logs.envelope(np.random.default_rng(1), count, shift=-0.9, noise=3).logs()
    assert likeness.most_like(unknown, programs).none
    rng, trials, wrong = np.random.default_rng(6), 50, 0
    for change in ({}, CHANGES["higher"]):
        wrong += sum(likeness.most_like(simulated_logs.envelope(rng, count, **change).logs(), programs).none
                     for _ in range(trials))
    assert wrong <= 0.05 * 2 * trials


def test_no_probability_is_printed_as_100_percent():
    titles = {"own": "the chapter's own program", "other": "another"}
    found = likeness.Likeness({"own": 250 / 251, "other": 1 / 251}, titles, fit=0.5, level=0.01)
    assert found.sentence == "Most like: the chapter's own program (over 99 %)."


def test_the_sentence_says_how_probable_the_programs_are_that_it_does_not_name():
    titles = {str(number): f"program {number}" for number in range(6)}
    chances = {"3": 0.5, "1": 0.3, "0": 0.1, "2": 0.06, "4": 0.04, "5": 0.0}
    assert likeness.Likeness(chances, titles, 0.5, 0.01).sentence == (
        "Most like: program 3 (50 %); program 1 (30 %); program 0 (10 %); 3 others (10 %).")
    [*_, last], sure = titles, {"3": 0.96, "1": 0.02, "0": 0.016, "2": 0.002, "4": 0.001, "5": 0.001}
    assert last in sure and likeness.Likeness(sure, titles, 0.5, 0.01).sentence == (
        "Most like: program 3 (96 %); program 1 (2 %); program 0 (2 %).")
    three = {"0": 0.99, "1": 0.004, "2": 0.006}
    assert likeness.Likeness(dict(sorted(three.items(), key=lambda item: -item[1])), titles, 0.5, 0.01).sentence == (
        "Most like: program 0 (99 %); 2 others (1 %).")


def test_known_programs_are_rarely_called_none_of_these(programs):
    rng, wrong, trials = np.random.default_rng(5), 0, 150
    values, asked = likeness.statistics(programs)
    fit = likeness.fitted(values)
    for change in ({}, *CHANGES.values()):
        seeds = simulated_logs.envelope(rng, trials, **change)
        for one in window_statistics.values(asked, seeds.epochs, seeds.losses):
            wrong += likeness.classify(one[None], fit)[1] <= fit.level
    assert wrong <= 0.05 * 4 * trials  # 2 % with 55 seeds, and something for the 10 that stand for a program


def test_equal_programs_share_the_probability():
    rng = np.random.default_rng(6)
    twins = {name: simulated_logs.envelope(rng, 20, name) for name in ("one", "other")}
    chances = [likeness.most_like([log], twins).probabilities["one"] for log in simulated_logs.envelope(rng, 60).logs()]
    assert np.mean(chances) == pytest.approx(0.5, abs=0.15)
    assert np.mean(np.abs(np.array(chances) - 0.5) > 0.45) < 0.35  # hardly ever nearly certain


def test_a_few_odd_seeds_of_many_do_not_make_the_usual_losses_of_a_program_improbable():
    rng = np.random.default_rng(3)
    chapter, equal = rng.normal(size=(100, 6)), rng.normal(size=(10, 6))
    chapter[:3] += 30
    fit = likeness.fitted({"chapter": chapter, "equal": equal})
    assert chapter.std(axis=0).min() > 4 and (0.4 < fit.scales).all() and (fit.scales < 1.8).all()
    [usual] = likeness._log_likelihoods(np.zeros((1, 6)), fit)
    assert abs(usual[0] - usual[1]) < 3  # with the standard deviations of all seeds, about 5


def test_probabilities_are_as_often_right_as_they_say():
    """Among logs whose best probabilities are p on average, a share of about p is classified correctly."""
    rng, close = np.random.default_rng(7), {"chapter": {}, "higher": {"shift": 0.06}}
    stated, right = [], []
    for _ in range(40):  # in each single draw of the envelopes, too much or too little is stated
        values, asked = likeness.statistics({
            name: simulated_logs.envelope(rng, 12, name, **change) for name, change in close.items()})
        fit = likeness.fitted(values)
        for name, change in close.items():
            seeds = simulated_logs.envelope(rng, 5, **change)
            for one in window_statistics.values(asked, seeds.epochs, seeds.losses):
                chances, _ = likeness.classify(one[None], fit)
                best = next(iter(chances))
                stated.append(chances[best])
                right.append(best == name)
    assert 0.5 < np.mean(right) < 0.9
    assert abs(np.mean(stated) - np.mean(right)) < 0.15  # with 20 other seeds, 0.01 to 0.11


def world(rng, tails, programs=12, k=18):
    """A function `(program, seeds)` -> statistics [seeds, k] of programs that differ by half a seed's spread.

    The statistics are correlated, in each program in its own way, and have variances of their own. `tails`
    maps normal variables to the distribution of all statistics, which has the variance 1.
    """
    loads = rng.normal(size=(k, 4)) + 0.7 * rng.normal(size=(programs, k, 4))
    mixing = np.concatenate([loads / 2, np.broadcast_to(0.7 * np.eye(k), (programs, k, k))], axis=2)
    mixing /= np.linalg.norm(mixing, axis=2, keepdims=True)
    means, scales = rng.normal(0, 0.5, (programs, k)), np.exp(rng.normal(0, 0.5, (programs, k)))

    def drawn(program, seeds):
        z = rng.normal(size=(seeds, k + 4)) @ mixing[program].T
        return means[program] + scales[program] * tails(z, rng)

    return drawn


TAILS = {"normal": lambda z, rng: z,
         "heavy": lambda z, rng: z * np.sqrt(2 / rng.chisquare(4, z.shape)),
         "skewed": lambda z, rng: (np.exp(0.6 * z) - np.exp(0.18)) / np.sqrt(np.exp(0.72) - np.exp(0.36))}


def probabilities_and_truth(tails, count):
    """What is stated of the most likely program of `count` logs, and whether it is right, [720] each."""
    rng, stated, right = np.random.default_rng(11), [], []
    for _ in range(5):
        drawn = world(rng, TAILS[tails])
        fit = likeness.fitted({str(number): drawn(number, 10) for number in range(12)})
        for number in range(12):
            for runs in np.split(drawn(number, 12 * count), 12):
                chances, _ = likeness.classify(runs, fit)
                best = next(iter(chances))
                stated.append(chances[best]), right.append(best == str(number))
    return np.array(stated), np.array(right)


@pytest.mark.parametrize("tails", TAILS)
def test_probabilities_are_calibrated_whatever_the_tails_of_the_statistics(tails):
    """The truth is known: the most likely program is right as often as its probability says."""
    stated, right = probabilities_and_truth(tails, 1)
    assert 0.5 < right.mean() < 0.95
    assert abs(stated.mean() - right.mean()) < 0.06
    sure = stated > 0.9
    assert sure.sum() > 50 and right[sure].mean() > 0.9


@pytest.mark.parametrize("tails", TAILS)
def test_probabilities_of_three_logs_are_no_surer_than_they_should_be(tails):
    """Three logs share the error of a program's estimated mean, and yet the product of their densities is right."""
    stated, right = probabilities_and_truth(tails, 3)
    assert stated.mean() > 0.9
    assert right.mean() > stated.mean() - 0.03


def test_the_density_of_one_more_seed_is_a_multivariate_t_distribution():
    rng = np.random.default_rng(12)
    programs = {name: rng.normal(shift, 1 + shift, (8, 3)) for name, shift in (("one", 0), ("other", 1))}
    fit, run = likeness.fitted(programs), rng.normal(0, 1, (1, 3))
    expected = [scipy.stats.multivariate_t.logpdf(
        run, mean, np.outer(scale, scale) * np.linalg.inv(fit.inverse) * (1 + 1 / 8),
        df=likeness.PRIOR_SEEDS + 7) for mean, scale in zip(fit.means, fit.scales)]
    assert 0 < fit.caution <= 1
    chances, _ = likeness.classify(run, fit)
    certain = scipy.special.expit(fit.caution * (expected[0] - expected[1]))
    assert chances["one"] == pytest.approx(16 / 17 * certain + 1 / 17 * (1 - certain))  # 16 seeds in all


def test_programs_that_no_seed_confuses_need_no_caution():
    rng = np.random.default_rng(13)
    far = {name: rng.normal(shift, 1, (10, 5)) for name, shift in (("one", 0), ("other", 30))}
    assert likeness.fitted(far).caution == 1


def test_no_program_is_surer_than_so_many_seeds_can_show():
    """With 20 seeds of the two most likely programs, the probability of an error is never below 1 in 21."""
    rng = np.random.default_rng(14)
    far = {name: rng.normal(shift, 1, (10, 5)) for name, shift in (("one", 0), ("two", 30), ("three", 90))}
    fit = likeness.fitted(far)
    more = likeness.fitted({**far, "four": rng.normal(-90, 1, (500, 5))})  # seeds that say nothing of the others
    assert max(likeness.classify(np.zeros((1, 5)), more)[0].values()) < 501 / 502
    for runs in (1, 10):  # nor are several logs surer, since they may all be misjudged for one reason
        chances, _ = likeness.classify(rng.normal(0, 1, (runs, 5)), fit)
        assert list(chances.values()) == pytest.approx([20 / 21, 1 / 42, 1 / 42])
        assert next(iter(chances)) == "one"


def test_several_logs_are_surer_than_one(programs):
    logs = simulated_logs.envelope(np.random.default_rng(8), 4, shift=0.15).logs()
    single = [likeness.most_like([log], programs).probabilities for log in logs]
    together = likeness.most_like(logs, programs).probabilities
    assert max(together.values()) > np.mean([max(chances.values()) for chances in single])


def test_a_log_of_few_epochs_is_judged_by_these(programs):
    [log] = one_log(9, noise=0.2)
    some = log._replace(epochs=log.epochs[70:], losses={
        name: values[70:] for name, values in log.losses.items()})
    assert likeness.most_like([some], programs).best == "calm"
    late = log._replace(epochs=log.epochs + 100)
    with pytest.raises(InputError, match="no epochs in common"):
        likeness.most_like([late], programs)


def test_programs_of_too_few_seeds_are_refused(programs):
    values, _ = likeness.statistics(programs)
    with pytest.raises(InputError, match="three seeds or more each: calm"):
        likeness.fitted({**values, "calm": values["calm"][:2]})
    with pytest.raises(InputError, match="there is one"):
        likeness.fitted({"chapter": values["chapter"]})


def test_cross_validation_leaves_each_seed_out(programs):
    values, _ = likeness.statistics(programs)
    names, counts = likeness.confusion(values)
    assert counts.sum(axis=1).tolist() == [25, 10, 10, 10] and counts.shape == (4, 5)
    assert np.trace(counts[:, :4]) >= 0.85 * counts.sum()
    # If seeds were not left out, a seed far from all others would be described by itself.
    values["chapter"] = np.concatenate([values["chapter"], values["chapter"][:1] + 30])
    assert likeness.confusion(values)[1][names.index("chapter"), -1] >= 1


def test_groups_of_seeds_are_left_out_together(programs):
    values, _ = likeness.statistics(programs)
    found = list(likeness.held_out(values, count=3))
    assert [name for name, *_ in found] == 8 * ["chapter"] + 3 * ["higher"] + 3 * ["noisy"] + 3 * ["calm"]
    right = [next(iter(chances)) == name and not none for name, chances, none in found]
    assert sum(right) >= 16
    # All seeds of a group are unknown: two that are far away would otherwise describe one another.
    values["calm"] = np.concatenate([values["calm"], values["calm"][:2] + 30])
    *_, (_, _, none) = [one for one in likeness.held_out(values, count=2) if one[0] == "calm"]
    assert none


def test_programs_of_three_seeds_are_only_answers(programs):
    values, _ = likeness.statistics(programs)
    names, counts = likeness.confusion({**values, "calm": values["calm"][:3]})
    assert dict(zip(names, counts.sum(axis=1))) == {"chapter": 25, "higher": 10, "noisy": 10, "calm": 0}


def test_one_wrong_image_decides_nothing():
    """Whether one of 90 batches of 32 has a wrong image distinguishes no two programs."""
    form = logs.CHAPTERS["vanilla_gan"]
    rng, steps = np.random.default_rng(16), np.arange(10, 100)
    disc, gen = rng.normal(0.03, 0.005, (10, 90)), rng.normal(3.6, 0.2, (10, 90))

    def envelope(title, seeds, wrong=0):
        accuracies = np.ones((seeds, 90))
        accuracies[:wrong, 40] = 31 / 32
        return envelopes.Envelope(form, steps, {"disc_loss": disc[:seeds], "disc_acc": accuracies,
                                                "gen_loss": gen[:seeds]}, {}, "MNIST", title)

    # The same losses, so that nothing else distinguishes them.
    twins = {"chapter": envelope("", 10), "other": envelope("other", 10, wrong=1)}
    [log] = envelope("", 1, wrong=1).logs()
    found = likeness.most_like([log], twins)
    assert not found.none and max(found.probabilities.values()) < 0.9


def test_the_script_says_what_a_log_looks_like(tmp_path, capsys, programs):
    main = load_script("compare_logs.py").main
    for name, one in programs.items():
        if name != "chapter":
            simulated_logs.write(tmp_path / "changes" / f"{name}.csv", one)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gan_tf1.published.envelopes.BOOK_LOGS", tmp_path)
        simulated_logs.write(tmp_path / "mnist_gan_envelope.csv", programs["chapter"])
        log = simulated_logs.write(tmp_path / "log.csv", simulated_logs.envelope(
            np.random.default_rng(3), 5, shift=0.3))
        main([str(log), "--changes", str(tmp_path / "changes")])
        out = capsys.readouterr().out
        assert "Differs: " in out and "\nMost like: higher (" in out
        main([str(log), "--changes", str(tmp_path / "changes"), "--json"])
        found = json.loads(capsys.readouterr().out)["likeness"]
        assert next(iter(found["probabilities"])) == "higher" and found["none"] is False
        assert found["titles"]["noisy"] == "noisy"
        short = programs["noisy"]._replace(epochs=np.arange(1, 21), losses={
            name: values[:, :20] for name, values in programs["noisy"].losses.items()})
        simulated_logs.write(tmp_path / "changes" / "noisy.csv", short)
        main([str(log), "--changes", str(tmp_path / "changes")])
        assert ("note: all known programs and the log have only 20 epochs, 1 to 20, in which they are compared"
                in capsys.readouterr().out)
        for folder in ("nowhere", "empty"):
            (tmp_path / "empty").mkdir(exist_ok=True)
            assert "has no envelopes of three seeds or more" in refusal(
                capsys, main, str(log), "--changes", str(tmp_path / folder))
        assert "leave out --envelope" in refusal(capsys, main, str(log), "--changes", str(tmp_path / "changes"),
                                                 "--envelope", str(tmp_path / "mnist_gan_envelope.csv"))
