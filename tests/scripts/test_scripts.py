"""The scripts at the command line: bad input in one line, `--help` at once, sampling, pickles."""

import ast
import dataclasses
import json
import os
import pickle
import shutil
import subprocess
import sys

import numpy as np
import pytest

import few_digits
import few_streets
from conftest import ROOT, SCRIPT_NAMES, SCRIPTS, load_script, refusal
from gan_tf1 import figures
from gan_tf1.config import Parser, add_flags, flag, given, make
from gan_tf1.data import digits, svhn
from gan_tf1.errors import InputError
from gan_tf1.evaluation import classifier
from gan_tf1.models import dcgan_svhn, mnist_gan, semi_supervised_svhn
from gan_tf1.published import envelopes
from gan_tf1.tf1 import session_config
from gan_tf1.training.run_results import load_losses

SHIPPED = ROOT / "checkpoints" / "mnist_gan"


@pytest.fixture(scope="module")
def train():
    return load_script("01_mnist_gan.py").main


@pytest.fixture(scope="module")
def sample():
    return load_script("02_sample_mnist_gan.py").main


# --- training's command line ---

def test_a_batch_larger_than_the_training_set_is_one_line(train, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(digits, "load", few_digits.load)
    assert "larger than the training set of 400" in refusal(
        capsys, train, "--batch-size", 401, "--data", "drawn")
    assert not list(tmp_path.iterdir())


def test_a_run_directory_that_cannot_be_made_is_refused(train, capsys, monkeypatch):
    monkeypatch.setattr(digits, "load", few_digits.load)
    assert "can't be written" in refusal(
        capsys, train, "--data", "drawn", "--run-dir", "/proc/nowhere/run")


def test_help_answers_without_tensorflow_and_matplotlib():
    """Of all scripts, one after the other in one process."""
    code = ("import runpy, sys\n"
            "for name in sys.argv[1:]:\n"
            "    sys.argv = [name, '--help']\n"
            "    try: runpy.run_path(name, run_name='__main__')\n"
            "    except SystemExit as e: assert not e.code, name\n"
            "    loaded = {'tensorflow', 'tensorflow_datasets', 'tf_keras', 'matplotlib'}\n"
            "    assert not loaded & set(sys.modules), name")
    done = subprocess.run([sys.executable, "-c", code, *SCRIPT_NAMES], capture_output=True,
                          text=True, cwd=SCRIPTS)
    assert done.returncode == 0, done.stderr
    assert all(f"usage: {name}" in done.stdout for name in SCRIPT_NAMES)


@pytest.mark.parametrize("name, model", [
    ("01_mnist_gan.py", mnist_gan), ("03_dcgan_svhn.py", dcgan_svhn),
    ("04_semi_supervised_svhn.py", semi_supervised_svhn),
    ("train_mnist_classifier.py", classifier)])
def test_every_setting_is_a_flag_with_its_meaning(capsys, name, model):
    with pytest.raises(SystemExit):
        load_script(name).main(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    for field in dataclasses.fields(model.Config):
        assert flag(field.name) in text
        assert field.metadata["meaning"] in text


# --- settings ---

def test_settings_know_their_names_and_types():
    Config = mnist_gan.Config
    assert make(Config, {"learning_rate": 1}).learning_rate == 1.0
    for values, complaint in (({"epoch": 3}, "unknown setting 'epoch'"),
                              ({"epochs": 3.0}, "epochs must be a whole number, not 3.0"),
                              ({"epochs": True}, "epochs must be a whole number, not True"),
                              ({"learning_rate": "1"}, "--learning-rate must be a number, not '1'")):
        with pytest.raises(InputError, match=complaint):
            make(Config, values)
    with pytest.raises(Exception, match="cannot assign"):
        Config().epochs = 5


def test_settings_know_switches_and_choices():
    Config = semi_supervised_svhn.Config
    assert make(Config, {"supervised_only": True, "extra_class": 0}).supervised_only is True
    for values, complaint in (({"supervised_only": 1}, "must be true or false, not 1"),
                              ({"variant": "mine"}, "--variant must be one of as_printed, "),
                              ({"extra_class": 2}, "--extra-class must be one of 0, 1, not 2")):
        with pytest.raises(InputError, match=complaint):
            make(Config, values)
    parser = Parser()
    add_flags(parser, Config)
    for arguments, named in (([], {}), (["--supervised-only"], {"supervised_only": True}),
                             (["--no-supervised-only"], {"supervised_only": False})):
        assert given(parser.parse_args(arguments), Config) == named


# --- TensorFlow ---

def test_tensorflow_imported_first_without_legacy_layers_is_one_clear_error():
    code = ("import sys, types\nsys.modules['tensorflow'] = types.ModuleType('tensorflow')\n"  # imports in no time
            "from gan_tf1.tf1 import tf\nfrom gan_tf1.errors import InputError\n"
            "try: tf.placeholder\nexcept InputError as error: print(error)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                          env=without("TF_USE_LEGACY_KERAS"))
    assert "restart the kernel (or Python) and import gan_tf1 first" in done.stdout
    assert "TF_USE_LEGACY_KERAS=1" in done.stdout


def test_tensorflow_imported_after_gan_tf1_has_legacy_layers_and_nothing_is_said():
    """Also without AVX-512, of which oneDNN speaks when an op first meets int32."""
    code = ("import gan_tf1, tensorflow\nfrom gan_tf1.tf1 import new_graph, session_config, tf\n"
            "with new_graph(0).as_default():\n"
            "    x = tf.placeholder(tf.float32, (None, 3)); print(tf.layers.dense(x, 2).shape)\n"
            "    with tf.Session(config=session_config()) as sess:\n"
            "        whole = tf.placeholder(tf.int32, (None, 3))\n"
            "        sess.run(tf.transpose(whole), {whole: [[1, 2, 3]]})\n")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={
        **without("TF_USE_LEGACY_KERAS"), "ONEDNN_MAX_CPU_ISA": "AVX2", "TF_CPP_MIN_LOG_LEVEL": "1"})
    assert done.stdout.strip() == "(?, 2)"
    assert "oneDNN supports" not in done.stderr


def without(*names):
    return {name: value for name, value in os.environ.items() if name not in names}


def test_sessions_place_softly_and_take_gpu_memory_as_needed():
    config = session_config()
    assert config.allow_soft_placement and config.gpu_options.allow_growth


def test_tensorflow_is_imported_in_one_place():
    """Its parts included, in whatever form and however late; scripts import it nowhere."""
    importing = set()
    for path in [*(ROOT / "gan_tf1").rglob("*.py"), *SCRIPTS.glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else [
                alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in (
                    "import_module", "__import__"):
                names = [ast.unparse(node.args[0]).strip("f'\"")]
            if any(name.split(".")[0] == "tensorflow" for name in names):
                importing.add(path.name)
    assert importing == {"tf1.py"}


# --- sampling ---

def test_the_shipped_generator_draws_digits(sample, tmp_path, capsys):
    sample(["--out", str(tmp_path / "samples.npy"), "--samples", "500"])
    assert capsys.readouterr().out.strip() == str(tmp_path / "samples.npy")
    samples = np.load(tmp_path / "samples.npy")
    assert samples.shape == (500, 784) and np.abs(samples).max() <= 1
    # Ink where MNIST's is: in the middle, on black.
    mean = samples.mean(axis=0).reshape(28, 28)
    assert mean[:3].max() < -0.8 and mean[10:18, 10:18].mean() > -0.5
    assert samples.std(axis=0).mean() > 0.25


def test_samples_follow_the_seed(sample, untrained, tmp_path):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        sample(["--out", str(tmp_path / f"{name}.npy"), "--seed", str(seed)])
    a, b, c = ((tmp_path / f"{name}.npy").read_bytes() for name in "abc")
    assert a == b != c


def test_samples_are_drawn_as_png(sample, tmp_path):
    sample(["--out", str(tmp_path / "samples.png"), "--samples", "3"])
    assert (tmp_path / "samples.png").read_bytes()[:4] == b"\x89PNG"


@pytest.fixture
def copy(tmp_path):
    return shutil.copytree(SHIPPED, tmp_path / "run")


def change(copy, **entries):
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, **entries}))


def test_a_checkpoint_of_another_model_is_refused(sample, copy, capsys):
    change(copy, chapter="mixture_gan", sample_shape=[16, 2])
    assert "a run of 'mixture_gan', whose generator doesn't draw images" in refusal(
        capsys, sample, "--run-dir", copy)
    change(copy, chapter="cyclegan", sample_shape=[24, 32, 32, 3])
    assert "a run of 'cyclegan', whose generator doesn't draw images" in refusal(
        capsys, sample, "--run-dir", copy)
    change(copy, chapter="remedies_gan", settings={}, sample_shape=[])
    assert "a run of 'remedies_gan', whose generator doesn't draw images" in refusal(
        capsys, sample, "--run-dir", copy)


def test_a_checkpoint_with_the_settings_of_another_chapter_is_refused(sample, copy, capsys):
    change(copy, chapter="vanilla_gan", sample_shape=[16, 784])
    assert "unknown setting" in refusal(capsys, sample, "--run-dir", copy)


def test_a_checkpoint_of_another_shape_is_refused(sample, copy, capsys):
    settings = json.loads((copy / "config.json").read_text())["settings"]
    change(copy, settings={**settings, "gen_hidden_size": 64})
    assert "can't be restored" in refusal(capsys, sample, "--run-dir", copy)


def test_a_damaged_generator_is_refused(sample, copy, capsys):
    [data] = (copy / "generator").glob("*.data-*")
    data.write_bytes(data.read_bytes()[:1000])
    assert "can't be restored" in refusal(capsys, sample, "--run-dir", copy)


@pytest.mark.parametrize("arguments, complaint", [
    (["--out", "samples.gif"], "must end in .png or .npy"),
    (["--out", "folder.png"], "folder.png is not a file"),
    (["--out", "file/samples.png"], "file/samples.png can't be written"),
])
def test_bad_sampling_is_one_line(sample, capsys, tmp_path, monkeypatch, arguments, complaint):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.png").mkdir()
    assert complaint in refusal(capsys, sample, *arguments)


# --- the other scripts ---

def test_an_envelope_is_made_of_whole_runs_and_says_how(in_process, tmp_path, capsys):
    make_envelope = load_script("make_envelope.py").main
    command = ["--out", str(tmp_path / "envelope.csv"), "--work-dir", str(tmp_path / "runs"), "--data",
               "drawn", "--seeds", "5-6", "--jobs", "1", "--", "--epochs", "3",
               "--batch-size", "200", "--disc-hidden-size", "4"]
    for shard in ("2/2", "1/2"):
        with pytest.raises(SystemExit):
            make_envelope(["--shard", shard, *command])
        assert not (tmp_path / "envelope.csv").exists()
    make_envelope(command)
    envelope = envelopes.envelope("mnist_gan", tmp_path / "envelope.csv")
    assert envelope.settings["epochs"] == 3 and envelope.settings["disc_hidden_size"] == 4
    assert envelope.losses["gen_loss"].shape == (2, 3)
    for row, seed in enumerate((5, 6)):
        losses = load_losses(tmp_path / "runs" / f"seed-{seed}")
        np.testing.assert_allclose(envelope.losses["disc_loss"][row], losses["disc_loss"],
                                   atol=5e-5)
    header = (tmp_path / "envelope.csv").read_text()
    assert "# data: drawn digits (synthetic)" in header and "--batch-size 200" in header
    capsys.readouterr()
    assert "exists: name another file" in refusal(capsys, make_envelope, *command)
    command[2:2] = ["--overwrite", "--change", "few units"]
    make_envelope(command)  # goes on with the runs that are there
    assert in_process == ["seed-6", "seed-5"]
    assert (tmp_path / "envelope.csv").read_text().replace(
        "# change: few units\n", "").replace("--overwrite --change 'few units' ", "") == header
    header = (tmp_path / "envelope.csv").read_text()
    capsys.readouterr()
    assert "holds runs of another command" in refusal(capsys, make_envelope, *command[:-2])
    assert (tmp_path / "envelope.csv").read_text() == header
    # Two seeds are too few to be compared with.
    assert "an envelope of 2 seeds is too small" in refusal(
        capsys, load_script("compare_logs.py").main, tmp_path / "runs" / "seed-5" / "losses.csv",
        "--envelope", tmp_path / "envelope.csv", "--out", tmp_path / "figure.png")


@pytest.mark.parametrize("arguments, complaint", [
    (["--seeds", "20"], "--seeds 20 must be at least 2 seeds: give a range, such as"),
    (["--first-seed", "0", "--seeds", "3", "4"], "--first-seed is an old flag"),
    (["--jobs", "0"], "--jobs must be at least 1"),
    (["--script", "nowhere.py"], "--script nowhere.py is not in"),
])
def test_a_bad_envelope_is_refused_before_any_training(tmp_path, capsys, arguments, complaint):
    main = load_script("make_envelope.py").main
    assert complaint in refusal(capsys, main, "--out", tmp_path / "out.csv", *arguments)
    assert list(tmp_path.iterdir()) == []


def test_the_old_way_to_name_seeds_is_understood_and_said(tmp_path, monkeypatch, capsys):
    script = load_script("make_envelope.py")
    asked = []
    monkeypatch.setattr(script.many_runs, "train_all", lambda wanted, args, **_: asked.extend(
        run.name for run in wanted) or [])
    monkeypatch.setattr(script.envelopes, "write", lambda *given, **options: None)
    script.main(["--out", str(tmp_path / "out.csv"), "--work-dir", str(tmp_path / "runs"),
                 "--first-seed", "1000", "--seeds", "3"])
    assert asked == ["seed-1000", "seed-1001", "seed-1002"]
    assert capsys.readouterr().err == (
        "note: --first-seed 1000 --seeds 3 is the old form of --seeds 1000-1002\n")


@pytest.fixture
def accuracies(tmp_path):
    """Two configurations' envelopes: test accuracies 0.4, 0.5, 0.6 and 0.7, 0.7, 0.7 at the end."""
    paths = []
    for name, ends in (("supervised", (0.4, 0.5, 0.6)), ("gan", (0.7, 0.7, 0.7))):
        paths.append(tmp_path / f"{name}.csv")
        paths[-1].write_text(
            "# settings: {}\n# data: CIFAR-10\nseed,epoch,train_accuracies,test_accuracies\n"
            + "".join(f"{seed},{epoch},1.0,{end if epoch else 0.1}\n"
                      for seed, end in enumerate(ends) for epoch in (0, 1)))
    return paths


def test_accuracies_are_compared_over_seeds(accuracies, tmp_path, capsys):
    main = load_script("compare_accuracies.py").main
    main([*map(str, accuracies), "--out", str(tmp_path / "curves.png")])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "on CIFAR-10, after the last epoch:"
    assert lines[2].split() == "supervised 3 2 100.0 +- 0.0 % 50.0 +- 10.0 %".split()
    # Standard error of the difference: 10 / sqrt 3.
    assert lines[3].split() == "gan 3 2 100.0 +- 0.0 % 70.0 +- 0.0 % +20.0 +- 5.8".split()
    assert lines[4] == str(tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes()[:4] == b"\x89PNG"


def test_accuracies_on_different_data_are_not_compared(accuracies, capsys):
    accuracies[1].write_text(accuracies[1].read_text().replace("CIFAR-10", "SVHN"))
    main = load_script("compare_accuracies.py").main
    assert "different data: CIFAR-10, SVHN" in refusal(capsys, main, *accuracies)
    assert "nowhere.csv is not an envelope" in refusal(capsys, main, "nowhere.csv")


@pytest.mark.parametrize("redirection", [
    "> /dev/full", "2>&- >&-", pytest.param(">&-", marks=pytest.mark.slow)])
def test_streams_that_cannot_be_written_end_in_no_traceback(redirection):
    done = subprocess.run(
        f"exec {sys.executable} {SCRIPTS / 'compare_logs.py'} {ROOT}/tests/published/logs/seed-1012.txt "
        f"--json {redirection}", shell=True, capture_output=True, text=True)
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr
    assert done.returncode == (1 if "full" in redirection else 0)


@pytest.mark.parametrize("data", ["auto", "street"])
def test_images_are_shown_a_class_a_row(tmp_path, monkeypatch, data):
    shown = []
    monkeypatch.setattr(digits, "load", few_digits.load)
    monkeypatch.setattr(svhn, "load", few_streets.load)
    monkeypatch.setattr(figures, "save", lambda figure, path: shown.append(figure) or path)
    load_script("00_show_digits.py").main(["--data", data, "--out", str(tmp_path / "digits.png")])
    assert "synthetic" in shown[0].get_suptitle()
    picture = shown[0].axes[0].images[0].get_array()
    assert 0 <= picture.min() < 0.2 and 0.8 < picture.max() <= 1


# --- the book's pickle ---

def test_the_pickles_last_samples_are_drawn(sample, tmp_path):
    samples = [np.full((16, 784), value, np.float32) for value in (-0.5, 0.5)]
    (tmp_path / "samples.pkl").write_bytes(pickle.dumps(samples))
    sample(["--pickle", str(tmp_path / "samples.pkl"), "--out", str(tmp_path / "last.npy")])
    np.testing.assert_array_equal(np.load(tmp_path / "last.npy"), samples[-1])
