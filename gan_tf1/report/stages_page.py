"""A page in which figure 6.5 moves: both densities, D and the map from z to x, over the updates of a training."""

import math
import pathlib
import string

import numpy as np

from gan_tf1.experiments import objectives
from gan_tf1.experiments.theory_figures import STAGES
from gan_tf1.files import replacing
from gan_tf1.report import dense, page

SCRIPTS = ("numbers.js", "charts.js", "player.js", "stages.js")


def write(stages, heading, out) -> pathlib.Path:
    """Write the replay of the `theory.Stage`s to the file `out`, in one step; returns `out`."""
    main = string.Template((page.HERE / "stages.html").read_text(encoding="utf-8"))
    text = page.framed(heading, main.substitute(heading=page.as_text(heading)), data(stages), SCRIPTS)
    with replacing(out) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    return pathlib.Path(out)


def data(stages) -> dict:
    """What the page's script needs. D* is not a number where neither density is seen."""
    first, text = stages[0], dense.as_base64
    return {"x": text(first.x), "data": text(first.data), "z": text(first.z),
            "best": -math.log(4),
            "frames": [{"stage": STAGES[stage.letter], "number": stage.number, "count": stage.count,
                        "gen": text(stage.gen), "disc": text(stage.disc),
                        "optimum": text(np.where(objectives.seen(stage.data, stage.gen), stage.best, np.nan)),
                        "mapped": text(stage.mapped), "off": stage.deviation.mean,
                        "value": stage.deviation.value, "bestValue": stage.deviation.best_value}
                       for stage in stages]}
