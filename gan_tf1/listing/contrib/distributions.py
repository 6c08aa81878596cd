"""Distributions of `tf.contrib.distributions` that `tf.distributions` doesn't have."""

import numpy as np

from gan_tf1.tf1 import tf


class _Distribution:
    """The common part: `sample`, `prob` and the other methods, from `_draw` and `log_prob`."""

    def sample(self, sample_shape=(), seed=None, name="sample"):
        """[*sample_shape, *batch shape, *event shape]."""
        with tf.name_scope(name):
            shape = sample_shape if tf.is_tensor(sample_shape) else np.reshape(
                np.asarray(sample_shape, np.int32), [-1])
            return self._draw(tf.convert_to_tensor(shape, tf.int32), seed)

    def prob(self, value):
        """The density or probability of `value`."""
        return tf.exp(self.log_prob(value))

    def log_pdf(self, value):
        """`log_prob`, as it was called until TensorFlow 1.0."""
        return self.log_prob(value)

    pdf, pmf, log_pmf = prob, prob, log_pdf


class MultivariateNormalDiag(_Distribution):
    """Independent normal numbers: mean `loc` [..., N] and standard deviation `scale_diag`."""

    def __init__(self, loc=None, scale_diag=None, scale_identity_multiplier=None,
                 validate_args=False, allow_nan_stats=True, name="MultivariateNormalDiag", **old):
        loc, scale_diag = old.get("mu", loc), old.get("diag_stdev", scale_diag)
        if scale_diag is None:
            scale_diag = tf.ones_like(loc)
        if scale_identity_multiplier is not None:
            scale_diag = tf.convert_to_tensor(scale_diag) * scale_identity_multiplier
        loc = tf.zeros_like(scale_diag) if loc is None else loc
        self._normal = tf.distributions.Normal(loc, scale_diag)
        self.loc, self.name = self._normal.loc, name
        self.mu, self.dtype = self.loc, self.loc.dtype

    def _draw(self, shape, seed):
        return self._normal.sample(shape, seed)

    def log_prob(self, value):
        """[...] from [..., N]."""
        return tf.reduce_sum(self._normal.log_prob(value), -1)

    def mean(self):
        """The mean, [..., N]."""
        return self._normal.mean()

    def stddev(self):
        """The standard deviations, [..., N]."""
        return self._normal.stddev()

    def variance(self):
        """The variances, [..., N]."""
        return self._normal.variance()

    def entropy(self):
        """[...], in nats."""
        return tf.reduce_sum(self._normal.entropy(), -1)

    def kl_divergence(self, other):
        """KL(self || other), [...], for another distribution of this kind."""
        return tf.reduce_sum(tf.distributions.kl_divergence(self._normal, other._normal), -1)


class MultivariateNormalDiagWithSoftplusScale(MultivariateNormalDiag):
    """`MultivariateNormalDiag` with the standard deviation softplus(scale_diag)."""

    def __init__(self, loc, scale_diag, **options):
        super().__init__(loc, tf.nn.softplus(scale_diag), **options)


class OneHotCategorical(_Distribution):
    """One-hot vectors [..., N] with `logits` or `probs` [..., N]."""

    def __init__(self, logits=None, probs=None, dtype=tf.int32, validate_args=False,
                 allow_nan_stats=True, name="OneHotCategorical", p=None):
        self._index = tf.distributions.Categorical(logits, p if probs is None else probs)
        self.logits, self.probs = self._index.logits, self._index.probs
        self.dtype, self.name = dtype, name

    def _draw(self, shape, seed):
        return tf.one_hot(self._index.sample(shape, seed), tf.shape(self.logits)[-1],
                          dtype=self.dtype)

    def log_prob(self, value):
        """[...] from [..., N]."""
        logs = tf.nn.log_softmax(self.logits)
        return tf.reduce_sum(tf.cast(value, logs.dtype) * logs, -1)

    def mean(self):
        """The probabilities, [..., N]."""
        return self.probs

    def mode(self):
        """The likeliest vector, [..., N]."""
        return tf.one_hot(tf.argmax(self.logits, -1), tf.shape(self.logits)[-1], dtype=self.dtype)

    def entropy(self):
        """[...], in nats."""
        return self._index.entropy()


class RelaxedOneHotCategorical(_Distribution):
    """The Gumbel-softmax distribution: positive vectors [..., N] with the sum 1."""

    def __init__(self, temperature, logits=None, probs=None, **options):
        self.temperature = tf.convert_to_tensor(temperature, tf.float32)
        self.logits = tf.convert_to_tensor(tf.log(probs) if logits is None else logits, tf.float32)
        self.probs, self.dtype = tf.nn.softmax(self.logits), self.logits.dtype

    def _draw(self, shape, seed):
        shape = tf.concat([shape, tf.shape(self.logits)], 0)
        uniform = tf.random_uniform(shape, np.finfo("float32").tiny, 1.0, seed=seed)
        return tf.nn.softmax((self.logits - tf.log(-tf.log(uniform))) / self.temperature)

    def log_prob(self, value):
        """[...] from [..., N]."""
        count = tf.cast(tf.shape(self.logits)[-1], tf.float32)
        scores = self.logits - self.temperature * tf.log(value)
        constant = tf.lgamma(count) + (count - 1) * tf.log(self.temperature)
        return constant + tf.reduce_sum(
            scores - tf.log(value) - tf.reduce_logsumexp(scores, -1, keep_dims=True), -1)


class Mixture(_Distribution):
    """A draw from one of `components`, which the categorical distribution `cat` chooses."""

    def __init__(self, cat, components, validate_args=False, allow_nan_stats=True,
                 name="Mixture", **options):
        self.cat, self.components, self.name = cat, list(components), name
        self.num_components = len(self.components)

    def _draw(self, shape, seed):
        chosen = self.cat.sample(shape, seed)
        seeds = [None if seed is None else seed + 1 + number for number in range(self.num_components)]
        draws = tf.stack([part.sample(shape, own) for part, own in zip(self.components, seeds)], -1)
        mask = _with_events(tf.one_hot(chosen, self.num_components, dtype=draws.dtype), draws)
        return tf.reduce_sum(tf.where(tf.broadcast_to(mask, tf.shape(draws)) > 0, draws,
                                      tf.zeros_like(draws)), -1)

    def log_prob(self, value):
        """[...] from [..., N]."""
        logs = tf.stack([part.log_prob(value) for part in self.components], -1)
        return tf.reduce_logsumexp(logs + tf.nn.log_softmax(self.cat.logits), -1)

    def mean(self):
        """The mean of the mixture."""
        means = tf.stack([part.mean() for part in self.components], -1)
        return tf.reduce_sum(means * _with_events(tf.cast(self.cat.probs, means.dtype), means), -1)


def _with_events(weights, values):
    """`weights` [..., N] with axes of size 1 before the last, for the event axes of `values` [..., N]."""
    for _ in range(values.shape.ndims - weights.shape.ndims):
        weights = tf.expand_dims(weights, -2)
    return weights


def _plain(kind, **old):
    """A class of `tf.distributions` that also takes the arguments of TensorFlow 0.12 and 1.0."""
    class Plain(kind):
        __doc__ = kind.__doc__

        def __init__(self, *args, **options):
            super().__init__(*args, **{old.get(name, name): value
                                       for name, value in options.items()})

        def pdf(self, value):
            """The density of `value`."""
            return self.prob(value)

        pmf = pdf

        def log_pdf(self, value):
            """The logarithm of the density of `value`."""
            return self.log_prob(value)

        log_pmf = log_pdf

    Plain.__name__ = Plain.__qualname__ = kind.__name__
    return Plain


def kl_divergence(distribution_a, distribution_b, *args, **options):
    """KL(a || b), in nats."""
    if isinstance(distribution_a, MultivariateNormalDiag):
        return distribution_a.kl_divergence(distribution_b)
    return tf.distributions.kl_divergence(distribution_a, distribution_b, *args, **options)


def names() -> dict:
    """The names of the module: name -> object."""
    plain = tf.distributions
    kinds = (MultivariateNormalDiag, MultivariateNormalDiagWithSoftplusScale, OneHotCategorical,
             RelaxedOneHotCategorical, Mixture)
    return {kind.__name__: kind for kind in kinds} | {
        "Normal": _plain(plain.Normal, mu="loc", sigma="scale"),
        "Bernoulli": _plain(plain.Bernoulli, p="probs"),
        "Categorical": _plain(plain.Categorical, p="probs"),
        "Uniform": _plain(plain.Uniform, a="low", b="high"),
        "kl": kl_divergence, "kl_divergence": kl_divergence}
