"""Bad command lines of all scripts, in one process: one line, exit status 2, and nothing written.

What a script refuses is here if it can be told from the command line alone. Refusals that need a
run, a data set or a damaged file are beside the tests of these.
"""

import dataclasses
import functools
import importlib
import pkgutil

import pytest

from conftest import ROOT, SCRIPT_NAMES, load_script, refusal
from gan_tf1 import config, models
from gan_tf1.errors import InputError
from gan_tf1.evaluation import classifier

MNIST_GAN = str(ROOT / "checkpoints" / "mnist_gan")
CLASSIFIER = str(ROOT / "checkpoints" / "mnist_classifier")
TRAINS = [name for name in SCRIPT_NAMES if name[:2].isdigit()
          and name[:2] not in ("00", "02", "08", "14")] + [
              "train_mnist_classifier.py", "train_image_classifier.py", "train_segmentation.py"]

TABLE = [  # script, arguments, words in the line
    ("00_show_digits.py", ["--data", "flowers"], "invalid choice: 'flowers'"),
    ("01_mnist_gan.py", ["--epoch", "3"], "unrecognized arguments: --epoch 3"),
    ("01_mnist_gan.py", ["--epochs", "1.5"], "'1.5' is not a whole number"),
    ("01_mnist_gan.py", ["--learning-rate", "fast"], "'fast' is not a number"),
    ("01_mnist_gan.py", ["--seed", "-1"], "'-1' is not a whole number of at least 0"),
    ("01_mnist_gan.py", ["--seed", "2147483648"], "2147483648 is too large: a seed is at most 2147483647"),
    ("01_mnist_gan.py", ["--seed", 23 * "7"], f"{23 * '7'} is too large: it has 23 digits"),
    ("01_mnist_gan.py", ["--run-dir", ""], "'' is not a path"),
    ("01_mnist_gan.py", ["--run-dir", "run[1]"], "TensorFlow reads [ ] * ? \\ as patterns"),
    ("01_mnist_gan.py", ["--run-dir", "~nobody-here/run"], "is not a path"),
    ("01_mnist_gan.py", ["--run-dir", 300 * "x"], "File name too long"),
    ("01_mnist_gan.py", ["--run-dir", "file"], "file is a file"),
    ("01_mnist_gan.py", ["--run-dir", "file/run"], "file/run can't be written"),
    ("01_mnist_gan.py", ["--data-dir", "file"], "--data-dir file is a file"),
    ("01_mnist_gan.py", ["--resume", "--run-dir", MNIST_GAN],
     "has results but no checkpoint in state/, so it can't be resumed: start a new run"),
    ("01_mnist_gan.py", ["--resume", "--run-dir", "nowhere"],
     "nowhere holds no run: it does not exist"),
    ("02_sample_mnist_gan.py", ["--samples", "0"], "--samples must be at least 1"),
    ("02_sample_mnist_gan.py", ["--samples", "1000000000000"], "at most 100000"),
    ("02_sample_mnist_gan.py", ["--run-dir", "folder"],
     "folder holds no run: there is no config.json in it"),
    ("02_sample_mnist_gan.py", ["--run-dir", CLASSIFIER],
     "is a run of 'mnist_classifier', whose generator doesn't draw images from noise"),
    ("02_sample_mnist_gan.py", ["--pickle", "file"], "file is not a pickle of samples"),
    ("02_sample_mnist_gan.py", ["--pickle", "nowhere"], "nowhere can't be read"),
    ("02_sample_mnist_gan.py", ["--pickle", "file", "--run-dir", MNIST_GAN], "not allowed with argument"),
    ("18_mode_collapse.py", ["--iterations", "30", "--sample-interval", "20"],
     "--iterations 30 must be a multiple of --sample-interval 20"),
    ("06_vanilla_gan.py", ["--iterations", "30", "--sample-interval", "20"],
     "--iterations 30 must be a multiple of --sample-interval 20"),
    ("13_progressive_gan.py", ["--size", "20"], "--size 20 must be a power of two"),
    ("13_progressive_gan.py", ["--paper", "--images", "100"],
     "--images 100 must be a multiple of --interval-images 60000"),
    ("train_segmentation.py", [], "the facades need --data-dir, the folder with train/ and test/"),
    ("train_segmentation.py", ["--data-dir", "folder", "--size", "64"], "folder has no images in it"),
    ("train_image_classifier.py", ["--data", "folder"], "--data folder needs --data-dir"),
    ("train_image_classifier.py", ["--size", "48"], "--size must be one of 8, 16, 32"),
    ("pix2pix_ablation.py", [], "the facades need --data-dir"),
    ("pix2pix_ablation.py", ["--rows", "l1", "l1"], "--rows has a value twice"),
    ("pix2pix_ablation.py", ["--", "--no-skips"], "--no-skips can't be given after --"),
    ("pix2pix_ablation.py", ["--data-dir", "folder", "--judge", MNIST_GAN], "is a run of 'mnist_gan'"),
    ("cyclegan_ablation.py", [], "--data folder needs --data-dir"),
    ("cyclegan_ablation.py", ["--data-dir", "folder", "--judge", "nowhere"], "nowhere holds no run"),
    ("cyclegan_ablation.py", ["--", "--pool-size", "3"], "--pool-size can't be given after --"),
    ("cyclegan_ablation.py", ["--", "--loop", "auto"], "give --loop feed or --loop graph"),
    ("make_envelope.py", ["--", "--epochs", "3", "--loop=auto"], "--loop auto can't be given after --"),
    ("dcgan_svhn_report.py", ["--data", "flowers"], "invalid choice: 'flowers'"),
    ("dcgan_svhn_report.py", ["--judge", MNIST_GAN], "is a run of 'mnist_gan'"),
    ("semi_supervised_report.py", ["--", "--zero-label", "10"], "--zero-label can't be given after --"),
    ("progressive_ablation.py", ["--learning-rates", "0.1", "0.1"], "--learning-rates has a value twice"),
    ("progressive_ablation.py", ["--learning-rates", "0.1", "--", "--learning-rate", "0.2"],
     "--learning-rate can't be given after --"),
    ("13_progressive_gan.py", ["--data", "folder"], "--data folder needs --data-dir"),
    ("13_progressive_gan.py", ["--data", "celeba", "--data-dir", "folder"],
     "CelebA is not in folder: prepare it there"),
    ("14_progan_hub.py", ["--seed", "-1"], "'-1' is not a whole number of at least 0"),
    ("14_progan_hub.py", ["--module", ""], "'' is not a path"),
    ("14_progan_hub.py", ["--module", "file"], "is not a .tar.gz, or it is damaged"),
    ("14_progan_hub.py", ["--out", "file"], "--out file is a file: name a folder"),
    ("15_pix2pix.py", ["--paper"], "--data pairs needs --data-dir, the folder with pictures of pairs"),
    ("15_pix2pix.py", ["--data-dir", "nowhere"], "--data-dir nowhere doesn't exist"),
    ("15_pix2pix.py", ["--data-dir", "file"], "--data-dir file is not a folder"),
    ("15_pix2pix.py", ["--paper", "--data", "cifar10"], "--size 256 is more than the 32 pixels of --data cifar10"),
    ("15_pix2pix.py", ["--paper", "--data", "cifar10", "--size", "16"],
     "--disc-layers 3 needs images of at least 32 pixels, not 16"),
    ("15_pix2pix.py", ["--data", "tfds", "--tfds-name", "nothing"], "nothing is not in"),
    ("15_pix2pix.py", ["--data", "tfds", "--tfds-name", "/nothing"], "/nothing is not the name of a data set"),
    ("15_pix2pix.py", ["--data", "tfds", "--tfds-name", "**"], "** is not the name of a data set"),
    ("15_pix2pix.py", ["translate"], "the following arguments are required: IMAGE"),
    ("15_pix2pix.py", ["translate", "x.png"], "there is no run of pix2pix in checkpoints/"),
    ("15_pix2pix.py", ["translate", "x.png", "--run-dir", MNIST_GAN], "is a run of 'mnist_gan'"),
    ("15_pix2pix.py", ["translate", "x.png", "--iterations", "5"], "unrecognized arguments"),
    ("16_cyclegan.py", ["--size", "30"], "--size 30 must be a multiple of 4"),
    ("16_cyclegan.py", ["--data", "folder"], "--data folder needs --data-dir"),
    ("17_gan_objectives.py", ["--out", "file/folder"], "file/folder can't be created: Not a directory"),
    ("17_gan_objectives.py", ["--epochs", "3"], "unrecognized arguments: --epochs 3"),
    ("17_gan_objectives.py", ["compare", "nowhere"], "nowhere holds no run"),
    ("17_gan_objectives.py", ["compare", MNIST_GAN], "is a run of 'mnist_gan', not of"),
    ("17_gan_objectives.py", ["compare"], "the following arguments are required: RUN"),
    ("17_gan_objectives.py", ["train", "--objective"], "--objective: expected one argument"),
    ("17_gan_objectives.py", ["train", "--objective", "minimax", "--xla"], "give --loop graph too"),
    ("18_mode_collapse.py", ["--remedy", "packing", "--batch-size", "9"],
     "--batch-size 9 must be a multiple of --packing 2"),
    ("19_mixture_gan.py", ["--batch-size", "60", "--packing", "2", "--train-points", "100"],
     "--batch-size 60 packs of --packing 2 are more than --train-points 100: choose a smaller --batch-size"),
    ("01_mnist_gan.py", ["--insist"], "--insist is for --mixed-precision"),
    ("01_mnist_gan.py", ["--patience", "3"], "--patience is for --cluster"),
    ("train_mnist_classifier.py", ["--report"], "unrecognized arguments: --report"),
    ("cyclegan_ablation.py", ["--size", "48"], "invalid choice: 48"),
    ("cyclegan_ablation.py", ["--load-size", "32"], "--load-size 32 is smaller than --size 64"),
    ("draw_network.py", ["pix2pix", "--set", "size=16"], "--disc-layers 3 needs images of at least 32 pixels"),
    ("exercise_table.py", ["--results", "--data", "drawn"], "--results has runs on MNIST"),
    ("mode_coverage.py", ["--data-dir", "folder"], "--data-dir is for --data stacked"),
    ("mode_coverage.py", ["--packing", "2", "2"], "--packing has a value twice"),
    ("pix2pix_ablation.py", ["--direction", "AtoB", "--judge", "folder"], "--judge is for --direction BtoA"),
    ("semi_supervised_report.py", ["--for", "labelled --epochs 1", "--for", "labelled --epochs 2"],
     "--for labelled is given twice"),
    ("diagnose.py", ["nowhere"], "nowhere holds no run"),
    ("export.py", ["folder", "--out", "exported"], "folder holds no run"),
    ("export.py", [MNIST_GAN, "--out", "file"], "file is occupied"),
]


@functools.cache
def main_of(name):
    return load_script(name).main


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A current directory with a file and a folder; afterwards it must hold just that."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    yield tmp_path
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "folder"]


@pytest.mark.parametrize("script, arguments, words", TABLE,
                         ids=[f"{script} {' '.join(arguments)[:60]}" for script, arguments, _ in TABLE])
def test_a_bad_command_line_is_one_line_and_leaves_nothing(here, capsys, script, arguments, words):
    assert words in refusal(capsys, main_of(script), *arguments)


def test_every_script_refuses_a_flag_that_it_does_not_have(here, capsys):
    for name in SCRIPT_NAMES:
        line = refusal(capsys, main_of(name), "--nonsense")
        assert "unrecognized arguments: --nonsense" in line or "arguments are required" in line


def test_every_training_refuses_other_data_a_missing_run_and_xla_by_itself(here, capsys):
    for name in TRAINS:
        extra = ["train"] if name.startswith("17") else []
        for arguments, words in ((["--data", "flowers"], "invalid choice: 'flowers'"),
                                 (["--resume"], "there is no run of "),
                                 (["--xla"], "--loop graph too")):
            if "--xla" in arguments and "--xla" not in flags_of(name, capsys):
                continue
            line = refusal(capsys, main_of(name), *extra, *arguments)
            assert words in line, (name, line)


def test_help_says_what_auto_chooses(capsys):
    explained = 0
    for name in SCRIPT_NAMES:
        extra = ["train"] if name.startswith("17") else []
        text = " ".join(flags_of(name, capsys, *extra).split())
        if "{auto," in text or ",auto," in text:
            explained += 1
            real, drawn = ("svhn", "street") if "{auto,svhn" in text else ("mnist", "drawn")
            assert f"auto is {real} if it is there or can be downloaded, otherwise {drawn};" in text, name
    assert explained > 12


def test_a_data_folder_that_does_not_exist_is_named_whatever_is_asked_for(here, capsys):
    """Without this, a misspelt folder would lead to a download or, with "auto", to drawn data."""
    asked = 0
    for name in SCRIPT_NAMES:
        extra = {"17_gan_objectives.py": ["train"], "variance_shift.py": ["RUN"]}.get(name, [])
        if "--data-dir DIR" in flags_of(name, capsys, *extra):
            asked += 1
            assert refusal(capsys, main_of(name), *extra, "--data-dir", "nowhere").startswith(
                "error: --data-dir nowhere doesn't exist: name the folder that holds the data"), name
    assert asked > 20


def flags_of(name, capsys, *words):
    with pytest.raises(SystemExit):
        main_of(name)([*words, "--help"])
    return capsys.readouterr().out


# --- settings ---

MODELS = [classifier, *(importlib.import_module(f"gan_tf1.models.{module.name}")
                        for module in pkgutil.iter_modules(models.__path__))]
CONFIGS = {module.__name__.split(".")[-1]: module.Config for module in MODELS
           if dataclasses.is_dataclass(getattr(module, "Config", None))}


def refused_values(field):
    """Values that `field` must refuse, each with words of the line; one for each of its bounds."""
    bounds, kind = field.metadata, field.type
    step = 1 if kind is int else 1e-6
    values = [(None, "not None"), ([], "not []"), ("x" if kind is not str else 1, "must be ")]
    if kind is float:
        values += [(float("nan"), "must be a finite number"), (float("inf"), "finite number")]
    if kind in (int, float):
        values += [(True, "not True")]
    if kind is int:
        values += [(1.5, "must be a whole number, not 1.5")]
    for name, value in (("at_least", -step), ("at_most", step), ("above", 0), ("below", 0)):
        if bounds.get(name) is not None:
            values.append((kind(bounds[name] + value), f"must be {name.replace('_', ' ')}"))
    if bounds.get("choices") is not None:
        values.append((kind(999) if kind is not str else "none of these", "must be one of"))
    return values


@pytest.mark.parametrize("name", CONFIGS)
def test_every_bound_of_every_setting_is_kept_and_named(name):
    fields = dataclasses.fields(CONFIGS[name])
    assert any(field.metadata.get("at_least") is not None for field in fields)
    for field in fields:
        for value, words in refused_values(field):
            with pytest.raises(InputError) as error:
                config.make(CONFIGS[name], {field.name: value})
            assert f"{config.flag(field.name)} " in str(error.value)
            assert words in str(error.value) or "must be one of" in str(error.value)


@pytest.mark.parametrize("name", CONFIGS)
def test_a_whole_number_whose_sizes_would_overflow_is_refused(name):
    for field in dataclasses.fields(CONFIGS[name]):
        if field.type is int:
            with pytest.raises(InputError, match=f"{config.flag(field.name)} must be "):
                config.make(CONFIGS[name], {field.name: 10**19})


@pytest.mark.parametrize("name", CONFIGS)
def test_every_default_lies_within_its_bounds(name):
    assert config.make(CONFIGS[name], dataclasses.asdict(CONFIGS[name]())) == CONFIGS[name]()


@pytest.mark.parametrize("name", TRAINS)
def test_a_setting_out_of_its_bounds_is_refused_at_the_command_line(here, capsys, name):
    extra = ["train"] if name.startswith("17") else []
    assert "--batch-size must be at least " in refusal(
        capsys, main_of(name), *extra, "--batch-size", "0")
