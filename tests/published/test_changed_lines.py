"""Logs whose lines, or whose files, people have changed a little: what is read, and what is refused in one line."""

import json

import numpy as np
import pytest

from conftest import load_script, refusal
from gan_tf1.errors import InputError
from gan_tf1.published import logs

DISC, GEN = [0.3678, 0.5092, 1.25, 0.75], [3.5898, 2.5, 0.875, 1.0625]
UDACITY = "Epoch {n}/100... Discriminator Loss: {d:.4f}... Generator Loss: {g:.4f}"
BLOG = ">{n}, 4/4, d={d:.4f}, g={g:.4f}"
KERAS = "{n} [D loss: {d:.6f}, acc.: 50.00%] [G loss: {g:.6f}]"
SEMI = "Epoch {n}\n\t\tClassifier train accuracy:  {d}\n\t\tClassifier test accuracy {g}\n\t\tEpoch time:  90.1"
CLASSES = ("mnist_gan", "dcgan_svhn", "dcgan_class")


def text_of(line, first=1, step=1):
    return "".join(line.format(n=first + step * place, d=d, g=g) + "\n" for place, (d, g) in enumerate(zip(DISC, GEN)))


def written(folder, text, name="log.txt"):
    """The path of a file with the `text`, which is a str or bytes."""
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder / name


def assert_read(log, numbers=(1, 2, 3, 4)):
    disc, *_, gen = log.losses.values()
    assert (log.epochs.tolist(), disc.tolist(), gen.tolist()) == ([*numbers], DISC, GEN)


# --- lines of epochs ---

@pytest.mark.parametrize("line", [
    "Epoch {n}/100... d_loss: {d:.4f}... g_loss: {g:.4f}", "Epoch {n}/100... D Loss: {d:.4f}... G Loss: {g:.4f}",
    "Epoch {n}/100.... Discriminator Loss: {d:.4f}.... Generator Loss: {g:.4f}",
    "Epoch {n}/100.. Discriminator Loss: {d:.4f}.. Generator Loss: {g:.4f}",
    "Epoch {n}/100\u2026 Discriminator Loss: {d:.4f}\u2026 Generator Loss: {g:.4f}",
    "Epoch {n}/100...\xa0Discriminator\xa0Loss: {d:.4f}... Generator\xa0Loss: {g:.4f}",
    "Epoch: {n}/100... Discriminator Loss: {d:.4f}... Generator Loss: {g:.4f}",
    "Epoch [{n}/100]... Discriminator Loss: {d:.4f}... Generator Loss: {g:.4f}",
    "Epoch {n} of 100... Discriminator Loss: {d:.4f}... Generator Loss: {g:.4f}",
    "Epoch {n}... Discriminator Loss: {d:.4f}... Generator Loss: {g:.4f}",
    "Epoch {n}/100... Generator Loss: {g:.4f}... Discriminator Loss: {d:.4f}",
    "Epoch {n}/100... Discriminator Loss = {d:.4f}... Generator Loss = {g:.4f}",
    "Epoch {n}/100... Discriminator Loss {d:.4f}... Generator Loss {g:.4f}",
    "Epoch {n}/100... Discriminator Loss: np.float32({d:.4f})... Generator Loss: np.float32({g:.4f})",
    UDACITY + ", Time: 3.21s", "Epoch {n}/100... Time: 3.21s... Discriminator Loss: {d}... Generator Loss: {g}",
    "Epoch {n}/100 (3.2s)... Discriminator Loss: {d}... Generator Loss: {g}",
    "Epoch {n}/100... 2018-03-01 12:00:05... Discriminator Loss: {d}... Generator Loss: {g}",
    "Epoch {n}/100... Discriminator Loss: {d} (real: 0.2, fake: 0.3)... Generator Loss: {g}",
    "Epoch {n}/100... Discriminator Loss: {d}... Real Loss: 0.2000... Fake Loss: 0.1000... Generator Loss: {g}"])
def test_small_changes_of_the_lines_of_epochs_are_read(line):
    log = logs.parse(text_of(line))
    assert log.chapter == "mnist_gan" and log.note == ""
    assert_read(log)


@pytest.mark.parametrize("line", [
    "Epoch {n}/100, Discriminator Loss: {d:.4f}, Generator Loss: {g:.4f}",
    "Epoch {n}/100 | D loss: {d:.4f} | G loss: {g:.4f}", "Epoch {n}/100 - d_loss: {d:.4f} - g_loss: {g:.4f}",
    "Epoch {n}/100 - g_loss: {g:.4f} - d_loss: {d:.4f}", "Epoch {n}: D loss: {d:.4f} G loss: {g:.4f}",
    "Epoch {n}/100, Batch 600/600, D loss: {d:.4f}, G loss: {g:.4f}",
    "Epoch {n}/100\nDiscriminator Loss: {d:.4f}\nGenerator Loss: {g:.4f}"])
def test_the_chapter_of_lines_without_dots_must_be_named(line, tmp_path, capsys):
    path = written(tmp_path, text_of(line))
    assert refusal(capsys, load_script("compare_logs.py").main, path) == (
        f"error: {path}: mnist_gan, dcgan_svhn and dcgan_class have logs of this form: say with --chapter which of "
        "them it is")
    for chapter in CLASSES:
        assert_read(logs.read(path, chapter))


def test_several_lines_per_epoch_without_dots_are_not_taken_for_the_dcgan_on_svhn():
    line = "Epoch {n}/2, d_loss: {d:.4f}, g_loss: {g:.4f}"
    text = text_of(line, step=0) + text_of(line, first=2, step=0)
    with pytest.raises(InputError, match="mnist_gan, dcgan_svhn and dcgan_class have logs of this form"):
        logs.parse(text)
    with pytest.raises(InputError, match="several lines have the same epoch, .*: keep the last line of each epoch"):
        logs.parse(text, "mnist_gan")
    assert logs.parse(text, "dcgan_svhn").losses["disc_loss"].tolist() == [DISC[-1], DISC[-1]]


@pytest.mark.parametrize("line", [
    "Epoch {n}/100... Discriminator Loss Real: {d}... Discriminator Loss Fake: 0.1... Generator Loss: {g}",
    "Epoch {n}/100... Average Discriminator Loss: {d}... Average Generator Loss: {g}",
    "Epoch [{n}/100], Step[200/600], d_loss: {d}, g_loss: {g}, D(x): 0.9",
    "[Epoch {n}/200] [Batch 0/938] [D loss: {d}, acc: 50%] [G loss: {g}]",
    "Epoch {n}/100, D loss: {d}\nEpoch {n}/100, G loss: {g}",
    "Epoch {n}/100... Discriminator Loss: 0,3678... Generator Loss: 3,5898"])
def test_lines_that_do_not_show_both_losses_are_quoted_and_the_message_says_what_to_do(line):
    with pytest.raises(InputError, match=(
            "begins like it, but does not continue so: write the values as a table .* epoch, disc_loss, gen_loss")):
        logs.parse(text_of(line))


def test_a_number_of_epochs_above_a_log_is_not_taken_for_an_epoch():
    lines = "d_loss: 0.5, g_loss: 2.5\nd_loss: 0.4, g_loss: 2.6\n"
    for header in ("Epochs: 100\n", "epoch = 100\n"):
        with pytest.raises(InputError, match="there is no line like"):
            logs.parse(header + lines)


def test_a_sentence_about_a_loss_in_an_epoch_is_not_taken_for_a_line():
    log = logs.parse(text_of(UDACITY) + "All losses are finite, and in epoch 4 disc_loss is 0.75 and gen_loss is 1.06.\n")
    assert_read(log)
    assert log.note == ""


def test_a_line_of_another_form_is_not_ignored():
    text = text_of(UDACITY).replace("Epoch 2/100...", "Epoch 2/100 <x>")
    with pytest.raises(InputError, match="1 of 4 lines begin .*; the first is `Epoch 2/100 <x> Discriminator"):
        logs.parse(text)


def test_a_note_says_how_many_lines_are_missing():
    def note(*epochs):
        return logs.parse("".join(UDACITY.format(n=epoch, d=1, g=1) + "\n" for epoch in epochs)).note

    assert note(1, 2, 3, 7, 8) == "it has no line of 3 epochs between epoch 1 and 8"
    assert note(1, 10, 20, 30, 50) == "it has no line of 1 epoch between epoch 1 and 50"
    assert note(1, 10, 20, 30) == note(1, 2, 3) == note(5, 6) == ""


@pytest.mark.parametrize("ending", ["3.5", "3.", "3.5slurmstepd: error: *** JOB 123 CANCELLED ***\n", "3.5e-"])
def test_a_number_in_which_a_text_ends_is_not_taken_for_a_loss(ending):
    log = logs.parse(text_of(UDACITY) + "Epoch 5/100... Discriminator Loss: 0.4000... Generator Loss: " + ending)
    assert_read(log)
    assert log.note.startswith("the last line is incomplete, and left out: `Epoch 5/100... Discriminator Loss: 0.4000")


@pytest.mark.parametrize("last, value", [("nan", np.nan), ("2.0625", 2.0625), ("2.5\n", 2.5), ("2.5... Time: 3s", 2.5)])
def test_a_last_line_that_may_be_complete_is_kept(last, value):
    log = logs.parse(text_of(UDACITY) + "Epoch 5/100... Discriminator Loss: 0.4000... Generator Loss: " + last)
    np.testing.assert_array_equal(log.losses["gen_loss"], [*GEN, value])


def test_an_interrupted_line_is_left_out_if_it_is_the_last_and_refused_otherwise():
    interrupted = "Epoch 5/100... Discriminator Lslurmstepd: error: *** JOB 123\nCANCELLED\n"
    log = logs.parse(text_of(UDACITY) + interrupted)
    assert log.epochs.tolist() == [1, 2, 3, 4] and "the last line is incomplete" in log.note
    with pytest.raises(InputError, match="the first is `Epoch 5/100... Discriminator Lslurmstepd"):
        logs.parse(interrupted + text_of(UDACITY))


@pytest.mark.parametrize("line", [UDACITY + "\n" + UDACITY, "INFO:root:" + UDACITY + "\n" + UDACITY])
def test_a_line_that_is_printed_twice_counts_once(line):
    log = logs.parse(text_of(line))
    assert log.chapter == "mnist_gan" and log.note == "each line is printed twice, and counted once"
    assert_read(log)


def test_three_runs_of_two_epochs_are_told_from_several_lines_per_epoch():
    with pytest.raises(InputError, match="the log lines of 3 runs"):
        logs.parse(3 * "".join(UDACITY.format(n=epoch, d=1, g=epoch) + "\n" for epoch in (1, 2)))


@pytest.mark.parametrize("names", ["Epoch,D_loss,G_loss", "Epoch,Discriminator Loss,Generator Loss"])
def test_the_columns_of_a_table_may_have_these_names_too(names, tmp_path):
    path = written(tmp_path, names + "\n" + text_of("{n},{d},{g}"), "log.csv")
    with pytest.raises(InputError, match="mnist_gan, dcgan_svhn and dcgan_class have logs of this form"):
        logs.read(path)
    for chapter in CLASSES:
        assert_read(logs.read(path, chapter))


# --- lines of steps ---

@pytest.mark.parametrize("line", [
    BLOG[1:], "> {n}, 4/4, d={d}, g={g}", ">{n}/100, 4/4, d={d}, g={g}", BLOG + ", a=50",
    BLOG.replace(">", "&gt;"), ">{n}, 4/4, d=np.float32({d}), g=np.float32({g})"])
def test_small_changes_of_the_lines_of_the_blog_are_read(line):
    log = logs.parse(text_of(line))
    assert log.chapter == "dcgan_mnist"
    assert_read(log, (4, 8, 12, 16))


@pytest.mark.parametrize("line", [
    "{n}: [D loss: {d}, acc.: 50.00%] [G loss: {g}]", "{n} [D loss: {d}, accuracy: 50.00%] [G loss: {g}]",
    "[Epoch {n}] [D loss: {d}, acc: 50.00%] [G loss: {g}]", "{n} [D loss: {d} acc.: 50.00%], [G loss: {g}]",
    "{n} [D loss: [{d} 0.5       ]] [G loss: {g}]", "{n} [D loss: [{d}, 0.5], acc.: 50.00%] [G loss: {g}]",
    "{n} [D loss: {d}, acc.: 50.00%] [G loss: [{g}, 0.9]]",
    "{n} [D loss: np.float32({d}), acc.: np.float32(50.0)%] [G loss: np.float32({g})]",
    "{n} [D loss: {d}, acc.: 50.00%] [G loss: [array({g}, dtype=float32), array(0.9, dtype=float32)]]",
    "{n} [D loss: {d}, acc.: 50.00%] [G loss: tf.Tensor({g}, shape=(), dtype=float32)]",
    "{n} [D loss: {d}, acc.: 50.00%] [G loss: <tf.Tensor: shape=(), dtype=float32, numpy={g}>]"])
def test_small_changes_of_the_lines_of_keras_gan_are_read(line):
    log = logs.parse(text_of(line), "vanilla_gan")
    assert_read(log)
    assert log.losses["disc_acc"].tolist() == 4 * [0.5]


def test_the_thousands_of_a_step_may_be_separated():
    assert_read(logs.parse(text_of(KERAS.replace("{n}", "{n:,}"), 998), "vanilla_gan"), (998, 999, 1000, 1001))


@pytest.mark.parametrize("line", [
    "12:00:0{n} [D loss: {d}, acc.: 50.00%] [G loss: {g}]", "2018-03-0{n} [D loss: {d}, acc.: 50.00%] [G loss: {g}]",
    "Epoch 1/10, Batch {n}/938 [D loss: {d}, acc.: 50.00%] [G loss: {g}]",
    "{n} [D loss: {d}, acc.: 50.00%] [G loss: {g}, 0.5]", "{n} [D loss: {d}, acc.: 0.5] [G loss: {g}]",
    "{n} [D loss: [{d}, 0.1, 0.2, 0.03]] [G loss: {g}]"])
def test_a_line_without_a_step_or_with_unclear_values_is_refused(line):
    with pytest.raises(InputError, match="begin with a step, .*: write the values as a table"):
        logs.parse(text_of(KERAS, first=0) + text_of(line), "vanilla_gan")


# --- the accuracies of the semi-supervised GAN ---

@pytest.mark.parametrize("line", [
    SEMI.replace("{n}\n", "{n}/25\n"), SEMI.replace("Epoch {n}", "Epoch: {n}"), SEMI.replace("\n", "\nWARNING: x\n"),
    SEMI.replace("{d}", "np.float32({d})"),
    "('Epoch', {n})\n('\\t\\tClassifier train accuracy: ', {d})\n('\\t\\tClassifier test accuracy', {g})"])
def test_small_changes_of_the_accuracies_are_read(line):
    shares = [0.1, 0.2], [0.3, 0.4]
    text = "".join(line.format(n=n, d=d, g=g) + "\n" for n, d, g in zip((0, 1), *shares))
    log = logs.parse(text)
    assert log.chapter == "semi_supervised" and log.epochs.tolist() == [0, 1]
    assert tuple(values.tolist() for values in log.losses.values()) == shares


def test_accuracies_without_an_epoch_are_not_ignored():
    code = "print('\\t\\tClassifier train accuracy: ', train_accuracy)\n"
    lines = [SEMI.format(n=n, d=0.1, g=0.2) + "\n" for n in (0, 1)]
    assert logs.parse(code + "".join(lines)).epochs.tolist() == [0, 1]
    with pytest.raises(InputError, match="1 of 2 lines begin .* the first is `Classifier train accuracy:  0.1`"):
        logs.parse(code + lines[0].removeprefix("Epoch 0\n") + lines[1])


# --- files ---

def stream(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


def kaggle(text, name="stdout"):
    return {"stream_name": name, "time": 1.5, "data": text}


def divided(text, part):
    """`text` in two parts of the standard output, divided within a number by another stream."""
    place = text.index("0.5092") + 3
    return [part(text[:place]), part("a warning\n", "stderr"), part(text[place:])]


LOG = text_of(UDACITY)
NOTEBOOK = json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "outputs": divided(LOG, stream)}]})
PAGE = f"<!DOCTYPE html><html><body><pre>{LOG}</pre></body></html>"


@pytest.mark.parametrize("name, content", [
    ("log.json", NOTEBOOK), ("log.txt", NOTEBOOK), ("log.ipynb", PAGE), ("log.txt", LOG.encode("utf-16-le")),
    ("log.json", json.dumps(divided(LOG, kaggle))),
    ("log.log", "[" + "\n,".join(map(json.dumps, divided(LOG, kaggle))) + "\n]")])
def test_a_file_is_recognized_by_its_contents(name, content, tmp_path):
    assert_read(logs.read(written(tmp_path, content, name)))


def test_a_damaged_log_of_kaggle_is_refused(tmp_path):
    with pytest.raises(InputError, match="1 of 4 lines begin with an epoch"):
        logs.read(written(tmp_path, json.dumps(divided(LOG, kaggle))[:-1]))


def test_the_paragraphs_of_a_web_page_are_lines(tmp_path):
    page = "<html>" + "".join(f"<style>x</style><p>{line}</p>" for line in text_of(BLOG[1:]).splitlines())
    assert_read(logs.read(written(tmp_path, page, "log.html")), (4, 8, 12, 16))


def test_the_code_of_a_notebook_is_not_taken_for_a_line(tmp_path):
    code = 'print("%d [D loss: %f, acc.: %.2f%%] [G loss: %f]" % x)\nprint(f"{n} [D loss: {d}")\nprint("[D loss:", d)\n'
    assert_read(logs.read(written(tmp_path, code + text_of(KERAS), "log.md"), "vanilla_gan"))


@pytest.mark.parametrize("text", [
    "Epoch 1/100... Time 1 Time 2 Time 3 Time 4 Time 5 Time 6 Time 7 " * 1000, "Epoch 1" + " " * 100_000,
    "Epoch 1/2... Disc Loss: 1 1 1 1 1 1 1 1\n" * 3000, "1 [D loss: [" + "1 " * 100_000, "Epoch 1\nx" * 10_000,
    "Epoch 1 " + "Classifier train accuracy " * 10_000],
    ids=["times", "blanks", "numbers", "a list", "epochs", "words"])
def test_a_long_text_that_begins_like_a_log_does_not_take_forever(text):
    with pytest.raises(InputError):
        logs.parse(text)
