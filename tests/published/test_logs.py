"""Reading logs: every chapter's lines, in every form, and how the chapter of a log is found."""

import importlib
import json

import numpy as np
import pytest

from conftest import load_script, refusal
from gan_tf1 import models
from gan_tf1.errors import InputError
from gan_tf1.published import log_chapters, log_text, logs
from gan_tf1.published.log_formats import CHAPTERS

LINES = [(chapter, line) for chapter, form in CHAPTERS.items() for line in form.lines]
KERAS = ("vanilla_gan", "conditional_gan", "dcgan_upsampling")


def text_of(line):
    return line.example.replace(", Classifier", "\nClassifier").replace(", each on a line of its own", "\n")


@pytest.mark.parametrize("chapter, line", LINES, ids=[f"{chapter}-{line.example[:12]}" for chapter, line in LINES])
def test_every_example_is_a_line_of_its_chapter(chapter, line):
    log = logs.parse(text_of(line), chapter)
    form = CHAPTERS[chapter]
    assert log.chapter == chapter and len(log.epochs) == 1 and set(log.losses) == set(form.columns)
    for column, [value] in log.losses.items():
        low, high = form.bounds_of(column)
        assert low <= value <= high and value != 0


# What the scripts print: `log_line` of each model, with the values that are read from it.
FIGURES = {"disc_loss": 1.25, "gen_loss": 0.75, "disc_acc": 0.5, "estimate": -0.5, "penalty": 0.25, "l1": 0.125,
           "resolution": 8, "alpha": 0.5, "gen_grad_norm": 0.5, "disc_prob_fake": 0.25, "modes": 3,
           "high_quality": 0.5, "reverse_kl": 0.5, "labelled_loss": 2.5, "unlabelled_loss": 1.5,
           "train_accuracies": 0.25, "test_accuracies": 0.125, "step_time": 1, "epoch_time": 2}
CYCLE = {name: number / 8 for number, name in enumerate(
    ("disc_loss", "gen_loss", "disc_a", "disc_b", "gan_ab", "gan_ba", "cycle_a", "cycle_b", "identity_a"))}


@pytest.mark.parametrize("chapter", [name for name, form in CHAPTERS.items() if not form.part_of])
def test_the_line_of_every_model_is_read_and_recognized_by_the_first_line_of_its_log(chapter):
    model, figures = models.of_chapter(chapter), CYCLE if chapter == "cyclegan" else FIGURES
    line = model.log_line(7, 20, figures)
    log = logs.parse(f"{chapter} on MNIST, seed 3\n{line}\n")
    assert log.chapter == chapter and len(log.epochs) == 1
    assert {name: value.tolist() for name, value in log.losses.items()} == {
        name: [figures[name]] for name in CHAPTERS[chapter].columns}
    if not CHAPTERS[chapter].intervals:
        assert log.epochs.tolist() == [7]


def test_every_model_with_a_log_line_has_a_format():
    named = {importlib.import_module(f"gan_tf1.models.{path.stem}").CHAPTER
             for path in logs.BOOK_LOGS.parent.parent.glob("models/*.py")
             if "def log_line" in path.read_text()}
    assert named == {name for name, form in CHAPTERS.items() if not form.part_of}


# --- which chapter it is of ---

@pytest.mark.parametrize("text, chapter", [
    ("Epoch 1/100... Disc Loss: 1.078... Gen Loss: 1.361", "mnist_gan"),
    ("Epoch 1/100... Discriminator Loss: 0.3584... Generator Loss: 3.7988\n"
     "Epoch 2/100... Discriminator Loss: 0.5092... Generator Loss: 3.6097", "mnist_gan"),
    ("('Epoch 1/100...', 'Discriminator Loss: 0.3584...', 'Generator Loss: 3.7988')", "mnist_gan"),
    ("Epoch 1/25... Discriminator Loss: 1.1517... Generator Loss: 1.0138\n"
     "Epoch 1/25... Discriminator Loss: 0.7069... Generator Loss: 1.0133", "dcgan_svhn_steps"),
    ("Epoch 1/200... Discriminator Loss: 0.75 Generator Loss: 1.2", "dcgan_class"),
    ("Epoch 1/15... Disc Loss: 0.357... Gen Loss: 4.066... Gen Gradient: 0.1... D(G(z)): 0.1",
     "mnist_gan_objectives"),
    (">1, 1/234, d=0.711, g=0.678", "dcgan_mnist"),
    (">**1**, **1**/**234**, d=**0.711**, g=**0.678**", "dcgan_mnist"),
    ("Epoch 0\n\t\tClassifier train accuracy:  0.1\n\t\tClassifier test accuracy 0.2", "semi_supervised"),
    ("iteration,d_loss,acc,g_loss\n0,0.6,50,0.7\n\nnot a table", None),
    ("step,disc_loss,gen_loss,estimate\n0,1,1,1\n", "wasserstein_gan"),
    ("step,disc_loss,gen_loss,estimate,penalty\n0,1,1,1,1\n", "wasserstein_gan_gp"),
    ("epoch,disc,gen\n1,0.3,3.8\n", "mnist_gan"),
    ("epoch,disc,gen,real,fake\n1,0.3,3.8,0.1,0.2\n", "mnist_gan"),
    ("step,disc_loss,gen_loss\n1,0.3,3.8\n", "dcgan_mnist"),
    ("epoch,batch,d,g\n1,1,0.7,0.7\n", "dcgan_mnist"),
    ("epoch,step,d,g\n1,10,0.7,0.7\n1,20,0.7,0.7\n", "dcgan_svhn_steps"),
    ("epoch,train,test\n0,0.1,0.1\n", "semi_supervised"),
])
def test_the_chapter_is_found_from_the_form(text, chapter):
    if chapter is None:
        with pytest.raises(InputError):
            log_chapters.chapter_of(text)
    else:
        assert log_chapters.chapter_of(text) == chapter


def test_two_trainings_of_the_mnist_gan_are_not_taken_for_the_dcgan_on_svhn():
    lines = "".join(f"Epoch {epoch}/2... Discriminator Loss: 1.0... Generator Loss: 2.0\n" for epoch in (1, 2, 1, 2))
    assert log_chapters.chapter_of(lines) == "mnist_gan"
    with pytest.raises(InputError, match=r"the log lines of 2 runs \(epoch 1 to 2, epoch 1 to 2\): choose one with --part"):
        logs.parse(lines)


@pytest.mark.parametrize("text, chapters", [
    ("0 [D loss: 0.693147, acc.: 50.00%] [G loss: 0.693147]", KERAS),
    ("0 [Discriminator loss: 0.693147, acc.: 50.00%] [Generator loss: 0.693147]", KERAS),
    ("0 [D loss: 0.999970] [G loss: 1.000050]", ("wasserstein_gan", "wasserstein_gan_gp")),
    ("iteration,d_loss,acc,g_loss\n0,0.6,50,0.7\n", KERAS),
    ("iteration,d_loss,g_loss\n0,0.6,0.7\n", ("wasserstein_gan", "wasserstein_gan_gp")),
    ("epoch,disc_loss,gen_loss\n1,0.6,0.7\n", (
        "mnist_gan", "dcgan_svhn", "dcgan_class", "remedies_gan", "stacked_mnist_gan")),
])
def test_if_several_chapters_have_such_logs_one_line_names_them(text, chapters, tmp_path, capsys):
    (tmp_path / "log.txt").write_text(text)
    *others, last = chapters
    assert refusal(capsys, load_script("compare_logs.py").main, tmp_path / "log.txt") == (
        f"error: {tmp_path / 'log.txt'}: {', '.join(others)} and {last} have logs of this form: say with "
        "--chapter which of them it is")
    for chapter in chapters:
        assert logs.read(tmp_path / "log.txt", chapter).chapter == chapter


def test_accuracies_in_percent_become_shares(tmp_path):
    (tmp_path / "log.txt").write_text("0 [D loss: 0.6, acc.: 53.12%] [G loss: 0.7]")
    (tmp_path / "log.csv").write_text("iteration,d_loss,acc,g_loss\n0,0.6,53.12,0.7\n")
    for name in ("log.txt", "log.csv"):
        log = logs.read(tmp_path / name, "vanilla_gan")
        assert {name: value.tolist() for name, value in log.losses.items()} == {
            "disc_loss": [0.6], "disc_acc": [0.5312], "gen_loss": [0.7]}


def test_keras_gan_prints_one_minus_the_losses_of_its_wasserstein_gan(tmp_path):
    (tmp_path / "log.txt").write_text("0 [D loss: 0.75] [G loss: 1.25]")
    (tmp_path / "log.csv").write_text("iteration,d_loss,g_loss\n0,0.75,1.25\n")
    for name in ("log.txt", "log.csv"):
        read = {chapter: logs.read(tmp_path / name, chapter).losses
                for chapter in ("wasserstein_gan", "wasserstein_gan_gp")}
        assert read["wasserstein_gan"] == {"disc_loss": [0.25], "gen_loss": [-0.25]}
        assert read["wasserstein_gan_gp"] == {"disc_loss": [0.75], "gen_loss": [1.25]}


def test_the_steps_of_a_table_are_counted_over_all_epochs(tmp_path):
    (tmp_path / "log.csv").write_text("epoch,batch,d,g\n1,1,1,2\n1,2,3,4\n2,1,5,6\n")
    log = logs.read(tmp_path / "log.csv")
    assert log.epochs.tolist() == [1, 2, 3] and log.losses["gen_loss"].tolist() == [2, 4, 6]


def svhn_lines(*epochs):
    return "\n".join(f"Epoch {epoch}/25... Discriminator Loss: {number + 1}.5... Generator Loss: 1.0"
                     for number, epoch in enumerate(epochs))


def test_the_last_of_several_lines_per_epoch_counts_if_the_epoch_is_complete():
    log = logs.parse(svhn_lines(1, 1, 1, 2, 2, 2, 3), "dcgan_svhn")
    assert log.epochs.tolist() == [1, 2] and log.losses["disc_loss"].tolist() == [3.5, 6.5]
    assert logs.parse(svhn_lines(1, 1, 2, 2), "dcgan_svhn").epochs.tolist() == [1, 2]
    one = logs.parse(svhn_lines(1, 1, 1), "dcgan_svhn")
    assert one.epochs.tolist() == [1] and "lines of epoch 1 alone" in one.incomparable
    assert logs.parse(svhn_lines(1), "dcgan_svhn").incomparable == ""


def test_lines_of_the_original_dcgan_on_svhn_are_ten_steps_apart():
    log = logs.parse(svhn_lines(1, 1, 1, 2, 2, 2, 3))
    assert log.chapter == "dcgan_svhn_steps" and log.epochs.tolist() == [10, 20, 30, 40, 50, 60, 70]
    assert log.losses["disc_loss"].tolist() == [1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5]
    with pytest.raises(InputError, match=r"the log lines of 2 runs \(step 1 to 2, step 1 to 1\): choose one"):
        logs.parse(svhn_lines(1, 1, 2, 2, 1, 1))
    with pytest.raises(InputError, match="it has one line for each epoch, and a log of dcgan_svhn_steps has one for"):
        logs.parse(svhn_lines(1, 2, 3), "dcgan_svhn_steps")


def test_a_run_of_ours_with_lines_every_few_steps_is_compared_in_these_steps(tmp_path):
    headline = "dcgan_svhn on SVHN subset (8,483 digits), seed 0"
    log = logs.parse(f"{headline}, with print-every 20\n" + svhn_lines(1, 1))
    assert log.chapter == "dcgan_svhn_steps" and log.epochs.tolist() == [20, 40]
    assert log.settings["print_every"] == 20 and not log.incomparable and not log.note
    last = logs.parse(f"{headline}, with print-every 20\n" + svhn_lines(1, 1, 2, 2), "dcgan_svhn")
    assert last.epochs.tolist() == [1, 2]
    assert logs.parse(f"{headline}\n" + svhn_lines(1, 2)).chapter == "dcgan_svhn"
    with pytest.raises(InputError, match="it has one line for each epoch"):
        logs.parse(f"{headline}\n" + svhn_lines(1, 2), "dcgan_svhn_steps")
    (tmp_path / "printed_losses.csv").write_text("step,disc_loss,gen_loss\n9,0.5,0.5\n18,0.5,0.5\n")
    (tmp_path / "losses.csv").write_text("epoch,disc_loss,gen_loss\n1,0.5,0.5\n")
    log = logs.read(tmp_path / "printed_losses.csv")  # not of the DCGAN on MNIST, whose tables have the same columns
    assert log.chapter == "dcgan_svhn_steps" and log.epochs.tolist() == [9, 18] and not log.note
    for settings, chapter in (({"print_every": 9}, "dcgan_svhn_steps"), ({}, "dcgan_svhn")):
        (tmp_path / "config.json").write_text(json.dumps(
            {"chapter": "dcgan_svhn", "settings": settings, "data": "svhn", "data_title": "SVHN subset (8,483 digits)",
             "seed": 0, "data_crc32": "0", "data_dir": None, "sample_shape": [50, 32, 32, 3]}))
        assert logs.read(tmp_path).chapter == chapter
        assert logs.read(tmp_path / "losses.csv").chapter == "dcgan_svhn"


@pytest.mark.parametrize("steps, epochs, chapter", [
    ((10, 20, 30), (1, 1, 2), "dcgan_svhn_steps"), ((10, 20, 10, 20), (1, 1, 2, 2), "dcgan_svhn"),
    ((572, 1144), (1, 2), "dcgan_svhn")])
def test_a_table_of_epochs_and_steps_is_compared_in_steps_if_they_go_on_within_an_epoch(
        steps, epochs, chapter, tmp_path):
    rows = "".join(f"{epoch},{step},0.{place + 1},0.7\n" for place, (step, epoch) in enumerate(zip(steps, epochs)))
    (tmp_path / "mine.csv").write_text(f"epoch,step,d,g\n{rows}")
    log = logs.read(tmp_path / "mine.csv")
    assert log.chapter == chapter
    assert log.epochs.tolist() == list(steps if "steps" in chapter else dict.fromkeys(epochs))


def test_a_part_of_a_data_set_stands_in_for_it_only_where_the_chapter_says_so():
    rows = {"step": np.array([10.]), "epoch": np.array([1.]), "disc_loss": [1.], "gen_loss": [1.]}
    subset = "SVHN subset (8,483 digits)"
    for own, of_envelope in (("", subset), ("SVHN", subset), (subset, subset), (subset, "SVHN"), (subset, "?")):
        assert logs.why_incomparable(logs.of_columns(rows, "dcgan_svhn_steps", own), of_envelope) == ""
    for own, of_envelope, chapter in (
            ("CIFAR-10", subset, "dcgan_svhn_steps"), (subset, "CIFAR-10", "dcgan_svhn_steps"),
            ("SVHN", subset, "dcgan_svhn"), (subset, "SVHN", "dcgan_svhn")):
        assert logs.why_incomparable(logs.of_columns(rows, chapter, own), of_envelope)


def test_intervals_are_counted_by_their_lines():
    text = "".join(f"Iteration {number}... Disc Loss: 1.0... Gen Loss: 1.0\n" for number in (500, 1000, 1500))
    assert logs.parse(text).epochs.tolist() == [1, 2, 3]


def test_accuracies_between_the_steps_are_a_log_of_their_own():
    steps = "".join(f">{epoch}, {batch}/2, d=0.7, g=0.7\n" + (
        f">Accuracy real: {epoch}%, fake: 90%\n" if epoch % 10 == 0 and batch == 2 else "")
        for epoch in range(11, 31) for batch in (1, 2))
    assert len(logs.parse(steps).epochs) == 40
    log = logs.parse(steps, "dcgan_mnist_accuracies")
    assert log.epochs.tolist() == [20, 30] and log.losses["real"].tolist() == [0.2, 0.3]
    alone = logs.parse(2 * ">Accuracy real: 51%, fake: 78%\n", "dcgan_mnist_accuracies")
    assert alone.epochs.tolist() == [10, 20] and alone.losses["fake"].tolist() == [0.78, 0.78]
    assert logs.book("dcgan_mnist_accuracies").losses["real"][:2].tolist() == [0.51, 0.3]


def test_a_run_s_own_table_is_read_with_the_run(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(
        {"chapter": "dcgan_mnist", "settings": {}, "data": "drawn", "data_title": "drawn digits (synthetic)",
         "seed": 0, "data_crc32": "0", "data_dir": None, "sample_shape": [16, 784]}))
    (tmp_path / "losses.csv").write_text("step,disc_loss,gen_loss\n1,0.5,0.5\n")
    (tmp_path / "accuracies.csv").write_text("epoch,real,fake\n10,0.5,0.5\n")
    for log in (logs.read(tmp_path), logs.read(tmp_path / "losses.csv")):
        assert log.chapter == "dcgan_mnist" and log.data == "drawn digits (synthetic)"
        assert "the book's on MNIST" in log.incomparable
    for path, chapter in ((tmp_path, "dcgan_mnist_accuracies"), (tmp_path / "accuracies.csv", None)):
        assert logs.read(path, chapter).epochs.tolist() == [10]


def test_a_run_that_is_not_compared_is_refused(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(
        {"chapter": "gan_1d", "settings": {}, "data": "x", "data_title": "x", "seed": 0, "data_crc32": "0",
         "data_dir": None, "sample_shape": [16, 784]}))
    with pytest.raises(InputError, match="a run of 'gan_1d', whose losses are not compared"):
        logs.read(tmp_path)


@pytest.mark.parametrize("own, of_envelope, why", [
    ("", "SVHN", ""), ("SVHN", "SVHN", ""), ("", "?", ""), ("SVHN, tested on the first 9 test images", "SVHN", ""),
    ("CIFAR-10", "CIFAR-10", ""), ("SVHN subset (8,483 digits)", "SVHN subset (8,483 digits); a remark", ""),
    ("CIFAR-10", "SVHN", "it was trained on CIFAR-10, the book's on SVHN"),
    ("CIFAR-10", "?", "it was trained on CIFAR-10, the book's on SVHN"),
    ("SVHN", "CIFAR-10", "it was trained on SVHN, and the envelope is of CIFAR-10"),
    ("", "CIFAR-10", "it does not name its data, which is taken to be SVHN, and the envelope is of CIFAR-10"),
])
def test_a_log_is_compared_with_an_envelope_of_the_same_data(own, of_envelope, why):
    log = logs.of_columns({"epoch": np.array([1.]), "disc_loss": [1.], "gen_loss": [1.]}, "dcgan_svhn", own)
    assert logs.why_incomparable(log, of_envelope) == why


def test_an_epoch_that_may_not_be_complete_is_not_compared_with_any_envelope():
    log = logs.parse(svhn_lines(1, 1), "dcgan_svhn")
    assert "epoch 1 alone" in logs.why_incomparable(log, "CIFAR-10")


# --- notebooks and terminals ---

def notebook(*cells, version=4):
    code = [{"cell_type": "code", "outputs": list(outputs)} for outputs in cells]
    every = [{"cell_type": "markdown", "source": "Epoch 9/9... Disc Loss: 9... Gen Loss: 9"}, *code]
    return json.dumps({"nbformat": version, **({"cells": every} if version > 3 else
                                               {"worksheets": [{"cells": every}]})})


def stream(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


def test_the_outputs_of_all_cells_of_a_notebook_are_read(tmp_path):
    lines = [f"Epoch {epoch}/9... Disc Loss: {epoch}.5... Gen Loss: 2.0\n" for epoch in range(1, 6)]
    text = notebook(
        [stream("Extracting MNIST\n"), stream(lines[0] + lines[1][:20]), stream("\r 3%|# | 1/9", "stderr"),
         stream([lines[1][20:], lines[2]])],
        [{"output_type": "display_data", "data": {"text/plain": "<Figure size 432x288>", "image/png": "AAAA"}}],
        [{"output_type": "execute_result", "data": {"text/plain": [lines[3].strip()]}}, stream(lines[4])],
        [{"output_type": "error", "traceback": ["\x1b[31mKeyboardInterrupt\x1b[0m"]}])
    (tmp_path / "mine.ipynb").write_text(text)
    log = logs.read(tmp_path / "mine.ipynb")
    assert log.chapter == "mnist_gan" and log.losses["disc_loss"].tolist() == [1.5, 2.5, 3.5, 4.5, 5.5]


def test_an_old_notebook_is_read():
    old = {"output_type": "stream", "stream": "stdout", "text": [">1, 1/234, d=0.711, g=0.678\n"]}
    assert logs.parse(log_text.of_notebook(notebook([old], version=3))).chapter == "dcgan_mnist"


@pytest.mark.parametrize("text, complaint", [
    ("{}", "not a Jupyter notebook"), ("[1]", "not a Jupyter notebook"), ("{", "not a Jupyter notebook"),
    (notebook([]), "no printed output: save it after its cells have run"),
    (notebook([stream("hello")]), "there is no line like"),
])
def test_a_notebook_without_a_log_is_refused_in_one_line(tmp_path, capsys, text, complaint):
    (tmp_path / "mine.ipynb").write_text(text)
    line = refusal(capsys, load_script("compare_logs.py").main, tmp_path / "mine.ipynb")
    assert complaint in line and str(tmp_path / "mine.ipynb") in line


def test_progress_bars_and_colours_do_not_hide_lines():
    text = ("  0%|          | 0/3 [00:00<?, ?it/s]\r\x1b[A\x1b[32m0\x1b[0m [D loss: 0.5, acc.: 50.00%] [G loss: 0.7]\r\n"
            "1/1 [====]\x08\x08\x08 - 0s 20ms/step\r 33%|###| 1/3\r1 [D loss: 0.6, acc.: 25.00%] [G loss: 0.8]\n")
    log = logs.parse(text, "vanilla_gan")
    assert log.epochs.tolist() == [0, 1]
    np.testing.assert_allclose(log.losses["disc_acc"], [0.5, 0.25])


@pytest.mark.parametrize("text", [
    "1234567890" * 100_000, "\n" * 500_000, "Epoch 1/100... Disc Loss: " + "1" * 300_000, ">1, 1/2" + " 1" * 300_000,
    "# x\n" * 100_000], ids=["digits", "empty lines", "a long number", "spaces", "comments"])
def test_a_long_text_without_a_log_is_refused_and_does_not_take_forever(text):
    """With unbounded repetitions in the patterns, these would take hours."""
    with pytest.raises(InputError):
        logs.parse(text)


# --- what else people's logs look like ---

UDACITY = "Epoch {}/3... Discriminator Loss: 0.5... Generator Loss: 2.5\n"


def test_a_count_of_all_steps_is_not_taken_for_the_step():
    log = logs.parse("5/10000 [D loss: 0.6, acc.: 50.00%] [G loss: 0.7]\n"
                     "6 / 10000 [D loss: 0.6, acc.: 50.00%] [G loss: 0.7]\n", "vanilla_gan")
    assert log.epochs.tolist() == [5, 6]


def test_a_notebook_saved_as_a_web_page_is_read(tmp_path):
    page = "<!DOCTYPE html><html><pre>&gt;1, 1/234, d=0.711, g=0.678<br>&gt;1, 2/234, d=0.703, g=0.698</pre></html>"
    for name in ("mine.html", "mine.txt"):
        (tmp_path / name).write_text(page)
        log = logs.read(tmp_path / name)
        assert log.chapter == "dcgan_mnist" and log.losses["disc_loss"].tolist() == [0.711, 0.703]


def test_the_bar_of_keras_does_not_hide_the_epoch_of_an_accuracy():
    log = logs.parse("".join(f">{epoch}, 234/234, d=0.7, g=0.7\n4/4 [======>.....] - 0s 2ms/step\n"
                             ">Accuracy real: 51%, fake: 78%\n" for epoch in (90, 100)), "dcgan_mnist_accuracies")
    assert log.epochs.tolist() == [90, 100]


def test_epochs_that_are_numbered_from_0_are_moved_and_a_note_says_so():
    log = logs.parse("".join(UDACITY.format(epoch) for epoch in (0, 1, 2)), "mnist_gan")
    assert log.epochs.tolist() == [1, 2, 3]
    assert log.note == "its epochs are numbered from 0, and taken for 1 and so on"
    batches = logs.parse("".join(f">1, {batch}/234, d=0.7, g=0.7\n" for batch in (0, 1)), "dcgan_mnist")
    assert batches.epochs.tolist() == [1, 2]
    whole = logs.parse("".join(f">0, {batch}/234, d=0.7, g=0.7\n" for batch in (1, 2)), "dcgan_mnist")
    assert whole.epochs.tolist() == [1, 2]
    often = logs.parse("".join(f">{epoch}, 234/234, d=0.7, g=0.7\n>Accuracy real: 51%, fake: 78%\n"
                               for epoch in (5, 10)), "dcgan_mnist_accuracies")
    assert often.epochs.tolist() == [5, 10] and not often.note
    usual = logs.parse("".join(UDACITY.format(epoch) for epoch in (1, 2, 3)), "mnist_gan")
    assert usual.epochs.tolist() == [1, 2, 3] and usual.note == ""


@pytest.mark.parametrize("epochs, chapter, part, kept", [
    ((1, 2, 1, 2, 3), "mnist_gan", 1, [1, 2]), ((1, 2, 1, 2, 3), "mnist_gan", 2, [1, 2, 3]),
    ((1, 1, 2, 2, 1, 1, 1), "dcgan_svhn", 1, [1, 2])])
def test_one_of_several_runs_in_a_text_is_chosen_and_never_mixed_with_another(epochs, chapter, part, kept):
    text = "".join(UDACITY.format(epoch) for epoch in epochs)
    with pytest.raises(InputError, match="the log lines of 2 runs"):
        logs.parse(text, chapter)
    log = logs.parse(text, chapter, part)
    assert log.epochs.tolist() == kept and f"run {part} of 2" in log.note
    with pytest.raises(InputError, match="--part 3: it has the log lines of 2 runs"):
        logs.parse(text, chapter, 3)


def test_a_table_has_no_parts(tmp_path):
    (tmp_path / "mine.csv").write_text("epoch,disc_loss,gen_loss\n1,0.3,3.9\n")
    for path in (tmp_path, tmp_path / "mine.csv"):
        with pytest.raises(InputError, match="--part is for a text or a notebook"):
            logs.read(path, "mnist_gan", 2)


def test_an_incomplete_last_line_is_left_out_and_another_one_is_quoted():
    whole = "".join(UDACITY.format(epoch) for epoch in (1, 2))
    log = logs.parse(whole + "Epoch 3/3... Discriminator Loss: 0.5... Gener", "mnist_gan")
    assert log.epochs.tolist() == [1, 2] and "the last line is incomplete" in log.note
    with pytest.raises(InputError, match="the first is `Epoch 0/3... Discriminator Loss: 0,5... Generator Loss: 2,5`"):
        logs.parse("Epoch 0/3... Discriminator Loss: 0,5... Generator Loss: 2,5\n" + whole, "mnist_gan")
    with pytest.raises(InputError, match="`Epoch 1/3... Disc Loss: 1,05... Gen Loss: 2,1` begins like it"):
        logs.parse("Epoch 1/3... Disc Loss: 1,05... Gen Loss: 2,1\n")


def test_the_lines_of_another_network_are_ignored():
    text = "Epoch 1/5... Training loss: 0.0512\n" + "".join(UDACITY.format(epoch) for epoch in (1, 2))
    assert logs.parse(text).epochs.tolist() == [1, 2]


@pytest.mark.parametrize("text", [
    ",epoch,disc_loss,gen_loss\n0,1,0.5,2.5\n1,2,.25,2\n", '"epoch","disc_loss","gen_loss"\n1,0.5,2.5\n2,0.25,2\n',
    "epoch;disc_loss;gen_loss\n1;0,5;2,5\n2;0,25;2\n", "epoch\tdisc_loss\tgen_loss\n1\t0.5\t2.5\n2\t0.25\t2\n",
    "Epoch,Disc Loss,Gen Loss\n1,0.5,2.5\n2,0.25,2\n"])
def test_tables_of_other_programs_are_read(text, tmp_path):
    (tmp_path / "mine.csv").write_text(text)
    log = logs.read(tmp_path / "mine.csv", "mnist_gan")
    assert log.epochs.tolist() == [1, 2]
    assert log.losses["disc_loss"].tolist() == [0.5, 0.25] and log.losses["gen_loss"].tolist() == [2.5, 2]


@pytest.mark.parametrize("row, complaint", [
    ("2,tensor(0.3),2", r"disc_loss in row 2 is 'tensor\(0.3\)', which is not a number"),
    ("2,0.3,", "gen_loss in row 2 is '', which is not a number")])
def test_a_cell_that_is_not_a_number_is_not_taken_for_a_loss_that_is_not_finite(row, complaint, tmp_path):
    (tmp_path / "mine.csv").write_text(f"epoch,disc_loss,gen_loss\n1,0.3,3.9\n{row}\n")
    with pytest.raises(InputError, match=complaint):
        logs.read(tmp_path / "mine.csv", "mnist_gan")
    (tmp_path / "mine.csv").write_text("epoch,disc_loss,gen_loss\n1,0.3,3.9\n2,nan,inf\n")
    assert np.isnan(logs.read(tmp_path / "mine.csv", "mnist_gan").losses["disc_loss"][1])


def test_accuracies_are_shares_whatever_a_table_has(tmp_path):
    """Keras returns a share, which the book's line prints in percent."""
    (tmp_path / "mine.csv").write_text("iteration,d_loss,acc,g_loss\n0,0.6,0.5312,0.7\n1,0.6,1,0.7\n")
    assert logs.read(tmp_path / "mine.csv", "vanilla_gan").losses["disc_acc"].tolist() == [0.5312, 1]
    (tmp_path / "mine.csv").write_text("step,disc_loss,disc_acc,gen_loss\n0,0.6,53.12,0.7\n")
    with pytest.raises(InputError, match="disc_acc is up to 53.12: accuracies between 0 and 1 are needed"):
        logs.read(tmp_path / "mine.csv", "vanilla_gan")
