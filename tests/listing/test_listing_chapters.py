"""The chapters as they are printed: how far they run, and at which error they stop."""

import pytest

import few_idx
from chapter_texts import chapter
from gan_tf1.listing import hints, rewrite
from gan_tf1.listing.run import run


def places(result):
    """Block, line of the block and type of the error, for each failure."""
    return [(failure.places[-1].block, failure.places[-1].line, type(failure.error).__name__)
            for failure in result.failures]


def values(**texts):
    return {name: rewrite.value(name, text) for name, text in texts.items()}


def test_000_trains_and_draws_its_losses_then_stops_at_its_errors(mnist_version, tmp_path, capfd):
    result = run(chapter("000"), tmp_path, values(num_epochs="2", train_batch_size="1000"), keep_going=True)
    said = capfd.readouterr()
    assert "Epoch 2/2... Disc Loss: " in said.out and "figure-001.png shows" not in said.err
    assert result.names["model_losses"].shape == (2, 2)
    assert (tmp_path / "figure-001.png").stat().st_size > 10000  # block 14, the losses
    assert result.fragments == [4, 9, 10]
    assert places(result) == [(18, 4, "ValueError"), (19, 2, "NameError")]
    assert "a pair (tanh output, logits)" in result.failures[0].hint
    assert "gen_vars" in result.failures[1].hint
    # view_generated_samples reads a global, and draws the first epoch's logits, so it does run.
    assert "figure-002.png shows logits of the first epoch, not samples of the last" in said.err
    assert len(result.figures) == 2  # not the empty axes of block 18


@pytest.mark.slow
def test_000_with_ten_epochs_stops_at_the_pair(mnist_version, tmp_path):
    result = run(chapter("000"), tmp_path, values(num_epochs="10", train_batch_size="27500"))
    assert places(result) == [(18, 5, "ValueError")]
    assert "a pair (tanh output, logits)" in result.failures[0].hint


def test_001_stops_at_its_placeholders_without_shapes(tmp_path):
    few_idx.write(tmp_path / "MNIST_data")
    result = run(chapter("001"), tmp_path)
    [failure] = result.failures
    assert [(place.block, place.line) for place in failure.places] == [(6, 7), (3, 19)]
    assert isinstance(failure.error, ValueError) and "tf.placeholder(" in failure.hint


def test_001_leaves_the_semi_supervised_gan_as_an_exercise(tmp_path):
    # These blocks reach from the inputs to the training loop, without the MNIST listing.
    result = run(chapter("001"), tmp_path, only=range(13, 20), keep_going=True)
    assert "SyntaxError" in [kind for _, _, kind in places(result)]
    assert "exercise" in next(failure.hint for failure in result.failures
                              if isinstance(failure.error, SyntaxError))


def test_004_stops_at_images_of_56_x_56(tmp_path):
    few_idx.write(tmp_path / "MNIST_data")
    result = run(chapter("004"), tmp_path)
    [failure] = result.failures
    assert (failure.places[-1].block, failure.places[-1].function) == (2, "discriminator")
    assert "56 x 56" in failure.hint


def test_004_with_28_x_28_stops_at_the_loss_of_a_tuple(tmp_path):
    """With the first error corrected, the next one shows."""
    few_idx.write(tmp_path / "MNIST_data")
    text = chapter("004").read_text()
    end = "filters=1, kernel_size=5, strides=(2, 2)"
    assert text.count(end) == 1
    (tmp_path / "corrected.txt").write_text(text.replace(end, end.replace("2, 2", "1, 1")))
    [failure] = run(tmp_path / "corrected.txt", tmp_path).failures
    assert isinstance(failure.error, TypeError) and "pair (output, logits)" in failure.hint
    assert "1. - d_fake" in failure.places[-1].text


def test_unknown_errors_have_no_hint():
    assert hints.hint(ValueError("other"), "a = 1") is None
    assert hints.hint(NameError("name 'a' is not defined"), "a") is None
