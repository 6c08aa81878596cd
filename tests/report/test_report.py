"""Reports of runs: what the page contains, how large it is, and that a stranger's run cannot inject anything."""

import base64
import hashlib
import html.parser
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from conftest import SCRIPTS, load_script, refusal
from gan_tf1 import figures
from gan_tf1.errors import InputError
from gan_tf1.models import dcgan_svhn, mixture_gan, mnist_gan, semi_supervised_svhn
from gan_tf1.report import contents, page, sprites
from gan_tf1.training.run_results import load_losses

CHAPTER = {"chapter": "mnist_gan", "settings": vars(mnist_gan.Config()), "data": "mnist", "data_title": "MNIST",
           "data_crc32": "7cd8a48a", "data_dir": None, "seed": 0, "sample_shape": [16, 784],
           "command": ["scripts/01_mnist_gan.py"], "versions": {"python": "3.11"}}
HOSTILE = '</script><script>document.title="owned"</script><img src=x onerror="alert(1)">&amp;\x00\ud800'


def run_at(path, epochs=12, samples=None, losses=None, log="mnist_gan on MNIST, seed 0\n", **config):
    """Write a run directory by hand, and return its path."""
    path.mkdir(parents=True)
    (path / "config.json").write_text(json.dumps(CHAPTER | config))
    rng = np.random.default_rng(epochs)
    losses = losses or {"disc_loss": rng.uniform(0.9, 1.2, epochs), "gen_loss": rng.uniform(1.4, 1.8, epochs)}
    rows = zip(range(1, epochs + 1), *losses.values())
    (path / "losses.csv").write_text("\n".join([",".join(["epoch", *losses]), *(
        ",".join(map(str, row)) for row in rows)]) + "\n")
    (path / "log.txt").write_bytes(log.encode("utf-8", "surrogatepass"))
    np.savez(path / "samples.npz", samples=rng.uniform(-1, 1, (epochs, 16, 784)).astype(np.float32)
             if samples is None else samples)
    return path


class Elements(html.parser.HTMLParser):
    """Every element of a page with its attributes, and the text of its scripts and styles."""

    def __init__(self, text):
        super().__init__()
        self.found, self.inner, self.text = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_data(self, data):
        if self.found and self.found[-1][0] in ("script", "style"):
            self.inner.append((self.found[-1][0], data))
        self.text += data


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The page of one run, its elements, and its document."""
    path = run_at(tmp_path_factory.mktemp("runs") / "one", settings=CHAPTER["settings"] | {"label_smooth": 0.0})
    text = page.html(contents.of_runs([path]))
    return path, text, Elements(text), document(text)


def document(text):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)[1])


def floats(text):
    return np.frombuffer(base64.b64decode(text), "<f4")


# --- what is in it ---

def test_the_page_has_the_run_s_own_numbers_and_those_of_book_and_seeds(written):
    path, _, _, data = written
    losses = load_losses(path)
    assert np.array_equal(floats(data["runs"][0]["x"]), losses["epoch"])
    first, second = data["panels"]
    for panel, column in ((first, "disc_loss"), (second, "gen_loss")):
        np.testing.assert_allclose(floats(panel["runs"][0]), losses[column], rtol=1e-6)
        assert floats(panel["book"]["x"]).tolist() == list(range(71, 101))
        low, mean, high = (floats(panel["band"][name]) for name in ("low", "mean", "high"))
        assert (low < mean).all() and (mean < high).all() and (low >= 0).all()
    assert first["title"] == "disc loss" and first["unit"] == "nats"


def test_runs_with_other_intervals_have_their_own_steps(tmp_path):
    paths = [run_at(tmp_path / str(each), 4, samples=np.zeros((4, 8, 2), np.float32), chapter="mixture_gan",
                    data="grid", settings=vars(mixture_gan.Config()) | {"sample_interval": each, "iterations": 4 * each},
                    data_title="a grid", sample_shape=[8, 2]) for each in (100, 250)]
    shown = document(page.html(contents.of_runs(paths)))
    assert [floats(run["x"]).tolist() for run in shown["runs"]] == [[100, 200, 300, 400], [250, 500, 750, 1000]]
    assert shown["unit"] == "iteration" and shown["part"] == "interval"


def test_the_page_says_verdict_diagnosis_settings_command_and_log(written):
    _, _, elements, _ = written
    for part in ("Diagnosis. No sign of", "label smooth", "0.1", "scripts/01_mnist_gan.py", "python 3.11", "7cd8a48a",
                 "mnist_gan on MNIST, seed 0", "≠ differs"):
        assert part in elements.text, part


def test_the_sprite_sheet_has_every_sample_of_every_epoch(written):
    path, _, _, data = written
    sheet = data["runs"][0]["sheet"]
    assert sheet["sets"] == list(range(12)) and sheet["count"] == 16
    levels = np.asarray(Image.open(io.BytesIO(base64.b64decode(sheet["data"]))))
    samples = figures.as_images(np.load(path / "samples.npz")["samples"][7])
    number = 7 * 16 + 5
    row, column = divmod(number, sheet["across"])
    cut = levels[28 * row:28 * (row + 1), 28 * column:28 * (column + 1)]
    assert np.abs(cut / 255 - samples[5]).max() <= 0.5 / 255 + 1e-6


def test_without_an_envelope_the_published_single_runs_are_shown(tmp_path):
    settings = vars(semi_supervised_svhn.Config())
    run = run_at(tmp_path / "run", 25, chapter="semi_supervised", settings=settings, data="svhn", data_title="SVHN",
                 losses={"train_accuracies": np.full(25, 0.9), "test_accuracies": np.full(25, 0.65)})
    found = contents.of_runs([run])
    [judgement] = found.judgements
    assert judgement.word == "no envelope" and judgement.sentence.startswith("This compares single runs: ")
    text = Elements(page.html(found)).text
    assert "epoch   here   book" in text and "24  0.650  0.674" in text and "8773 of 13,016" in text
    short = run_at(tmp_path / "short", 3, chapter="dcgan_svhn", settings=vars(dcgan_svhn.Config()), data="svhn",
                   data_title="SVHN", log="")
    [judgement] = contents.of_runs([short]).judgements
    assert judgement.word == "no envelope" and not judgement.beside


def test_several_runs_stand_side_by_side_and_what_differs_is_marked(tmp_path):
    runs = [run_at(tmp_path / "base"),
            run_at(tmp_path / "other", settings=CHAPTER["settings"] | {"learning_rate": 0.01})]
    found = contents.of_runs(runs)
    assert [row.name for row in contents.settings(found) if row.differ] == ["learning rate"]
    text = page.html(found)
    assert '<tr class="differ"><th scope="row">learning rate</th>' in text
    assert [run["name"] for run in document(text)["runs"]] == ["base", "other"]
    assert len(found.judgements) == 2


def test_runs_that_differ_in_the_seed_alone_are_also_judged_together(tmp_path):
    runs = [run_at(tmp_path / str(seed), epochs=20 + seed, seed=seed) for seed in range(2)]
    assert [one.name for one in contents.of_runs(runs).judgements] == ["0", "1", "all 2 runs together"]
    same = [run_at(tmp_path / "a" / str(copy), epochs=20) for copy in range(2)]
    assert len(contents.of_runs(same).judgements) == 2  # a copy is not a second seed


def test_a_chapter_without_an_envelope_and_samples_that_are_points(tmp_path):
    points = np.random.default_rng(0).normal(0, 1, (3, 900, 2)).astype(np.float32)
    run = run_at(tmp_path / "ring", 3, points, {"disc_loss": [1, 2, 3], "gen_loss": [3, 2, 1], "modes": [8, 8, 7]},
                 chapter="mixture_gan", settings=vars(mixture_gan.Config()), data="ring", data_title="ring",
                 sample_shape=[900, 2])
    found = contents.of_runs([run])
    data = page.data(found)
    assert found.judgements[0].word == "no envelope" and data["unit"] == "iteration"
    assert [panel["title"] for panel in data["panels"]] == ["disc loss", "gen loss", "modes"]
    sheet = data["runs"][0]["sheet"]
    kept = np.frombuffer(base64.b64decode(sheet["data"]), "<i2").reshape(3, sprites.MOST_POINTS, 2)
    inside = np.abs(points[:, :500]) < sheet["reach"]
    assert np.abs(kept / 32767 * sheet["reach"] - points[:, :500])[inside].max() < 1e-3


@pytest.mark.parametrize("losses", [[1.0, np.nan, 2.0], [1.0]], ids=["not finite", "one epoch"])
def test_a_run_that_failed_or_has_just_begun_has_a_report(tmp_path, losses):
    run = run_at(tmp_path / "run", len(losses), losses={"disc_loss": losses, "gen_loss": losses})
    (run / "samples.npz").unlink()
    data = page.data(contents.of_runs([run]))
    assert np.array_equal(floats(data["panels"][0]["runs"][0]), np.float32(losses), equal_nan=True)
    assert data["runs"][0]["sheet"] is None


def test_the_default_run_has_less_than_five_megabytes(tmp_path):
    """Noise is the worst case: it cannot be compressed."""
    text = page.html(contents.of_runs([run_at(tmp_path / "noise", 100)]))
    assert len(text.encode()) < 5e6


@pytest.mark.parametrize("shape", [(400, 16, 784), (30, 50, 32, 32, 3), (9, 8, 256, 256, 3)])
def test_large_samples_are_thinned_to_the_budget(shape):
    found = sprites.sheet(np.zeros(shape, np.float32), budget=1_000_000)
    picture = Image.open(io.BytesIO(found.data))
    assert max(picture.size) <= sprites.SHEET
    assert found.sets[-1] == shape[0] - 1 and len(found.sets) * np.prod(shape[1:]) <= max(1_000_000, np.prod(shape[1:]))


# --- strangers ---

@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """The page of a run in which every text that a stranger can choose tries to leave its place."""
    name = "<img src=x onerror=alert(1)>\"'&"
    tidy = HOSTILE.encode("utf-8", "replace").decode()
    run = run_at(tmp_path_factory.mktemp("runs") / name, log=f"{HOSTILE}\nEpoch 1/100... {HOSTILE}\n",
                 settings=CHAPTER["settings"] | {HOSTILE: HOSTILE}, data=HOSTILE, data_title=HOSTILE, data_note=HOSTILE,
                 data_crc32=tidy, command=[HOSTILE, HOSTILE], versions={HOSTILE: HOSTILE},
                 processor=HOSTILE)
    return page.html(contents.of_runs([run])), name


def test_a_stranger_s_run_adds_no_element_and_no_attribute(hostile, written):
    text, _ = hostile
    own, strange = (Elements(one) for one in (written[1], text))
    assert {tag for tag, _ in strange.found} <= {tag for tag, _ in own.found} | {"ul", "li"}
    assert [tag for tag, _ in strange.found].count("script") == 2
    assert not [name for _, attributes in strange.found for name in attributes if name.startswith("on")]
    assert strange.text.count('document.title="owned"') >= 4  # it is there, as text
    assert not re.search(r"[\x00-\x08\x0b-\x1f\ud800-\udfff]", text)
    text.encode("utf-8")


def test_a_stranger_s_document_is_the_one_that_was_meant(hostile):
    text, name = hostile
    assert document(text)["runs"][0]["name"] == name
    block = re.search(r'id="data">(.*?)</script>', text, re.S)[1]
    assert not set(block) & set("<>&")


def test_the_policy_allows_nothing_but_the_page_s_own_script_and_style(hostile):
    text, _ = hostile
    elements = Elements(text)
    policy = next(attributes["content"] for tag, attributes in elements.found if "http-equiv" in attributes)
    style, _, script = [inner for _, inner in elements.inner if inner.strip()]
    for kind, inner in (("style", style), ("script", script)):
        digest = base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none'; img-src data:;") and "unsafe" not in policy
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text)
    assert "innerHTML" not in script and "eval(" not in script


# --- the script ---

def test_the_script_writes_a_page_and_refuses_what_is_no_run(tmp_path, capsys, home):
    run = run_at(tmp_path / "run", 3)
    main = load_script("report.py").main
    main([str(run)])
    out = capsys.readouterr().out.strip()
    assert out.endswith("report-001.html") and "<h1>mnist gan: run</h1>" in (home / "report-001.html").read_text()
    assert "holds no run" in refusal(capsys, main, tmp_path / "nothing", "--out", tmp_path / "x.html")
    other = run_at(tmp_path / "other", 3, chapter="vanilla_gan", settings={})
    assert "several chapters" in refusal(capsys, main, run, other)
    bad = run_at(tmp_path / "bad", 3, settings=CHAPTER["settings"] | {"samples": "many"})
    assert "samples" in refusal(capsys, main, bad)
    assert not (tmp_path / "x.html").exists() and len(list(home.iterdir())) == 1


def test_an_unknown_chapter_is_refused(tmp_path):
    with pytest.raises(InputError, match="'<b>', which is not a chapter"):
        contents.of_runs([run_at(tmp_path / "run", 3, chapter="<b>")])


def test_every_script_that_trains_writes_a_report_if_it_is_asked():
    """The line is the last of the function that trains."""
    for path in sorted(SCRIPTS.glob("[0-9]*.py")):
        if "command_line.parse(" in path.read_text():
            [body] = re.findall(r"command_line\.parse\(.*?\n(?=\n\n)", path.read_text(), re.S)
            assert body.endswith("\n    page.of_run(job, training.path)\n"), path
