"""Compute ratios from the seconds of all rounds, and write a table, a CSV file and a figure."""

import csv
import platform
from typing import NamedTuple

import numpy as np

from gan_tf1 import tables
from gan_tf1.bench import rows, work as works
from gan_tf1.figure_layout import TEXT, new_figure, wrapped
from gan_tf1.figures import DISC_COLOUR
from gan_tf1.files import replacing


class Line(NamedTuple):
    """The measurements of one row for one work."""
    work: str
    row: str
    title: str
    unit: str
    seconds: float        # per unit, median of the rounds
    least: float          # seconds per unit in the fastest round
    most: float           # and in the slowest
    ratio: float          # to the reference's seconds in the same round, median
    gflops: float         # GFLOP/s: the counted operations of a unit, divided by `seconds`
    share: float          # of the ceiling
    ceiling: float        # GFLOP/s, in the row's precision
    precision: str
    part: float           # share of a unit that was timed, from 0 to 1
    peak_mib: float
    rounds: tuple         # seconds per unit in each round
    versions: str


def lines(work, entrants, answers, readies) -> list[Line]:
    """The `Line`s of a work, in the order of `entrants`."""
    def seconds(name):
        """The seconds per unit in each round, [R]."""
        return np.array([answer["seconds"] / answer["units"] for answer in answers[name]]) / (
            readies[name]["part"])

    ceilings = ceilings_of(answers, readies)
    (flops, _), reference = readies[rows.REFERENCE]["flops"], seconds(rows.REFERENCE)
    found = []
    for entrant in entrants:
        name, row = entrant.name, entrant.row
        if name not in answers or name in rows.CEILINGS:
            continue
        own, ceiling = seconds(name), ceilings[row.precision]
        gflops = flops / np.median(own) / 1e9
        found.append(Line(
            work.name, name, row.title, work.unit, float(np.median(own)), own.min(), own.max(),
            float(np.median(own / reference)), gflops, gflops / ceiling, ceiling, row.precision,
            readies[name]["part"], answers[name][-1]["peak_mib"], tuple(own),
            " ".join(f"{package} {version}" for package, version in
                     readies[name]["versions"].items())))
    return found


def ceilings_of(answers, readies) -> dict[str, float]:
    """Precision -> GFLOP/s of the fastest product; that of bfloat16 is at least float32's."""
    best = {"float32": 0.0, "bfloat16": 0.0}
    for name, row in rows.CEILINGS.items():
        for answer in answers.get(name, ()):
            rate = readies[name]["flops"][0] * answer["units"] / answer["seconds"] / 1e9
            best[row.precision] = max(best[row.precision], rate)
    return {**best, "bfloat16": max(best.values())}


def ratios_text(found) -> str:
    """The ratios and the ceiling, one line per work, for the top of the report."""
    text = []
    for work in dict.fromkeys(line.work for line in found):
        own = [line for line in found if line.work == work]
        reference = next(line for line in own if line.row == rows.REFERENCE)
        others = [f"{line.title} {line.ratio:.2f}" for line in own if line is not reference]
        text.append(f"{work}, time relative to {reference.title}: "
                    f"{', '.join(others) or 'no other'} (ceiling {reference.ceiling:.0f} GFLOP/s)")
    return "\n".join(text)


def best_text(found) -> str:
    """The fastest row of each library, one line per work and precision, compared with our fastest there."""
    text = []
    for work, precision in dict.fromkeys((line.work, line.precision) for line in found):
        best = {}
        for line in sorted((line for line in found if (line.work, line.precision) == (work, precision)),
                           key=lambda line: line.ratio):
            best.setdefault(line.row.partition("-")[0], line)
        ours = best.pop(rows.REFERENCE, None)
        if ours and best:
            peers = [f"{line.title} {line.ratio:.2f} ({line.ratio / ours.ratio:.2f} times ours)"
                     for line in best.values()]
            text.append(f"{work} in {precision}, the best of each: {ours.title} {ours.ratio:.2f}; "
                        f"{'; '.join(peers)}")
    return "\n".join(text)


def markdown(found) -> str:
    """The `Line`s of all works as one table in Markdown."""
    head = ("work", "row", "time per unit", "from, to", "ratio", "GFLOP/s", "of ceiling",
            "peak MiB")
    body = [(line.work, line.title + (f" ({line.part:g} of a unit timed)" if line.part < 1 else ""),
             f"{line.seconds:.4g} s per {line.unit}",
             f"{line.least:.4g}, {line.most:.4g}", f"{line.ratio:.2f}", f"{line.gflops:.1f}",
             f"{100 * line.share:.0f} %" + ("" if line.precision == "float32" else
                                            f" ({line.precision})"),
             f"{line.peak_mib:.0f}") for line in found]
    return tables.markdown(head, body)


def write_csv(found, path, data_titles, checksums):
    """Write a line per row and work to `path`, with versions, machine and every round; return it.

    `data_titles` and `checksums` map each work to the title and the data_crc32 of its data.
    """
    with replacing(path) as temporary, open(temporary, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*Line._fields[:-2], "seconds_of_rounds", "versions", "data", "data_crc32",
                         "machine"])
        for line in found:
            writer.writerow([f"{value:.6g}" if isinstance(value, float) else value
                             for value in line[:-2]]
                            + [" ".join(f"{value:.6g}" for value in line.rounds), line.versions,
                               data_titles[line.work], checksums[line.work],
                               f"{platform.machine()}, Python {platform.python_version()}"])
    return path


def figure(found, data_titles):
    """A figure with a panel per work and a bar per row; bars to the left of 1 are faster.

    `found` are `Line`s, and `data_titles` maps each work to the title of its data.
    """
    from matplotlib.patches import Patch
    from matplotlib.ticker import LogLocator
    names = list(dict.fromkeys(line.work for line in found))
    counts = [sum(line.work == name for line in found) for name in names]
    drawn = new_figure(8.5, 0.35 * sum(counts) + 1.2 * len(names),
                       "Training time relative to our feed loop's, and the share of the ceiling "
                       "(the fastest product of large matrices) that each reaches")
    panels = drawn.subplots(len(names), squeeze=False, height_ratios=counts)[:, 0]
    colours = {True: DISC_COLOUR, False: "0.6"}
    for axes, name in zip(panels, names):
        own = [line for line in found if line.work == name]
        places = range(len(own))
        axes.barh(places, [line.ratio - 1 for line in own], left=1, color=[
            colours[line.row.startswith(rows.REFERENCE)] for line in own])
        for place, line in zip(places, own):
            of_other = "" if line.precision == "float32" else f" for {line.precision}"
            axes.annotate(f"{line.ratio:.2f}, {100 * line.share:.0f} % of ceiling{of_other}",
                          (max(1, line.ratio), place), (3, 0), textcoords="offset points",
                          va="center", fontsize="small")
        axes.axvline(1, color="0.3", linewidth=0.8)
        axes.set_xscale("log")  # Keras takes twenty times as long as the others
        least = 0.8 * min(line.ratio for line in own)
        most = max(line.ratio for line in own)
        axes.set_xlim(least, most * (most / least) ** 0.7)  # room for the text beside the bars
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if most < 10 * least else (1,)))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter("")
        axes.set_yticks(places, [line.title for line in own], parse_math=False)
        axes.set_xlabel("relative time (1: our feed loop; logarithmic scale)")
        axes.set_title(wrapped(f"{works.WORKS[name].title}, on {data_titles[name]}", 5.2, TEXT),
                       fontsize="medium", parse_math=False)
        axes.invert_yaxis()
    drawn.legend([Patch(color=colour) for colour in colours.values()],
                 ["this project", "the chapters' listings and other libraries"],
                 loc="outside lower center", ncols=2, fontsize="small")
    return drawn
