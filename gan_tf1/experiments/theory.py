"""Compute the figures of the theory: each curve comes from a training or an integral.

The numbers of a figure NAME.png are in NAME.csv beside it.
"""

import shlex
from typing import Any, NamedTuple

import numpy as np
import scipy  # its submodules are imported when they are first used

from gan_tf1 import figures, seeds, tables
from gan_tf1.config import make
from gan_tf1.errors import InputError
from gan_tf1.experiments import objectives, theory_figures
from gan_tf1.files import replacing
from gan_tf1.models import gan_1d, mnist_gan_objectives, two_gaussians
from gan_tf1.tf1 import new_graph, session_config, tf
from gan_tf1.training import run_config, run_results

NOISE_CELLS = 4000
CELLS = 400
FRAMES = 48                       # of a stage in a replay, at most
SHIFTS = np.linspace(0, 8, 33)    # standard deviations
PROBS = np.linspace(0.005, 0.995, 199)
SAMPLES = 6                       # images per training
COLUMNS = ("epoch", "disc_loss", "gen_loss", "gen_grad_norm", "disc_prob_fake")  # of losses.csv


class Stage(NamedTuple):
    """The one-dimensional GAN at one of the four stages of figure 6.5; arrays are [CELLS]."""
    letter: str
    x: np.ndarray          # the middles of the cells
    data: np.ndarray       # p_data at x
    gen: np.ndarray        # the mean of p_g over the cell
    disc: np.ndarray       # the learned D
    best: np.ndarray       # D*
    z: np.ndarray          # [24], Phi(z) of some noise, evenly spaced in (0, 1)
    mapped: np.ndarray     # [24], G(z) of that noise
    deviation: Any         # objectives.Deviation
    number: int = 0        # updates of the stage so far
    count: int = 0         # updates of the whole stage


def stages(seed, config):
    """Train the one-dimensional GAN of `config`; returns the `Stage`s at the ends of (a) to (d)."""
    return list(replay(seed, config, lambda number, count: number == count))


def often(number, count) -> bool:
    """Whether a replay shows an update: the first, the last, and others ever further apart, about `FRAMES`."""
    return number in np.rint(np.geomspace(1, count, FRAMES))


def replay(seed, config, wanted):
    """Train the one-dimensional GAN of `config`; yields its `Stage` after each update that is `wanted`.

    `wanted` is a function of the number of the update in its stage, and of their number.
    """
    rng = seeds.stream(seed, seeds.STEPS)
    data = scipy.stats.norm(config.data_mean, config.data_deviation)
    edges = np.linspace(min(data.ppf(1e-6), -4), max(data.isf(1e-6), 4), CELLS + 1)
    x, width = (edges[1:] + edges[:-1]) / 2, edges[1] - edges[0]
    noise, share = objectives.noise_cells(NOISE_CELLS)
    z = np.linspace(0, 1, 26)[1:-1]
    with new_graph(seed).as_default(), tf.Session(config=session_config()) as sess:
        gan = gan_1d.build(config)
        sess.run(tf.global_variables_initializer())
        for letter, number, count in gan_1d.updates(sess, gan, rng, config):
            if not wanted(number, count):
                continue
            logit = gan_1d.discriminate(sess, gan, x)
            p, q = data.pdf(x), objectives.density(gan_1d.generate(sess, gan, noise), share, edges)
            yield Stage(
                letter, x, p, q, scipy.special.expit(logit), objectives.optimum(p, q), z,
                gan_1d.generate(sess, gan, scipy.stats.norm.ppf(z)),
                objectives.deviation(logit, p, q, width), number, count)


class Gradients(NamedTuple):
    """Figure 6.15: a discriminator and a critic of two Gaussians over x; arrays are [n]."""
    x: np.ndarray
    real: np.ndarray      # density of the real numbers
    fake: np.ndarray      # density of the fake numbers
    disc: np.ndarray      # D(x)
    critic: np.ndarray    # f(x)
    slopes: dict          # name of a generator's cost -> the absolute value of its slope at x


def gradients(seed, config) -> Gradients:
    """Train the networks of figure 6.15; returns their `Gradients`."""
    rng = seeds.stream(seed, seeds.STEPS)
    real, fake = (scipy.stats.norm(side * config.distance / 2, config.deviation)
                  for side in (-1, 1))
    x = np.linspace(-config.distance, config.distance, 601)
    with new_graph(seed).as_default(), tf.Session(config=session_config()) as sess:
        net = two_gaussians.build(config)
        sess.run(tf.global_variables_initializer())
        for _ in range(config.steps):
            two_gaussians.step(sess, net, rng, config)
        logits, critic, by_x, critic_by_x = two_gaussians.measure(sess, net, x)
    disc, other = scipy.special.expit(logits), scipy.special.expit(-logits)
    return Gradients(x, real.pdf(x), fake.pdf(x), disc, critic, {
        "D(x)": np.abs(disc * other * by_x), "log(1 - D(x))": np.abs(disc * by_x),
        "-log D(x)": np.abs(other * by_x), "-f(x)": np.abs(critic_by_x)})


def draw_all(seed, out, record=False) -> list:
    """Write the theory's figures and tables to the folder `out`; print their names and the results.

    Returns the `Stage`s of figure 6.5, with `record` also those between their ends. Raises InputError if `out` is not a folder and can't be made one.
    """
    out = folder(out)
    source = {"made by": "scripts/17_gan_objectives.py", "seed": seed,
              "versions": _listed(run_config.versions())}

    recorded = list(replay(seed, gan_1d.Config(), often)) if record else stages(seed, gan_1d.Config())
    found = [stage for stage in recorded if stage.number == stage.count]
    print(*tables.lines(
        ("stage", "max |D - D*|", "mean |D - D*|", "V(G, D)", "V(G, D*)"),
        [(f"({stage.letter})", *(f"{number:.4f}" for number in stage.deviation)) for stage in found]), sep="\n")
    _save(out, "stages", source, _stacked(found), theory_figures.stages(
        found, f"Figure 6.5, computed: a one-dimensional GAN on synthetic data, seed {seed}"))

    costs = objectives.generator_costs(PROBS)
    _save(out, "generator_costs", source, {"prob": PROBS} | {
        f"{name}_{field}": getattr(each, field)
        for name, each in costs.items() for field in each._fields},
        theory_figures.generator_costs(
            PROBS, costs, "What a generator descends on, as a function of D(G(z))"))

    table = objectives.divergences(SHIFTS)
    _save(out, "divergences", source, table, theory_figures.divergences(
        table, "Data from N(0, 1), generator N(shift, 1): computed by quadrature"))

    between = gradients(seed, two_gaussians.Config())
    at_fake = between.fake.argmax()
    print(*(f"|slope| of {name} amid the fake numbers: {slopes[at_fake]:.2g}"
            for name, slopes in between.slopes.items()), sep="\n")
    _save(out, "gradients", source, {
        "x": between.x, "real": between.real, "fake": between.fake, "disc": between.disc,
        "critic": between.critic, **{f"slope of {name}": slopes
                                     for name, slopes in between.slopes.items()}},
        theory_figures.gradients(between, f"A discriminator and a critic of two Gaussians "
                                 f"(synthetic data), seed {seed}"))
    return recorded


def compare(paths, out) -> None:
    """Compare the finished trainings at `paths`: write their losses and last samples to `out`.

    The files are objectives.png, objectives.csv and objectives_samples.png. Raises InputError if a
    run isn't finished or belongs to another chapter, or if the runs were trained on different data.
    """
    stored = [run_config.read_config_of(mnist_gan_objectives.CHAPTER, path) for path in paths]
    data = {each["data_title"] for each in stored}
    if len(data) > 1:
        raise InputError(f"the runs were trained on different data: {', '.join(sorted(data))}")
    configs = [make(mnist_gan_objectives.Config, each["settings"]) for each in stored]
    runs = []
    for path, config in zip(paths, configs):
        losses = run_results.load_losses(path)
        if not set(COLUMNS) <= set(losses):
            raise InputError(f"{path}/losses.csv lacks one of the columns {', '.join(COLUMNS)}")
        runs.append((config.objective, {name: losses[name] for name in COLUMNS}))
    count = min(SAMPLES, *(config.samples for config in configs))
    samples = np.concatenate([run_results.load_samples(path)[-1, :count] for path in paths])
    source = {"made by": "scripts/17_gan_objectives.py compare", "data": stored[0]["data_title"],
              "data_crc32": ", ".join(sorted({each["data_crc32"] for each in stored})),
              "versions": _listed(stored[0]["versions"])}
    source |= {f"run {number}": shlex.join(each["command"])
               for number, each in enumerate(stored, 1)}
    rows = [{"objective": objective, "seed": each["seed"],
             "label_smooth": config.label_smooth, **losses}
            for (objective, losses), each, config in zip(runs, stored, configs)]
    table = {name: np.concatenate([np.broadcast_to(row[name], row["epoch"].shape) for row in rows])
             for name in rows[0]}
    title = compared(data.pop(), {each["seed"] for each in stored},
                     {config.label_smooth for config in configs})
    _save(folder(out), "objectives", source, table, theory_figures.trainings(runs, title))
    names = [f"{theory_figures.NAMES[objective]}, seed {each['seed']}"
             for (objective, _), each in zip(runs, stored)]
    print(figures.save(figures.sample_grid(samples, title, count, 0.8, names),
                       out / "objectives_samples.png"))


def compared(data_title, seeds, label_smooth) -> str:
    """The title of a comparison; `seeds` and `label_smooth` are the sets of values that occur."""
    seeds, smooth = (", ".join(map(str, sorted(values))) for values in (seeds, label_smooth))
    return f"The MNIST GAN by objective, on {data_title}: seeds {seeds}, label smoothing {smooth}"


def folder(path):
    """Make the folder `path` if it doesn't exist; returns it. InputError if that fails."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"the folder --out {path} can't be created: {error.strerror}") from error
    return path


def _listed(versions):
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def _stacked(found):
    """The curves of all stages as one table."""
    fields = ("x", "data", "gen", "disc", "best")
    return {"stage": np.repeat([stage.letter for stage in found], CELLS)} | {
        field: np.concatenate([getattr(stage, field) for stage in found]) for field in fields}


def _save(out, name, source, table, figure):
    """Save `figure` as NAME.png, and `table`, a dict of columns [n], as NAME.csv.

    The CSV begins with `source`, a dict, as comments.
    """
    lines = [f"# {key}: {text}" for key, text in source.items()] + [",".join(table)]
    lines += [",".join(f"{value:.6g}" if isinstance(value, float) else str(value) for value in row)
              for row in zip(*(column.tolist() for column in table.values()))]
    with replacing(out / f"{name}.csv") as temporary:
        temporary.write_text("\n".join(lines) + "\n")
    print(out / f"{name}.csv", figures.save(figure, out / f"{name}.png"), sep="\n")
