// The arithmetic of a dense generator. No part of the page is used, so that it also runs in node.

/** Float16 numbers (1 bit sign, 5 exponent, 10 fraction) as a Float32Array. */
function halvesOf(text) {
  const view = new DataView(bytesOf(text)), values = new Float32Array(view.byteLength / 2);
  for (let i = 0; i < values.length; i++) {
    const bits = view.getUint16(2 * i, true), exponent = (bits >> 10) & 31, fraction = bits & 1023;
    const size = exponent === 31 ? (fraction ? NaN : Infinity)
      : exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24;
    values[i] = bits >> 15 ? -size : size;
  }
  return values;
}

/** The rows of an array with `size` columns. */
function rowsOf(values, size) {
  const found = [];
  for (let start = 0; start < values.length; start += size) found.push(values.slice(start, start + size));
  return found;
}

/**
 * A dense generator of the page's document, with its arrays decoded. `compute(latents, labels)` promises the images
 * of several latent vectors; without labels, `labels` is null.
 */
function network(packed) {
  const rows = (text) => rowsOf(floatsOf(text), packed.size), side = Math.sqrt(packed.layers.at(-1).outputs);
  const net = { ...packed, shape: [side, side, 1], latents: rows(packed.latents), directions: rows(packed.directions),
    embedding: packed.embedding && rows(packed.embedding), images: rowsOf(floatsOf(packed.images), side * side),
    layers: packed.layers.map((layer) => ({ ...layer, bias: floatsOf(layer.bias),
      weights: (packed.precision === "float16" ? halvesOf : floatsOf)(layer.weights) })) };
  net.compute = async (latents, labels) => latents.map((z, i) => generate(net, z, labels && labels[i]));
  net.computeBatch = net.compute;
  return net;
}

/** The image of a latent vector `z` and, if the generator has classes, a `label`: a Float64Array in (-1, 1). */
function generate(net, z, label) {
  let x = Float64Array.from(z);
  if (net.embedding) x.forEach((value, i) => { x[i] = value * net.embedding[label][i]; });
  net.layers.forEach((layer, place) => {
    const { inputs, outputs, weights } = layer, next = Float64Array.from(layer.bias);
    for (let i = 0; i < inputs; i++) {
      const factor = x[i], start = i * outputs;
      for (let j = 0; j < outputs; j++) next[j] += factor * weights[start + j];
    }
    const last = place === net.layers.length - 1;
    for (let j = 0; j < outputs; j++) next[j] = last ? Math.tanh(next[j]) : Math.max(next[j], net.alpha * next[j]);
    x = next;
  });
  return x;
}

/** Promises the largest difference of a pixel from the images that the session computed of the first latent vectors. */
async function difference(net) {
  const count = net.images.length;
  const found = await net.computeBatch(net.latents.slice(0, count), net.labels && net.labels.slice(0, count));
  let most = 0;
  found.forEach((image, i) => image.forEach((value, pixel) => {
    const off = Math.abs(value - net.images[i][pixel]);
    if (!(off <= most)) most = off;
  }));
  return most;
}

/** The sum of `latents`, each times the factor at its place. */
function combined(latents, factors) {
  return Float32Array.from(latents[0], (_, k) => latents.reduce((sum, z, i) => sum + factors[i] * z[k], 0));
}

/**
 * The latent vector between `a` (share 0) and `b` (share 1). On a straight line between two vectors of normally
 * distributed numbers, the middle would be shorter than any vector of the training; so they are rotated into each
 * other (White 2016). Uniform numbers stay in their cube on the straight line.
 */
function between(a, b, share, normal) {
  let first = 1 - share, second = share;
  if (normal) {
    const dot = (one, other) => one.reduce((sum, value, i) => sum + value * other[i], 0);
    const cosine = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)), angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
    if (Math.sin(angle) > 1e-6) {
      first = Math.sin((1 - share) * angle) / Math.sin(angle);
      second = Math.sin(share * angle) / Math.sin(angle);
    }
  }
  return a.map((value, i) => first * value + second * b[i]);
}

/** A new latent vector, distributed as in the training. */
function drawn(net, random = Math.random) {
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Float32Array.from({ length: net.size }, () => (net.normal ? normal() : 2 * random() - 1));
}
