"""Every script of many runs makes its runs in shards; the batch jobs in scripts/MANY_RUNS.md ask for all of them."""

import os
import re
import shlex
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from conftest import ROOT, load_script
from gan_tf1.data import images, labelled, unpaired
from gan_tf1.experiments import label_translation
from gan_tf1.generators import judges
from gan_tf1.training import many_runs, many_runs_command

SCRIPTS = {  # name -> the ending of its result, flags, and how many runs these ask for
    "make_envelope.py": (".csv", ["--seeds", "0-4"], 5),
    "known_changes.py": ("", ["--seeds", "0-2", "--changes", "smooth_0", "swapped_labels"], 6),
    "sweep.py": ("", ["--seeds", "0-2", "--vary", "learning-rate", "0.1", "0.2"], 6),
    "semi_supervised_report.py": ("", ["--seeds", "0-1", "--rows", "labelled", "corrected"], 4),
    "mode_coverage.py": ("", ["--seeds", "0-1"], 8),
    "mode_collapse_report.py": ("", ["--seeds", "0-1", "--rows", "packing", "unrolling"], 4),
    "progressive_ablation.py": (".txt", ["--seeds", "0", "--data", "drawn", "--samples", "9"], 5),
    "pix2pix_ablation.py": ("", ["--seeds", "0-1", "--rows", "l1", "gan"], 5),
    "cyclegan_ablation.py": ("", ["--seeds", "0-2", "--rows", "no-pool", "--data", "horse2zebra"], 4),
    "dcgan_svhn_report.py": ("", ["--seeds", "0-1", "--data", "street", "--samples", "9"], 3),
    "exercise_table.py": ("", ["--seeds", "0-1", "--exercises", "1", "3"], 6),
}
PAGE = (ROOT / "scripts" / "MANY_RUNS.md").read_text()


def test_these_are_all_scripts_of_many_runs():
    assert set(SCRIPTS) == {path.name for path in (ROOT / "scripts").glob("*.py")
                            if "many_runs.train_all(" in path.read_text()}


@pytest.mark.parametrize("name", SCRIPTS)
def test_shards_make_all_runs_of_a_script_and_no_report(name, tmp_path, monkeypatch, capsys):
    ending, flags, count = SCRIPTS[name]
    main, made = load_script(name).main, []
    out, work = tmp_path / f"out{ending}", tmp_path / "work"
    command = ["--out", str(out), "--work-dir", str(work), *flags]

    def train(script, path, *_):
        made.append(path.name)
        path.mkdir()
        (path / "config.json").write_text("{}")
        (path / "losses.csv").write_text("epoch,loss\n1,0.5\n")

    monkeypatch.setattr(many_runs, "train", train)
    monkeypatch.setattr(images, "load", lambda choice, size, data_dir=None: images.Images(
        choice, "noise", np.zeros((9, size, size, 1)), np.zeros((9, size, size, 1)), None, None))
    monkeypatch.setattr(label_translation, "held_out", lambda *_: None)
    monkeypatch.setattr(judges, "refuse_others", lambda *_, **__: None)  # of these runs, nothing can be restored
    monkeypatch.setattr(unpaired, "parts", lambda *_: ("two sets", "AB", 4 * [np.zeros((3, 8, 8, 3))], ""))
    monkeypatch.setattr(labelled, "load", lambda *_: SimpleNamespace(
        title="noise", test_images=np.zeros(9), train=SimpleNamespace(num_examples=9)))
    with pytest.raises(SystemExit) as exit_:
        main([*command, "--shard", "1/2"])
    half = (count + 1) // 2
    assert exit_.value.code is None and len(made) == half
    assert f"shard 1/2 is complete, but {count - half} of {count} runs are missing: " in capsys.readouterr().out
    with pytest.raises(SystemExit) as exit_:
        main([*command, "--gather"])
    listed, said = capsys.readouterr()
    assert exit_.value.code == 2 and f"error: {count - half} of {count} runs in {work} are missing" in said
    assert listed.count("not begun") == count - half and len(made) == half
    with pytest.raises(SystemExit):
        main([*command, "--shard", "2/2"])
    assert "shard 2/2 and all others are complete" in capsys.readouterr().out
    assert len(made) == len(set(made)) == count == len(list(work.glob("*/config.json")))
    assert not out.exists() or not list(out.iterdir())


# --- the batch jobs of the page ---

def block(beginning):
    """The block of code in scripts/MANY_RUNS.md that begins with this line."""
    (found,) = re.findall(rf"```\w*\n({re.escape(beginning)}\n.*?)```", PAGE, re.DOTALL)
    return found


@pytest.fixture
def started(tmp_path):
    """Runs a shell command; returns the command lines of all Pythons that it starts."""
    tools, log = tmp_path / "tools", tmp_path / "log"
    tools.mkdir()
    (tools / "python").write_text(f'#!/bin/sh\necho "$@" >> {log}\n')
    # GNU parallel, as far as the page uses it: a command with {} for each argument after :::.
    (tools / "parallel").write_text(f"#!{sys.executable}\n" + """if True:
    import subprocess, sys
    template, values = " ".join(sys.argv[1:]).split(" ::: ")
    words = template.split(" ")
    for value in values.split():
        subprocess.run([word.replace("{}", value) for word in words[words.index("python"):]], check=True)
""")
    for tool in tools.iterdir():
        tool.chmod(0o755)

    def run(command, **environment):
        log.unlink(missing_ok=True)
        subprocess.run(["bash", "-euo", "pipefail", "-c", command], check=True, cwd=tmp_path, env={
            **os.environ, **environment, "PATH": f"{tools}:{os.environ['PATH']}"})
        return [shlex.split(line) for line in log.read_text().splitlines()]

    return run


def parsed(command):
    """The arguments of a command line of make_envelope.py, which needs no file."""
    program, *argv = command
    assert program == "scripts/make_envelope.py" and (ROOT / program).is_file()
    parser = many_runs_command.parser("", "envelope", "1000-1019", ".csv", "the envelope")
    many_runs_command.add_chapter(parser)
    return many_runs_command.parse(parser, argv)


def test_the_slurm_job_makes_every_shard(started):
    job = block("#!/bin/bash")
    ((first, last),) = re.findall(r"^#SBATCH --array=(\d+)-(\d+)$", job, re.MULTILINE)
    asked = [parsed(*started(job, SLURM_ARRAY_TASK_ID=str(task)))
             for task in range(int(first), int(last) + 1)]
    assert [str(args.shard) for args in asked] == [f"{number}/{last}" for number in range(1, int(last) + 1)]
    (cores,) = re.findall(r"^#SBATCH --cpus-per-task=(\d+)$", job, re.MULTILINE)
    assert len({(args.work_dir, args.out, tuple(args.seeds)) for args in asked}) == 1
    assert len(asked[0].seeds) == int(cores) * int(last)  # each shard makes its runs side by side


def test_the_line_for_parallel_makes_every_shard(started):
    (line,) = re.findall(r"^parallel (?:.*\\\n)*.*$", PAGE, re.MULTILINE)
    shards = [parsed(command).shard for command in started(line)]
    assert {shard.count for shard in shards} == {len(shards)}
    assert [shard.number for shard in shards] == list(range(1, len(shards) + 1))


def test_the_indexed_job_makes_every_shard(started):
    yaml = pytest.importorskip("yaml")
    job = yaml.safe_load(block("apiVersion: batch/v1"))
    spec = job["spec"]
    assert job["kind"] == "Job" and spec["completionMode"] == "Indexed"
    assert spec["template"]["spec"]["restartPolicy"] in ("Never", "OnFailure")
    (container,) = spec["template"]["spec"]["containers"]
    assert {each["name"] for each in container["volumeMounts"]} == {
        each["name"] for each in spec["template"]["spec"]["volumes"]}
    shell, flag, command = container["command"]
    assert (shell, flag) == ("bash", "-c")
    shards = [parsed(*started(command, JOB_COMPLETION_INDEX=str(index))) for index in range(spec["completions"])]
    assert [str(args.shard) for args in shards] == [
        f"{number}/{len(shards)}" for number in range(1, len(shards) + 1)]
    assert shards[0].jobs == int(container["resources"]["limits"]["cpu"])


def test_the_indexed_job_makes_every_shard_without_a_reader_of_yaml(started):
    job = block("apiVersion: batch/v1")
    (command,) = re.findall(r"- >-\n(.*?)\n +resources:", job, re.DOTALL)
    (completions,) = re.findall(r"completions: (\d+)", job)
    (line,) = started(" ".join(command.split()), JOB_COMPLETION_INDEX="2")
    assert str(parsed(line).shard) == f"3/{completions}"
