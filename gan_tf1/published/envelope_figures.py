"""Figures of the method: what is compared, and which changes are found how often."""

import numpy as np

from gan_tf1.figure_layout import legend_below, new_figure
from gan_tf1.figures import COLOURS
from gan_tf1.published import max_statistic, window_statistics
from gan_tf1.published.comparison import SIGNIFICANCE

FARTHEST = 12  # standard errors that the axis of `method` shows


def method(envelope, log, name):
    """The method in one picture: the seeds' losses and a log's on the left, all statistics on the right.

    On the right, each row is a statistic: a short line for each seed of the `envelope`, a grey bar for the
    interval of one more seed, and a dot for the log's own value, all in units of the standard error of a
    single run. Statistics that are judged by ranks have a lighter bar.
    """
    form = envelope.chapter
    spans = window_statistics.windows(log.epochs, envelope.epochs, form.windows)
    asked = window_statistics.measures(spans, form)
    seeds = window_statistics.values(asked, envelope.epochs, envelope.losses)
    [run] = window_statistics.values_of_logs(asked, [log])
    cutoffs = max_statistic.one_run(run[None], seeds, SIGNIFICANCE, window_statistics.least_errors(asked))

    figure = new_figure(10, 5.5, f"{name[0].upper()}{name[1:]} beside {envelope.seeds} seeds of the chapter's "
                        f"program on {envelope.data_title}")
    grid = figure.add_gridspec(len(form.columns), 2)
    rows, panels = figure.add_subplot(grid[:, 1]), []
    for place, (colour, (loss, title)) in enumerate(zip(COLOURS, form.columns.items())):
        axes = figure.add_subplot(grid[place, 0])
        for number, values in enumerate(envelope.losses[loss]):
            axes.plot(envelope.epochs, values, color="0.75", linewidth=0.5,
                      label=None if number else "a seed")
        axes.plot(log.epochs, log.losses[loss], color=colour, linewidth=1.2, label=f"{title} of {name}")
        for epochs in spans.values():
            axes.axvline(epochs[0] - 0.5, color="0.4", linewidth=0.6, linestyle=":")
        axes.set(ylabel=f"{title} ({form.unit_of(loss)})", ylim=(0, None), xlabel=form.counted)
        axes.grid(alpha=0.3)
        panels.append(axes)
    labelled = set()
    for place, measure in enumerate(asked):
        by_ranks = bool(cutoffs.contradicted[place])
        z = (seeds[:, place] - seeds[:, place].mean()) / cutoffs.error[place]
        own = (run[place] - seeds[:, place].mean()) / cutoffs.error[place]
        rows.plot(cutoffs.t[place] * cutoffs.sides[:, place] * [-1, 1], [place, place],
                  color="0.88" if by_ranks else "0.75",
                  linewidth=7, solid_capstyle="butt", label=None if by_ranks in labelled else
                  f"99 % for one more seed, jointly{', by ranks' * by_ranks}")
        labelled.add(by_ranks)
        rows.plot(z, np.full(len(z), place), "|", color="0.4", label=None if place else "a seed")
        rows.plot(np.clip(own, -FARTHEST, FARTHEST), place, "o",
                  color=COLOURS[list(form.columns).index(measure.loss)], label=None if place else name)
    rows.set_yticks(range(len(asked)), [f"{one.kind}, {form.columns[one.loss]}, {one.span}" for one in asked],
                    fontsize="small")
    rows.invert_yaxis()
    rows.set(xlim=(-1.05 * FARTHEST, 1.05 * FARTHEST),
             xlabel="difference from the seeds' mean, in standard errors")
    legend_below(figure, *panels, rows)
    return figure
