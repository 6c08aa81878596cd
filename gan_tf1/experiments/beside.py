"""A figure in which images drawn at random stand beside the best and the worst ones by some measure."""

from typing import Any, NamedTuple

import numpy as np

from gan_tf1 import figures
from gan_tf1.figure_layout import new_figure
from gan_tf1.data.svhn import scaled

RANDOM, EXTREME = 4, 3  # images drawn at random, and of the best and of the worst ones
DRAWN_BY = 4            # the seed of the choice


class Lines(NamedTuple):
    """The lines of pictures of one row, and by what its best and worst images are chosen."""
    name: str
    measure: Any   # float64 [n], more is better
    stacks: dict   # name of the line -> images uint8 [n, s, s, 3], in the order in which they are drawn


def chosen(measure) -> dict[str, np.ndarray]:
    """Which of the n images are shown: "drawn at random", "best" and "worst" -> indices.

    The random ones are the same for all rows with as many images. Best and worst ones begin with the
    extreme one; images that are equally good are in their own order.
    """
    count = len(measure)
    drawn = np.random.default_rng(DRAWN_BY).permutation(count)[:RANDOM]
    order = np.argsort(-np.asarray(measure), kind="stable")
    return {"drawn at random": drawn, "best": order[:EXTREME], "worst": np.argsort(measure, kind="stable")[:EXTREME]}


def figure(rows, title, inches=None):
    """The figure of all `rows`, each a `Lines`, one group of columns for each choice.

    `inches` is the width and height of a picture: by default 0.62 to 1.2, the larger the fewer lines there are.
    """
    names = [name if number else f"{row.name}: {name}"
             for row in rows for number, name in enumerate(row.stacks)]
    inches = inches or float(np.clip(9 / len(names), 0.62, 1.2))
    groups = {group: len(places) for group, places in chosen(rows[0].measure).items()}
    room = 0.3 + 0.083 * max(map(len, names))
    drawing = new_figure(room + inches * sum(groups.values()) + 0.4, inches * len(names) + 0.3, title)
    grid = drawing.subplots(1, len(groups), squeeze=False, width_ratios=list(groups.values()))[0]
    for axes, (group, columns) in zip(grid, groups.items()):
        stack = np.concatenate([scaled(images[chosen(row.measure)[group]])
                                for row in rows for images in row.stacks.values()])
        picture = figures.tiled(stack, columns, margin=2)
        axes.imshow(picture)
        axes.set(xticks=[], yticks=[], frame_on=False)
        axes.set_title(group, fontsize="medium")
    places = (np.arange(len(names)) + 0.5) * picture.shape[0] / len(names)
    grid[0].set_yticks(places, names, parse_math=False)
    grid[0].tick_params(length=0)
    return drawing
