"""Judging samples: where they come from, the table and the bars, and what is refused."""

import io
import json
import re
import types
import zipfile
from dataclasses import make_dataclass

import numpy as np
import pytest

import few_digits
from conftest import ROOT, load_script, refusal, unpainted
from gan_tf1 import figures
from gan_tf1.config import setting
from gan_tf1.data import digits, source
from gan_tf1.errors import InputError
from gan_tf1.evaluation import classifier_metrics as metrics, judged, statistics
from gan_tf1.generators import sample_files
from gan_tf1.models import mnist_gan, semi_supervised_svhn

SHIPPED = ROOT / "checkpoints" / "mnist_gan"


@pytest.fixture(scope="module")
def script():
    return load_script("evaluate.py")


@pytest.fixture
def main(script, monkeypatch, tmp_path, untrained):
    """The script, on few digits, with few resamples and empty figures, in a folder of its own."""
    monkeypatch.setattr(digits, "load", few_digits.load)
    monkeypatch.setattr(figures, "save", unpainted)
    monkeypatch.setattr(statistics, "DRAWS", 5)
    monkeypatch.chdir(tmp_path)
    return script.main


def rows(out):
    """The table in the script's output: name -> {column: (value, standard error)}."""
    found = {}
    for line in out.splitlines():
        cells = re.split(r" {2,}", line.strip())
        if len(cells) == 5 and " +- " in cells[1]:
            found[cells[0]] = {name: tuple(map(float, cell.split(" +- "))) for name, cell in zip(
                ("score", "distance", "classes", "kl"), cells[1:])}
    return found


def a_run(path, chapter, images, **settings):
    """A run directory with the `samples.npz` of two epochs, `images` being the last one's."""
    path.mkdir()
    (path / "config.json").write_text(json.dumps({
        "chapter": chapter, "settings": settings, "data": "drawn", "data_title": "drawn digits",
        "data_crc32": "", "data_dir": None, "seed": 0, "sample_shape": list(images.shape)}))
    np.savez(path / "samples.npz", samples=np.stack([0 * images, images]))
    return path


# --- the table ---

def test_the_shipped_generator_is_judged_beside_real_digits(script, mnist_version, tmp_path,
                                                            monkeypatch, capsys):
    monkeypatch.setattr(statistics, "DRAWS", 20)
    script.main([str(SHIPPED), "--samples", "600", "--out", str(tmp_path / "bars.png")])
    out = capsys.readouterr().out
    assert re.search(r"reads 9[89]\.\d+ % of the test images correctly", out)
    assert "distance to 600 training images of MNIST" in out
    table = rows(out)
    assert list(table) == ["MNIST: test images", f"mnist_gan ({SHIPPED})"]
    real, drawn = table.values()
    # 10,000 of each: 9.79, 0.80 and 5.71, 82.3.
    assert 9.4 < real["score"][0] <= 10 and 4.5 < drawn["score"][0] < 6.5
    assert 3 < real["distance"][0] < 12 and 70 < drawn["distance"][0] < 130
    assert real["classes"] == (10, 0) and drawn["classes"][0] >= 9
    assert real["kl"][0] < 0.03 < drawn["kl"][0]
    assert all(0 < error for name in ("score", "distance", "kl") for error in
               (real[name][1], drawn[name][1]))
    assert out.splitlines()[-1] == str(tmp_path / "bars.png")
    assert (tmp_path / "bars.png").read_bytes()[:4] == b"\x89PNG"


def test_samples_that_degenerate_are_judged_as_such(main, capsys):
    data = few_digits.load()
    np.save("same.npy", np.tile(data.train.images[:1], (300, 1)))
    np.save("real.npy", data.test.images[:300])
    main(["same.npy", "real.npy", "--range", "0", "1", "--samples", "300", "--data", "drawn"])
    out = capsys.readouterr().out
    assert "training images of drawn digits (synthetic)" in out
    table = rows(out)
    assert list(table) == ["drawn digits (synthetic): test images", "same.npy", "real.npy"]
    first, same, real = table.values()
    assert same["score"] == (1, 0) and same["classes"] == (1, 0)
    assert same["kl"] == (pytest.approx(np.log(10), abs=1e-4), 0)
    assert same["distance"][0] > 20 * real["distance"][0]
    assert first["score"][0] == pytest.approx(real["score"][0], rel=0.1)


def test_the_table_follows_the_seed(main, capsys, tmp_path):
    tables = []
    for seed in (3, 3, 4):
        main([str(SHIPPED), "--samples", "50", "--seed", str(seed),
              "--out", str(tmp_path / "bars.png"), "--overwrite"])
        tables.append(capsys.readouterr().out)
    assert tables[0] == tables[1] != tables[2]


def test_a_row_of_samples_with_labels_has_a_conditional_accuracy(script, monkeypatch):
    monkeypatch.setattr(statistics, "DRAWS", 400)
    labels = np.arange(200) % 10
    read = np.where(np.arange(200) < 50, (labels + 1) % 10, labels)  # a quarter as another digit
    probabilities, features = np.eye(10)[read], np.random.default_rng(0).normal(size=(200, 4))
    reference = metrics.gaussian(features)
    table = [script.row_of(sample_files.Samples(name, None, asked), probabilities, features, reference,
                           seed=0) for name, asked in (("without", None), ("with", labels))]
    assert table[0].figures == table[1].figures  # labels change nothing else
    share, error = table[1].accuracy
    assert share == 0.75 and error == pytest.approx(np.sqrt(0.75 * 0.25 / 200), rel=0.15)
    *_, last = lines = list(script.table(table))
    assert len(lines) == 4 and last == f"with: conditional accuracy 75.0 % +- {100 * error:.1f}"


def test_both_errors_of_a_generator_are_those_of_its_seeds():
    rows_of_seeds = [judged.Row("", {"score": (value, error)}) for value, error in (
        (5.0, 0.3), (6.0, 0.4), (7.0, 0.5), (9.0, 0.1), (1.0, 0.1), (2.0, 0.1))]
    kinds = [*(judged.Kind("gan", "gan, settings", seed) for seed in range(3)),
             judged.Kind("other", "other, settings", 0), None, judged.Kind("gan", "gan, settings", 1)]
    found, other, file = judged.over_seeds(rows_of_seeds, kinds)
    assert (found.name, found.seeds, found.first) == ("gan", 3, 0)  # no seed counts twice
    mean, error, spread = found.figures["score"]
    assert (mean, spread) == (6.0, 1.0) and error == pytest.approx(np.sqrt((0.09 + 0.16 + 0.25) / 3))
    assert found.row().figures == {"score": (6.0, 1.0)}
    assert (other.name, other.seeds, other.first, file.first) == ("other", 1, 3, 4)
    assert np.isnan(other.figures["score"][2]) and other.row().figures == {"score": (9.0, 0.1)}


def test_generators_of_equal_names_are_named_by_their_settings():
    rows_of_runs = [judged.Row("", {"score": (value, 0.1)}) for value in range(3)]
    kinds = [judged.Kind("gan", "gan, loop graph", 0), judged.Kind("gan", "gan", 0), judged.Kind("b", "b", 0)]
    assert [one.name for one in judged.over_seeds(rows_of_runs, kinds)] == ["gan, loop graph", "gan", "b"]


def test_runs_that_differ_only_in_the_seed_are_one_generator(main, capsys, tmp_path, monkeypatch):
    images = few_digits.load().test.images
    for seed, size, count in ((0, "8", 400), (1, "8", 390), (2, "8", 300), (0, "16", 400), (3, "8", 400)):
        path = a_run(tmp_path / f"{size}-{seed}", "mnist_gan_of_yore", 2 * images[-count:] - 1, hidden=size)
        stored = json.loads((path / "config.json").read_text())
        (path / "config.json").write_text(json.dumps({**stored, "seed": seed, "data_crc32": f"{seed // 3}"}))
    drawn = []
    monkeypatch.setattr(figures, "metric_bars", lambda bars, title, labels: drawn.append((bars, title)) or (
        figures.new_figure(1, 1)))
    main(["8-0", "8-1", "8-2", "16-0", "8-3",  # the last was trained on other images
           "--range", "-1", "1", "--samples", "200", "--data", "drawn"])
    out = capsys.readouterr().out
    _, below = out.split("over seeds: mean (standard error of a run's samples; standard deviation over seeds)")
    _, line, wide, other, _ = below.strip().splitlines()
    assert line.startswith("mnist_gan_of_yore, hidden 8 on drawn digits, data_crc32 0      3  ")
    assert wide.startswith("mnist_gan_of_yore, hidden 16 on drawn digits  ") and wide.split()[6] == "1"
    assert other.startswith("mnist_gan_of_yore, hidden 8 on drawn digits, data_crc32 1      1  ")
    assert wide.endswith("; -)")
    [(bars, title)] = drawn  # a bar for each generator, not for each run
    assert [bar.name.split(" on")[0][-2:] for bar in bars] == ["es", " 8", "16", " 8"]
    assert "200 images per seed" in title and "standard deviation over seeds" in title
    values = [found["score"][0] for name, found in rows(out).items() if "(8-" in name and "(8-3" not in name]
    mean, error, spread = map(float, re.search(r"  ([\d.]+) \(([\d.]+); ([\d.]+)\)", line).groups())
    assert (mean, spread) == pytest.approx((np.mean(values), np.std(values, ddof=1)), abs=2e-3) and error > 0
    assert bars[1].figures["score"] == pytest.approx((mean, spread), abs=6e-4)


def test_the_conditional_accuracy_of_several_seeds_has_both_errors_too(script):
    rows_of_seeds = [judged.Row("", {name: (1.0, 0.1) for name in script.COLUMNS}, (share, 0.002))
                     for share in (0.96, 0.97, 0.98)]
    generators = judged.over_seeds(rows_of_seeds, [judged.Kind("gan", "gan", seed) for seed in range(3)])
    *_, last = script.seeds_table(generators)
    assert last == "gan: conditional accuracy 97.0 % (0.2; 1.0)"
    assert not list(script.seeds_table(judged.over_seeds(rows_of_seeds[:1], [None])))


def test_without_several_seeds_there_is_no_such_table(main, capsys, tmp_path):
    a_run(tmp_path / "run", "of_yore", 2 * few_digits.load().test.images - 1)
    main(["run", "run", "--range", "-1", "1", "--samples", "200", "--data", "drawn"])
    assert "over seeds" not in capsys.readouterr().out


def test_bars_are_as_long_as_the_figures(script):
    table = [judged.Row("real", {"score": (9.5, 0.1), "distance": (0.5, 0.2)}),
             judged.Row("a $run_", {"score": (5.0, 0.3), "distance": (90.0, 1.0)})]
    figure = figures.metric_bars(table, "title")
    assert [[bar.get_width() for bar in axes.patches] for axes in figure.axes] == [
        [9.5, 5.0], [0.5, 90.0]]
    assert [axes.get_xlabel() for axes in figure.axes] == ["score", "distance"]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["real", "a $run_"]


# --- where samples come from ---

def test_samples_of_every_shape_and_stated_range_are_the_same(tmp_path):
    grey = np.random.default_rng(0).integers(0, 256, (6, 28, 28), np.uint8)
    expected = grey.reshape(6, 784) / 255
    for images, low, high in ((grey, 0, 255), (expected, 0, 1), (expected * 2 - 1, -1, 1),
                              (grey[..., None].astype(np.float16), 0, 255)):
        np.save(tmp_path / "one.npy", images)
        np.savez(tmp_path / "alone.npz", digits=images)
        np.savez(tmp_path / "named.npz", labels=np.arange(6), samples=images)
        for name in ("one.npy", "alone.npz", "named.npz"):
            found = sample_files.load(tmp_path / name, 6, 0, (low, high))
            assert found.images.dtype == np.float32 and found.images.shape == (6, 784)
            np.testing.assert_allclose(found.images, expected, atol=1e-6)


def test_of_too_many_samples_the_seed_chooses(tmp_path):
    np.save(tmp_path / "many.npy", np.tile(np.arange(100)[:, None] / 100, 784))
    chosen = [sample_files.load(tmp_path / "many.npy", 10, seed, (0, 1)).images[:, 0]
              for seed in (1, 1, 2)]
    assert len(set(chosen[0])) == 10
    assert chosen[0].tolist() == chosen[1].tolist() != chosen[2].tolist()


def test_a_runs_samples_are_drawn_anew_as_the_sampling_script_draws_them(tmp_path):
    load_script("02_sample_mnist_gan.py").main(
        ["--samples", "1100", "--seed", "7", "--out", str(tmp_path / "samples.npy")])
    expected = (np.load(tmp_path / "samples.npy") + 1) / 2
    found = sample_files.load(SHIPPED, 1100, seed=7)
    np.testing.assert_array_equal(found.images, expected)
    assert len(np.unique(found.images, axis=0)) == 1100  # no part is drawn twice


def test_a_chapter_states_how_its_samples_are_drawn(tmp_path, monkeypatch):
    """Another range, another shape; `samples.npz` isn't looked at."""
    asked = []

    def sample(sess, net, rng, count, config):
        asked.append(count)
        return np.full((count, 28, 28, 1), config.ink) + 0 * rng.uniform(size=(count, 1, 1, 1))

    model = types.SimpleNamespace(
        SAMPLE_RANGE=(0, 4), sample=sample,
        Config=make_dataclass("Config", [("ink", float, setting(0., "ink"))], frozen=True),
        build=lambda config: types.SimpleNamespace(gen_vars=[config.ink]))
    monkeypatch.setattr(sample_files, "chapter", {"new": model}.get)
    monkeypatch.setattr(sample_files.restore, "newest_generator", lambda path: ("", 7))
    monkeypatch.setattr(sample_files.restore, "restore_generator", lambda path, gen_vars, sess: gen_vars)
    path = a_run(tmp_path / "run", "new", np.zeros((3, 784)), ink=1.0)
    found = sample_files.load(path, 700, seed=0, value_range=(-1, 1))
    assert asked == [500, 200]
    assert found.name == f"new ({path}), trained on drawn digits"
    assert found.images.shape == (700, 784)
    np.testing.assert_array_equal(found.images, 0.25)


def test_the_labels_that_samples_are_asked_for_come_with_them(tmp_path, monkeypatch):
    def sample_labelled(sess, net, rng, count, config, label=None):
        labels = rng.integers(0, 10, count) if label is None else np.full(count, label)
        return np.tile(labels[:, None] / 10, 784), labels

    model = types.SimpleNamespace(
        SAMPLE_RANGE=(0, 1), sample_labelled=sample_labelled, Config=make_dataclass("Config", []),
        build=lambda config: types.SimpleNamespace(gen_vars=[]))
    monkeypatch.setattr(sample_files, "chapter", {"new": model}.get)
    monkeypatch.setattr(sample_files.restore, "newest_generator", lambda path: ("", 7))
    monkeypatch.setattr(sample_files.restore, "restore_generator", lambda path, gen_vars, sess: 7)
    path = a_run(tmp_path / "run", "new", np.zeros((3, 784)))
    found = sample_files.load(path, 700, seed=0)
    assert found.labels.shape == (700,) and set(found.labels) == set(range(10))
    np.testing.assert_allclose(found.images[:, 0], found.labels / 10, atol=1e-6)
    images, labels, epoch = sample_files.draw_labelled(path, model, 700, 0, label=3)
    assert (labels == 3).all() and (images == 0.3).all() and len(images) == 700 and epoch == 7
    np.save(tmp_path / "some.npy", images)
    assert sample_files.load(tmp_path / "some.npy", 700, 0, (0, 1)).labels is None


def test_chapters_without_the_convention_are_known():
    assert sample_files.chapter("mnist_gan") is mnist_gan
    assert sample_files.chapter("semi_supervised") is semi_supervised_svhn  # by CHAPTER, not by file
    for name in ("mnist_classifier", "nowhere", "mnist.gan", "../mnist_gan", ""):
        assert sample_files.chapter(name) is None


def test_of_another_chapters_run_the_last_epochs_samples_are_taken(tmp_path):
    images = np.random.default_rng(0).uniform(0, 1, (5, 784)).astype(np.float32)
    path = a_run(tmp_path / "run", "elsewhere", images)
    np.testing.assert_array_equal(sample_files.load(path, 5, 0, (0, 1)).images, images)
    with pytest.raises(InputError, match="doesn't say in what range its samples are"):
        sample_files.load(path, 5, 0)
    with pytest.raises(InputError, match="holds 5 samples: 6 are asked for"):
        sample_files.load(path, 6, 0, (0, 1))


# --- what is refused ---

@pytest.mark.parametrize("images, complaint", [
    (np.full((4, 784), np.nan), "has samples that are not finite"),
    (np.full((4, 784), -0.5), "values from -0.5 to -0.5: outside of the range from 0 to 1"),
    (np.full((4, 784), 255), "values from 255 to 255: outside"),
    (np.zeros((3, 784)), "holds 3 samples: 4 are asked for"),
    (np.zeros((4, 783)), r"holds float64 of shape \[4, 783\]"),
    (np.zeros((4, 28, 28, 3)), r"of shape \[4, 28, 28, 3\]"),
    (np.zeros((2, 4, 784)), r"of shape \[2, 4, 784\]"),
    (np.float64(3), r"of shape \[\]"),
    (np.zeros((4, 784), complex), "holds complex128"),
    (np.full((4, 784), "x"), "holds <U1"),
    (np.full((4, 784), None), "can't be read: "),
])
def test_arrays_that_are_no_samples_are_refused(tmp_path, images, complaint):
    np.save(tmp_path / "bad.npy", images)
    with pytest.raises(InputError, match="bad.npy .*" + complaint) as refused:
        sample_files.load(tmp_path / "bad.npy", 4, 0, (0, 1))
    assert "\n" not in str(refused.value)


def test_files_that_are_no_samples_are_refused(tmp_path):
    np.savez(tmp_path / "two.npz", a=np.zeros((4, 784)), b=np.zeros((4, 784)))
    np.savez(tmp_path / "cut.npz", np.zeros((4, 784)))
    (tmp_path / "cut.npz").write_bytes((tmp_path / "cut.npz").read_bytes()[:500])
    (tmp_path / "empty.npy").write_bytes(b"")
    np.save(tmp_path / "short.npy", np.zeros((4, 784)))
    (tmp_path / "short.npy").write_bytes((tmp_path / "short.npy").read_bytes()[:5000])
    for name, complaint in (("two.npz", "holds a, b: one array is needed"),
                            ("cut.npz", "can't be read"), ("empty.npy", "can't be read"),
                            ("short.npy", "can't be read"), ("nowhere.npy", "No such file")):
        with pytest.raises(InputError, match=f"{name} .*{complaint}"):
            sample_files.load(tmp_path / name, 4, 0, (0, 1))


def with_shape(shape, content=b""):
    """A file in NumPy's format whose header says `shape`, whatever its content is."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False,
                                                "shape": shape})
    return file.getvalue() + content


@pytest.mark.parametrize("shape, complaint", [
    ((-1, 784), r"its shape is \[-1, 784\]"), ((-2, -784), r"its shape is \[-2, -784\]"),
    ((2**62, 784), "is more than its .* bytes hold"), ((2**33, 2**33), "is more than its"),
    ((10**12, 784), "is more than its"), ((5, 784), "is more than its")])
def test_a_shape_that_the_file_cannot_have_is_refused(tmp_path, shape, complaint):
    content = with_shape(shape, bytes(4 * 784 * 4))
    (tmp_path / "bad.npy").write_bytes(content)
    with zipfile.ZipFile(tmp_path / "bad.npz", "w") as archive:
        archive.writestr("samples.npy", content)
    for name in ("bad.npy", "bad.npz"):
        with pytest.raises(InputError, match=f"{name} can't be read: .*{complaint}"):
            sample_files.load(tmp_path / name, 4, 0, (0, 1))


def test_an_npz_of_something_else_or_a_bomb_is_refused(tmp_path, monkeypatch):
    for name, member, content in (("text.npz", "samples.npy", b"no array"),
                                  ("other.npz", "samples.txt", with_shape((4, 784)))):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr(member, content)
        with pytest.raises(InputError, match=f"{name} can't be read: "):
            sample_files.load(tmp_path / name, 4, 0, (0, 1))
    np.savez_compressed(tmp_path / "bomb.npz", samples=np.zeros((4000, 784)))
    assert len(sample_files.load(tmp_path / "bomb.npz", 4, 0, (0, 1)).images) == 4
    monkeypatch.setattr(sample_files, "UNPACKED", 10**7)
    with pytest.raises(InputError, match="bomb.npz can't be read: samples.npy unpacks to 25088128"):
        sample_files.load(tmp_path / "bomb.npz", 4, 0, (0, 1))


@pytest.mark.parametrize("arguments, complaint", [
    ([], "the following arguments are required: RUN_OR_NPZ"),
    (["nowhere"], "nowhere holds no run"),
    (["few.npy"], "few.npy doesn't say in what range its samples are"),
    (["few.npy", "--range", "1", "0"], "--range must be two numbers, the smaller first"),
    (["few.npy", "--range", "0", "nan"], "--range must be two numbers"),
    (["few.npy", "--range", "0", "1", "--samples", "9"], "few.npy holds 8 samples: 9 are asked for"),
    (["few.npy", "--samples", "1"], "--samples must be at least 2"),
    (["few.npy", "--samples", "10001"], "at most 10000"),
    (["few.npy", "--out", "bars.pdf"], "--out bars.pdf must end in .png"),
    (["few.npy", "--range", "0", "1", "--classifier", "."], ". holds no run"),
    (["few.npy", "--range", "0", "1", "--classifier", SHIPPED], "a run of 'mnist_gan', not of"),
])
def test_bad_input_is_one_line(main, capsys, arguments, complaint):
    np.save("few.npy", np.zeros((8, 784)))
    if "--samples" not in arguments:
        arguments = [*arguments, "--samples", "8"]
    assert complaint in refusal(capsys, main, *arguments)


def test_without_mnist_nothing_else_is_taken_for_it(script, capsys, tmp_path, monkeypatch):
    np.save(tmp_path / "few.npy", np.zeros((8, 784)))
    monkeypatch.setattr(source, "answers", lambda url: False)
    line = refusal(capsys, script.main, tmp_path / "few.npy", "--range", 0, 1, "--samples", 8,
                   "--data-dir", tmp_path)
    assert "MNIST is not in" in line and "--data drawn" in line


def test_a_grid_has_the_first_images_of_each_row(main, tmp_path, monkeypatch):
    images = np.random.default_rng(0).uniform(0, 1, (50, 784)).astype(np.float32)
    np.save("drawn.npy", images)
    asked = []
    monkeypatch.setattr(figures, "sample_grid", lambda *options: asked.append(options) or (
        figures.new_figure(1, 1)))
    main(["drawn.npy", "--range", "0", "1", "--samples", "50", "--data", "drawn",
          "--grid", "grid.png"])
    [(shown, _, columns, _, names)] = asked
    assert columns == 12 and shown.shape == (24, 784) and len(names) == 2
    rows = {row.tobytes() for row in 2 * images - 1}
    assert all(row.tobytes() in rows for row in shown[12:]) and (tmp_path / "grid.png").exists()
