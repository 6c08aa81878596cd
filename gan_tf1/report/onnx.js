// A generator that onnxruntime-web computes, from the server of the page.

/** Whether the page can load the generators that are not in it. */
const SERVED = location.protocol !== "file:";

/** Promises a generator of the page's document like `network`, computed from its ONNX file. */
async function onnxNetwork(packed) {
  const script = new URL(packed.script, document.baseURI).href, ort = await import(script);
  ort.env.wasm.numThreads = 1;  // more need a page that is isolated from all others
  ort.env.wasm.wasmPaths = { wasm: new URL(packed.wasm, document.baseURI).href };
  const session = await ort.InferenceSession.create(new URL(packed.file, document.baseURI).href,
    { executionProviders: ["wasm"] });
  const { size, shape } = packed, rows = (text) => rowsOf(floatsOf(text), size);
  const net = { ...packed, latents: rows(packed.latents), directions: rows(packed.directions),
    images: rowsOf(floatsOf(packed.images), shape[0] * shape[1] * shape[2]) };
  let last = Promise.resolve();  // a session computes one batch at a time

  /** The images of one batch. */
  net.computeBatch = (latents, labels) => {
    const batch = async () => {
      const joined = new Float32Array(latents.length * size);
      latents.forEach((z, i) => joined.set(z, i * size));
      const feed = { latent: new ort.Tensor("float32", joined, [latents.length, size]) };
      if (labels) feed.label = new ort.Tensor("int32", Int32Array.from(labels), [labels.length]);
      const { generated } = await session.run(feed);
      return rowsOf(generated.data, shape[0] * shape[1] * shape[2]);
    };
    return last = last.then(batch, batch);
  };
  /** With batch norm by the statistics of a batch, an image depends on it all: each has the same companions. */
  net.compute = !net.together ? net.computeBatch : async (latents, labels) => {
    const found = [];
    for (let i = 0; i < latents.length; i++) {
      const [image] = await net.computeBatch([latents[i], ...net.latents.slice(1)],
        labels && [labels[i], ...net.labels.slice(1)]);
      found.push(image);
    }
    return found;
  };
  return net;
}
