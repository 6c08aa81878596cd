"""The theory of the GAN's objectives in numbers: values, divergences, costs and their slopes.

Of densities on the real line: `data` and `gen` are frozen distributions of `scipy.stats`, all
integrals are SciPy's quadrature, in float64 and nats. With p = p_data and q = p_g (Goodfellow et
al. 2014, section 4.1)::

    V(G, D) = E_p[log D] + E_q[log(1 - D)]
    D*      = p / (p + q)                       its logit is log p - log q
    V(G, D*) = 2 JSD(p, q) - log 4              -log 4 where p = q, 0 where they don't overlap

`D` is given by its logits l throughout, D = 1 / (1 + e^-l): log D stays exact where D is near 0.
"""

from typing import NamedTuple

import numpy as np
import scipy  # its parts are imported when they are first used

from gan_tf1.models.mnist_gan_objectives import OBJECTIVES, gen_cost
from gan_tf1.tf1 import new_graph, session_config, tf

TAIL = 1e-16  # the probability that quadrature leaves out on either side
SEEN = 0.05   # where fewer numbers fall, a discriminator can't know


def expectation(function, dist, *others):
    """E[function(x)] for x of `dist`, by adaptive quadrature over all but the tails of all."""
    points = [point for d in (dist, *others) for point in (d.ppf(TAIL), d.median(), d.isf(TAIL))]
    return scipy.integrate.quad(lambda x: dist.pdf(x) * function(x), min(points), max(points),
                                points=points,  # or narrow peaks are missed
                                epsabs=1e-12, epsrel=1e-10, limit=500)[0]


def optimal_logit(data, gen):
    """The logits of D*, as a function of x."""
    return lambda x: data.logpdf(x) - gen.logpdf(x)


def value(logit, data, gen):
    """V(G, D) of the discriminator whose logits the function `logit` gives."""
    log_expit = scipy.special.log_expit
    return (expectation(lambda x: log_expit(logit(x)), data)
            + expectation(lambda x: log_expit(-logit(x)), gen))


def kullback_leibler(p, q):
    """KL(p, q), from 0 to infinity; not the same the other way round."""
    return expectation(lambda x: p.logpdf(x) - q.logpdf(x), p)


def jensen_shannon(p, q):
    """JSD(p, q), from 0 to log 2: the mean of KL(p, m) and KL(q, m), m being (p + q) / 2."""
    def log_mixture(x):
        return np.logaddexp(p.logpdf(x), q.logpdf(x)) - np.log(2)
    return (expectation(lambda x: p.logpdf(x) - log_mixture(x), p)
            + expectation(lambda x: q.logpdf(x) - log_mixture(x), q)) / 2


def divergences(shifts):
    """A table of the generator N(s, 1) beside the data N(0, 1), for each s of `shifts`: [n] each.

    `value` at D*; `bound`, 2 JSD - log 4; KL both ways; the Wasserstein distance; and, for each
    objective, `OBJECTIVE_slope`: by how much the cost rises with s while D* stands still.
    """
    data, rows = scipy.stats.norm(0, 1), []
    for shift in shifts:
        gen = scipy.stats.norm(shift, 1)
        logit = optimal_logit(data, gen)  # its slope by x is -s, everywhere
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
    """The slope of the generator's cost by the `logit` of D(G(z)), in closed form."""
    return {"minimax": lambda: -scipy.special.expit(logit),
            "non_saturating": lambda: -scipy.special.expit(-logit),
            "maximum_likelihood": lambda: -np.exp(logit)}[objective]()


class Costs(NamedTuple):
    """A cost over D(G(z)): float64 [n] each."""
    cost: np.ndarray
    by_prob: np.ndarray   # its gradient by D(G(z))
    by_logit: np.ndarray  # and by the logit


def generator_costs(probs):
    """The `Costs` of each objective at probabilities [n] in (0, 1), by `tf.gradients`.

    They are those of `mnist_gan_objectives.gen_cost`, which a training descends on.
    """
    with new_graph(0).as_default(), tf.Session(config=session_config()) as sess:
        prob = tf.placeholder(tf.float64, (None,), name="prob")
        logit = tf.log(prob) - tf.log1p(-prob)
        costs = {}
        for objective in OBJECTIVES:
            cost = gen_cost(objective, logit)
            costs[objective] = Costs(cost, *tf.gradients(cost, [prob, logit]))
        return sess.run(costs, {prob: probs})


def noise_cells(count):
    """Normal noise in `count` cells of equal probability: the edges [count + 1], the share of one.

    The outermost edges, which lie at infinity, are brought to where a share ten thousand times
    smaller begins.
    """
    shares = np.linspace(0, 1, count + 1)
    shares[[0, -1]] = 1e-4 / count, 1 - 1e-4 / count
    return scipy.stats.norm.ppf(shares), 1 / count


def density(x, share, edges):
    """p_g by change of variables: the mean density in each of the cells between `edges` [m + 1].

    `x` [n + 1] is G at the edges of n cells of noise, each with the probability `share`. Within one
    G is taken as straight, so that p_g = p_z |dz / dx|; where G folds, each branch adds its own.
    Nothing is drawn at random, nothing smoothed: between `edges` lies all the mass that G puts
    there.
    """
    low, high = np.minimum(x[:-1], x[1:]), np.maximum(x[:-1], x[1:])
    width = np.maximum(high - low, 1e-12)
    below = [share * np.clip((edge - low) / width, 0, 1).sum() for edge in edges]
    return np.diff(below) / np.diff(edges)


class Deviation(NamedTuple):
    """How far a discriminator is from the best one, D* = p / (p + q)."""
    largest: float     # max |D - D*| where numbers fall, as `seen` says
    mean: float        # the mean of |D - D*| over numbers of which half are data
    value: float       # V(G, D)
    best_value: float  # V(G, D*)


def deviation(logit, p, q, width):
    """The `Deviation` of the logits [m] of D in cells of `width` and densities `p`, `q` [m]."""
    log_expit, xlogy = scipy.special.log_expit, scipy.special.xlogy
    mixture, apart = (p + q) / 2, np.abs(scipy.special.expit(logit) - optimum(p, q))
    return Deviation(
        apart[seen(p, q)].max(), (apart * mixture).sum() / mixture.sum(),
        width * (p * log_expit(logit) + q * log_expit(-logit)).sum(),
        width * (xlogy(p, optimum(p, q)) + xlogy(q, optimum(q, p))).sum())


def optimum(p, q):
    """D* of densities, one of which is above 0."""
    return p / (p + q)


def seen(p, q):
    """Where (p + q) / 2 is at least `SEEN` of its largest value."""
    return p + q >= SEEN * (p + q).max()
