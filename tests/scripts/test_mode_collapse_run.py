"""The scripts of mode collapse: runs, resuming, the report and what they refuse."""

import shutil
from types import SimpleNamespace

import numpy as np
import pytest

import few_digits
from conftest import ROOT, load_script, refusal, unpainted
from gan_tf1 import figures, seeds
from gan_tf1.data import digits
from gan_tf1.evaluation import classifier
from gan_tf1.experiments import mode_collapse
from gan_tf1.generators import sample_files
from gan_tf1.models import remedies_gan as model
from gan_tf1.tf1 import new_graph, tf
from gan_tf1.training import many_runs, many_runs_command, mode_shares, run_results

SCRIPT = "18_mode_collapse.py"
TINY = ["--iterations", "60", "--sample-interval", "5", "--batch-size", "8", "--hidden-size", "4",
        "--samples", "20"]
SAVE = figures.save


@pytest.fixture(scope="module")
def main():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digits, "load", few_digits.load)
        patch.setattr(figures, "save", unpainted)
        yield load_script(SCRIPT).main


@pytest.fixture(scope="module")
def finished(main, tmp_path_factory):
    """A run on the cities and one on digits, never interrupted."""
    folder = tmp_path_factory.mktemp("runs")
    main([*TINY, "--run-dir", str(folder / "two_cities")])
    main([*TINY, "--data", "drawn", "--run-dir", str(folder / "drawn")])
    return folder


def test_a_run_on_the_cities_leaves_shares_that_its_samples_have(finished):
    path = finished / "two_cities"
    kept = run_results.load_samples(path)
    assert kept.shape == (12, 20, 1)
    shares = run_results.load_losses(path, "shares.csv")
    assert shares["iteration"].tolist() == list(range(5, 61, 5))
    expected = mode_shares.near(-20 + 35 * (kept[..., 0].astype(float) + 1), (0, 30), 12)
    np.testing.assert_allclose([shares["share_A"], shares["share_B"]], expected.T, rtol=1e-5)
    assert [file.name for file in (path / "figures").iterdir()] == ["collapse.png"]
    log = (path / "log.txt").read_text().splitlines()
    assert log[0] == (
        "remedies_gan on temperatures of two cities (synthetic), seed 0, with iterations 60, "
        "sample-interval 5, batch-size 8, hidden-size 4, samples 20")
    assert [line.partition("...")[0] for line in log[1:-1]] == [
        f"Iteration {number}" for number in range(5, 61, 5)]


def test_a_run_on_digits_is_judged_by_the_classifier(finished):
    path = finished / "drawn"
    told = mode_collapse.of_run(path)
    assert told.modes == tuple("0123456789") and told.shares.shape == (12, 10)
    np.testing.assert_allclose(told.shares.sum(axis=1), 1)
    shares = run_results.load_losses(path, "shares.csv")
    np.testing.assert_allclose(shares["share_7"], told.shares[:, 7], rtol=1e-5)
    assert {file.name for file in (path / "figures").iterdir()} == {
        "collapse.png", "losses.png", "samples.png", "progress.png"}
    [images] = sample_files.judged(classifier.SHIPPED, [(told.samples[3] + 1) / 2])[0][:1]
    assert told.shares[3].tolist() == (np.bincount(images.argmax(axis=1), minlength=10)
                                       / 20).tolist()


def test_numbers_have_no_picture_in_the_events(finished):
    def tags(path):
        [file] = (path / "events").iterdir()
        return [value.tag for event in tf.train.summary_iterator(str(file))
                for value in event.summary.value]
    assert "samples" not in tags(finished / "two_cities")
    assert tags(finished / "two_cities").count("losses/gen_loss") == 12
    assert tags(finished / "drawn").count("samples") == 12


@pytest.mark.parametrize("times, seconds", [
    ([10, 12, 14, 16], 4 * 2),
    ([10, 12, 14, 3614, 3616], 5 * 2),  # an interruption of an hour does not count
    ([10], np.nan)])
def test_seconds_are_the_median_between_events_times_their_number(tmp_path, times, seconds):
    with new_graph(0).as_default():
        writer = tf.summary.FileWriter(str(tmp_path / "events"))
        for time in times:
            writer.add_event(tf.Event(wall_time=time, summary=tf.Summary(
                value=[tf.Summary.Value(tag="losses/gen_loss", simple_value=1.)])))
        writer.close()
    np.testing.assert_equal(mode_collapse.seconds(tmp_path), seconds)
    [file] = (tmp_path / "events").iterdir()
    file.write_bytes(file.read_bytes()[:-5])  # a process was killed while it wrote the last event
    np.testing.assert_equal(mode_collapse.seconds(tmp_path),
                            np.nan if len(times) < 3 else np.median(np.diff(times[:-1])) * (len(times) - 1))


def test_the_saved_generator_makes_the_last_samples_again(finished, untrained):
    for name in ("two_cities", "drawn"):
        with sample_files.restored(finished / name, model) as (sess, gan, config, epoch):
            again = model.sample(sess, gan, seeds.stream(0, seeds.SAMPLES), 20, config)
        assert epoch == 12
        assert again.tobytes() == run_results.load_samples(finished / name)[-1].tobytes()


# --- the report ---

@pytest.fixture(scope="module")
def report(main):
    """The report's module; each run is made in this process."""
    script = load_script("mode_collapse_report.py")

    def trained(_, path, flags, jobs=1, called=None):
        if not run_results.is_complete(path):
            main([*map(str, flags), "--run-dir", str(path)])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(many_runs, "train", trained)
        yield script


def test_the_rows_start_from_the_configuration_that_collapses(report):
    for data in ("two_cities", "mnist"):
        rows = report.rows_of(data)
        remedies = {name: flags for name, flags in rows.items() if "--remedy" in flags}
        assert set(model.REMEDIES) - {"none"} == {
            flags[flags.index("--remedy") + 1] for flags in remedies.values()}
        collapsing = rows[[name for name in rows if name not in remedies][-1]]
        assert all(flags[:len(collapsing)] == collapsing for flags in remedies.values())
        turned = [name for name, flags in remedies.items() if "1" in flags[len(collapsing):]]
        assert all("5 of D" in name for name in turned)
    assert "3" in report.rows_of("two_cities")["packing"]
    assert "0.006" in report.rows_of("mnist")["packing"]


def test_a_tiny_report(report, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(figures, "save", lambda figure, path: (  # only the report's own are painted
        unpainted if "runs" in path.parts else SAVE)(figure, path))
    rows = ["3 updates of G", "unrolling"]
    arguments = ["--out", str(tmp_path / "out"), "--rows", *rows, "--seeds", "1", "--jobs", "1",
                 "--", *TINY, "--iterations", "10", "--unrolled-steps", "1", "--loop", "feed"]
    report.main(arguments)
    out = tmp_path / "out"
    names = [f"two_cities{end}" for end in (".txt", ".csv", ".png", "_remedies.png")]
    assert capsys.readouterr().out.splitlines()[-4:] == [str(out / name) for name in names]
    assert all((out / name).read_bytes()[:4] == b"\x89PNG" for name in names[2:])
    text = (out / "two_cities.txt").read_text()
    assert "# command: mode_collapse_report.py" in text and "--remedy unrolling" in text
    table = [line for line in text.splitlines() if line and line[0] != "#"]
    assert [line.partition("  ")[0] for line in table[1:]] == rows
    assert table[0].split()[0] == "seeds"
    assert [line.removeprefix(row).split()[0] for line, row in zip(table[1:], rows)] == ["1", "1"]
    lines = (out / "two_cities.csv").read_text().splitlines()
    assert lines[1].startswith("# data: temperatures of two cities (synthetic), data_crc32 ")
    assert lines[2] == "row,seed,mode,5,10" and len(lines) == 3 + 2 * 2
    [shares] = [run_results.load_losses(path, "shares.csv")["share_B"]
                for path in (out / "runs").glob("*unrolling-1")]
    assert lines[-1] == f'"unrolling",1,B,{shares[0]:.3g},{shares[1]:.3g}'

    # The same command makes no run again; another one's runs are refused.
    state = {path: path.stat().st_mtime_ns for path in (out / "runs").rglob("samples.npz")}
    report.main(arguments)
    assert len(state) == 2 and all(path.stat().st_mtime_ns == when for path, when in state.items())
    capsys.readouterr()
    assert "holds runs of another command" in refusal(capsys, report.main, *arguments,
                                                      "--alpha", "0.1")


@pytest.mark.parametrize("arguments, complaint", [
    (["--", "--remedy", "packing"], "--remedy can't be given after --: it is set for each run"),
    (["--", "--seed=7"], "--seed can't be given after --"),
    (["--rows", "packing", "packing"], "--rows has a value twice"),
    (["--", "--learning-rate=1"], "--learning-rate can't be given after --")])
def test_what_would_make_a_rows_name_untrue_is_refused(report, tmp_path, capsys, arguments,
                                                       complaint):
    assert complaint in refusal(capsys, report.main, "--out", tmp_path / "out", *arguments)
    assert not list(tmp_path.iterdir())


def test_the_figure_of_digits(report, finished):
    told = mode_collapse.of_run(finished / "drawn")
    rows = {name: [told] for name in report.rows_of("drawn")}
    chapters = report.shown(rows, "drawn")
    assert [name.partition(": ")[0] for name, _ in chapters] == [
        "1 of D, Adam 0.001", "3 of D, Adam 0.001", "3 of D, Adam 0.006, beta1 0.9"]
    figure = mode_collapse.chapters_figure(chapters, "digits")
    assert len(figure.axes) == 6


def test_the_table_tells_means_over_seeds_of_second_halves():
    def told(series, seconds):
        shares = np.stack([series, 1 - np.asarray(series)], axis=1)
        return mode_collapse.Told({"seed": 0}, model.Config(), np.arange(1, 9) * 25, None,
                                  ("A", "B"), shares, seconds)
    alone, both = told([0.5] * 4 + [1] * 4, 2), told([1] * 4 + [0.5] * 4, 4)
    heading, row = mode_collapse.table({"mixed": [alone, both]})
    cells = row.split()
    assert cells[:7] == ["mixed", "2", "0", "1", "0", "1", "0"]
    assert cells[7:10] == ["1.50", "+-", "0.71"]
    assert float(cells[10]) == pytest.approx(np.log(2) / 2, abs=1e-3)
    assert cells[-1] == "3.0" and cells[-2] == "nan"


@pytest.mark.parametrize("sets", [7, 0])
def test_a_run_that_diverged_is_counted_and_drawn_as_far_as_it_came(
        report, finished, tmp_path, monkeypatch, sets):
    monkeypatch.setattr(many_runs, "train", None)  # it isn't trained again
    path = shutil.copytree(finished / "two_cities", tmp_path / "two_cities-packing-0")
    kept = run_results.load_samples(path)[:sets]
    (path / "samples.npz").unlink()
    (path / "samples.f32").write_bytes(kept.tobytes())
    lines = (path / "losses.csv").read_text().splitlines()[:sets + 1]
    (path / "losses.csv").write_text("\n".join([*lines, f"{sets + 1},0.5,nan"]) + "\n")
    args = SimpleNamespace(work_dir=tmp_path, data="two_cities", data_dir=None, flags=[], jobs=1, seeds=[0],
                           shard=None, gather=False)
    assert many_runs.train_all([report.wanted(args, "packing", 0)], args) == [path]
    whole, told = mode_collapse.of_run(finished / "two_cities"), mode_collapse.of_run(path)
    assert told.diverged and not whole.diverged and mode_collapse.called(told) == "diverged"
    assert told.shares.tolist() == whole.shares[:sets].tolist()
    assert told.iterations.tolist() == whole.iterations[:sets].tolist()
    _, both, alone = mode_collapse.table({"both": [whole, told], "alone": [told]})
    assert both.split()[:3] == ["both", "2", "1"] and alone.split()[:7] == [
        "alone", "1", "1", "0", "0", "0", "0"]
    _, *rows = mode_collapse.series({"both": [told, whole]})
    assert len({row.count(",") for row in rows}) == 1
    figure = report.collapse_figures.remedies(
        [("both", [(one.iterations, one.shares) for one in (told, whole)])], told.modes, "both")
    assert figure.axes[0].get_xlim() == (2.5, 62.5)
    figure = report.collapse_figures.remedies(  # a run that diverged before its first samples is all grey
        [("both", [(whole.iterations, whole.shares), (told.iterations[:0], told.shares[:0])])], told.modes, "")
    drawn, empty = figure.axes[:2]
    assert empty.get_facecolor() == drawn.get_facecolor() == (0.85, 0.85, 0.85, 1) and not empty.collections


@pytest.mark.parametrize("arguments, complaint", [
    (["--rows", "prayer"], "--rows 'prayer': there are '1 update of G', '3 updates of G', "),
    (["--seeds", "1", "1"], "argument --seeds: 1 must be given once"),
    (["--jobs", "0"], "--jobs must be at least 1"),
    (["--data", "drawn", "--classifier", "nowhere"], "nowhere holds no run"),
    (["--data", "svhn"], "invalid choice: 'svhn'")])
def test_a_bad_report_is_refused(report, arguments, complaint, tmp_path, capsys):
    assert complaint in refusal(capsys, report.main, "--out", tmp_path / "out", *arguments)
    assert not (tmp_path / "out").exists()


def test_a_damaged_classifier_is_noticed_before_any_training(report, tmp_path, capsys):
    copy = shutil.copytree(classifier.SHIPPED, tmp_path / "classifier")
    for path in (copy / "generator").glob("*.index"):
        path.write_bytes(b"damaged")
    line = refusal(capsys, report.main, "--out", tmp_path / "out", "--data", "drawn", "--classifier", copy)
    assert "classifier" in line and not (tmp_path / "out").exists()


def test_a_report_of_runs_that_all_diverge_has_its_table_and_says_why_nothing_is_drawn(
        report, finished, tmp_path, capsys):
    path = tmp_path / "out" / "runs" / "two_cities-packing-0"
    shutil.copytree(finished / "two_cities", path)
    (path / "samples.npz").unlink()
    (path / "samples.f32").touch()
    (path / "losses.csv").write_text("epoch,disc_loss,gen_loss\n1,0.5,nan\n")
    args = SimpleNamespace(work_dir=tmp_path / "out" / "runs", data_dir=None, flags=[])
    many_runs_command.claim(args, "two_cities", "none", rows=report.rows_of("two_cities"))
    report.main(["--out", str(tmp_path / "out"), "--rows", "packing", "--seeds", "0", "--jobs", "1"])
    assert capsys.readouterr().out.splitlines()[-1] == (
        "There are no figures: all runs diverged before their first samples.")
    text = (tmp_path / "out" / "two_cities.txt").read_text()
    assert text.splitlines()[-1].split()[:3] == ["packing", "1", "1"]


def test_other_runs_are_refused(finished, tmp_path):
    with pytest.raises(mode_collapse.sample_files.InputError, match="is a run of 'mnist_gan'"):
        mode_collapse.of_run(ROOT / "checkpoints" / "mnist_gan")
    unfinished = shutil.copytree(finished / "two_cities", tmp_path / "unfinished")
    (unfinished / "samples.npz").unlink()
    with pytest.raises(mode_collapse.sample_files.InputError, match="can't be read"):
        mode_collapse.of_run(unfinished)
