"""The exercises of the lesson: what a run is told, and whether the findings are true of many seeds."""

import json
import re

import numpy as np
import pytest

from conftest import ROOT, load_script, refusal
from gan_tf1.experiments import lesson, lesson_table
from gan_tf1.experiments.lesson import EXERCISES

# Columns of losses.csv, or shares of the cities, that show the finding of an exercise, and that do not.
SHOWN = {1: {"disc_loss": [0.03]}, 2: {"gen_loss": [0.105]}, 3: {"gen_loss": [11.2]},
         4: {"gen_grad_norm": [0.05]}, 7: {"reverse_kl": [0.9, 0.08]}, 10: {"disc_loss": [0.5, 12, -20]}}
USUAL = {1: {"disc_loss": [0.36]}, 2: {"gen_loss": [3.7]}, 3: {"gen_loss": [3.7]},
         4: {"gen_grad_norm": [3.1]}, 7: {"reverse_kl": [0.08, 0.7]}, 10: {"disc_loss": [9, 0.5, -0.3]}}
CYCLING = [0.9, 0.9, 0.1, 0.0, 0.9], [0.1, 0.1, 0.9, 1.0, 0.1]
STEADY = [0.9, 0.9, 0.5, 0.4, 0.6], [0.1, 0.1, 0.5, 0.6, 0.4]
CITIES = {number: (STEADY, CYCLING) for number in (5, 6, 8, 9)}


def write_table(path, columns):
    rows = zip(range(1, 1 + len(next(iter(columns.values())))), *columns.values())
    path.write_text("\n".join([",".join(["epoch", *columns]), *(",".join(map(str, row)) for row in rows)]) + "\n")


@pytest.fixture
def run(tmp_path):
    """A function that makes a run directory of an exercise: `run(number, shown, **settings)`."""
    def make(number, shown, data=None, **settings):
        exercise = EXERCISES[number]
        path = tmp_path / f"{number}-{'changed' if shown else 'usual'}"
        path.mkdir()
        program = exercise.changed if shown else exercise.usual
        data = data or (program.before[-1] if "--data" in program.before else "drawn")
        (path / "config.json").write_text(json.dumps({
            "chapter": exercise.chapter, **({"change": program.before[-1]} if "--change" in program.before else {}),
            "settings": {**program.settings, **settings}, "data": data,
            "data_title": "drawn", "data_crc32": "0", "data_dir": None, "seed": 0, "sample_shape": [1]}))
        if number in CITIES:
            cities = CITIES[number][not shown]
            write_table(path / "shares.csv", {f"share_{name}": share for name, share in zip("AB", cities)})
        write_table(path / "losses.csv", (SHOWN if shown else USUAL).get(number, {"disc_loss": [1.4]}))
        return path
    return make


# --- judging a run ---

@pytest.mark.parametrize("number", EXERCISES)
def test_a_run_with_the_change_shows_the_finding_and_the_usual_program_does_not(run, number):
    exercise = EXERCISES[number]
    changed, usual = (lesson.judge(exercise, run(number, shown)) for shown in (True, False))
    assert changed.shown and not usual.shown
    for judged, words in ((changed, " shows this: "), (usual, " does not show this: ")):
        assert words in judged.sentence and exercise.measured in judged.sentence
        assert f" is {judged.number:.3g}, " in judged.sentence
        assert judged.sentence.endswith(f"{'above' if exercise.above else 'below'} {exercise.bound:.3g}.")
    assert not changed.other


def test_only_the_first_row_or_the_second_half_of_a_run_is_judged(run):
    path = run(1, True)
    write_table(path / "losses.csv", {"disc_loss": [0.03, 2.0, 2.0]})
    assert lesson.judge(EXERCISES[1], path).number == 0.03
    assert lesson.rarer_share(np.array([[0., 0., .4, .3], [1., 1., .6, .7]])) == pytest.approx(0.35)


def test_a_loss_that_is_not_a_number_shows_nothing():
    for exercise in EXERCISES.values():
        assert not lesson.shows(exercise, np.nan)


def test_a_run_of_other_settings_is_judged_with_a_note(run, capsys):
    path = run(1, True, label_smooth=0.05)
    load_script("exercise.py").main(["1", str(path)])
    out, err = capsys.readouterr()
    assert f"note: {path} has --label-smooth 0.05 instead of --label-smooth 0" in err
    assert "shows this" in out


@pytest.mark.parametrize("number, other, note", [
    (1, {"learning_rate": 0.02}, ["--learning-rate 0.02 instead of --learning-rate 0.001"]),
    (5, {"iterations": 50, "remedy": "packing"},
     ["--iterations 50 instead of --iterations 5000", "--remedy packing instead of --remedy none"]),
    (7, {"data": "ring"}, ["--data ring instead of --data grid"])])
def test_the_note_also_names_settings_that_the_command_of_the_exercise_leaves_alone(run, number, other, note):
    assert sorted(lesson.judge(EXERCISES[number], run(number, True, **other)).other) == note


def test_the_note_says_that_a_run_lacks_the_change_of_the_exercise(run):
    path = run(2, True)
    config = json.loads((path / "config.json").read_text())
    del config["change"]
    (path / "config.json").write_text(json.dumps(config))
    assert lesson.judge(EXERCISES[2], path).other == ["the change none instead of swapped_labels"]
    config["change"] = "bypass"
    (path / "config.json").write_text(json.dumps(config))
    assert lesson.judge(EXERCISES[2], path).other == ["the change bypass instead of swapped_labels"]


# --- the script ---

def test_the_exit_status_says_whether_all_runs_show_it(run, capsys):
    script, paths = load_script("exercise.py"), [str(run(2, shown)) for shown in (True, False)]
    script.main(["2", paths[0]])
    assert capsys.readouterr().out.count("\n") == 2  # the finding, and a sentence
    with pytest.raises(SystemExit) as exit_:
        script.main(["2", *paths])
    assert exit_.value.code == 1
    assert re.findall("shows this|does not show this", capsys.readouterr().out) == [
        "shows this", "does not show this"]


def test_without_a_run_the_task_is_printed_and_not_its_answer(capsys):
    script = load_script("exercise.py")
    for number, exercise in EXERCISES.items():
        script.main([str(number)])
        out = capsys.readouterr().out
        assert exercise.task in out and exercise.changed.command in out and exercise.usual.command in out
        assert exercise.finding not in out and f"{exercise.bound:.3g}" not in out
    script.main([])
    assert len(capsys.readouterr().out.splitlines()) == len(EXERCISES) == 10


@pytest.mark.parametrize("number", ["0", "11", "one"])
def test_an_exercise_that_does_not_exist_is_refused(capsys, number):
    assert "1 to 10" in refusal(capsys, load_script("exercise.py").main, number)


def test_a_run_that_cannot_be_judged_is_refused_in_one_line(run, tmp_path, capsys):
    main = load_script("exercise.py").main
    assert "holds no run" in refusal(capsys, main, 1, tmp_path / "none")
    assert "is a run of 'mnist_gan', not of 'remedies_gan'" in refusal(capsys, main, 5, run(1, True))
    path = run(7, True)
    (path / "samples.f32").touch()  # which a complete run no longer has
    assert f"{path} is not complete" in refusal(capsys, main, 7, path)
    path = run(5, True)
    (path / "shares.csv").unlink()
    assert "shares.csv can't be read" in refusal(capsys, main, 5, path)
    path = run(4, True)
    write_table(path / "losses.csv", {"disc_loss": [0.3]})
    assert "no column gen_grad_norm" in refusal(capsys, main, 4, path)


# --- the findings, with the seeds that are kept ---

KEPT = lesson_table.read(ROOT / "checkpoints" / "lesson" / "exercises.csv")


@pytest.mark.parametrize("number", EXERCISES)
def test_all_kept_seeds_show_the_finding_and_hardly_any_of_the_usual_program(number):
    """With room to spare: no number is closer to the bound than a tenth of the distance between the two programs."""
    exercise = EXERCISES[number]
    changed, usual = (np.array(lesson_table.numbers(KEPT.rows, number, which)) for which in lesson_table.WHICH)
    assert all(lesson.shows(exercise, one) for one in changed)
    assert np.mean([lesson.shows(exercise, one) for one in usual]) < 0.1
    distance = abs(np.median(changed) - np.median(usual))
    assert np.abs(changed - exercise.bound).min() > distance / 10
    if exercise.bound != lesson.FLOOR:  # which no usual run can reach
        assert np.abs(usual - exercise.bound).min() > distance / 10


def test_the_kept_runs_of_other_results_are_those_of_their_tables():
    found = lesson_table.of_results(ROOT / "checkpoints")
    text = lesson_table.text(KEPT._replace(rows=lesson_table.merged(found, KEPT.rows)))
    assert text == (ROOT / "checkpoints" / "lesson" / "exercises.csv").read_text()


def test_labels_that_are_smoothed_bound_the_loss():
    """The cross-entropy of the label 0.9 is least where the probability is 0.9 too."""
    probs = np.linspace(0.5, 0.999, 1000)
    cross_entropy = -0.9 * np.log(probs) - 0.1 * np.log(1 - probs)
    assert lesson.FLOOR == pytest.approx(cross_entropy.min(), abs=1e-5)
    assert min(lesson_table.numbers(KEPT.rows, 1, "usual")) > lesson.FLOOR


# --- the lesson ---

def test_the_lesson_has_every_exercise_and_its_numbers():
    text = (ROOT / "scripts" / "LESSON.md").read_text()
    for line in (*lesson_table.page_of_exercises(), *lesson_table.page_of_answers(KEPT.rows)):
        assert line in text.splitlines()
    page = (ROOT / "checkpoints" / "lesson" / "README.md").read_text()
    assert "\n".join(lesson_table.table(KEPT.rows)) in page


# --- trainings ---

@pytest.mark.slow
@pytest.mark.numerics
@pytest.mark.parametrize("number", EXERCISES)
def test_trainings_with_new_seeds_show_the_finding(tmp_path, number):
    """On drawn digits, since MNIST may be missing; the two cities and the grid are drawn anyway."""
    script = load_script("exercise_table.py")
    script.main(["--out", str(tmp_path), "--exercises", str(number), "--seeds", "21-22", "--data", "drawn"])
    rows = lesson_table.read(tmp_path / "exercises.csv").rows
    assert len(rows) == 4
    shown = {which: [lesson.shows(EXERCISES[number], row.number) for row in rows if row.program == which]
             for which in lesson_table.WHICH}
    assert all(shown["changed"])
    assert not all(shown["usual"])  # a usual run on the two cities rarely keeps both


@pytest.mark.slow
def test_a_table_grows_by_the_rows_of_another_command(in_process, tmp_path, capsys):
    main, out = load_script("exercise_table.py").main, tmp_path / "out"
    for programs in ("changed", "usual"):
        main(["--out", str(out), "--exercises", "1", "2", "--seeds", "3", "--jobs", "1", "--programs", programs])
    assert len(in_process) == 3  # one of them is the usual program of both
    rows = lesson_table.read(out / "exercises.csv").rows
    assert [row[:4] for row in rows] == [
        (number, which, "drawn", 3) for number in (1, 2) for which in lesson_table.WHICH]
    text = (out / "exercises.txt").read_text()
    assert text.count("# command: exercise_table.py") == 2
    assert "# 2, changed: gen_loss after the first epoch of python scripts/changed_mnist_gan.py" in text
    capsys.readouterr()
    assert "holds runs of another command" in refusal(capsys, main, "--out", out, "--exercises", "1", "--data", "drawn")


@pytest.mark.parametrize("content", [
    b"a,b\n1,2\n", b"\xff\xfe\n", b"exercise,program,data,seed,number,source\nx,,,,,\n"])
def test_a_file_that_is_not_a_table_of_exercises_is_refused_and_kept(tmp_path, capsys, content):
    (tmp_path / "exercises.csv").write_bytes(content)
    main = load_script("exercise_table.py").main
    assert "exercises.csv is not a table of exercises" in refusal(capsys, main, "--out", tmp_path, "--exercises", "1")
    assert (tmp_path / "exercises.csv").read_bytes() == content


def test_a_run_that_diverged_has_no_number(run, monkeypatch):
    path = run(1, True)
    (path / "losses.csv").write_text("epoch,disc_loss\n")
    monkeypatch.setattr(lesson_table, "diverged", lambda path: True)
    assert np.isnan(lesson_table.row(1, "changed", path, 0).number)
