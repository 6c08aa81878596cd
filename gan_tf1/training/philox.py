"""Random bits for a compiled step: those of TensorFlow's Philox, in a form that XLA compiles well.

Salmon et al. 2011, "Parallel Random Numbers: As Easy as 1, 2, 3": Philox4x32-10 turns a counter of four
words and a key of two into four random words, in ten rounds of two multiplications each. XLA's own code
for it takes four times as long on a processor, since it computes the rounds anew for each of the four
words. Here the rounds are a loop, and each round leaves the words of all counters in memory.
"""

import numpy as np

from gan_tf1.tf1 import insides, tf

ROUNDS = 10
FACTORS = 0xD2511F53, 0xCD9E8D57     # the multipliers of words 0 and 2
KEY_STEPS = 0x9E3779B9, 0xBB67AE85   # what each round adds to the two words of the key
LOW = 2**32 - 1


def bits(shape, seed) -> "tf.Tensor":
    """`tf.random.stateless_uniform(shape, seed, None, None, tf.int32, alg="philox")`, bit for bit.

    `shape` is known when the graph is built, and `seed` is a tensor of two int64.
    """
    key, counter = insides("ops.random_ops_util")._philox_scramble_seed(seed)
    count = int(np.prod(shape))
    words = _counters(counter, -(-count // 4))
    key = _word(_low(key[0])), _word(_high(key[0]))
    *words, _, _, _ = tf.while_loop(
        lambda *state: state[-1] < ROUNDS, lambda *state: (*_round(*state[:6]), state[-1] + 1),
        (*words, *key, tf.constant(0)))
    in_order = tf.reshape(tf.transpose(tf.stack(words)), [-1])
    return tf.bitcast(tf.reshape(in_order[:count], shape), tf.int32)


def _counters(counter, blocks):
    """The four words, [blocks] each, of `counter`, of the next number, and so on."""
    low = counter[0] + tf.cast(tf.range(blocks), tf.uint64)
    high = counter[1] + tf.cast(low < counter[0], tf.uint64)  # the carry
    return [_word(part) for part in (_low(low), _high(low), _low(high), _high(high))]


def _round(a, b, c, d, first_key, second_key):
    """The state after one round: four words and the key of the next round."""
    first, second = (tf.cast(word, tf.uint64) * tf.constant(factor, tf.uint64)
                     for word, factor in zip((a, c), FACTORS))
    xor = tf.bitwise.bitwise_xor
    words = (xor(xor(_word(_high(second)), b), first_key), _word(_low(second)),
             xor(xor(_word(_high(first)), d), second_key), _word(_low(first)))
    return (*words, *(key + tf.constant(step, tf.uint32)
                      for key, step in zip((first_key, second_key), KEY_STEPS)))


def _low(number):
    return tf.bitwise.bitwise_and(number, tf.constant(LOW, tf.uint64))


def _high(number):
    return tf.bitwise.right_shift(number, tf.constant(32, tf.uint64))


def _word(number):
    return tf.cast(number, tf.uint32)
