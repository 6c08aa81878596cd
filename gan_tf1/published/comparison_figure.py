"""The figure of a comparison: a log beside the book's and beside those of many seeds."""

import itertools

import numpy as np

from gan_tf1.figure_layout import count_along, legend_below, new_figure
from gan_tf1.figures import colour_of
from gan_tf1.published.comparison import prediction_interval

MARKERS = "s^vD*"  # of the published runs other than the book's


def comparison(log, book, envelope, name, chapter, others=(), more_logs=()):
    """A run's losses over those of the book and the envelope of many seeds, one panel per loss.

    `log` and `book` are `logs.Log`s, but `book` is None if the book prints none. `name` is that of
    the run in the legend, `chapter` is a `log_formats.Chapter`, and `envelope` is a
    `envelopes.Envelope`, or None if there is none. `others` are further published runs,
    `single_runs.Published`, and `more_logs` are drawn like `log`, if several are compared.
    """
    more = (f", and {len(next(iter(envelope.losses.values())))} seeds" if envelope else
            ", and other published runs" if others else "")
    figure = new_figure(9, max(6.5 if len(chapter.columns) < 3 else 9, 2.25 * len(chapter.columns)),
                        f"{name[0].upper()}{name[1:]}" + (", the book's printed log" if book else "") + more)
    panels = figure.subplots(len(chapter.columns), sharex=True)
    for axes, (loss, title) in zip(panels, chapter.columns.items()):
        if envelope:
            seeds = envelope.losses[loss]
            band = np.clip(prediction_interval(seeds, 0.05), *chapter.bounds_of(loss))
            axes.fill_between(envelope.epochs, *band, color="0.85",
                              label=f"95 % interval for one more seed, {chapter.counted} by {chapter.counted}")
            axes.plot(envelope.epochs, seeds.mean(axis=0), color="0.5", label="mean of the seeds")
        if book:
            axes.plot(book.epochs, book.losses[loss], "x", color="black", markersize=5,
                      label="printed in the book")
        for other, marker in zip(others, itertools.cycle(MARKERS)):
            axes.plot(other.log.epochs, other.log.losses[loss], marker + "-", color="0.55",
                      markersize=4, linewidth=0.8, label=other.name)
        for place, one in enumerate((log, *more_logs)):
            axes.plot(one.epochs, one.losses[loss], color=colour_of(loss, chapter.columns),
                      linewidth=0.6 if more_logs else 1.2,
                      marker="o" if len(one.epochs) == 1 else None,
                      label=None if place else f"{title} of {name}")
        lowest = min(np.min(one.losses[loss], initial=0, where=np.isfinite(one.losses[loss]))
                     for one in (log, *more_logs, book) if one)
        unit = chapter.unit_of(loss)
        axes.set(ylabel=f"{title} ({unit})" if unit else title,
                 ylim=(1.05 * lowest, None))
        axes.grid(alpha=0.3)
    count_along(panels[-1], chapter.counted)
    legend_below(figure, *panels)
    return figure
