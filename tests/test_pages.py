"""The README pages: every link has a target, every command is accepted, and every folder has a page."""

import argparse
import functools
import importlib
import pathlib
import re
import shlex

import numpy as np
import pytest
import scipy.stats

from conftest import ROOT, SCRIPT_NAMES, load_script
from gan_tf1 import figures, files, tables
from gan_tf1.__main__ import scripts
from gan_tf1.experiments import detection, kept_figures, label_translation, seed_scores, set_translation
from gan_tf1.experiments.known_changes import CHANGES
from gan_tf1.listing import __main__ as listing
from gan_tf1.published import comparison, envelopes, other_logs

RESULTS = sorted(ROOT / name for name in re.findall(
    r"^!(checkpoints/\w+)/$", (ROOT / ".gitignore").read_text(), re.M))  # those that git keeps
FOLDERS = sorted({path.parent for path in (ROOT / "gan_tf1").rglob("*") if path.is_file()
                  and path.suffix in (".py", ".csv") and "__pycache__" not in path.parts})
PAGES = sorted({ROOT / "README.md", *(ROOT / "scripts").glob("*.md"), ROOT / "scripts" / "notebooks" / "README.md",
                ROOT / "checkpoints" / "README.md",
                *(ROOT / "tests").rglob("README.md"), *(ROOT / "gan_tf1").rglob("*.md"),
                *(folder / "README.md" for folder in RESULTS)})
# The script to which a script of many runs passes the arguments after `--`, unless another is named.
FLAGS_GO_TO = {"mode_coverage.py": "19_mixture_gan.py", "sweep.py": "01_mnist_gan.py",
               "make_envelope.py": "01_mnist_gan.py", "known_changes.py": "01_mnist_gan.py",
               "progressive_ablation.py": "13_progressive_gan.py",
               "pix2pix_ablation.py": "15_pix2pix.py", "cyclegan_ablation.py": "16_cyclegan.py",
               "dcgan_svhn_report.py": "03_dcgan_svhn.py",
               "semi_supervised_report.py": "04_semi_supervised_svhn.py",
               "mode_collapse_report.py": "18_mode_collapse.py"}
# The chapters in the table of usual losses, by their names there.
USUAL = {"vanilla GAN": "vanilla_gan", "conditional GAN": "conditional_gan", "Wasserstein GAN": "wasserstein_gan",
         "W-GAN-GP": "wasserstein_gan_gp"}
SUBCOMMANDS = {"changed_mnist_gan.py": [["--show"]],  # with it, the flags of the chapter are refused
               "09_conditional_gan.py": [["draw", "--label", "3"]],
               "15_pix2pix.py": [["translate", "x"]], "16_cyclegan.py": [["translate", "AtoB", "x"]],
               "17_gan_objectives.py": [["train"], ["compare", "RUN"]]}
# Programs that are no scripts, and arguments that they accept.
MODULES = {"gan_tf1.server": ["--port", "1"], "gan_tf1.bench.wire": [], "gan_tf1.bench.towers": ["mnist_gan"]}
# Flags of other programs: Slurm, pytest, TensorBoard, XLA, and a listing with a command line of its own.
OTHERS = {"--array", "--dist", "--logdir", "--max_steps", "--xla_cpu_max_isa"}


def named(path):
    return str(path.relative_to(ROOT))


def without_fences(text):
    return re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)


def spans(text):
    """All inline code of a page."""
    return re.findall(r"`([^`]+)`", without_fences(text))


# --- links ---

def anchors(page):
    """The anchors of the headings of `page`, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", without_fences(page.read_text()), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_has_a_target(page):
    text = re.sub(r"`[^`]*`", "", without_fences(page.read_text()))
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if link.startswith(("https://", "http://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_relative_to(ROOT) and target.exists(), f"{link} does not exist"
        if anchor:
            assert anchor in anchors(target), f"{link}: there is no such heading"


def test_anchors_are_made_as_on_github(tmp_path):
    page = tmp_path / "README.md"
    page.write_text('# TensorFlow 1.15\n```\n# no heading\n```\n## The chapters of "A, B"\n')
    assert anchors(page) == {"tensorflow-115", "the-chapters-of-a-b"}


# --- commands ---

def commands(page):
    """Yield the commands of a page that run a script or module of this project, as lists of arguments."""
    text = page.read_text()
    fences = [line for fence in re.findall(r"^```(?:bash)?\n(.*?)^```", text, re.M | re.S)
              for line in fence.replace("\\\n", " ").split("\n")]
    for line in [*fences, *spans(text)]:
        line = re.sub(r"\$\w+", "1", line.removeprefix("$ "))  # the variables in batch jobs are numbers
        for command in line.split(" && "):
            if re.match(r"(\.venv/bin/)?python (scripts/|-m gan_tf1)", command):
                yield shlex.split(command, comments=True)[1:]
            elif re.match(r"(\.venv/bin/)?gan-tf1\b", command):
                yield ["-m", "gan_tf1", *shlex.split(command, comments=True)[1:]]


COMMANDS = sorted({tuple(command) for page in PAGES for command in commands(page)})


class Parsed(Exception):
    """Raised with a parser and its result after a command line was parsed without an error."""


load = functools.cache(load_script)


@pytest.fixture
def parsed(monkeypatch):
    """A function that returns the parser and the result of a script's command line, without running it."""
    read = argparse.ArgumentParser.parse_args
    monkeypatch.setattr(files, "existing_data", lambda path: path)  # the folders of the pages' readers

    def stop(parser, *given, **named):
        raise Parsed(parser, read(parser, *given, **named))

    def parsed(script, argv):
        with pytest.raises(Parsed) as found:
            load(script).main(list(argv))
        return found.value.args

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", stop)
    return parsed


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_is_accepted_by_its_parser(parsed, capsys, command):
    program, *argv = command
    if argv[:1] == ["gan_tf1"]:
        for name in argv[1:2]:
            [script] = [script for script in scripts() if name in script.names]
            parsed(script.path.name, [one for one in argv[2:] if one != "--help"])  # which would end it
    elif argv and argv[0] in MODULES:
        with pytest.raises(Parsed):
            importlib.import_module(argv[0]).main(argv[1:])
    elif program == "-m":
        with pytest.raises(Parsed):
            listing.parse(argv[1:])
    else:
        _, args = parsed(pathlib.Path(program).name, argv)
        if "--" in argv:
            script = getattr(args, "script", FLAGS_GO_TO[pathlib.Path(program).name])
            if getattr(args, "data", None) == ["stacked"]:
                script = "20_stacked_mnist_gan.py"
            parsed(script, argv[argv.index("--") + 1:])
    assert "note: " not in capsys.readouterr().err  # that a flag is now called, or a command now written


def test_a_command_with_a_flag_that_does_not_exist_is_refused(parsed, capsys):
    with pytest.raises(SystemExit):
        parsed("01_mnist_gan.py", ["--no-such-flag"])
    assert "--no-such-flag" in capsys.readouterr().err


def test_pages_show_a_command_of_every_script():
    shown = {pathlib.Path(command[0]).name for command in COMMANDS}
    assert set(SCRIPT_NAMES) <= shown


def test_every_flag_that_a_page_names_exists(parsed):
    known = set(OTHERS)
    for name in SCRIPT_NAMES:
        for argv in ([], *SUBCOMMANDS.get(name, [])):
            known |= set(parser_of(parsed, name, argv)._option_string_actions)
    with pytest.raises(Parsed) as found:
        listing.parse(["x"])
    known |= set(found.value.args[0]._option_string_actions)
    for name, argv in MODULES.items():
        with pytest.raises(Parsed) as found:
            importlib.import_module(name).main(argv)
        known |= set(found.value.args[0]._option_string_actions)
    for page in PAGES:
        for span in spans(page.read_text()):
            for flag in re.findall(r"(?<![\w-])--[a-z][\w-]*", span):
                assert flag in known, f"{named(page)}: `{span}`"


def parser_of(parsed, name, argv):
    """The parser of the script `name`, which is given the arguments that it needs."""
    needed = {"changed_mnist_gan.py": ["--change", "leak_0"], "compare_accuracies.py": ["a.csv"],
              "compare_logs.py": ["RUN"], "diagnose.py": ["RUN"], "join_envelopes.py": ["a.csv"],
              "cyclegan_report.py": ["RUN"], "evaluate.py": ["RUN"], "export.py": ["RUN"],
              "make_envelope.py": ["OUT.csv", "--work-dir", "DIR"], "sweep.py": ["OUT"],
              "mode_collapse_report.py": ["OUT"], "pix2pix_report.py": ["RUN"],
              "progressive_ablation.py": ["OUT.txt", "--work-dir", "DIR"],
              "report.py": ["RUN"], "variance_shift.py": ["RUN"], "wasserstein_estimate.py": ["RUN"]}
    return parsed(name, [*argv, *needed.get(name, [])])[0]


# --- what has a page ---

def test_the_front_page_can_be_read_in_five_minutes():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 210


def test_the_front_page_has_the_command_that_installs_and_tests_the_project():
    lines = (ROOT / "README.md").read_text().splitlines()
    [line] = [line for line in lines if re.match("python3 -m venv .*pytest", line)]
    assert ' -m venv .venv && .venv/bin/pip install -e ".[test]" && .venv/bin/python' in line


@pytest.mark.parametrize("folder", [*FOLDERS, *RESULTS], ids=named)
def test_every_folder_has_its_page(folder):
    assert (folder / "README.md").is_file()


def test_every_result_is_listed_and_shows_all_of_its_figures():
    index = (ROOT / "checkpoints" / "README.md").read_text()
    assert len(RESULTS) > 10
    for folder in RESULTS:
        assert f"({folder.name}/README.md)" in index
        text = (folder / "README.md").read_text()
        for figure in folder.rglob("*.png"):
            if "runs" not in figure.relative_to(folder).parts:  # git ignores this folder
                assert f"({figure.relative_to(folder).as_posix()})" in text, figure


def test_every_script_is_named():
    text = (ROOT / "scripts" / "README.md").read_text()
    for path in (ROOT / "scripts").glob("*.py"):
        assert path.name in text


# --- figures and numbers ---

def test_no_two_figures_of_the_first_chapter_have_files_of_the_same_name():
    """Numbers are left out: samples.png of a run and samples-001.png would be confused."""
    text = (ROOT / "checkpoints" / "mnist_gan" / "README.md").read_text()
    files_of = dict(re.findall(r"^\| (\d) \|.*?([\w/-]+\.png)", text, re.M))
    stems = {figure: re.sub(r"-\d+$", "", pathlib.Path(file).stem) for figure, file in files_of.items()}
    assert stems == {"6": "losses", "7": "samples", "8": "progress", "9": "new_samples"}


def means(log, first, last):
    """The means over these epochs or steps of each loss of a log, or of each seed of an envelope, [seeds]."""
    return [values[..., (first <= log.epochs) & (log.epochs <= last)].mean(axis=-1) for values in log.losses.values()]


def page_and_rows(result, table):
    """The text of the page of a `result`, and the rows of a CSV file beside it."""
    folder = ROOT / "checkpoints" / result
    return (folder / "README.md").read_text(), tables.rows_of((folder / table).read_text().splitlines())


def plus_minus(values, decimals):
    """The mean of `values`, one per seed, and their standard deviation, as a page states them."""
    return f"{np.mean(values):.{decimals}f} ± {np.std(values, ddof=1):.{decimals}f}"


def scores_of(*parts):
    """The scores in a CSV file below checkpoints/: row -> metric -> values, one per seed."""
    lines = ROOT.joinpath("checkpoints", *parts).read_text().splitlines()
    return seed_scores.of_rows(seed_scores.read(lines))


def stated(values, decimals):
    """The only one of `values` as a page states it, or their mean and standard deviation."""
    return plus_minus(values, decimals) if len(values) > 1 else f"{values[0]:.{decimals}f}"


def row_of(envelope, first, last, decimals):
    """The cells of a page's table for the means over these epochs or steps, each loss with its `decimals`."""
    return " | ".join(map(plus_minus, means(envelope, first, last), decimals))


def last_thirty(envelope):
    """The means of both losses over epochs 71 to 100, and their standard deviations over the seeds."""
    return [(own.mean(), own.std(ddof=1)) for own in means(envelope, 71, 100)]


def test_the_numbers_of_both_learning_rates_on_the_front_page_are_those_of_the_envelopes():
    known = envelopes.known_changes("mnist_gan")["adam_0.002"]
    for words, one in (("| MNIST GAN |", envelopes.envelope("mnist_gan")), ("at 0.002", known)):
        row = next(line for line in (ROOT / "README.md").read_text().splitlines() if words in line)
        assert "[{:.2f} ± {:.2f}, {:.2f} ± {:.2f}]".format(*sum(last_thirty(one), ())) in row


def test_the_losses_of_the_dcgan_on_svhn_on_two_pages_are_those_of_its_envelope_and_of_the_published_log():
    own, theirs = envelopes.envelope("dcgan_svhn_steps"), other_logs.named("E001").log

    page = (ROOT / "checkpoints" / "published_logs" / "README.md").read_text()
    for first, last in ((10, 50), (60, 100), (110, 280)):
        disc, gen = [f"{one:.3f} | {plus_minus(seeds, 3)}" for one, seeds in zip(
            means(theirs, first, last), means(own, first, last))]
        assert f"| {first} to {last} | {disc} | {gen} |" in page
    front = next(line for line in (ROOT / "README.md").read_text().splitlines() if "| DCGAN on SVHN |" in line)
    assert "steps 10-280: {:.2f}, {:.2f} |".format(*means(theirs, 10, 280)) in front
    disc, gen = means(own, 10, 280)
    assert f"[{disc.mean():.2f} ± {disc.std(ddof=1):.2f}, {gen.mean():.2f} ± {gen.std(ddof=1):.2f}]" in front


def test_the_numbers_of_the_dcgan_on_a_part_of_svhn_are_those_of_its_envelope_and_scores():
    page = (ROOT / "checkpoints" / "dcgan_svhn" / "README.md").read_text()
    own = envelopes.envelope("dcgan_svhn", envelopes.path_of("dcgan_svhn", "SVHN subset (8,483 digits)"))
    cifar10 = envelopes.envelope("dcgan_svhn_steps", envelopes.path_of("dcgan_svhn_steps", "CIFAR-10"))
    for envelope, row, epochs in ((own, "1 and 2", (1, 2)), (own, "3 to 10", (3, 10)), (own, "11 to 25", (11, 25)),
                                  *((cifar10, f"{first} to {last}", (first, last)) for first, last in (
                                      (10, 50), (60, 100), (110, 300), (310, 390)))):
        assert f"| {row} | {row_of(envelope, *epochs, (2, 2))} |" in page
    scores = scores_of("dcgan_svhn", "scores.csv")["samples"]
    score, distance, kl = [(one.mean(), one.std(ddof=1)) for one in (
        scores["score"], scores["distance"], scores["KL to uniform"])]
    assert (f"| {score[0]:.2f} ± {score[1]:.2f} | {distance[0]:.0f} ± {distance[1]:.0f} | 10 | {kl[0]:.3f} ± "
            f"{kl[1]:.3f} |") in page
    assert f"{scores['distance'].min():.0f} to {scores['distance'].max():.0f}" in " ".join(page.split())


def test_the_losses_of_the_dcgan_on_mnist_on_two_pages_are_those_of_its_envelope_and_of_the_published_logs():
    own = envelopes.envelope("dcgan_mnist")
    theirs = [other_logs.named(name).log for name in ("B002", "B003")]
    assert (own.seeds, own.epochs[-1]) == (24, 234)

    def cells(first, last):
        """Of each loss: the means of the published logs, and that of our seeds with its standard deviation."""
        for one, other, seeds in zip(*(means(log, first, last) for log in (*theirs, own))):
            yield f"{one:.3f}, {other:.3f}", plus_minus(seeds, 3)

    page = (ROOT / "checkpoints" / "published_logs" / "README.md").read_text()
    for first, last in ((1, 6), (7, 100), (101, 234)):
        assert f"| {first} to {last} | " + " | ".join(sum(cells(first, last), ())) + " |" in page
    front = next(line for line in (ROOT / "README.md").read_text().splitlines() if "| DCGAN on MNIST |" in line)
    assert "[" + ", ".join(seeds for _, seeds in cells(1, 6)) + "]" in front


def test_what_half_of_the_digits_changes_is_on_the_page_as_its_file_shows_it():
    folder = ROOT / "checkpoints" / "published_logs"
    half, own = envelopes.envelope("dcgan_svhn_steps", folder / "dcgan_svhn_half.csv"), envelopes.envelope(
        "dcgan_svhn_steps")
    page = " ".join((folder / "README.md").read_text().split())
    assert f"p = {comparison.judge_runs(half.logs(), own).p_value:.3f} is not far from 0.01" in page
    said = ("the discriminator's", "generator's mean loss is")
    for words, fewer, all_of_them in zip(said, means(half, 60, 100), means(own, 60, 100)):
        assert "{} {:.2f} ± {:.2f} instead of {:.2f} ± {:.2f}".format(
            words, fewer.mean(), fewer.std(ddof=1), all_of_them.mean(), all_of_them.std(ddof=1)) in page
    differing = [seed for seed, log in enumerate(own.logs())
                 if comparison.judge(log, own.without([seed])).word == "differs"]
    assert differing == [3] and "One of our own ten seeds (3) differs from the other nine." in page


def test_the_page_of_detection_has_the_numbers_of_its_files():
    folder = ROOT / "checkpoints" / "detection"
    page = " ".join((folder / "README.md").read_text().split())
    with open(folder / "detection.csv") as file:
        found = detection.read_rows(file)
    for row in tables.markdown(*detection.table(found)).splitlines():
        assert " ".join(row.split()) in page
    with open(folder / "confusion.csv") as file:
        confused = detection.read_confusion(file)
    assert f"{confused.right} of {confused.counts.sum()} are taken for their own program" in page
    known = envelopes.known_changes("mnist_gan")
    assert confused.titles[1:] == [one.title for one in known.values()]
    assert confused.counts.sum(axis=1).tolist() == [envelopes.envelope("mnist_gan").seeds, *(
        one.seeds for one in known.values())]
    assert set(known) == set(CHANGES)  # each has an envelope; if one is added without, the page must say so


def test_the_page_of_detection_counts_the_seeds_of_other_chapters_that_are_suspected():
    page = (ROOT / "checkpoints" / "detection" / "README.md").read_text()
    rows = re.findall(r"^\| ([\w -]*).*? \| (\d+) \| (\d+) \|$", page, re.M)
    names = USUAL | {"DCGAN on MNIST": "dcgan_mnist", "DCGAN on SVHN": "dcgan_svhn_steps"}
    found = {}
    for name, chapter in names.items():
        own = envelopes.envelope(chapter)
        found[name] = (own.seeds, sum(comparison.judge(log, own.without([row])).word == "differs"
                                      for row, log in enumerate(own.logs())))
    assert [(name, int(seeds), int(count)) for name, seeds, count in rows] == [
        (name, *counts) for name, counts in found.items()]
    seeds, counts = map(sum, zip(*found.values()))
    low, high = scipy.stats.binomtest(counts, seeds).proportion_ci()
    assert (f"Together these are {counts} of {seeds} seeds (a 95 % interval for the share: {100 * low:.0f} to "
            f"{100 * high:.0f} %)") in page


def progressive_row(name, scores):
    """A row of the tables of the progressive GAN; `scores` are those of each column, metric -> [3 seeds]."""
    cells = [name]
    for own in scores:
        assert len(own["SWD mean"]) == 3
        each = ", ".join(f"{one:.0f}" for one in own["SWD mean"])
        cells += [f"{own['SWD mean'].mean():.0f} ({each})", f"{own['MS-SSIM'].mean():.2f}"]
    return f"| {' | '.join(cells)} |"


def test_the_page_of_the_progressive_gan_has_the_numbers_of_its_files():
    page = (ROOT / "checkpoints" / "progressive_gan" / "README.md").read_text()
    fewer, more = (scores_of("progressive_gan", name) for name in ("fewer_images.csv", "ablation.csv"))
    rates = ("0.001", "0.005")
    for row, name in (("plain", "plain, all layers from the start"), *((name, name) for name in (
            "+ growing", "+ minibatch standard deviation", "+ equalized learning rate", "+ pixel norm"))):
        assert progressive_row(name, [more[f"rate {rate}: {row}"] for rate in rates]) in page
        if row in ("plain", "+ growing"):
            assert progressive_row(name, [scores[f"rate 0.001: {row}"] for scores in (fewer, more)]) in page
    for rate in rates:  # growing is better with each of the seeds
        assert np.less(more[f"rate {rate}: + growing"]["SWD mean"], more[f"rate {rate}: plain"]["SWD mean"]).all()
    assert (more["rate 0.001: plain"]["MS-SSIM"] > 0.7).sum() == 2  # collapsed
    plain, growing = (fewer[f"rate 0.001: {row}"]["SWD mean"] for row in ("plain", "+ growing"))
    assert (plain < growing).sum() == 2 and (plain < more["rate 0.001: plain"]["SWD mean"]).all()


def test_the_page_of_pix2pix_has_the_numbers_of_both_files_on_facades():
    page, names = (ROOT / "checkpoints" / "pix2pix" / "README.md").read_text(), label_translation.ways(64)
    for file, count in (("ways", 2), ("facades", 1)):
        scores = scores_of("pix2pix", file, "scores.csv")
        for row in names.keys() & scores.keys():
            own = scores[row]
            assert len(own["MAE"]) == count
            overlaps = ", ".join(f"{own[name].mean():.2f}" for name in label_translation.OVERLAPS)
            assert (f"| {names[row].name} | {stated(100 * own['pixel accuracy'], 1)} | "
                    f"{stated(100 * own['class IoU'], 1)} | {overlaps} | {stated(own['MAE'], 1)} |") in page
        for real in [row for row in scores if row not in names]:
            cells = [stated(100 * scores[real][name], 1) for name in ("pixel accuracy", "class IoU")]
            assert f"| {' | '.join(cells)} | 1, 1, 1 | " in page or file == "facades" and "other" in real


def test_what_the_page_of_pix2pix_says_of_both_seeds_is_true_of_each():
    accuracy = {row: own["pixel accuracy"] for row, own in scores_of("pix2pix", "ways", "scores.csv").items()}
    assert (accuracy["both"] > accuracy["l1"]).all() and (accuracy["gan"] < accuracy["l1"]).all()
    assert (accuracy["l1-encoder-decoder"] < accuracy["real photographs of other facades"]).all()
    assert all((accuracy["patch-16"] > accuracy[row]).all() for row in ("patch-1", "both", "patch-image"))
    for row in ("both", "l1"):
        assert (accuracy[f"{row}-encoder-decoder"] < accuracy[row] - 0.1).all()


@pytest.mark.parametrize("folder, seeds", [("horse2zebra", 1), ("ways", 2)])
def test_the_page_of_cyclegan_has_the_numbers_of_horses_and_zebras(folder, seeds):
    page, names = (ROOT / "checkpoints" / "cyclegan" / "README.md").read_text(), set_translation.row_names(
        ("horse", "zebra"))
    scores = scores_of("cyclegan", folder, "scores.csv")
    for row, own in scores.items():
        assert len(own["distance"]) == (seeds if "back" in own else 1)
        cells = [stated(column.factor * own[metric], int(column.form[1])) if metric in own else ""
                 for metric, column in set_translation.COLUMNS.items()]
        assert " ".join(f"| {' | '.join([names[row], *cells])} |".split()) in " ".join(page.split())


def test_what_the_page_of_cyclegan_says_of_both_seeds_is_true_of_each():
    scores = scores_of("cyclegan", "ways", "scores.csv")
    for direction in ("AtoB", "BtoA"):
        whole, no_identity, no_cycle = (scores[f"{row} {direction}"] for row in ("cyclegan", "no-identity", "no-cycle"))
        for metric in ("taken for the target", "identity error"):
            assert (no_identity[metric] > whole[metric]).all()
        assert no_cycle["changed"].min() > 1.4 * max(whole["changed"].max(), no_identity["changed"].max())
    taken = [scores[f"no-cycle {direction}"]["taken for the target"] for direction in ("AtoB", "BtoA")]
    assert np.equal(taken, 1).sum() == 3


def test_the_page_of_the_published_logs_has_the_means_of_the_dcgan_with_both_kinds_of_batch_norm():
    page = (ROOT / "checkpoints" / "published_logs" / "README.md").read_text()
    known = envelopes.known_changes("dcgan_upsampling")
    for words, name in (("with batch statistics", "keras_gan"),
                        ("the same with moving statistics", "batch_32_one_adam")):
        assert f"{words} | {row_of(known[name], 300, 570, (3, 3, 3))} |" in page
    log = other_logs.named("C003").log
    kept = np.isin(log.epochs, known["keras_gan"].epochs) & (log.epochs >= 300) & (log.epochs <= 570)
    disc, accuracy, gen = [values[kept].mean() for values in log.losses.values()]
    assert f"| the log C003 | {disc:.3f} | {accuracy:.3f} | {gen:.3f} |" in page
    assert accuracy < means(known["keras_gan"], 300, 570)[1].min()


def test_the_page_of_the_generators_has_the_losses_of_chapter_07_with_both_kinds_of_batch_norm():
    page, rows = page_and_rows("mnist_generators", "upsampling_losses.csv")
    runs = {}
    for row in rows:
        runs.setdefault(row["run"], {}).setdefault(row["seed"], []).append(row)
    for run, seeds in runs.items():
        size, kind = run.split(", ")
        iterations = 100 * len(next(iter(seeds.values())))
        cells = [", ".join(f"{np.mean([float(row[name]) for row in own[-5:]]):.{decimals}f}" for own in seeds.values())
                 for name, decimals in (("disc_loss", 3), ("disc_acc", 3), ("gen_loss", 2))]
        assert f"| {size} | {iterations:,} | {kind} | {' | '.join(cells)} |" in page


@pytest.mark.slow
def test_the_table_of_detection_is_that_of_the_envelopes_in_the_package(tmp_path):
    """Without its figures, whose bytes may differ with the version of matplotlib."""
    load_script("detection_table.py").main(["--out", str(tmp_path / "out"), "--held-out", str(
        envelopes.BOOK_LOGS / "mnist_gan_feed_loop.csv")])
    for name in ("detection.csv", "confusion.csv", "detection.txt"):
        assert (tmp_path / "out" / name).read_text() == (ROOT / "checkpoints" / "detection" / name).read_text()


def test_the_usual_losses_on_the_page_of_the_printed_logs_are_those_of_the_envelopes():
    page = (ROOT / "gan_tf1" / "published" / "book_logs" / "README.md").read_text()
    rows = re.findall(r"^\| ([\w -]*)\| (\d+) to (\d+) \| (.*) \|(.*)\| (.*) \|$", page, re.M)
    assert len(rows) == 3 * len(USUAL) and [row[0].strip() for row in rows if row[0].strip()] == list(USUAL)
    for number, (_, first, last, *cells) in enumerate(rows):
        own = envelopes.envelope(list(USUAL.values())[number // 3])
        found = dict(zip(own.losses, means(own, int(first), int(last))))
        for name, cell in zip(("disc_loss", "disc_acc", "gen_loss"), cells):
            mean, _, spread = cell.strip().partition(" ± ")
            for told, value in ((mean, np.mean), (spread, lambda own: np.std(own, ddof=1))):
                if name not in found:
                    assert told == ""
                else:
                    assert round(value(found[name]), len(told.partition(".")[2])) == float(told)
    own = envelopes.envelope("dcgan_upsampling")
    for first, last in ((0, 9), (10, 99), (100, 599)):
        assert f"| {first} to {last} | {row_of(own, first, last, (3, 3, 2))} |" in page
    for row, epochs in (("1 and 2", (1, 2)), ("3 to 20", (3, 20))):
        assert f"| {row} | {row_of(envelopes.envelope('dcgan_class'), *epochs, (3, 2))} |" in page


# --- the picture at the top ---

def test_the_picture_at_the_top_is_wide_and_low():
    from matplotlib.image import imread
    name = re.search(r"!\[.*?\]\((.*?)\)", (ROOT / "README.md").read_text())[1]
    height, width = imread(ROOT / name).shape[:2]
    assert height <= 250 and width > 3 * height


def test_samples_can_be_read_from_the_figure_of_progress(tmp_path):
    samples = np.random.default_rng(3).uniform(-1, 1, (10, 6, 784))
    path = figures.save(figures.progress(samples, "random"), tmp_path / "progress.png")
    read = kept_figures.read_progress(path)
    assert read.shape == (10, 6, 28, 28)
    assert np.abs(read - (samples.reshape(read.shape) + 1) / 2).max() < 1 / 100


def test_the_picture_at_the_top_shows_noise_becoming_digits():
    axes = kept_figures.noise_to_digits().axes
    shown = [np.asarray(one.images[0].get_array()) for one in axes]
    titles = [one.get_title() for one in axes[:10]]
    assert titles == [f"epoch {epoch}" for epoch in range(1, 101, 10)]
    for first, last in ((shown[0], shown[9]), (shown[10], shown[19])):
        assert np.std(first) < 0.1               # grey noise
        assert np.median(last) < 0.1 < 0.9 < np.max(last)  # white strokes on black
