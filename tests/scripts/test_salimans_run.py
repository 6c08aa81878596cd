"""The script of the GAN of Salimans et al.: what a run leaves, and which labels it draws."""

import numpy as np
import pytest

import few_streets
from conftest import Stopped, load_script, refusal, stopped_at_its_stepper, unpainted
from gan_tf1 import figures
from gan_tf1.data import svhn
from gan_tf1.models import salimans_gan as model
from gan_tf1.training import run_results
from interruption import copies, results

TINY = ["--paper", "--data", "street", "--num-labels", "100", "--batch-size", "20", "--epochs", "2",
        "--decay-epochs", "1", "--epoch-steps", "2", "--gen-channels", "1", "--disc-channels", "1"]


@pytest.fixture
def main(monkeypatch):
    monkeypatch.setattr(svhn, "load", few_streets.load)
    return load_script("21_salimans_gan.py").main


def test_a_run_leaves_its_results_and_a_resumed_one_the_same(main, monkeypatch, tmp_path):
    """The first batch sets weights in the first epoch only, and a resumed run keeps them."""
    monkeypatch.setattr(figures, "save", unpainted)
    path = tmp_path / "run"
    with copies(path, tmp_path, lambda moment: moment.startswith("before save")) as moments:
        main([*TINY, "--run-dir", str(path)])
    [cut] = [copy for moment, copy in moments.items() if moment.endswith("save ")][1:2]
    assert len((cut / "losses.csv").read_text().splitlines()) == 1 + 2  # the third epoch is missing
    main(["--resume", "--run-dir", str(cut)])
    assert results(cut) == results(path)

    table, samples = run_results.load_losses(path), run_results.load_samples(path)
    assert list(table) == ["epoch", "train_accuracies", "test_accuracies", "labelled_loss",
                           "unlabelled_loss", "gen_loss"]
    # Two batches of 20 labelled images, and 60 images to test on.
    for name, count in (("train_accuracies", 40), ("test_accuracies", 60)):
        np.testing.assert_allclose(table[name] * count, np.round(table[name] * count), atol=1e-6)
    # The last layer is set to logits of standard deviation 0.1: at first all digits are as likely.
    assert table["labelled_loss"][0] == pytest.approx(np.log(10), abs=0.5)
    lines = (path / "log.txt").read_text().splitlines()
    assert [line.split(",")[0] for line in lines[1:4]] == [f"Iteration {n}" for n in (1, 2, 3)]
    assert samples.shape == (3, 50, 32, 32, 3) and np.abs(samples).max() <= 1
    assert {file.name for file in (path / "figures").iterdir()} == {
        "accuracies.png", "samples.png", "progress.png"}


def test_the_labelled_examples_are_balanced_drawn_by_their_seed_and_first(main, tmp_path, monkeypatch):
    asked, found = stopped_at_its_stepper(monkeypatch), []
    monkeypatch.setattr(model, "build", lambda config: None)  # it takes long
    for label_seed in ("0", "1"):
        with pytest.raises(Stopped):
            main([*TINY, "--label-seed", label_seed, "--run-dir", str(tmp_path / label_seed)])
        train_set = asked["train_set"]
        assert np.bincount(train_set.labels[:100]).tolist() == 10 * [10] and asked["steps"] == 2
        found.append({image.tobytes() for image in train_set.images[:100]})
    assert len(found[0]) == len(found[1]) == 100 and found[0] != found[1]


@pytest.mark.parametrize("arguments, complaint", [
    (["--tested", "none"], "--tested must be one of all, first_half, held_out, not none"),
    (["--labels", "most"], "--labels must be one of first, drawn, balanced, not most"),
    (["--num-labels", "95"], "95 labels can't be divided equally among 10 classes"),
    (["--batch-size", "301"], "a batch of 301 can't be drawn from 300 examples"),
    (["--average-decay", "1"], "--average-decay must be below 1"),
])
def test_bad_input_is_one_line(main, capsys, tmp_path, arguments, complaint):
    assert complaint in refusal(capsys, main, *TINY, *arguments, "--run-dir", tmp_path / "run")
