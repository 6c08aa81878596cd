"""Convert TensorFlow's weights to those of a PyTorch network and back, for comparisons in tests.

The PyTorch networks here see images that are rotated by 180 degrees (see `torch_peer`). So the
kernels are rotated too, and the 4 x 4 maps that a dense layer writes or reads.
"""

import numpy as np


def load(net, arrays) -> None:
    """Load `arrays`, weights in TensorFlow's layout and order, into `net`."""
    import torch
    arrays = iter(arrays)
    with torch.no_grad():
        for _, parameter, to_torch, _ in layout(net):
            value = torch.from_numpy(np.ascontiguousarray(to_torch(next(arrays))))
            assert parameter.shape == value.shape, (parameter.shape, value.shape)
            parameter.copy_(value)
    assert next(arrays, None) is None, "more weights than the network has"


def read(net):
    """The weights of `net` in TensorFlow's layout."""
    return [np.ascontiguousarray(back(parameter.detach().numpy()))
            for _, parameter, _, back in layout(net)]


def layout(net):
    """List (layer, weight, function from TensorFlow, function back) for each weight of `net`."""
    from torch import nn
    layers = [layer for layer in net.modules() if not isinstance(layer, nn.Sequential)]
    found = []
    for number, layer in enumerate(layers):
        if isinstance(layer, nn.Linear):
            made = layers[number + 1:number + 2]
            read = layers[number - 1] if number else None
            if made and isinstance(made[0], nn.Unflatten):  # outputs are a map [C, 4, 4]
                channels = made[0].unflattened_size[0]
                ways = [(lambda w: _to_map(w, channels).T, lambda w: _from_map(w.T, channels)),
                        (lambda b: _to_map(b, channels), lambda b: _from_map(b, channels))]
            elif isinstance(read, nn.Flatten) and layer.in_features % 16 == 0 and (
                    layer.out_features == 1):           # inputs are such a map
                channels = layer.in_features // 16
                ways = [(lambda w: _to_map(w.T, channels), lambda w: _from_map(w, channels).T),
                        (np.asarray, np.asarray)]
            else:
                ways = [(np.transpose, np.transpose), (np.asarray, np.asarray)]
        elif isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
            # [h, w, in, out] <-> [out, in, h, w], and transposed [h, w, out, in] <-> [in, out, h, w]
            ways = [(lambda w: w[::-1, ::-1].transpose(3, 2, 0, 1),
                     lambda w: w.transpose(2, 3, 1, 0)[::-1, ::-1]), (np.asarray, np.asarray)]
        else:
            ways = [(np.asarray, np.asarray)] * 2  # batch norm's scale and shift
        found += [(layer, parameter, *way)
                  for parameter, way in zip(layer.parameters(recurse=False), ways)]
    return found


def _to_map(array, channels):
    """TensorFlow's [..., 4 x 4 x C] as [..., C x 4 x 4], rotated by 180 degrees."""
    maps = array.reshape(*array.shape[:-1], 4, 4, channels)[..., ::-1, ::-1, :]
    return np.moveaxis(maps, -1, -3).reshape(array.shape)


def _from_map(array, channels):
    maps = np.moveaxis(array.reshape(*array.shape[:-1], channels, 4, 4), -3, -1)
    return maps[..., ::-1, ::-1, :].reshape(array.shape)
