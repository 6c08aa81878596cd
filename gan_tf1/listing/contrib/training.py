"""`tf.contrib.training.HParams`, `create_train_op`, and `tf.contrib.layers.optimize_loss`."""

import json
import numbers
import re

from gan_tf1.tf1 import tf

OPTIMIZERS = {"Adagrad": "AdagradOptimizer", "Adam": "AdamOptimizer", "Ftrl": "FtrlOptimizer",
              "Momentum": "MomentumOptimizer", "RMSProp": "RMSPropOptimizer",
              "SGD": "GradientDescentOptimizer"}


PAIR = re.compile(r"\s*([A-Za-z][\w.]*)\s*=\s*(\[[^\]]*\]|[^,\[]*)(?:$|,)")
TRUTHS = {"true": True, "True": True, "1": True, "false": False, "False": False, "0": False}


def _read(kind, text):
    """A value of the type `kind` from its text. Raises ValueError if it is of another type."""
    if kind is bool and text not in TRUTHS:
        raise ValueError(f"Could not parse hparam of type bool: {text}")
    return TRUTHS[text] if kind is bool else kind(text) if kind in (int, float) else text


class HParams:
    """Hyperparameters as attributes; a new value has the type of the old one."""

    def __init__(self, hparam_def=None, model_structure=None, **kwargs):
        self._names = []
        for name, value in kwargs.items():
            self.add_hparam(name, value)

    def add_hparam(self, name, value):
        """Add a hyperparameter. Raises ValueError if the name is taken."""
        if hasattr(self, name):
            raise ValueError(f"Hyperparameter name is reserved: {name}")
        self._names.append(name)
        setattr(self, name, value)

    def set_hparam(self, name, value):
        """Set `name` to `value`. Raises ValueError if `name` is unknown, or has values of another type."""
        old = self._old(name)
        if isinstance(old, (int, float, str)):
            kinds = {bool: bool, int: numbers.Integral, float: numbers.Real, str: str}
            if not isinstance(value, kinds[type(old)]) or isinstance(value, bool) is not isinstance(old, bool):
                raise ValueError(f"Could not cast hparam {name} of type {type(old).__name__} from value {value!r}")
            value = type(old)(value)
        setattr(self, name, value)

    def _old(self, name):
        if name not in self._names:
            raise ValueError(f"Unknown hyperparameter: {name}")
        return getattr(self, name)

    def parse(self, values):
        """Set the hyperparameters in the text "name=value,name=[value,value]".

        Raises ValueError if it is not of this form, or as `set_hparam` does.
        """
        while values.strip():
            found = PAIR.match(values)
            if not found:
                raise ValueError(f"Malformed hyperparameter value: {values}")
            name, text = found[1], found[2].strip()
            old, values = self._old(name), values[found.end():]
            if isinstance(old, list):
                kind = type(old[0]) if old else str
                self.set_hparam(name, [_read(kind, one.strip()) for one in text.strip("[]").split(",") if one.strip()])
            else:
                self.set_hparam(name, _read(type(old), text))
        return self

    def override_from_dict(self, values_dict):
        """Set the hyperparameters in a dict."""
        for name, value in values_dict.items():
            self.set_hparam(name, value)
        return self

    def get(self, key, default=None):
        """The value of `key`, or `default`."""
        return getattr(self, key) if key in self._names else default

    def values(self):
        """A dict name -> value."""
        return {name: getattr(self, name) for name in self._names}

    def to_json(self, indent=None, separators=None, sort_keys=False):
        """`values` as JSON."""
        return json.dumps(self.values(), indent=indent, separators=separators, sort_keys=sort_keys)

    def __contains__(self, key):
        return key in self._names

    def __str__(self):
        return str(sorted(self.values().items()))


def create_train_op(total_loss, optimizer, global_step=0, update_ops=None,
                    variables_to_train=None, transform_grads_fn=None, summarize_gradients=False,
                    gate_gradients=1, aggregation_method=None, colocate_gradients_with_ops=False,
                    check_numerics=True, **options):
    """A tensor with the value of `total_loss` that also runs UPDATE_OPS and a step of `optimizer`.

    With `global_step=None` the steps aren't counted.
    """
    step = tf.train.get_or_create_global_step() if global_step == 0 else global_step
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS) if update_ops is None else update_ops
    with tf.control_dependencies(list(updates)):
        total_loss = tf.identity(total_loss)
    grads = optimizer.compute_gradients(
        total_loss, variables_to_train or tf.trainable_variables(), gate_gradients,
        aggregation_method, colocate_gradients_with_ops)
    if transform_grads_fn is not None:
        grads = transform_grads_fn(grads)
    apply = optimizer.apply_gradients(grads, step)  # outside the scope, which would name Adam's variables
    with tf.name_scope("train_op"):
        if check_numerics:
            total_loss = tf.check_numerics(total_loss, "LossTensor is inf or nan")
        with tf.control_dependencies([apply]):
            train_op = tf.identity(total_loss)
    tf.add_to_collection(tf.GraphKeys.TRAIN_OP, train_op)
    return train_op


def clip_gradient_norms(gradients_to_variables, max_norm):
    """The (gradient, variable) pairs, with each gradient's norm clipped to `max_norm`."""
    return [(tf.clip_by_norm(grad, max_norm) if grad is not None else None, var)
            for grad, var in gradients_to_variables]


def optimize_loss(loss, global_step, learning_rate, optimizer, gradient_noise_scale=None,
                  gradient_multipliers=None, clip_gradients=None, learning_rate_decay_fn=None,
                  update_ops=None, variables=None, name=None, summaries=None,
                  colocate_gradients_with_ops=False, increment_global_step=True):
    """A tensor with the value of `loss` that also runs UPDATE_OPS and a step of `optimizer`.

    `optimizer` is a name, a class, a function of the learning rate, or an optimizer. Raises
    NotImplementedError for `gradient_noise_scale` and `gradient_multipliers`, and ValueError for an
    unknown name.
    """
    if gradient_noise_scale is not None or gradient_multipliers is not None:
        raise NotImplementedError("tf.contrib.layers.optimize_loss: gradient_noise_scale and "
                                  "gradient_multipliers aren't supported here")
    with tf.variable_scope(name, "OptimizeLoss", [loss, global_step]):
        step = tf.train.get_global_step() if global_step is None else global_step
        updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS) if update_ops is None else update_ops
        with tf.control_dependencies(list(updates)):
            loss = tf.identity(loss)
        rate = learning_rate
        if isinstance(rate, (int, float)):
            rate = tf.get_variable("learning_rate", [], trainable=False,
                                   initializer=tf.constant_initializer(float(rate)))
        if rate is not None and learning_rate_decay_fn is not None:
            rate = learning_rate_decay_fn(rate, step)
        if isinstance(optimizer, str):
            if optimizer not in OPTIMIZERS:
                raise ValueError(f"Optimizer name should be one of {list(OPTIMIZERS)}, you "
                                 f"provided {optimizer}.")
            kind = getattr(tf.train, OPTIMIZERS[optimizer])
            opt = kind(rate, momentum=0.9) if optimizer == "Momentum" else kind(rate)
        elif isinstance(optimizer, tf.train.Optimizer):
            opt = optimizer
        else:
            opt = optimizer(rate) if rate is not None else optimizer()
        grads = opt.compute_gradients(loss, variables or tf.trainable_variables(),
                                      colocate_gradients_with_ops=colocate_gradients_with_ops)
        if callable(clip_gradients):
            grads = clip_gradients(grads)
        elif clip_gradients is not None:
            found, variables = zip(*grads)
            grads = list(zip(tf.clip_by_global_norm(found, clip_gradients)[0], variables))
        wanted = ("loss", "learning_rate", "global_gradient_norm") if summaries is None else summaries
        if "loss" in wanted:
            tf.summary.scalar("loss", loss)
        if "learning_rate" in wanted and rate is not None:
            tf.summary.scalar("learning_rate", rate)
        norms = [(grad, var) for grad, var in grads if grad is not None]
        if "gradient_norm" in wanted:
            for grad, var in norms:
                tf.summary.scalar(f"gradient_norm/{var.op.name}", tf.global_norm([grad]))
        if "gradient_norm" in wanted or "global_gradient_norm" in wanted:
            tf.summary.scalar("global_norm/gradient_norm",
                              tf.global_norm([grad for grad, _ in norms]))
        apply = opt.apply_gradients(grads, step if increment_global_step else None, "train")
        with tf.control_dependencies([apply]):
            return tf.identity(loss)
