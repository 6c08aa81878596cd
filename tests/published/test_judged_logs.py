"""The logs that other people published, judged by our seeds, and our seeds judged by them."""

import shutil

import numpy as np
import pytest

from conftest import ROOT, load_script
from gan_tf1.published import comparison, envelopes, judged_logs, likeness, logs, other_logs


@pytest.fixture(scope="module")
def of_mnist_gan():
    return judged_logs.judged(other_logs.of_chapter("mnist_gan"))


@pytest.fixture(scope="module")
def of_every_log():
    return judged_logs.judged()


def words(results, change):
    return [each.by_chapter.word for each in results if each.one.change == change]


def test_the_chapter_as_printed_lies_inside_our_envelope(of_mnist_gan):
    """Four logs of real TensorFlow 1. Each would be flagged by chance in one case in a hundred."""
    found = words(of_mnist_gan, other_logs.NO_CHANGE)
    assert len(found) == 4 and found.count("differs") <= 1


def test_changes_are_noticed_in_a_single_log_or_in_many(of_mnist_gan):
    own = envelopes.envelope("mnist_gan")
    assert words(of_mnist_gan, "smooth_0_adam_0.002") == ["differs"]
    # A single log with another step size often does not tell, since a few seeds have a bad second epoch too.
    fast = judged_logs.complete("mnist_gan", "adam_0.002", own.epochs)
    assert len(fast) == 15 and comparison.judge_runs(fast, own).word == "differs"


def test_one_log_is_not_of_the_program_in_its_notebook():
    """With real labels of 0.9 and fake ones of 0.1, the loss is at least twice the entropy of such a label."""
    log = other_logs.named("A024")
    assert log.change == "fake_smooth_gen_raised_adam_0.002"
    least = -2 * (0.1 * np.log(0.1) + 0.9 * np.log(0.9))
    ours = envelopes.known_changes("mnist_gan")[log.change].losses["disc_loss"]
    assert ours.min() > least > 1.5 * log.log.losses["disc_loss"][0]


def test_logs_with_a_known_change_are_most_like_it():
    programs = {likeness.CHAPTER: envelopes.envelope("mnist_gan"), **envelopes.known_changes("mnist_gan")}
    for name in ("A021", "A022", "A023"):
        one = other_logs.named(name)
        assert likeness.most_like([one.log], programs).best == one.change


def test_the_dcgan_of_the_blog_lies_inside_and_a_collapsed_one_does_not():
    found = {each.one.id: each.by_chapter.word for each in judged_logs.judged(other_logs.of_chapter("dcgan_mnist"))}
    assert "differs" not in (found["B002"], found["B003"])
    assert found["B006"] == "differs"


def test_a_program_without_a_chapter_is_not_judged():
    [each] = judged_logs.judged([other_logs.named("C001")])
    assert each.by_chapter is None and each.by_change is None
    assert list(judged_logs.table([each]))[1].split()[:4] == ["C001", "none", "other", "-"]


def test_the_accuracies_in_the_logs_are_judged_if_they_have_an_envelope(tmp_path, monkeypatch):
    assert [one.id for one in other_logs.every() if one.has_second_lines] == ["B002", "B003", "B005", "B006"]
    rows = "".join(f"{seed},{epoch},0.{5 + seed % 3}{seed},0.8{seed}\n" for seed in range(6)
                   for epoch in range(10, 101, 10))
    (tmp_path / "dcgan_mnist_accuracies_envelope.csv").write_text(
        f"# settings: {{}}\n# data: MNIST\nseed,epoch,real,fake\n{rows}")
    monkeypatch.setattr(envelopes, "BOOK_LOGS", tmp_path)
    found = list(judged_logs.second_lines())
    assert [line.partition(":")[0] for line in found] == [
        f"{name}, dcgan_mnist_accuracies" for name in ("B002", "B003", "B005", "B006")]


def test_the_logs_of_the_dcgan_on_svhn_differ_if_their_program_was_changed_and_only_then():
    results = judged_logs.judged(other_logs.of_chapter("dcgan_svhn_steps"))
    assert [each.one.id for each in results] == [f"E00{number}" for number in range(1, 8)]
    for each in results:
        assert (each.by_chapter.word == "differs") == (each.one.kind == "variant")


def test_a_log_of_svhn_is_compared_with_seeds_on_a_part_of_it_and_a_note_says_so(tmp_path, capsys):
    load_script("compare_logs.py").main(["E001", "--out", str(tmp_path / "figure.png")])
    printed = capsys.readouterr().out
    assert ("note: trained on SVHN (as it does not name its data) here, on SVHN subset (8,483 digits) in the "
            "envelope's runs\n") in printed
    assert "no difference was found" in printed


def test_the_generator_of_the_dcgan_on_svhn_catches_up_at_the_same_steps_in_our_seeds_and_in_the_published_log():
    seeds = envelopes.envelope("dcgan_svhn_steps").logs()
    caught = [log.epochs[(log.epochs > 50) & (log.losses["disc_loss"] > 0.3)][0]
              for log in (*seeds, other_logs.named("E001").log)]
    assert len(seeds) == 10 and {min(caught), max(caught)} == {100, 140} and caught[-1] == 110


@pytest.fixture
def more_envelopes(tmp_path, monkeypatch):
    """The package with an envelope of Adam at 0.002, which is the chapter's, and one of the vanilla GAN."""
    own, changes = tmp_path / "book_logs", tmp_path / "known_changes"
    shutil.copytree(logs.BOOK_LOGS, own)
    (changes / "mnist_gan").mkdir(parents=True)
    shutil.copy(own / "mnist_gan_envelope.csv", changes / "mnist_gan" / "adam_0.002.csv")
    rng = np.random.default_rng(0)
    rows = "".join(f"{seed},{step},{rng.uniform(0.3, 0.7):.4f},0.5{seed},0.7{seed}\n"
                   for seed in range(6) for step in range(20))
    (own / "vanilla_gan_envelope.csv").write_text(
        f"# chapter: vanilla_gan\n# settings: {{}}\n# data: MNIST\nseed,step,disc_loss,disc_acc,gen_loss\n{rows}")
    monkeypatch.setattr(envelopes, "BOOK_LOGS", own)
    monkeypatch.setattr(envelopes, "KNOWN_CHANGES", changes)


def test_envelopes_that_are_added_are_used_without_a_change_of_code(more_envelopes):
    [vanilla, changed] = judged_logs.judged([other_logs.named("C005"), other_logs.named("A002")])
    assert vanilla.by_chapter.statistics and vanilla.by_change is None  # no batch_32 is kept
    assert changed.by_change.statistics
    line = next(judged_logs.ours_in_theirs("mnist_gan"))
    assert line.startswith("adam_0.002: ") and " of ours by 15 published logs: " in line
    own, changed = judged_logs.together("mnist_gan")
    assert own.startswith("mnist_gan: 4 published logs beside ") and "(p = " in own
    assert changed.startswith("adam_0.002: 15 published logs beside ")
    assert next(iter(judged_logs.likes("mnist_gan"))).startswith(other_logs.of_chapter("mnist_gan")[0].id)


def test_a_change_of_few_seeds_is_not_compared_with_its_logs(monkeypatch):
    """Four seeds can't show a difference, and ten can't if there are two logs: 66 choices have no p below 1 %."""
    own = envelopes.envelope("mnist_gan")

    def with_seeds(count):
        changed = {"gen_smooth_adam_0.002": own.without(range(count, own.seeds))._replace(title="x")}
        monkeypatch.setattr(judged_logs, "envelopes_of", lambda chapter: {other_logs.NO_CHANGE: own, **changed})
        [each] = judged_logs.judged([other_logs.named("A021")])
        return each.by_change, [line for line in judged_logs.together("mnist_gan") if line.startswith("gen_")]

    assert with_seeds(4) == (None, [])
    verdict, [line] = with_seeds(10)
    assert verdict.statistics and line == (
        "gen_smooth_adam_0.002: 2 published logs beside 10 seeds of ours: too few to show a difference")


def test_fifteen_logs_become_an_envelope():
    own = envelopes.envelope("mnist_gan")
    theirs = judged_logs.as_envelope(judged_logs.complete("mnist_gan", "adam_0.002", own.epochs), own)
    assert {values.shape for values in theirs.losses.values()} == {(15, len(own.epochs))}
    assert theirs.losses["gen_loss"][0, 0] == other_logs.named("A001").log.losses["gen_loss"][0]


def test_the_report_in_the_repository_is_that_of_the_envelopes_in_the_package(of_every_log):
    report = (ROOT / "checkpoints" / "published_logs" / "report.txt").read_text().splitlines()
    assert [line for line in judged_logs.table(of_every_log) if line not in report] == []


def test_logs_of_known_changes_lie_inside_their_own_envelopes(of_every_log):
    """As the page says: Adam at 0.002 and Keras-GAN's programs, but not A024 and E005, whose code was another."""
    found = {each.one.id: each.by_change.word for each in of_every_log if each.by_change and each.one.change}
    assert {name for name, word in found.items() if word == "differs"} == {"A024", "E005"}
    fast = [name for name in found if other_logs.named(name).change == "adam_0.002"]
    assert len(fast) == 16 and {"C002", "C005"} < set(found)
    by_chapter = {each.one.id: each.by_chapter.word for each in of_every_log if each.by_chapter}
    assert by_chapter["C002"] == by_chapter["C005"] == "differs"  # batches of 128 and two Adams


def test_the_report_has_every_log_and_says_what_is_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(judged_logs, "SUBSETS", 1)
    load_script("published_logs.py").main(["--out", str(tmp_path / "out")])
    printed = capsys.readouterr().out.splitlines()
    assert printed[-4:] == [str(tmp_path / "out" / name) for name in (
        "report.txt", "mnist_gan.png", "dcgan_mnist.png", "dcgan_svhn_steps.png")]
    report = (tmp_path / "out" / "report.txt").read_text()
    for one in other_logs.every():
        assert f"\n{one.id}  " in report
    missing = [chapter for chapter in ("vanilla_gan", "semi_supervised") if not envelopes.has_envelope(chapter)]
    [line] = [line for line in report.splitlines() if line.startswith("# no envelope yet: ")]
    assert all(chapter in line for chapter in missing)
    assert "# envelope of mnist_gan: " in report and ", epochs 1 to 100, on MNIST" in report
    assert "\n1 log of adam_0.002: differs from mnist_gan in " in report
    for path in (tmp_path / "out").glob("*.png"):
        assert path.read_bytes()[:4] == b"\x89PNG"
