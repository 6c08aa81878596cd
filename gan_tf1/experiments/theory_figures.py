"""Draw the figures of the theory from what `theory.py` computes and from the losses of runs."""

import numpy as np

from gan_tf1.experiments import objectives
from gan_tf1.figure_layout import TEXT, count_along, legend_below, new_figure, wrapped
from gan_tf1.figures import DISC_COLOUR, GEN_COLOUR

NAMES = {"minimax": "minimax", "non_saturating": "non-saturating",
         "maximum_likelihood": "maximum likelihood"}
COST_COLOURS = dict(zip(NAMES, ("#2ca02c", "#9467bd", "#d62728")))
# A curve below a dashed one stays visible, and red and green differ without their colours too.
STYLES = dict(zip(NAMES, ("-", "-", "--")))
STAGES = {"a": "(a) D partially accurate", "b": "(b) D trained, G frozen",
          "c": "(c) G guided by D", "d": "(d) both trained"}


def stages(found, title):
    """Figure 6.5: the densities, D and D* at each `theory.Stage`, and how G maps z to x."""
    figure = new_figure(14, 4.3, title)
    grid = figure.subplots(2, len(found), height_ratios=(4, 1), sharex=True, sharey="row",
                           squeeze=False)
    for stage, above, below in zip(found, *grid):
        above.plot(stage.x, stage.data, ":", color="black", label="density of the data")
        above.plot(stage.x, stage.gen, color=GEN_COLOUR, label="density of the generator")
        best = np.where(objectives.seen(stage.data, stage.gen), stage.best, np.nan)
        above.plot(stage.x, best, color="0.7", linewidth=4,
                   label="optimal discriminator D*(x), where either density is seen")
        above.plot(stage.x, stage.disc, "--", color=DISC_COLOUR, label="learned discriminator D(x)")
        above.set_title(f"{STAGES[stage.letter]}\n|D - D*|: mean {stage.deviation.mean:.3f}, "
                        f"max {stage.deviation.largest:.3f}", fontsize="medium")
        above.set(ylim=(0, 1.05))
        above.grid(alpha=0.3)
        low, high = stage.x[[0, -1]]
        below.plot([low + (high - low) * stage.z, stage.mapped], [0, 1], color="0.5", linewidth=0.8)
        below.set(xlabel="x", xlim=(low, high), ylim=(0, 1))
        below.set_yticks([0, 1], ["z (uniform)", "x = G(z)"])
    grid[0, 0].set_ylabel("density, or D(x)")
    legend_below(figure, grid[0, 0])
    return figure


def generator_costs(probs, costs, title):
    """Figures 6.6 and 6.7: each objective's `objectives.Costs` over `probs`, D(G(z))."""
    figure = new_figure(11, 7.2, title)
    grid = figure.subplots(2, 2, sharex=True)
    for axes, names, heading in ((grid[0, 0], list(NAMES)[:2], "Figure 6.6: two costs"),
                                 (grid[0, 1], list(NAMES), "Figure 6.7: three costs")):
        for name in names:
            axes.plot(probs, costs[name].cost, STYLES[name], color=COST_COLOURS[name],
                      label=NAMES[name])
        axes.set(title=heading, ylabel="generator's cost (nats)", ylim=(-5, 5))
    for axes, field, heading, by in (
            (grid[1, 0], "by_prob", "Slope with respect to D(G(z))", "D(G(z))"),
            (grid[1, 1], "by_logit", "Slope with respect to the logit, which trains G", "logit")):
        for name in NAMES:
            axes.plot(probs, -getattr(costs[name], field), STYLES[name], color=COST_COLOURS[name],
                      label=NAMES[name])
        axes.set(title=heading, xlabel="D(G(z))", ylabel=f"-d cost / d {by} (nats)",
                 yscale="log", ylim=(1e-3, 1e3))
    for axes in grid.flat:
        axes.grid(alpha=0.3)
    legend_below(figure, *grid.flat)
    return figure


def divergences(table, title):
    """V at the optimal D, and each objective's slope there, over the shift of the generator."""
    shift = table["shift"]
    figure = new_figure(11, 4, title)
    left, right = figure.subplots(1, 2)
    left.plot(shift, table["bound"], color="0.7", linewidth=4, label="2 JSD - log 4")
    left.plot(shift, table["value"], "--", color=DISC_COLOUR, label="V(G, D*)")
    left.axhline(-np.log(4), color="0.5", linewidth=0.8)
    left.axhline(0, color="0.5", linewidth=0.8)
    left.set(ylabel="value (nats); lines at -log 4 and 0",
             title="The value at the optimal discriminator")
    for name, colour in COST_COLOURS.items():
        right.plot(shift, table[f"{name}_slope"], STYLES[name], color=colour, label=NAMES[name])
    right.axhline(1, linestyle=":", color="black", label="Wasserstein distance")
    right.set(ylabel="slope (nats per standard deviation)",
              title="Slope of each cost at the optimal discriminator")
    for axes in (left, right):
        axes.set_xlabel("shift of the generator (standard deviations)")
        axes.grid(alpha=0.3)
    legend_below(figure, left, right)
    return figure


def gradients(found, title):
    """Figure 6.15, from `theory.Gradients`, and the slopes of a generator's costs."""
    figure = new_figure(11, 4, title)
    left, right = figure.subplots(1, 2)
    left.plot(found.x, found.real, ":", color="black", label="density of the real numbers")
    left.plot(found.x, found.fake, color=GEN_COLOUR, label="density of the fake numbers")
    left.plot(found.x, found.disc, color="#d62728", label="D(x), a discriminator")
    left.set_ylabel("density, or D(x)")
    other = left.twinx()
    other.plot(found.x, found.critic, "--", color=DISC_COLOUR, label="f(x), a critic")
    other.set_ylabel("f(x), a critic (its own units)", color=DISC_COLOUR)
    left.set(xlabel="x", ylim=(0, 1.05), title="Figure 6.15")
    for (name, slopes), style in zip(found.slopes.items(), (
            dict(color="#d62728", linewidth=4, alpha=0.4), dict(color=COST_COLOURS["minimax"]),
            dict(color=COST_COLOURS["non_saturating"], linestyle="-."),
            dict(color=DISC_COLOUR, linestyle="--"))):
        right.plot(found.x, slopes, label=f"slope of {name}", **style)
    right.set(xlabel="x", ylabel="|slope with respect to x|", yscale="log", ylim=(1e-6, 1e2),
              title="Slopes of the costs")
    for axes in (left, right):
        axes.grid(alpha=0.3)
    legend_below(figure, left, other, right)
    return figure


def trainings(runs, title):
    """Compare trainings, one panel per loss; `runs` are (objective, columns of losses.csv)."""
    panels = {"gen_grad_norm": ("generator's gradient norm, epoch's mean", "log"),
              "disc_prob_fake": ("D(G(z)) on the epoch's last batch", "log"),
              "gen_loss": ("generator loss (nats; each objective's own)", "linear"),
              "disc_loss": ("discriminator loss (nats)", "linear")}
    figure = new_figure(11, 7.2, title)
    grid = figure.subplots(2, 2, sharex=True)
    for axes, (column, (label, scale)) in zip(grid.flat, panels.items()):
        for objective, losses in runs:
            values = losses[column]
            if scale == "log" and (values == 0).any():  # which a logarithmic axis would draw as a vertical line
                axes.plot(losses["epoch"][values == 0], np.full((values == 0).sum(), 0.02), "v", clip_on=False,
                          color=COST_COLOURS[objective], transform=axes.get_xaxis_transform(), label="0 in float32")
                values = np.where(values > 0, values, np.nan)
            axes.plot(losses["epoch"], values, STYLES[objective],
                      color=COST_COLOURS[objective], label=NAMES[objective],
                      marker="o" if len(losses["epoch"]) == 1 else None)
        axes.set_yscale(scale)
        count_along(axes, "epoch" if axes in grid[-1] else "", 5)
        axes.set_ylabel(wrapped(label, 3.4, TEXT))
        axes.grid(alpha=0.3)
    legend_below(figure, grid[0, 0])
    return figure
