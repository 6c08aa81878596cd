"""The parts of `tf.contrib.rnn` that TensorFlow has dropped."""

from gan_tf1.tf1 import tf


def names() -> dict:
    """The names of the module: name -> object."""
    cells, nn = tf.nn.rnn_cell, tf.nn

    class LayerNormBasicLSTMCell(cells.RNNCell):
        """An LSTM cell with layer normalization of its gates, and dropout of the candidates."""

        def __init__(self, num_units, forget_bias=1.0, input_size=None, activation=tf.tanh,
                     layer_norm=True, norm_gain=1.0, norm_shift=0.0, dropout_keep_prob=1.0,
                     dropout_prob_seed=None, reuse=None):
            super().__init__(_reuse=reuse)
            self._units, self._forget, self._act = num_units, forget_bias, activation
            self._norm, self._gain, self._shift = layer_norm, norm_gain, norm_shift
            self._keep, self._seed = dropout_keep_prob, dropout_prob_seed

        @property
        def state_size(self):
            """The pair of sizes of c and h."""
            return cells.LSTMStateTuple(self._units, self._units)

        @property
        def output_size(self):
            """The number of units."""
            return self._units

        def _normed(self, x, name):
            if not self._norm:
                return x
            with tf.variable_scope(name):
                gamma = tf.get_variable("gamma", [self._units],
                                        initializer=tf.constant_initializer(self._gain))
                beta = tf.get_variable("beta", [self._units],
                                       initializer=tf.constant_initializer(self._shift))
            mean, variance = nn.moments(x, [-1], keep_dims=True)
            return gamma * (x - mean) * tf.rsqrt(variance + 1e-12) + beta

        def call(self, inputs, state):
            """x [B, N], (c, h) -> h [B, units], (c, h)."""
            c, h = state
            both = tf.concat([inputs, h], 1)
            kernel = tf.get_variable("kernel", [both.shape[-1], 4 * self._units])
            gates = tf.matmul(both, kernel)
            if not self._norm:
                gates += tf.get_variable("bias", [4 * self._units],
                                         initializer=tf.zeros_initializer())
            names = ("input", "transform", "forget", "output")
            i, j, f, o = (self._normed(gate, name)
                          for gate, name in zip(tf.split(gates, 4, 1), names))
            g = self._act(j)
            if not isinstance(self._keep, float) or self._keep < 1:
                g = nn.dropout(g, self._keep, seed=self._seed)
            c = self._normed(c * tf.sigmoid(f + self._forget) + g * tf.sigmoid(i), "state")
            h = self._act(c) * tf.sigmoid(o)
            return h, cells.LSTMStateTuple(c, h)

    class OutputProjectionWrapper(cells.RNNCell):
        """A cell whose outputs go through a dense layer."""

        def __init__(self, cell, output_size, activation=None, reuse=None):
            super().__init__(_reuse=reuse)
            self._cell, self._size, self._act = cell, output_size, activation

        state_size = property(lambda self: self._cell.state_size)
        output_size = property(lambda self: self._size)

        def call(self, inputs, state):
            """One step of the cell, and the layer."""
            y, state = self._cell(inputs, state)
            kernel = tf.get_variable("kernel", [y.shape[-1], self._size])
            bias = tf.get_variable("bias", [self._size], initializer=tf.zeros_initializer())
            y = nn.bias_add(tf.matmul(y, kernel), bias)
            return (self._act(y) if self._act else y), state

    def stack_bidirectional_dynamic_rnn(cells_fw, cells_bw, inputs, initial_states_fw=None,
                                        initial_states_bw=None, dtype=None, sequence_length=None,
                                        parallel_iterations=None, time_major=False, scope=None):
        """Bidirectional layers, each of which gets the joined outputs of the one before."""
        states_fw, states_bw, x = [], [], inputs
        with tf.variable_scope(scope or "stack_bidirectional_rnn"):
            for i, (forward, backward) in enumerate(zip(cells_fw, cells_bw)):
                with tf.variable_scope(f"cell_{i}"):
                    outputs, (fw, bw) = nn.bidirectional_dynamic_rnn(
                        forward, backward, x, sequence_length,
                        initial_states_fw and initial_states_fw[i],
                        initial_states_bw and initial_states_bw[i], dtype, parallel_iterations,
                        time_major=time_major)
                    x = tf.concat(outputs, 2)
                states_fw.append(fw)
                states_bw.append(bw)
        return x, tuple(states_fw), tuple(states_bw)

    return {"LayerNormBasicLSTMCell": LayerNormBasicLSTMCell,
            "OutputProjectionWrapper": OutputProjectionWrapper,
            "stack_bidirectional_dynamic_rnn": stack_bidirectional_dynamic_rnn}
