"""The report on the semi-supervised GAN: its runs, its table with paired differences, its figures."""

import csv
import json
from types import SimpleNamespace

import numpy as np
import pytest
import scipy

import few_streets
from conftest import load_script, refusal, stopped_at
from gan_tf1.data import svhn
from gan_tf1.errors import InputError
from gan_tf1.experiments import (
    semi_supervised as experiment, semi_supervised_earlier, semi_supervised_figures)
from gan_tf1.models import semi_supervised_svhn
from gan_tf1.tf1 import tf
from gan_tf1.training import many_runs, run_config

FLAGS = ["--epochs", "2", "--batch-size", "50", "--gen-channels", "2", "--disc-channels", "3",
         "--z-size", "5"]
COMMAND = ["--data", "street", "--seeds", "3", "--num-labels", "50", "--jobs", "1"]


@pytest.fixture(scope="module")
def script():
    """The script, on few street numbers. It counts the confusions of a run once, without optimizers."""
    script, counted = load_script("semi_supervised_report.py"), {}
    original = script.confusion

    def confusion(path, data):
        if path not in counted:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(semi_supervised_svhn, "model_opt", lambda *_: 3 * [tf.no_op()])
                counted[path] = original(path, data)
        return counted[path]

    script.confusion = confusion
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(svhn, "load", few_streets.load)
        yield script


def found(row, test, labels=1000):
    """A `Found` with these test accuracies [S, E], as shares."""
    test = np.array(test)
    return experiment.Found(row, labels, tuple(range(len(test))), np.arange(test.shape[1]),
                            {"test_accuracies": test})


def rows_added_one_by_one(script, out, tmp_path, command):
    """The folder of a report that equals the one in `out`, its second row added to the first by --with."""
    first, added = tmp_path / "first", tmp_path / "added"
    first.mkdir()
    for name in ("accuracies.csv", "confusion.csv", "table.txt"):
        lines = (out / name).read_text().splitlines(keepends=True)
        (first / name).write_text("".join(line for line in lines if not line.startswith("printed,")))
    script.main(["--out", str(added), "--work-dir", str(out / "runs"), "--gather", "--with", str(first),
                 *without(command[2:], "labelled")])
    return added


def without(command, word):
    """The list `command` without the first `word`."""
    place = command.index(word)
    return [*command[:place], *command[place + 1:]]


def test_a_report_goes_on_after_a_stop_and_has_every_epoch(script, in_process, tmp_path, capsys):
    out, rows = tmp_path / "out", ["--rows", "labelled", "printed"]
    command = ["--out", str(out), *COMMAND, *rows, "--tested", "first_half",
               "--for", "labelled --drop-rate 0.1",
               "--for", "printed --no-xla", "--", *FLAGS]
    with stopped_at("printed-50-seed-3"):
        script.main(command)
    assert not (out / "accuracies.csv").exists()
    script.main(command)
    assert sorted(in_process) == ["labelled-50-seed-3", "printed-50-seed-3"]  # a completed run is skipped

    with open(out / "accuracies.csv") as file:
        about = file.readline()
        lines = list(csv.DictReader(file))
    assert [(line["row"], line["seed"], line["epoch"]) for line in lines] == [
        (row, "3", epoch) for row in ("labelled", "printed") for epoch in "01"]
    settings = {row: run_config.read_config(out / f"runs/{row}-50-seed-3")["settings"]
                for row in ("labelled", "printed")}
    assert {(one["labels"], one["num_labels"], one["label_seed"]) for one in settings.values()} == {
        ("balanced", 50, 3)}
    assert settings["labelled"]["drop_rate"] == 0.1 != settings["printed"]["drop_rate"]
    table = (out / "table.txt").read_text()
    assert ("# the semi-supervised GAN on drawn street numbers (synthetic), tested on the first 30 "
            "test images, seeds 3\n") in table
    assert "command: semi_supervised_report.py --out " in table
    assert about.startswith("# data: drawn street numbers (synthetic), tested on the first 30 ")
    assert ", data_crc32 " in about and f"\n{about}# versions: " in table
    with open(out / "confusion.csv") as file:
        assert file.readline() == about
        counts = list(csv.DictReader(file))
    for row, classes in (("labelled", 11), ("printed", 11)):
        own = [int(line["images"]) for line in counts if line["row"] == row]
        assert len(own) == 10 * classes and sum(own) == 30  # tested images
        right = sum(int(line["images"]) for line in counts
                    if line["row"] == row and line["class"] == line["taken_for"])
        last = [float(line["test_accuracies"]) for line in lines
                if line["row"] == row and line["epoch"] == "1"]
        assert right == pytest.approx(30 * sum(last), abs=0.01)
    for name in ("accuracies", "confusion", "samples"):
        assert (out / f"{name}.png").read_bytes()[:4] == b"\x89PNG"

    added = rows_added_one_by_one(script, out, tmp_path, command)
    for name in ("accuracies.csv", "confusion.csv", "table.txt"):
        one, other = ([line for line in (folder / name).read_text().splitlines() if not line.startswith("#")]
                      for folder in (added, out))
        assert one == other
    notes = (added / "table.txt").read_text()
    assert "# earlier, labelled: command: semi_supervised_report.py --out " in notes
    assert "# earlier, labelled: versions: " in notes
    assert (added / "accuracies.csv").read_text().count("# data: drawn street numbers (synthetic)") == 2

    capsys.readouterr()
    assert "holds runs of another command" in refusal(capsys, script.main, *command[:-1], "6")
    command[command.index("labelled --drop-rate 0.1")] = "labelled --drop-rate 0.2"
    assert "holds runs of another command (own: " in refusal(capsys, script.main, *command)


def test_confusions_are_summed_over_the_seeds(script, tmp_path, monkeypatch):
    monkeypatch.setattr(script, "confusion", lambda path, data: np.full((10, 11), int(path.name[-1])))
    monkeypatch.setattr(script, "data_lines", lambda *_: [])
    args = SimpleNamespace(data="street", data_dir=None, tested="all", seeds=[3, 4], num_labels=[50],
                           rows=["labelled"], out=tmp_path)
    paths = {("labelled", 50, seed): tmp_path / f"seed-{seed}" for seed in args.seeds}
    script.draw_confusion(args, paths, "title", semi_supervised_earlier.Earlier())
    _, *rows = (tmp_path / "confusion.csv").read_text().splitlines()
    assert len(rows) == 10 * 11 and all(row.endswith(",7") for row in rows)


@pytest.fixture
def earlier(tmp_path):
    """The files of an earlier report with one row and two seeds."""
    folder = tmp_path / "earlier"
    folder.mkdir()
    with open(folder / "accuracies.csv", "w", newline="") as file:
        experiment.write_rows(file, [found("labelled", [[0.25, 0.5], [0.125, 0.75]], labels=50)])
    (folder / "confusion.csv").write_text("row,class,taken_for,images\n" + "".join(
        f"labelled,{true},{taken},1\n" for true in range(10) for taken in range(10)))
    (folder / "table.txt").write_text("# the semi-supervised GAN on MNIST, seeds 0-1\n# command: here\n\nrows\n")
    return folder


def test_what_an_earlier_report_says_is_read(earlier):
    read = semi_supervised_earlier.read(earlier, [], [0, 1], ["printed"], [50])
    assert read.rows == ["labelled"] and read.title == "MNIST"
    assert read.notes == ["earlier, labelled: command: here"] and not read.data
    assert read.found[0].test.tolist() == [50, 75] and read.confusion["labelled"].sum() == 100


def test_a_truncated_table_and_a_row_that_is_not_known_are_refused(earlier):
    text = (earlier / "accuracies.csv").read_text()
    (earlier / "accuracies.csv").write_text(text.replace("labelled,", "older_row,"))
    with pytest.raises(InputError, match="has the row older_row, which is not known: name those .* with --with-rows"):
        semi_supervised_earlier.read(earlier, [], [0, 1], ["printed"], [50])
    for lost in ("accuracies.csv", "confusion.csv"):
        (earlier / "accuracies.csv").write_text(text)
        (earlier / lost).write_text((earlier / lost).read_text() + "labelled\n")
        with pytest.raises(InputError, match="or a part of it is damaged"):
            semi_supervised_earlier.read(earlier, [], [0, 1], ["printed"], [50])


def test_what_was_said_of_still_earlier_rows_is_kept(earlier):
    with open(earlier / "accuracies.csv", "w", newline="") as file:
        experiment.write_rows(file, [found(row, [[0.5], [0.75]], labels=50) for row in ("labelled", "gan")])
    (earlier / "table.txt").write_text("# the semi-supervised GAN on MNIST, seeds 0-1\n# command: here\n# data: new\n"
                                       "# earlier, labelled: command: there\n# earlier, labelled: data: old\n")
    read = semi_supervised_earlier.read(earlier, [], [0, 1], ["printed"], [50])
    assert read.notes == ["earlier, gan: command: here", "earlier, gan: data: new",
                          "earlier, labelled: command: there", "earlier, labelled: data: old"]
    assert read.data == ["data: new", "data: old"]


def test_only_the_named_rows_of_an_earlier_report_are_taken(earlier):
    """A row is compared with the first: so the first of the named rows is what the others are compared with."""
    rows = ("labelled", "corrected", "gan")
    with open(earlier / "accuracies.csv", "w", newline="") as file:
        experiment.write_rows(file, [found(row, [[share], [share]], labels=50)
                                     for row, share in zip(rows, (0.25, 0.5, 0.75))])
    (earlier / "confusion.csv").write_text("row,class,taken_for,images\n" + "".join(
        f"{row},{true},{taken},1\n" for row in rows for true in range(10) for taken in range(10)))
    (earlier / "table.txt").write_text("# the semi-supervised GAN on MNIST, seeds 0-1\n# command: here\n"
                                       "# earlier, labelled, corrected: command: there\n")
    read = semi_supervised_earlier.read(earlier, ["corrected"], [0, 1], ["printed"], [50])
    assert read.rows == list(read.confusion) == ["corrected"] and read.found[0].test.tolist() == [50, 50]
    assert read.notes == ["earlier, labelled, corrected: command: there"]
    both = semi_supervised_earlier.read(earlier, ["gan", "labelled"], [0, 1], ["corrected"], [50])
    assert both.rows == ["gan", "labelled"] and len(both.notes) == 2


def test_a_learning_curve_of_an_earlier_report_keeps_its_order(earlier):
    """The rows of a number of labels stand together, whether all rows are taken or some."""
    order = [(row, labels) for labels in (100, 50) for row in ("labelled", "corrected", "gan")]
    with open(earlier / "accuracies.csv", "w", newline="") as file:
        experiment.write_rows(file, [found(row, [[0.5], [0.75]], labels) for row, labels in order])

    def taken(*kept):
        read = semi_supervised_earlier.read(earlier, kept, [0, 1], ["printed"], [100, 50])
        return [(each.row, each.labels) for each in read.found]

    assert taken() == order
    assert taken("gan", "labelled") == [("gan", 100), ("labelled", 100), ("gan", 50), ("labelled", 50)]


@pytest.mark.parametrize("arguments, complaint", [
    (["--seeds", "4"], "has the seeds 0-1, not 4: give --seeds 0-1"),
    (["--num-labels", "60"], "has 50 labels, not 60: give --num-labels 50"),
    (["--rows", "labelled"], "has the row labelled already: leave it out of --rows"),
    (["--with", "."], ". is not a report of semi_supervised_report.py"),
    (["--with-rows", "gan"], "has no row gan: choose from labelled"),
    ([], "is on MNIST, not on drawn street numbers (synthetic)"),
])
def test_an_earlier_report_that_does_not_fit_is_refused(script, earlier, capsys, monkeypatch, arguments, complaint):
    monkeypatch.chdir(earlier.parent)
    assert complaint in refusal(capsys, script.main, "--out", "out", *COMMAND, "--seeds", "0-1", "--with", earlier,
                                "--rows", "printed", *arguments, "--", *FLAGS)
    assert not (earlier.parent / "out").exists()


def test_several_numbers_of_labels_make_a_learning_curve(script, tmp_path, monkeypatch):
    made = []

    def train(_, path, flags, jobs=1, called=None):
        """Leave what the report reads of a run."""
        made.append(path.name)
        path.mkdir()
        (path / "config.json").write_text(json.dumps({
            "chapter": "semi_supervised", "settings": {}, "data": "street", "data_title": "street numbers",
            "data_crc32": "", "data_dir": None, "seed": 1, "sample_shape": [50, 32, 32, 3]}))
        (path / "losses.csv").write_text("epoch,train_accuracies,test_accuracies,d_loss,g_loss\n0,1,0.5,1,1\n")

    monkeypatch.setattr(many_runs, "train", train)
    script.main(["--out", str(tmp_path), "--data", "street", "--seeds", "1", "--jobs", "1",
                 "--rows", "labelled", "--num-labels", "50", "100", "--", *FLAGS, "--epochs", "1"])
    assert made == ["labelled-50-seed-1", "labelled-100-seed-1"]
    assert {path.name for path in tmp_path.iterdir()} == {
        "accuracies.csv", "labels.png", "runs", "table.txt"}


@pytest.mark.parametrize("arguments, complaint", [
    (["--rows", "corrected", "corrected"], "--rows has a value twice: name each once"),
    (["--num-labels", "50", "50"], "--num-labels has a value twice"),
    (["--with-rows", "gan"], "--with-rows names rows of an earlier report: give its folder by --with"),
    (["--for", "best"], "--for best is not a row: choose one of labelled, chapter"),
    (["--for", "labelled --variant corrected"],
     "--variant can't be given in --for labelled: it is set for each run"),
    (["--for", "labelled --epochs '3"],
     "--for labelled has flags that can't be split: No closing quotation"),
    (["--", "--tested", "held_out"],
     "--tested can't be given after --: it is set for each run"),
    (["--", "--label-seed", "3"], "--label-seed can't be given after --: it is set for each run"),
])
def test_bad_input_is_one_line(script, capsys, arguments, complaint):
    assert complaint in refusal(capsys, script.main, *arguments)


def test_the_chapters_row_and_that_of_the_paper_keep_their_own_settings(script):
    args = SimpleNamespace(data="street", data_dir=None, flags=["--epochs", "3"], own={},
                           tested="first_half")
    for row in experiment.ROWS:
        asked = script.wanted(args, row, 1000, 5)
        assert ("--epochs" in asked.flags) == (row not in ("chapter", "salimans"))
        assert asked.flags[:4] == ["--data", "street", "--seed", 5]
        assert asked.flags[4:12] == ["--num-labels", 1000, "--labels", "balanced",
                                     "--label-seed", 5, "--tested", "first_half"]


def test_differences_are_taken_seed_by_seed():
    """The rows differ by 2, 3 and 4 points although each varies by 20."""
    first = found("labelled", [[0, 0.3], [0, 0.4], [0, 0.5]])
    other = found("corrected", [[0, 0.32], [0, 0.43], [0, 0.54]])
    alone = found("printed", [[0, 0.6], [0, 0.6], [0, 0.6]], labels=500)
    lines = experiment.table([first, other, alone])
    assert "40.0 +- 10.0" in lines[1] and "43.0 +- 11.0" in lines[2]
    assert "+3.0 +- 0.6" in lines[2] and "+3.0" not in lines[3]
    # (t_0.975 + t_0.8) / sqrt(3) with two degrees of freedom
    assert experiment.detectable(other.test - first.test) == pytest.approx(
        (4.302653 + 1.060660) / 3 ** 0.5, rel=1e-6)
    assert np.isnan(experiment.detectable(np.array([1.])))


def test_the_detectable_difference_is_found_with_the_power_that_is_named():
    rng = np.random.default_rng(0)
    samples = rng.normal(size=(20_000, 5))
    expected = experiment.detectable(np.array([-1., 1, 0, 1.2, -1.2]))
    unit = expected / scipy.stats.sem([-1., 1, 0, 1.2, -1.2])  # in standard errors
    shifted = samples + unit / 5 ** 0.5
    power = (scipy.stats.ttest_1samp(shifted, 0, axis=1).pvalue < experiment.SIGNIFICANCE).mean()
    assert 0.75 < power < 0.85  # the approximation is not exact for five seeds


def test_rows_can_be_read_again(tmp_path):
    written = [found("labelled", [[0.25, 0.5], [0.125, 0.75]]), found("printed", [[1., 0.], [0., 1.]]),
               found("labelled", [[0.5, 0.5]], labels=500)]
    with open(tmp_path / "rows.csv", "w", newline="") as file:
        experiment.write_rows(file, written)
    with open(tmp_path / "rows.csv", newline="") as file:
        read = experiment.read_rows(file)
    for one, other in zip(read, written, strict=True):
        assert one[:3] == other[:3] and one.columns.keys() == other.columns.keys()
        np.testing.assert_array_equal(one.epochs, other.epochs)
        np.testing.assert_array_equal(one.columns["test_accuracies"],
                                      other.columns["test_accuracies"])


def test_a_flat_curve_and_a_rising_one():
    flat = found("printed", [[0.1, 0.2, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]])
    assert experiment.still_rising(flat)[0] == pytest.approx(0)
    rising = found("printed", [np.arange(10) / 100, np.arange(10) / 50])
    mean, error = experiment.still_rising(rising)  # by two epochs: 2 and 4 points
    assert (mean, error) == (pytest.approx(3), pytest.approx(1))


def test_a_single_epoch_has_no_rise():
    one = found("printed", [[0.5], [0.6]])
    assert np.isnan(experiment.still_rising(one)).all()
    assert "nan" not in experiment.table([one, one])[2]
    assert "nan" not in experiment.table([found("labelled", [[0.5]]), found("printed", [[0.6]])])[2]


def test_curves_begin_at_epoch_1_although_one_model_counts_from_0():
    from_0 = found("printed", [[0.1, 0.2, 0.3]])
    from_1 = found("salimans", [[0.1, 0.2, 0.3]])._replace(epochs=np.arange(1, 4))
    [axes] = semi_supervised_figures.curves([from_0, from_1], "title").axes
    assert [line.get_xdata().tolist() for line in axes.get_lines()] == [[1, 2, 3], [1, 2, 3]]


def test_a_learning_curve_goes_from_few_labels_to_many():
    many, few = (found("printed", [[0.1], [0.2]], labels=labels) for labels in (1000, 250))
    [axes] = semi_supervised_figures.over_labels([many, few], "title").axes
    assert axes.get_lines()[0].get_xdata().tolist() == [250, 1000]
