"""Runs that are killed at any moment and resumed end with the bytes of uninterrupted runs."""

import numpy as np
import pytest

import few_digits
import few_streets
import few_unpaired
from conftest import kill_after, load_script, without_figures
from gan_tf1 import figures
from gan_tf1.data import digits, svhn, unpaired
from gan_tf1.experiments import mode_collapse
from gan_tf1.training import run_config, run_directory, run_results
from interruption import copies, power_cuts, results

DIGITS = "--data drawn --batch-size 50"
STEPS = "--iterations 9 --sample-interval 3 --batch-size 8 --samples 2"
STREET = "--data street --batch-size 64 --g-size-mult 1 --epochs 3"

# The smallest run of each chapter: three epochs or intervals.
RUNS = {
    "01_mnist_gan": f"{DIGITS} --epochs 3 --gen-hidden-size 4 --disc-hidden-size 4 --samples 2",
    "03_dcgan_svhn": f"{STREET} --d-size-mult 1",
    "04_semi_supervised_svhn": f"{STREET} --d-size-mult 2 --num-labels 100 --variant corrected",
    "05_dcgan_mnist": "--data drawn --epochs 3 --batches-per-epoch 2 --batch-size 8 "
                      "--gen-channels 1 --disc-channels 1 --samples 2",
    "06_vanilla_gan": f"--data drawn {STEPS} --hidden-size 2",
    "07_dcgan_upsampling": f"--data drawn {STEPS} --channels 1",
    "09_conditional_gan": f"--data drawn {STEPS} --hidden-size 2",
    "10_wasserstein_gan": f"--data drawn {STEPS} --n-critic 1 --hidden-size 2",
    "11_wasserstein_gan_gp": f"--data drawn {STEPS} --n-critic 1 --hidden-size 2",
    "12_dcgan_class": "--data drawn --epochs 3 --batch-size 200 --z-dim 5 --gen-channels 1 "
                      "--disc-channels 1 --samples 2",
    "13_progressive_gan": "--data folder --resolution 8 --images 24 --phase-images 8 "
                          "--interval-images 8 --batch-size 4 --group-size 2 --z-dim 3 "
                          "--max-maps 2 --samples 2",
    "15_pix2pix": "--data pairs --size 8 --channels 1 --patch-layers 1 --batch-size 2 "
                  "--iterations 9 --sample-interval 3 --samples 2",
    "16_cyclegan": "--data drawn --load-size 32 --size 32 --no-mirror --channels 1 --blocks 1 "
                   "--disc-layers 1 --identity-weight 0 --pool-size 2 --epoch-steps 2 --epochs 2 --decay-epochs 1 "
                   "--samples 1",
    "17_gan_objectives": f"{DIGITS} --epochs 3 --gen-hidden-size 4 --disc-hidden-size 4 "
                         "--samples 2 --objective minimax",
    "18_mode_collapse": f"{STEPS} --hidden-size 2",
    "19_mixture_gan": f"--data wide_ring {STEPS} --train-points 100",
    "20_stacked_mnist_gan": f"--data drawn {STEPS} --packing 2 --channels 1 --z-dim 4",
    "21_salimans_gan": "--data street --batch-size 100 --epochs 2 --decay-epochs 1 --epoch-steps 2 "
                       "--gen-channels 1 --disc-channels 1 --num-labels 100",
    "train_mnist_classifier": "--data drawn --epochs 3 --batch-size 200",
    "train_image_classifier": "--data street --epochs 3 --batch-size 64 --size 8 --channels 1",
}
FED_ONLY = ("train_mnist_classifier", "train_image_classifier")
# These differ in what they save and in how they continue: with epochs or iterations; with accuracies or
# shares of modes; without samples. Each of the others is like one of them, except for CycleGAN with its
# pools of images, the progressive GAN with its phases and the GAN of Salimans et al. with its first
# batch, which the tests of their own scripts resume. The loop in the graph saves and resumes in the same
# way for all chapters; `test_graph_loop.py` resumes the first one with it, and below its process is killed.
OF_EACH_KIND = ("01_mnist_gan", "04_semi_supervised_svhn", "05_dcgan_mnist", "06_vanilla_gan",
                "18_mode_collapse", "train_mnist_classifier")
CASES = [pytest.param(name, loop, marks=() if loop == "feed" and name in OF_EACH_KIND else pytest.mark.slow)
         for loop in ("feed", "graph") for name in RUNS if loop == "feed" or name not in FED_ONLY]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A folder of ten noisy pictures, twice as wide as high, for the chapters that need files."""
    from PIL import Image
    path, rng = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    for part in ("train", "val"):
        (path / part).mkdir()
        for number in range(5):
            pixels = rng.integers(0, 256, (10, 20, 3), np.uint8)
            Image.fromarray(pixels).save(path / part / f"{number}.png")
    return path


@pytest.fixture
def script(monkeypatch):
    """A function that returns a script's `main`, with few images and without its figures."""
    monkeypatch.setattr(digits, "load", few_digits.load)
    monkeypatch.setattr(svhn, "load", few_streets.load)
    monkeypatch.setattr(unpaired, "DRAWN", few_unpaired.DRAWN)
    monkeypatch.setattr(figures, "save", lambda figure, path: path)
    without_figures(monkeypatch)
    monkeypatch.setattr(mode_collapse, "draw", lambda *_: None)
    return lambda name: load_script(name + ".py").main


def flags_of(name, pictures):
    flags = ["--paper", *RUNS[name].split()]
    if name.startswith("13"):
        flags += ["--data-dir", str(pictures / "train")]
    return flags + ["--data-dir", str(pictures)] * name.startswith("15")


@pytest.mark.parametrize("name, loop", CASES)
def test_a_run_killed_within_an_epoch_and_resumed_equals_an_uninterrupted_one(
        script, pictures, tmp_path, name, loop):
    """Rows and samples of the unfinished epoch are removed, and random numbers continue."""
    main, path = script(name), tmp_path / "run"
    flags = flags_of(name, pictures) + ["--loop", loop] * (name not in FED_ONLY)
    with copies(path, tmp_path, lambda moment: moment.startswith("before save")) as moments:
        main([*flags, "--run-dir", str(path)])
    [cut] = [copy for moment, copy in moments.items() if moment.endswith("save ")][1:2]
    grown = (cut / "losses.csv").read_text().splitlines()
    assert 1 < len(grown) < len((path / "losses.csv").read_text().splitlines())
    assert len(list((cut / "state").glob("*.json"))) == 1
    main(["--resume", "--run-dir", str(cut)])
    assert results(cut) == results(path)


@pytest.mark.parametrize("loop, each", [
    ("feed", 5), pytest.param("feed", 1, marks=pytest.mark.slow),  # all moments take five times as long
    pytest.param("graph", 1, marks=pytest.mark.slow)])
def test_a_run_killed_at_any_moment_of_a_save_can_be_resumed(script, tmp_path, loop, each, capsys):
    main, path = script("01_mnist_gan"), tmp_path / "run"
    flags = [*RUNS["01_mnist_gan"].split(), "--loop", loop, "--epochs", "5"]
    begun = []  # only moments of the fifth epoch and the end; another test has those of the first

    def wanted(moment):
        if moment == "after save generator_ck.ckpt 4":
            begun.append(moment)
        return bool(begun)

    with copies(path, tmp_path, wanted) as moments:
        main([*flags, "--run-dir", str(path)])
    assert len(moments) > 12
    for moment, copy in list(moments.items())[::each]:
        main(["--resume", "--run-dir", str(copy)])
        assert results(copy) == results(path), moment


def test_a_run_killed_before_its_first_checkpoint_starts_over(script, tmp_path):
    main, path = script("01_mnist_gan"), tmp_path / "run"
    with copies(path, tmp_path) as moments:
        main([*RUNS["01_mnist_gan"].split(), "--epochs", "1", "--run-dir", str(path)])
    first = next(number for number, moment in enumerate(moments)
                 if moment.endswith("after replace epoch_00001.json"))
    chosen = list(moments.items())[:first]
    assert any(moment.endswith("before replace config.json") for moment, _ in chosen)
    for moment, copy in chosen[::3]:
        more = ["--resume"] if (copy / "config.json").exists() else (
            [*RUNS["01_mnist_gan"].split(), "--epochs", "1"])
        main([*more, "--run-dir", str(copy)])
        assert results(copy) == results(path), moment


def test_flushed_checkpoints_survive_a_power_cut(script, tmp_path, monkeypatch):
    """A copy holds only what was flushed to the disk, and is resumed from its last checkpoint."""
    main, path = script("01_mnist_gan"), tmp_path / "run"
    monkeypatch.setattr(run_directory, "FLUSH_SECONDS", 0)
    flags = RUNS["01_mnist_gan"].split()
    with power_cuts(path, tmp_path / "cuts") as cuts:
        main([*flags, "--run-dir", str(path)])
    done = [len(list((cut / "state").glob("*.json"))) if (cut / "state").is_dir() else 0
            for cut in cuts]
    assert done == sorted(done) and set(done) == {0, 1, 2, 3}
    for number in [done.index(epochs) for epochs in (1, 2, 3)] + [-1]:
        config = run_config.read_config(cuts[number])
        main(["--resume", "--run-dir", str(cuts[number])])
        assert results(cuts[number]) == results(path) and config == run_config.read_config(path)


def test_not_every_short_epoch_is_flushed_and_the_flushed_one_is_kept(script, tmp_path, monkeypatch):
    main, path = script("01_mnist_gan"), tmp_path / "run"
    monkeypatch.setattr(run_directory, "FLUSH_SECONDS", 1e9)
    with copies(path, tmp_path, lambda moment: moment.startswith("before finish")) as moments, \
            power_cuts(path, tmp_path / "cuts") as cuts:
        main([*RUNS["01_mnist_gan"].split(), "--epochs", "6", "--run-dir", str(path)])
    [end] = moments.values()
    assert sorted(file.stem for file in (end / "state").glob("*.json")) == [
        "epoch_00004", "epoch_00005", "epoch_00006"]  # the last one is flushed
    kept = [{file.stem for file in (cut / "state").glob("*.json")} for cut in cuts]
    assert {"epoch_00001"} in kept and not any("epoch_00002" in names for names in kept)
    cut = cuts[kept.index({"epoch_00001"})]
    main(["--resume", "--run-dir", str(cut)])
    assert results(cut) == results(path)


# --- kill -9 of a separate process ---

@pytest.mark.parametrize("name, beginning, more, steps", [
    ("01_mnist_gan", "Epoch 2/", ["--epochs", "20", "--loop", "graph"], 160),
    pytest.param("18_mode_collapse", "Iteration 6...", ["--iterations", "180", "--loop", "feed"], 180,
                 marks=pytest.mark.slow)])
def test_a_process_killed_by_a_signal_can_be_resumed(script, tmp_path, name, beginning, more, steps):
    flags = [*RUNS[name].split(), *more]
    path, cut = tmp_path / "run", tmp_path / "cut"
    said = kill_after(beginning, few_digits.__file__, name + ".py", *flags, "--run-dir", cut)
    assert said == [f"{steps} training steps"]  # without a terminal, no progress bar is shown
    assert not (cut / "samples.npz").exists(), "the run was over before it was killed"
    main = script(name)
    main(["--resume", "--run-dir", str(cut)])
    main([*flags, "--run-dir", str(path)])
    assert results(cut) == results(path)


@pytest.mark.slow
@pytest.mark.parametrize("loop", ["feed", "graph"])
@pytest.mark.parametrize("name, program, epochs", [
    ("01_mnist_gan", few_digits, ("--epochs", "60")), ("03_dcgan_svhn", few_streets,
                                                       ("--epochs", "12")),
    ("05_dcgan_mnist", few_digits, ("--epochs", "60")), ("16_cyclegan", few_unpaired,
                                                         ("--epochs", "12")),
    ("18_mode_collapse", few_digits, ("--iterations", "180"))])
def test_a_process_killed_again_and_again_can_be_resumed(
        script, tmp_path, name, program, epochs, loop):
    """It is killed with kill -9 after a random time and resumed, until it is complete."""
    rng = np.random.default_rng(0)
    flags = ["--paper", *RUNS[name].split(), *epochs, "--loop", loop]
    path, cut = tmp_path / "run", tmp_path / "cut"
    script(name)([*flags, "--run-dir", str(path)])
    kill_after("run directory", program.__file__, name + ".py", *flags, "--run-dir", cut,
               seconds=rng.uniform(0, 5))
    kills = 1
    while not run_results.is_complete(cut) and kills < 10:
        kill_after("", program.__file__, name + ".py", "--resume", "--run-dir", cut,
                   seconds=rng.uniform(0, 5))
        kills += 1
    script(name)(["--resume", "--run-dir", str(cut)])
    assert results(cut) == results(path), f"after {kills} kills"
