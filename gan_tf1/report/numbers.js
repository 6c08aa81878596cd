// Arrays in the page's document: base64 to numbers. No part of the page is used, so that it also runs in node.

/** The bytes of a base64 text, as an ArrayBuffer. */
function bytesOf(text) {
  const binary = atob(text), bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes.buffer;
}

/** A Float32Array of little-endian float32 numbers. */
function floatsOf(text) {
  const view = new DataView(bytesOf(text)), values = new Float32Array(view.byteLength / 4);
  for (let i = 0; i < values.length; i++) values[i] = view.getFloat32(4 * i, true);
  return values;
}

/** An Int16Array of little-endian numbers. */
function shortsOf(text) {
  const view = new DataView(bytesOf(text)), values = new Int16Array(view.byteLength / 2);
  for (let i = 0; i < values.length; i++) values[i] = view.getInt16(2 * i, true);
  return values;
}

/** The place of the last of the increasing numbers `x` that is at most `value`; at least 0. */
function lastAtMost(x, value) {
  let low = 0, high = x.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (x[middle] <= value) low = middle; else high = middle - 1;
  }
  return low;
}

/** The place of the number in the increasing `x` that is closest to `value`. */
function nearest(x, value) {
  const place = lastAtMost(x, value);
  return place + 1 < x.length && x[place + 1] - value < value - x[place] ? place + 1 : place;
}

/** Round numbers between `low` and `high`, about `count` of them. */
function ticks(low, high, count, whole) {
  const rough = (high - low) / Math.max(1, count), power = 10 ** Math.floor(Math.log10(rough));
  let step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) || 10);
  if (whole) step = Math.max(1, Math.round(step));
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) {
    found.push(Number((i * step).toPrecision(12)));
  }
  return found;
}

/** A number for a label: at most four digits, with separators between thousands. */
function shown(value) {
  if (!Number.isFinite(value)) return "not finite";
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(4)));
}
