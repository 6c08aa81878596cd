"""Where outputs go: one home for all directories, numbered names, and no file replaced unasked."""

import pathlib

import numpy as np
import pytest

from conftest import ROOT, load_script, refusal
from gan_tf1.config import Parser
from gan_tf1.errors import InputError, script
from gan_tf1.generators import sample_files
from gan_tf1.training import outputs


def parsed(*argv, ending=".png"):
    parser = Parser()
    outputs.add_flags(parser, "bars", ending)
    return parser.parse_args([str(argument) for argument in argv])


def test_the_home_is_the_repositorys_checkpoints_from_any_directory(monkeypatch, tmp_path):
    monkeypatch.delenv("GAN_TF1_HOME")
    for folder in (tmp_path, pathlib.Path("/"), ROOT, ROOT / "scripts"):
        monkeypatch.chdir(folder)
        assert outputs.home().resolve() == (ROOT / "checkpoints").resolve()
    monkeypatch.chdir(ROOT)
    assert str(outputs.home()) == "checkpoints"  # a relative path if possible


def test_without_the_repository_the_home_is_in_the_current_directory(monkeypatch, tmp_path):
    monkeypatch.delenv("GAN_TF1_HOME")
    monkeypatch.setattr(outputs, "REPOSITORY", None)
    assert str(outputs.home()) == "checkpoints"


def test_an_environment_variable_names_another_home(monkeypatch, tmp_path):
    monkeypatch.setenv("GAN_TF1_HOME", str(tmp_path / "elsewhere"))
    assert outputs.home() == tmp_path / "elsewhere"
    monkeypatch.setenv("GAN_TF1_HOME", "~nobody-here")
    with pytest.raises(InputError, match="GAN_TF1_HOME is ~nobody-here"):
        outputs.home()


def test_outputs_are_numbered_after_the_last_one(home):
    home.mkdir()
    for name in ("bars-002.png", "bars-003.npy", "bars-12x.png", "bars_more-009.png", "bars-1000.png"):
        (home / name).write_text("")
    assert outputs.next_free("bars", ".png") == home / "bars-1001.png"
    assert outputs.next_free("bars") == home / "bars-001"
    assert [path.name for path in outputs.numbered("bars", ".png")] == ["bars-002.png",
                                                                       "bars-1000.png"]


def test_a_file_is_replaced_only_if_asked(tmp_path):
    there = tmp_path / "there.png"
    there.write_text("kept")
    with pytest.raises(InputError, match="exists: name another file, or add --overwrite"):
        outputs.file(parsed("--out", there), "bars")
    assert outputs.file(parsed("--out", there, "--overwrite"), "bars") == there
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(InputError, match="is not a file"):
        outputs.file(parsed("--out", tmp_path / "folder.png", "--overwrite"), "bars")


def test_a_folder_with_files_is_written_to_only_if_asked(tmp_path):
    (tmp_path / "empty").mkdir()
    for name in ("empty", "new"):
        assert outputs.folder(parsed("--out", tmp_path / name, ending=""), "bars").name == name
    with pytest.raises(InputError, match="holds files: name another folder, or add --overwrite"):
        outputs.folder(parsed("--out", tmp_path, ending=""), "bars")
    assert outputs.folder(parsed("--out", tmp_path, "--overwrite", ending=""), "bars") == tmp_path


@pytest.mark.parametrize("path", ["/dev/null.png", "/dev/stdout.png", "/proc/self/x.png"])
def test_a_file_among_devices_is_refused(path):
    with pytest.raises(InputError, match="is in a folder of the system's devices"):
        outputs.file(parsed("--out", path), "bars")


def test_two_processes_that_choose_a_number_at_once_get_different_ones(home, monkeypatch):
    """The second process looks for a number before the first has taken it."""
    free = outputs.next_free
    for ending in (".png", ""):
        stale = [free("bars", ending)] * 2
        monkeypatch.setattr(outputs, "next_free", lambda name, ending: (
            stale.pop() if stale else free(name, ending)))
        function = outputs.file if ending else outputs.folder
        paths = [function(parsed(ending=ending), "bars") for _ in range(2)]
        assert paths == [home / f"bars-001{ending}", home / f"bars-002{ending}"]


def test_a_script_that_fails_leaves_no_empty_output(home, capsys):
    @script
    def main(argv):
        paths = [outputs.file(parsed(), "bars"), outputs.folder(parsed(ending=""), "bars")]
        assert all(path.exists() for path in paths)
        if argv:
            paths[0].write_text("whole")
        raise InputError("failed")

    refusal(capsys, main)
    assert not home.exists()
    refusal(capsys, main, "x")
    assert [path.name for path in home.iterdir()] == ["bars-001.png"]


# --- the outputs of scripts ---

def test_samples_are_not_written_to_the_current_directory(tmp_path, monkeypatch, home, capsys):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    main = load_script("02_sample_mnist_gan.py").main
    for _ in range(2):
        main(["--samples", "1"])
    assert capsys.readouterr().out.split() == [str(home / f"new_samples-00{n}.png") for n in (1, 2)]
    assert not list((tmp_path / "elsewhere").iterdir())


def test_an_existing_result_is_not_replaced(tmp_path, capsys):
    np.save(tmp_path / "samples.npy", np.zeros(3))
    main = load_script("02_sample_mnist_gan.py").main
    assert "add --overwrite" in refusal(capsys, main, "--out", tmp_path / "samples.npy")
    assert np.load(tmp_path / "samples.npy").shape == (3,)
    main(["--out", str(tmp_path / "samples.npy"), "--samples", "2", "--overwrite"])
    assert np.load(tmp_path / "samples.npy").shape == (2, 784)


def test_figures_are_not_written_into_a_folder_with_other_files(tmp_path, capsys):
    (tmp_path / "own.txt").write_text("kept")
    main = load_script("17_gan_objectives.py").main
    assert "holds files" in refusal(capsys, main, "--out", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["own.txt"]


def test_the_former_way_to_name_the_folder_of_an_export_is_accepted_with_a_note(tmp_path, capsys):
    main = load_script("export.py").main
    shipped = sample_files.SHIPPED
    main([str(shipped), str(tmp_path / "old")])
    assert capsys.readouterr().err.strip() == "note: DIR is now given as --out DIR"
    assert "given twice" in refusal(capsys, main, shipped, tmp_path / "a", "--out", tmp_path / "b")
