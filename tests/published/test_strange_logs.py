"""Logs that people have and no book prints: copies, repeated lines, pipes, impossible values, and damaged files."""

import os
import threading

import numpy as np
import pytest

from conftest import ROOT, load_script, refusal
from gan_tf1.errors import InputError
from gan_tf1.published import comparison, envelopes, joined_envelopes, likeness, log_text, logs

SHIPPED = ROOT / "checkpoints" / "mnist_gan"
BOOK_LOGS = ROOT / "gan_tf1" / "published" / "book_logs"


@pytest.fixture(scope="module")
def main():
    return load_script("compare_logs.py").main


@pytest.fixture(scope="module")
def programs():
    """The known programs of the MNIST GAN, as the script compares a log with them."""
    return {likeness.CHAPTER: envelopes.envelope("mnist_gan"), **envelopes.known_changes("mnist_gan")}


def lines(disc, gen, first=1):
    return "".join(f"Epoch {number}/100... Disc Loss: {one:.3f}... Gen Loss: {other:.3f}\n"
                   for number, (one, other) in enumerate(zip(disc, gen), first))


def usual(first=1, count=100):
    """The text of a log of the chapter's own program, seed 0 of its envelope."""
    [log] = envelopes.envelope("mnist_gan").logs()[:1]
    return lines(log.losses["disc_loss"][:count], log.losses["gen_loss"][:count], first)


def log_of(disc, gen):
    return logs.Log(np.arange(1, 101), {"disc_loss": np.array(disc), "gen_loss": np.array(gen)}, "", None, "mnist_gan")


# --- what no known program prints ---

@pytest.mark.parametrize("disc, gen", [(0., 0.), (50., 50.), (0.9, 40.)])
def test_losses_far_from_all_known_programs_are_none_of_these(programs, disc, gen):
    rng = np.random.default_rng(0)
    noise = rng.uniform(1, 1.01, (2, 100))
    assert likeness.most_like([log_of(*(noise * [[disc], [gen]]))], programs).none


def test_twelve_logs_of_the_chapter_are_of_its_program_although_one_of_them_is_odd(programs):
    found = envelopes.envelope("mnist_gan", BOOK_LOGS / "mnist_gan_feed_loop.csv").logs()
    like = likeness.most_like(found, programs)
    assert like.best == likeness.CHAPTER and like.probabilities[likeness.CHAPTER] > 0.9


@pytest.mark.filterwarnings("ignore:overflow encountered")  # in the axes of the figure
@pytest.mark.parametrize("size", [1e160, 1e308])
def test_finite_losses_of_any_size_have_a_verdict(tmp_path, main, capsys, size):
    (tmp_path / "table.csv").write_text(f"epoch,disc,gen\n1,{size},{size}\n2,{size},{size}\n")
    main([str(tmp_path / "table.csv"), "--out", str(tmp_path / "figure.png")])
    assert "Differs: a loss is beyond 1e+100 in epoch 1." in capsys.readouterr().out


def test_impossible_losses_are_named_and_not_likened_to_a_program(tmp_path, main, capsys):
    rng = np.random.default_rng(0)
    (tmp_path / "log.txt").write_text(lines(*rng.uniform(-0.9, -0.5, (2, 100))))
    main([str(tmp_path / "log.txt"), "--out", str(tmp_path / "figure.png")])
    said = capsys.readouterr().out
    assert "note: disc loss has values that such a loss can't have" in said
    assert "Differs: " in said and "Most like" not in said and "Like none" not in said


# --- several logs ---

def test_differences_below_the_least_error_are_none_in_ranks_either():
    """Three decimals of a program whose losses hardly change."""
    path = ROOT / "gan_tf1" / "published" / "known_changes" / "mnist_gan" / "swapped_labels.csv"
    seeds = envelopes.envelope("mnist_gan", path)
    found = [log._replace(losses={name: np.round(values, 3) for name, values in log.losses.items()})
             for log in seeds.logs()]
    for rows in ([0, 1, 2], [3, 4, 5, 6]):
        verdict = comparison.judge_runs([found[row] for row in rows], seeds.without(rows))
        assert verdict.word != "differs" and verdict.p_value > comparison.SIGNIFICANCE


@pytest.mark.parametrize("shift", [0, 0.004, 0.008, 0.01, 0.03])
def test_the_verdict_on_several_logs_follows_from_its_p_value(shift):
    seeds = envelopes.envelope("vanilla_gan")
    early = (seeds.epochs >= 10) & (seeds.epochs < 100)
    found = [log._replace(losses={**log.losses, "disc_acc": log.losses["disc_acc"] - shift * early})
             for log in seeds.logs()[:3]]
    verdict = comparison.judge_runs(found, seeds.without([0, 1, 2]))
    assert (verdict.word == "differs") == (verdict.p_value <= comparison.SIGNIFICANCE)


def test_copies_of_a_log_are_refused_and_constant_logs_are_not(tmp_path, main, capsys):
    (tmp_path / "one.txt").write_text(usual())
    (tmp_path / "copy.txt").write_text("saved again\n" + usual())
    assert "name each log once" in refusal(capsys, main, "A014", "A014")
    assert "name each log once" in refusal(capsys, main, tmp_path / "one.txt", tmp_path / "copy.txt")
    for name in ("one.txt", "copy.txt"):
        (tmp_path / name).write_text(lines(100 * [0.325], 100 * [0.105]))
    main([str(tmp_path / "one.txt"), str(tmp_path / "copy.txt"), "--out", str(tmp_path / "figure.png")])
    assert "Differs" in capsys.readouterr().out


# --- which chapter, which epochs, which run ---

@pytest.mark.parametrize("number", [1, 50, 100])
def test_one_line_that_is_there_twice_does_not_make_it_a_log_of_another_chapter(tmp_path, main, capsys, number):
    text = usual().splitlines(keepends=True)
    (tmp_path / "log.txt").write_text("".join([*text[:number], *text[number - 1:]]))
    assert "it has the log lines of 2 runs" in refusal(capsys, main, tmp_path / "log.txt")


def test_a_log_with_a_line_for_each_batch_says_what_it_is_taken_for():
    words = usual(count=3).replace("Disc", "Discriminator").replace("Gen", "Generator")
    text = "".join(5 * line for line in words.splitlines(keepends=True))
    log = logs.parse(text)
    assert log.chapter == "dcgan_svhn_steps" and log.note == (
        "taken for a log of dcgan_svhn_steps, since it has several lines for each epoch; if it is of another program, "
        "name it with --chapter; its lines are taken to be 10 steps apart, and to be of one training")
    assert all("taken for" not in logs.parse(text, chapter).note for chapter in ("dcgan_svhn", "dcgan_svhn_steps"))


def test_a_line_before_the_first_epoch_does_not_shift_the_others():
    log = logs.parse("Epoch 0/100... Disc Loss: 1.4... Gen Loss: 0.7\n" + usual())
    assert log.epochs.tolist() == list(range(101)) and not log.note
    assert logs.parse(usual(first=0)).epochs.tolist() == list(range(1, 101))
    late = logs.parse("".join(f"Epoch {number}, Classifier train accuracy: 0.5, Classifier test accuracy 0.4\n"
                              for number in range(1, 26)))
    assert late.epochs.tolist() == list(range(25)) and "numbered from 1" in late.note


def test_settings_and_data_are_those_of_the_part(tmp_path):
    (tmp_path / "log.txt").write_text("".join(
        f"mnist_gan on MNIST, seed {seed}, with batch-size {size}\n" + usual() for seed, size in ((0, 50), (1, 128))))
    assert logs.read(tmp_path / "log.txt", part=2).settings == {"batch_size": 128}
    assert logs.read(tmp_path / "log.txt", part=1).settings == {"batch_size": 50}


def test_a_log_that_names_its_chapter_is_not_read_as_another(tmp_path, main, capsys):
    (tmp_path / "log.txt").write_text("dcgan_class on MNIST, seed 0\n" + usual())
    assert ("it is a log of dcgan_class, as it says itself, and not of mnist_gan"
            in refusal(capsys, main, tmp_path / "log.txt", "--chapter", "mnist_gan"))


@pytest.mark.parametrize("named", ["A014", BOOK_LOGS / "mnist_gan_feed_loop.csv", SHIPPED])
def test_a_part_is_of_a_text_or_a_notebook(main, capsys, named):
    assert "--part is for a text or a notebook" in refusal(capsys, main, named, "--part", "2")


# --- where a log is read from ---

def test_a_log_is_read_from_a_pipe_from_its_first_line_on(tmp_path, main, capsys):
    text = "".join(f"{number} [Discriminator loss: 0.61, acc.: 60.00%] [Generator loss: 1.5]\n"
                   for number in range(400))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(text,))
    writer.start()
    main([str(pipe), "--chapter", "vanilla_gan", "--out", str(tmp_path / "figure.png")])
    writer.join()
    assert "400 steps, 0 to 399" in capsys.readouterr().out


def test_a_run_can_be_the_current_directory(tmp_path, main, capsys, monkeypatch):
    monkeypatch.chdir(SHIPPED)
    main([".", "--out", str(tmp_path / "figure.png")])
    assert "100 epochs, 1 to 100" in capsys.readouterr().out


def test_an_image_in_a_web_page_and_colours_of_any_form_are_left_out():
    page = f"<html><img src='data:image/png;base64,{'QUJD' * 9000}'><pre>Epoch 1</pre>"
    assert log_text.of_web_page(page).split() == ["Epoch", "1"]
    assert log_text.plain("\x1b[38:5:1mEpoch 1\x1b[0m") == "Epoch 1"


# --- damaged files ---

def test_a_last_row_that_was_cut_off_is_no_infinite_loss(tmp_path, main, capsys):
    for name in ("config.json", "losses.csv"):
        (tmp_path / name).write_text((SHIPPED / name).read_text())
    with open(tmp_path / "losses.csv", "a") as file:
        file.write("101,0.3,\n")
    assert "gen_loss in row 101 is '', which is not a number" in refusal(capsys, main, tmp_path)


def test_a_single_line_that_counts_from_0_is_read():
    log = logs.parse("Iteration 0... Disc Loss: 1.000... Gen Loss: 0.800")
    assert log.chapter == "remedies_gan" and log.epochs.tolist() == [0]


@pytest.mark.parametrize("settings", ["null", "[1]", '"all"'])
def test_an_envelope_whose_settings_are_no_object_is_named(tmp_path, main, capsys, settings):
    path = tmp_path / "envelope.csv"
    path.write_text(f"# chapter: mnist_gan\n# settings: {settings}\nseed,epoch,disc_loss,gen_loss\n" + "".join(
        f"{seed},1,0.5,3\n" for seed in range(6)))
    assert "its settings are not an object" in refusal(capsys, main, SHIPPED, "--envelope", path)


def test_a_seed_that_is_no_number_is_not_joined(tmp_path):
    for name, seed in (("one.csv", "abc"), ("other.csv", "1")):
        (tmp_path / name).write_text('# chapter: mnist_gan\n# settings: {}\n# diverged: {"77": 5}\n'
                                     f"seed,epoch,disc_loss,gen_loss\n{seed},1,0.4,3\n")
    with pytest.raises(InputError, match="one.csv is not an envelope: the seed of a row is not a number"):
        joined_envelopes.joined([tmp_path / "one.csv", tmp_path / "other.csv"])
