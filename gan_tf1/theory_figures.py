"""The figures of the theory: what `gan_tf1.theory` computes and `gan_tf1.run` has kept, drawn."""

import numpy as np

from gan_tf1 import objectives
from gan_tf1.figures import DISC_COLOUR, GEN_COLOUR, new_figure

NAMES = {"minimax": "minimax", "non_saturating": "non-saturating",
         "maximum_likelihood": "maximum likelihood"}
COST_COLOURS = dict(zip(NAMES, ("#2ca02c", "#9467bd", "#d62728")))
STAGES = {"a": "(a) D partially accurate", "b": "(b) D trained, G frozen",
          "c": "(c) G guided by D", "d": "(d) both trained"}


def stages(found, title):
    """Figure 6.5: densities, D and D* at each `theory.Stage`, and below them how z goes to x."""
    figure = new_figure(14, 5)
    figure.suptitle(title)
    grid = figure.subplots(2, len(found), height_ratios=(4, 1), sharex=True, sharey="row")
    for stage, above, below in zip(found, *grid):
        above.plot(stage.x, stage.data, ":", color="black", label="data's density")
        above.plot(stage.x, stage.gen, color=GEN_COLOUR, label="generator's density")
        best = np.where(objectives.seen(stage.data, stage.gen), stage.best, np.nan)
        above.plot(stage.x, best, color="0.7", linewidth=4, label="best D, where numbers fall")
        above.plot(stage.x, stage.disc, "--", color=DISC_COLOUR, label="learned D")
        above.set_title(f"{STAGES[stage.letter]}\n|D - best|: mean {stage.deviation.mean:.3f}, "
                        f"max {stage.deviation.largest:.3f}",
                        fontsize="medium")
        above.set(ylim=(0, 1.05))
        above.grid(alpha=0.3)
        low, high = stage.x[[0, -1]]
        below.plot([low + (high - low) * stage.z, stage.mapped], [0, 1], color="0.5", linewidth=0.8)
        below.set(xlabel="x", xlim=(low, high), ylim=(0, 1))
        below.set_yticks([0, 1], ["z, by its probability", "x = G(z)"])
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


def generator_costs(probs, costs, title):
    """Figures 6.6 and 6.7: each objective's `objectives.Costs` over D(G(z)), `probs`."""
    figure = new_figure(11, 8)
    figure.suptitle(title)
    grid = figure.subplots(2, 2, sharex=True)
    for axes, names, heading in ((grid[0, 0], list(NAMES)[:2], "Figure 6.6: two costs"),
                                 (grid[0, 1], list(NAMES), "Figure 6.7: three costs")):
        for name in names:
            axes.plot(probs, costs[name].cost, color=COST_COLOURS[name], label=NAMES[name])
        axes.set(title=heading, ylabel="the generator's cost (nats)", ylim=(-5, 5))
    for axes, field, heading in ((grid[1, 0], "by_prob", "by D(G(z))"),
                                 (grid[1, 1], "by_logit", "by its logit: what G is trained by")):
        for name in NAMES:
            axes.plot(probs, -getattr(costs[name], field), color=COST_COLOURS[name],
                      label=NAMES[name])
        axes.set(title=f"Steepness {heading}", xlabel="D(G(z))", ylabel="- slope of the cost",
                 yscale="log", ylim=(1e-3, 1e3))
    for axes in grid.flat:
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")
    return figure


def divergences(table, title):
    """What V is at the best D, and what each objective then descends on, over the shift of q."""
    shift = table["shift"]
    figure = new_figure(11, 4.5)
    figure.suptitle(title)
    left, right = figure.subplots(1, 2)
    left.plot(shift, table["bound"], color="0.7", linewidth=4, label="2 JSD - log 4")
    left.plot(shift, table["value"], "--", color=DISC_COLOUR, label="V(G, D*)")
    left.axhline(-np.log(4), color="0.5", linewidth=0.8)
    left.axhline(0, color="0.5", linewidth=0.8)
    left.set(xlabel="shift of the generator (deviations)", ylabel="nats",
             title="The value at the best discriminator")
    for name, colour in COST_COLOURS.items():
        right.plot(shift, table[f"{name}_slope"], color=colour, label=NAMES[name])
    right.axhline(1, linestyle=":", color="black", label="Wasserstein distance")
    right.set(xlabel="shift of the generator (deviations)", ylabel="slope of the cost by the shift",
              title="What moves the generator back")
    for axes in (left, right):
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")
    return figure


def gradients(found, title):
    """Figure 6.15: `theory.Gradients`, and the slopes that a generator would go by."""
    figure = new_figure(11, 4.5)
    figure.suptitle(title)
    left, right = figure.subplots(1, 2)
    left.plot(found.x, found.real, ":", color="black", label="real numbers' density")
    left.plot(found.x, found.fake, color=GEN_COLOUR, label="fake numbers' density")
    left.plot(found.x, found.disc, color="#d62728", label="D(x), a discriminator")
    other = left.twinx()
    other.plot(found.x, found.critic, "--", color=DISC_COLOUR)
    other.set_ylabel("f(x), a critic (its own units)", color=DISC_COLOUR)
    left.set(xlabel="x", ylim=(0, 1.05), title="Figure 6.15")
    left.legend(fontsize="small", loc="upper right")
    for (name, slopes), style in zip(found.slopes.items(), (
            dict(color="#d62728"), dict(color=COST_COLOURS["minimax"]),
            dict(color=COST_COLOURS["non_saturating"]), dict(color=DISC_COLOUR, linestyle="--"))):
        right.plot(found.x, slopes, label=name, **style)
    right.axhline(1e-2, color="0.5", linewidth=0.8)
    right.set(xlabel="x", ylabel="|slope| by x", yscale="log", ylim=(1e-6, 1e2),
              title="Slopes of what a generator may descend on")
    right.legend(fontsize="small", loc="lower left")
    for axes in (left, right):
        axes.grid(alpha=0.3)
    return figure


def trainings(runs, title):
    """Trainings side by side, one panel a column: `runs` are (objective, losses.csv's columns)."""
    panels = {"gen_grad_norm": ("gradient norm of the generator (epoch's mean)", "log"),
              "disc_prob_fake": ("D(G(z)), epoch's last batch", "log"),
              "gen_loss": ("the generator's loss, each its own", "linear"),
              "disc_loss": ("the discriminator's loss (nats)", "linear")}
    figure = new_figure(11, 8)
    figure.suptitle(title, parse_math=False)
    for axes, (column, (label, scale)) in zip(figure.subplots(2, 2, sharex=True).flat,
                                              panels.items()):
        named = set()
        for objective, losses in runs:
            axes.plot(losses["epoch"], losses[column], color=COST_COLOURS[objective],
                      label=None if objective in named else NAMES[objective])
            named.add(objective)
        axes.set_yscale(scale)
        axes.set(xlabel="epoch", ylabel=label)
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")
    return figure
