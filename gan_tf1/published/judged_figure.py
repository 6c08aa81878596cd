"""The picture of the published logs of a chapter beside the envelopes of our seeds."""

import numpy as np

from gan_tf1.figure_layout import legend_below, new_figure
from gan_tf1.published import envelopes, other_logs
from gan_tf1.published.comparison import prediction_interval

# The lines of each group: those of the chapter as printed are drawn last, over the others.
OTHERS = "other changes"
LONG = 50  # times the first epoch or step: from here on, the axis is logarithmic
COLOURS = {OTHERS: "#9467bd", "adam_0.002": "#ff7f0e", other_logs.NO_CHANGE: "#1f77b4"}
TITLES = {OTHERS: "published: other changes", "adam_0.002": "published: Adam at 0.002",
          other_logs.NO_CHANGE: "published: the chapter's program"}


def published(logs, found, what):
    """A panel per loss: bands of our seeds of `what`, such as "The MNIST GAN", and a line for each of `logs`.

    `logs` is a list of `OtherLog` of one chapter, and `found` a dict of the name of a change ("" is
    the chapter itself) -> `Envelope` of our seeds, which has the chapter. The x-axis has the epochs of the
    chapter's envelope.
    """
    own = found[other_logs.NO_CHANGE]
    chapter, stand_in = own.chapter, own.data_title == own.chapter.stand_in
    ours, theirs = (f", on {own.data_title},", f", on {chapter.data_title}") if stand_in else ("", "")
    figure = new_figure(9, 7.5, f"{what}: the losses of our seeds{ours} and published ones{theirs}")
    panels = np.atleast_1d(figure.subplots(len(chapter.columns), sharex=True))
    bands = {name: one for name, one in found.items() if name in COLOURS}
    first, last = own.epochs[0], own.epochs[-1]
    for axes, (loss, label) in zip(panels, chapter.columns.items()):
        for name, envelope in bands.items():
            _band(axes, envelope, loss, name)
        for group, colour in COLOURS.items():
            alike = [one for one in logs if _group(one) == group]
            for number, one in enumerate(alike):
                shown = one.log.epochs <= last
                axes.plot(one.log.epochs[shown], one.log.losses[loss][shown], color=colour,
                          linewidth=1.4 if group == other_logs.NO_CHANGE else 0.7,
                          label=f"{TITLES[group]} ({len(alike)})" if not number else None)
        unit = chapter.unit_of(loss)
        axes.set(ylabel=f"{label} ({unit})" if unit else label, ylim=(0, None))
        axes.grid(alpha=0.3)
    panels[-1].set(xlabel=chapter.counted, xlim=(first, last))
    if last >= LONG * first:  # programs differ most in the first epochs, which a logarithmic axis shows large
        panels[-1].set(xscale="log", xlabel=f"{chapter.counted} (logarithmic)")
        panels[-1].xaxis.set_major_formatter("{x:,.0f}")
    legend_below(figure, *panels)
    return figure


def _group(one):
    return one.change if one.change in COLOURS else OTHERS


def _band(axes, envelope: envelopes.Envelope, loss, name):
    """The interval of 95 % of single seeds at each epoch, for our seeds of one program."""
    low, high = prediction_interval(envelope.losses[loss], 0.05)
    least, most = envelope.chapter.bounds_of(loss)
    what = "the chapter's program" if name == other_logs.NO_CHANGE else envelope.title
    axes.fill_between(envelope.epochs, np.clip(low, least, most), np.clip(high, least, most),
                      color="0.75" if name == other_logs.NO_CHANGE else COLOURS[name],
                      alpha=1 if name == other_logs.NO_CHANGE else 0.25, linewidth=0,
                      label=f"95 % interval for one more seed of ours, {what} ({envelope.seeds} seeds)")
