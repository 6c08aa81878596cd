"""Keras 1, the files of Keras 2, and the Keras inside of TensorFlow 1."""

import numpy as np
import pytest

from gan_tf1.listing.run import run


def ran(tmp_path, text, **options):
    """Run a listing, check that it doesn't fail, and return the names that it defines."""
    (tmp_path / "listing.py").write_text(text)
    result = run(tmp_path / "listing.py", tmp_path, **options)
    assert [str(failure.error) for failure in result.failures] == []
    return result.names


def test_layers_take_the_arguments_of_keras_1(tmp_path):
    names = ran(tmp_path, """
import numpy as np
from keras.engine.topology import Layer
from keras.layers import Input, Merge, merge
from keras.layers.convolutional import Convolution2D, Deconvolution2D, MaxPooling2D, UpSampling2D
from keras.layers.core import Activation, Dense, Dropout, Flatten, MaxoutDense, Reshape
from keras.layers.normalization import BatchNormalization
from keras.initializations import normal
from keras.models import Model, Sequential
from keras.objectives import binary_crossentropy
from keras.regularizers import l1l2, l2
from keras.utils.visualize_util import plot
import keras.backend as K
K.set_image_dim_ordering('th')
z = Input(shape=(4,))
h = Dense(output_dim=8, init='normal', W_regularizer=l2(0.1), bias=False)(z)
h = Reshape((2, 2, 2))(BatchNormalization(mode=2)(h))
h = Convolution2D(3, 3, 2, border_mode='same', subsample=(2, 1),
                  init=lambda shape, name=None: normal(shape, scale=0.02, name=name))(h)
other = merge([z, z], mode='concat', concat_axis=1), merge([z, z], mode='mul')
G = Model(input=z, output=h)
shapes = G.output_shape, G.layers[-1].kernel_size, [K.int_shape(t) for t in other], K.image_dim_ordering()
K.set_image_dim_ordering('tf')
two = Sequential([Dense(2, input_dim=3)]), Sequential([Dense(2, input_dim=3)])
both = Merge(two, mode='concat').output_shape
""")
    assert names["shapes"] == ((None, 3, 1, 2), (3, 2), [(None, 8), (None, 4)], "th")
    assert names["both"] == (None, 4)
    from gan_tf1.tf1 import tf
    with pytest.raises(TypeError):
        tf.keras.layers.Dense(output_dim=8)


def test_tensorflows_inner_keras_is_the_listings_keras(tmp_path):
    names = ran(tmp_path, """
import numpy as np, tensorflow as tf
import tensorflow.python.keras.backend as K
from tensorflow.python import keras
from tensorflow.python.keras import backend
from tensorflow.python.keras.layers.advanced_activations import LeakyReLU
from tensorflow.python.keras.models import Sequential
from tensorflow.python.framework import ops
K.clear_session()
net = Sequential([tf.keras.layers.Conv2D(3, 5, 2, input_shape=(8, 8, 1)), LeakyReLU(0.2)])
net.compile('adam', 'mse')
rate = K.get_value(net.optimizer.lr)
same = keras.layers.Dense is tf.keras.layers.Dense, backend is K, tf.python.keras is keras
shape = net.output_shape
""")
    assert names["rate"] == pytest.approx(1e-3) and names["same"] == (True, True, True)
    assert names["shape"] == (None, 2, 2, 3)  # without `import keras`, the third number is a stride
    assert isinstance(names["rate"], np.floating)


@pytest.mark.slow
def test_models_train_with_the_arguments_of_keras_1(tmp_path):
    names = ran(tmp_path, """
import numpy as np
from keras.callbacks import LambdaCallback
from keras.layers.core import Dense, Dropout, Flatten, MaxoutDense
from keras.models import Sequential
from keras.optimizers import *
D = Sequential([Flatten(input_shape=(3, 1, 2)), Dropout(p=0.5), MaxoutDense(5, nb_feature=2), Dense(1)])
D.compile(loss='mse', optimizer=adam(lr=0.1))
x, y = np.ones((12, 3, 1, 2)), np.ones((12, 1))
history = D.fit(x, y, nb_epoch=2, batch_size=6, verbose=0).history['loss']
def batches():
    while True:
        yield x[:5], y[:5]
steps = []
D.fit_generator(batches(), samples_per_epoch=12, nb_epoch=1, verbose=0,
                callbacks=[LambdaCallback(on_batch_end=lambda batch, logs: steps.append(batch))])
""")
    assert len(names["history"]) == 2 and names["steps"] == [0, 1, 2]
