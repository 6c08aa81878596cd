"""The report as one HTML file, which loads nothing and runs no script but its own.

What a run directory says may come from a stranger, so it can reach the page in two ways only. Text goes
through `xml.etree`, which escapes it wherever it stands; and the numbers and names for the charts are a
JSON document in which `<`, `>` and `&` are written as escapes, so that it cannot end the element around it.
The scripts of the page set text only as `textContent`. And if all of that failed: the page's content
security policy lets a browser run only the script, and apply only the style, whose SHA-256 it states.
"""

import base64
import hashlib
import json
import pathlib
import re
import shlex
import string
import xml.etree.ElementTree as ET

import numpy as np

from gan_tf1.files import replacing
from gan_tf1.published.comparison import prediction_interval
from gan_tf1.report import contents, convolutional, dense, sprites, targets
from gan_tf1.wording import quantity

HERE = pathlib.Path(__file__).parent
NAME = "report.html"  # of the report in a run directory
SCRIPTS = ("numbers.js", "network.js", "onnx.js", "charts.js", "player.js", "arithmetic.js", "generator.js",
           "page.js")  # in this order
SERVED = " 'self' 'wasm-unsafe-eval'; connect-src 'self'"  # what the policy of a served page allows in addition
INTERVAL = 0.05  # the band of a chart has 95 % of the seeds
MARKS = {"differs": "\u2260", "equivalent": "=", "can't tell": "?"}  # beside a verdict: not by colour alone
OTHER_MARK = "\u2013"


def write(paths, out) -> pathlib.Path:
    """Write a report on the run directories `paths` to the file `out`, in one step; returns `out`.

    Raises InputError as `contents.of_runs` does, or if `out` can't be written.
    """
    text = html(contents.of_runs(paths))
    with replacing(out) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    return pathlib.Path(out)


def of_run(job, path) -> None:
    """Write report.html into the run directory `path` if the command line asks for it, and print its name.

    `job` is the `command_line.Launch` of the script.
    """
    if job.report:
        print(write([path], pathlib.Path(path) / NAME))


def html(found, own=None, folder=None) -> str:
    """The page of `contents.Contents`.

    Without `own`, the generators are those of `generators`. A page that is served can also play with
    `convolutional.Generator`s, whose files are in `folder`, a URL relative to the page.
    """
    own = generators(found) if own is None else own
    title = f"{found.chapter}: " + ", ".join(run.name for run in found.runs)
    main = string.Template(_asset("runs.html")).substitute(
        heading=as_text(heading(found)), runs=_written(_runs(found)), verdicts=_written(_verdicts(found)),
        settings=_written(_settings(found)), provenance=_written(_provenance(found)), play=_written(_play(found, own)))
    served = any(isinstance(made, convolutional.Generator) for made in own)
    return framed(title, main, data(found, own, folder), SCRIPTS, served)


def framed(title, main, document, scripts, served=False) -> str:
    """A whole page with the HTML `main`, the dict `document` for its scripts, and the `scripts`, names of files.

    If it is to be `served`, it may also load scripts, WebAssembly and other files from its own server.
    """
    style, script = _asset("report.css"), '"use strict";\n' + "\n".join(map(_asset, scripts))
    policy = ("default-src 'none'; img-src data:; "
              f"style-src 'sha256-{_sha256(style)}'; script-src 'sha256-{_sha256(script)}'"
              f"{SERVED if served else ''}; base-uri 'none'; form-action 'none'")
    return string.Template(_asset("template.html")).substitute(
        policy=policy, style=style, script=script, title=as_text(title), main=main, data=_json(document))


def heading(found) -> str:
    """The heading of the page."""
    title = found.chapter.replace("_", " ")
    if len(found.runs) == 1:
        return f"{title}: {found.runs[0].name}"
    return f"{title}: {quantity(len(found.runs), 'run')} side by side"


# --- the numbers for the charts ---

def data(found, own=None, folder=None) -> dict:
    """What the page's scripts need: a dict that can be written as JSON. `own` and `folder` are those of `html`."""
    own = generators(found) if own is None else own
    each = found.runs[0].each  # chapters with an envelope have the same in all runs
    left = sprites.BUDGET - sum(made.bytes for made in own if made)
    budget = max(sprites.LEAST, min(sprites.BUDGET, left)) // len(found.runs)
    panels = []
    for column, (title, unit) in found.columns.items():
        panel = {"title": title, "unit": unit, "runs": [
            dense.as_base64(run.losses[column]) if column in run.losses else None for run in found.runs]}
        if found.envelope and column in found.envelope.losses:
            seeds = found.envelope.losses[column]
            low, high = np.clip(prediction_interval(seeds, INTERVAL), *found.envelope.chapter.bounds_of(column))
            band = {"x": found.envelope.epochs * each, "low": low, "high": high, "mean": seeds.mean(axis=0)}
            panel["band"] = {name: dense.as_base64(values) for name, values in band.items()}
        if found.book and column in found.book.losses:
            panel["book"] = {"x": dense.as_base64(found.book.epochs * each),
                             "y": dense.as_base64(found.book.losses[column])}
        panels.append(panel)
    return {"unit": found.unit, "part": found.part, "panels": panels,
            "seeds": found.envelope.seeds if found.envelope else 0,
            "seedsData": found.envelope.data_title if found.envelope else "",
            "runs": [{"name": clean(run.name), "differing": clean(", ".join(run.differing)),
                      "x": dense.as_base64(run.count * run.each), "total": len(run.samples), "fixed": run.fixed,
                      "generator": made and (
                          dense.packed(made) if isinstance(made, dense.Generator)
                          else convolutional.packed(made, place, folder)),
                      "sheet": sprites.packed(sprites.sheet(run.samples, _columns(run), budget,
                                                            targets.of_data(run.stored["data"])))}
                     for place, (run, made) in enumerate(zip(found.runs, own))]}


def generators(found) -> list:
    """The dense generator of each run, or None; in this order, as many as fit into `dense.BUDGET`."""
    own, left = [], dense.BUDGET
    for run in found.runs:
        made = dense.of_run(run.path, run.stored)
        own.append(made if made and made.bytes <= left else None)
        left -= own[-1].bytes if own[-1] else 0
    return own


def _play(found, own):
    """What the page says of the generators, as long as its scripts do not say otherwise."""
    if any(isinstance(made, dense.Generator) for made in own):
        yield element("p", "Its weights are in this page, and your browser computes the images.", class_="hint")
    elif any(made or convolutional.possible(run) for run, made in zip(found.runs, own)):
        command = shlex.join(["python", "scripts/report.py", *(str(run.path) for run in found.runs), "--serve"])
        yield element("p", "To play with this generator, which a page that is opened from disk cannot compute, let "
                      "this command serve the page: ", element("code", command), class_="unserved")


def _columns(run):
    """In how many columns the samples of a run are shown, or None for any number."""
    return run.stored["settings"].get("samples") if run.stored["chapter"] in (
        "conditional_gan", "cyclegan") else None


# --- text ---

def clean(text) -> str:
    """`text` without control characters and halves of surrogate pairs, which HTML does not allow."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", "\ufffd", str(text))


def element(tag, *inner, **attributes) -> ET.Element:
    """An element with `attributes`, whose `inner` parts are elements or text."""
    made = ET.Element(tag, {name.rstrip("_").replace("_", "-"): clean(value) for name, value in attributes.items()})
    for part in inner:
        if isinstance(part, ET.Element):
            made.append(part)
        elif len(made):
            made[-1].tail = (made[-1].tail or "") + clean(part)
        else:
            made.text = (made.text or "") + clean(part)
    return made


def _written(elements):
    return "".join(ET.tostring(one, encoding="unicode", method="html") for one in elements)


def as_text(text) -> str:
    """`text` as HTML."""
    return _written([element("b", text)]).removeprefix("<b>").removesuffix("</b>")


def _json(document):
    return re.sub(r"[<>&\u2028\u2029]", lambda found: f"\\u{ord(found[0]):04x}", json.dumps(document))


def _asset(name):
    return (HERE / name).read_text(encoding="utf-8")


def _sha256(text):
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


# --- the parts of the page that are text ---

def _swatch(place):
    return element("span", class_=f"swatch run{place % 6}", aria_hidden="true")


def _runs(found):
    """One card for each run: name, headline, diagnosis."""
    for place, run in enumerate(found.runs):
        about = f"{run.stored['data_title']}, seed {run.stored['seed']}"
        yield element("article", element("h3", _swatch(place), run.name),
                      element("p", ", with ".join([about, *filter(None, [", ".join(run.differing)])])),
                      element("p", run.stored.get("data_note", ""), class_="note"),
                      element("p", element("strong", "Diagnosis. "), run.diagnosis))


def _verdicts(found):
    for one in found.judgements:
        sentence, *lines = one.sentence.split("\n")
        kind = one.word.replace(" ", "-").replace("'", "")
        yield element(
            "article", element("h3", *([f"{one.name} "] if one.name else []),
                               element("span", f"{MARKS.get(one.word, OTHER_MARK)} {one.word}", class_=f"word {kind}")),
            *([element("pre", one.beside, tabindex="0")] if one.beside else []),
            element("p", sentence), *([element("ul", *(element("li", line) for line in lines))] if lines else []),
            *(element("p", text) for text in (one.likely, one.limits) if text),
            *([element("details", element("summary", "All statistics"), _statistics(one.statistics))]
              if one.statistics else []))


def _statistics(rows):
    head = ("window", "range", "loss", "statistic", "here", "seeds", "99 %, jointly", "")
    body = [(row.window, row.epochs, row.loss, row.kind, f"{row.value:.3f}", f"{row.expected:.3f}",
             f"{row.joint[0]:.3f} to {row.joint[1]:.3f}", "outside" if row.outside else "") for row in rows]
    return _table(head, body)


def _table(head, body, marked=()):
    return element("div", element("table", element("thead", element("tr", *(
        element("th", title, scope="col") for title in head))), element("tbody", *(
            element("tr", element("th", first, scope="row"), *(element("td", value) for value in rest),
                    **({"class": "differ"} if place in marked else {}))
            for place, (first, *rest) in enumerate(body)))), class_="scroll", tabindex="0", role="region",
        aria_label="table")


def _settings(found):
    rows = contents.settings(found)
    yield _table(("setting", "the chapter's", *(run.name for run in found.runs)),
                 [(row.name, row.chapters, *row.values) for row in rows],
                 [place for place, row in enumerate(rows) if row.differ])


def _provenance(found):
    for run in found.runs:
        yield element("h3", run.name)
        yield element("pre", _command(run.stored["command"]))
        yield element("p", ", ".join(f"{name} {version}" for name, version in run.stored["versions"].items()),
                      f"; {run.stored['processor']}" if "processor" in run.stored else "",
                      f"; data checksum {run.stored['data_crc32']}")
        if run.lines:
            yield element("details", element("summary", "Log"), element("pre", "\n".join(run.lines)))


def _command(words):
    """The command of a run, as it is typed."""
    return shlex.join(["python", *words]) if words else "the command is not known"
