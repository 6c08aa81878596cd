"""The theory of the GAN's objectives in numbers: values, divergences, costs and their slopes.

All densities are on the real line: `data` and `gen` are frozen distributions of `scipy.stats`.
Integrals are computed by SciPy's quadrature, in float64 and nats. With p = p_data and q = p_g
(Goodfellow et al. 2014, section 4.1)::

    V(G, D) = E_p[log D] + E_q[log(1 - D)]
    D*      = p / (p + q)                       its logit is log p - log q
    V(G, D*) = 2 JSD(p, q) - log 4              -log 4 if p = q, 0 if they don't overlap

D is always given by its logits l, D = 1 / (1 + e^-l), so that log D is exact even if D is near 0.
"""

from typing import NamedTuple

import numpy as np
import scipy  # its submodules are imported when they are first used

from gan_tf1.models.mnist_gan_objectives import OBJECTIVES
from gan_tf1.tf1 import new_graph, session_config, tf

TAIL = 1e-16  # the probability that quadrature omits on either side
SEEN = 0.05   # share of the largest density; below it, D sees too few numbers to learn from


def expectation(function, dist, *others) -> float:
    """E[function(x)] for x from `dist`, by adaptive quadrature.

    The range covers `dist` and all `others`, except for their tails.
    """
    points = [point for d in (dist, *others) for point in (d.ppf(TAIL), d.median(), d.isf(TAIL))]
    return scipy.integrate.quad(lambda x: dist.pdf(x) * function(x), min(points), max(points),
                                points=points,  # without them, narrow peaks are missed
                                epsabs=1e-12, epsrel=1e-10, limit=500)[0]


def optimal_logit(data, gen):
    """The logits of D*, as a function of x."""
    return lambda x: data.logpdf(x) - gen.logpdf(x)


def value(logit, data, gen) -> float:
    """V(G, D) in nats; `logit(x)` are the discriminator's logits."""
    log_expit = scipy.special.log_expit
    return (expectation(lambda x: log_expit(logit(x)), data)
            + expectation(lambda x: log_expit(-logit(x)), gen))


def kullback_leibler(p, q) -> float:
    """KL(p, q), from 0 to infinity. It is not symmetric."""
    return expectation(lambda x: p.logpdf(x) - q.logpdf(x), p)


def jensen_shannon(p, q) -> float:
    """JSD(p, q), from 0 to log 2: the mean of KL(p, m) and KL(q, m), with m = (p + q) / 2."""
    def log_mixture(x):
        return np.logaddexp(p.logpdf(x), q.logpdf(x)) - np.log(2)
    return (expectation(lambda x: p.logpdf(x) - log_mixture(x), p)
            + expectation(lambda x: q.logpdf(x) - log_mixture(x), q)) / 2


def divergences(shifts) -> dict[str, np.ndarray]:
    """A table for the data N(0, 1) and the generator N(s, 1), for each s in `shifts` [n].

    Its columns [n] are `shift`; `value`, which is V(G, D*); `bound`, which is 2 JSD - log 4; KL in
    both directions; the Wasserstein distance; and for each objective `OBJECTIVE_slope`, the
    derivative of its cost with respect to s, with D* held fixed.
    """
    data, rows = scipy.stats.norm(0, 1), []
    for shift in shifts:
        gen = scipy.stats.norm(shift, 1)
        logit = optimal_logit(data, gen)  # its derivative with respect to x is -s everywhere
        rows.append({"shift": shift, "value": value(logit, data, gen),
                     "bound": 2 * jensen_shannon(data, gen) - np.log(4),
                     "kl_data_gen": kullback_leibler(data, gen),
                     "kl_gen_data": kullback_leibler(gen, data),
                     "wasserstein": abs(shift)}
                    | {f"{objective}_slope": expectation(
                        lambda x: slope(objective, logit(x)) * -shift, gen, data)
                       for objective in OBJECTIVES})
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def slope(objective, logit):
    """The derivative of the generator's cost with respect to D's `logit`, in closed form."""
    return {"minimax": lambda: -scipy.special.expit(logit),
            "non_saturating": lambda: -scipy.special.expit(-logit),
            "maximum_likelihood": lambda: -np.exp(logit)}[objective]()


class Costs(NamedTuple):
    """A cost as a function of D(G(z)); the arrays are float64 [n]."""
    cost: np.ndarray
    by_prob: np.ndarray   # the gradient with respect to D(G(z))
    by_logit: np.ndarray  # the gradient with respect to its logit


def generator_costs(probs) -> dict[str, Costs]:
    """The `Costs` of each objective at probabilities [n] in (0, 1), with `tf.gradients`.

    The costs are those of `mnist_gan_objectives`, which trainings minimize.
    """
    with new_graph(0).as_default(), tf.Session(config=session_config()) as sess:
        prob = tf.placeholder(tf.float64, (None,), name="prob")
        logit = tf.log(prob) - tf.log1p(-prob)
        costs = {}
        for objective, gen_cost in OBJECTIVES.items():
            cost = gen_cost(logit)
            costs[objective] = Costs(cost, *tf.gradients(cost, [prob, logit]))
        return sess.run(costs, {prob: probs})


def noise_cells(count) -> tuple[np.ndarray, float]:
    """Cells of equal probability of normal noise: their edges [count + 1] and the share of each.

    The outermost edges would be infinite. They are moved inwards, so that each of them cuts off
    1e-4 of a cell's probability.
    """
    shares = np.linspace(0, 1, count + 1)
    shares[[0, -1]] = 1e-4 / count, 1 - 1e-4 / count
    return scipy.stats.norm.ppf(shares), 1 / count


def density(x, share, edges) -> np.ndarray:
    """p_g by change of variables: the mean density in each cell between `edges` [m + 1].

    `x` [n + 1] is G at the edges of n cells of noise, each with the probability `share`. Within a
    cell of noise G is taken as linear, so that p_g = p_z |dz / dx|. If G folds, the branches add
    up. The result is neither sampled nor smoothed: it contains all the mass that G puts between
    the `edges`.
    """
    low, high = np.minimum(x[:-1], x[1:]), np.maximum(x[:-1], x[1:])
    width = np.maximum(high - low, 1e-12)
    below = [share * np.clip((edge - low) / width, 0, 1).sum() for edge in edges]
    return np.diff(below) / np.diff(edges)


class Deviation(NamedTuple):
    """The distance of a discriminator from the optimal one, D* = p / (p + q)."""
    largest: float     # max |D - D*| over the cells that are `seen`
    mean: float        # the mean of |D - D*| under (p + q) / 2
    value: float       # V(G, D)
    best_value: float  # V(G, D*)


def deviation(logit, p, q, width) -> Deviation:
    """The `Deviation` of D, given its logits [m], in cells of `width` with densities `p`, `q` [m]."""
    log_expit, xlogy = scipy.special.log_expit, scipy.special.xlogy
    mixture, apart = (p + q) / 2, np.abs(scipy.special.expit(logit) - optimum(p, q))
    return Deviation(
        apart[seen(p, q)].max(), (apart * mixture).sum() / mixture.sum(),
        width * (p * log_expit(logit) + q * log_expit(-logit)).sum(),
        width * (xlogy(p, optimum(p, q)) + xlogy(q, optimum(q, p))).sum())


def optimum(p, q) -> np.ndarray:
    """D* of densities that aren't both 0."""
    return p / (p + q)


def seen(p, q) -> np.ndarray:
    """A mask of the cells in which p + q is at least `SEEN` times its largest value."""
    return p + q >= SEEN * (p + q).max()
