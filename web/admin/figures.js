// Figures are computed from two successive readings of /metrics.

/** @typedef {Map<string, {labels: Record<string, string>, value: number}[]>} Samples */
/** @typedef {{samples: Samples, time: number}} Reading at a time in milliseconds */

// parse returns the samples in Prometheus's text format: a map from name to a list of
// {labels, value}.
/** @returns {Samples} */
export function parse(text) {
  const samples = new Map();
  for (const line of text.split("\n")) {
    const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (!match) {
      continue;
    }
    const labels = {};
    for (const [, name, value] of (match[2] ?? "").matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
      labels[name] = value;
    }
    const list = samples.get(match[1]) ?? [];
    list.push({ labels, value: Number(match[3].replace("Inf", "Infinity")) });
    samples.set(match[1], list);
  }
  return samples;
}

// sum returns the sum of all samples with a name.
/** @param {Samples} samples @param {string} name */
export function sum(samples, name) {
  return (samples.get(name) ?? []).reduce((total, sample) => total + sample.value, 0);
}

// rate returns by how much a counter has grown in a second, or null if that is unknown.
/** @param {Reading} now @param {Reading | null} before @param {string} name */
export function rate(now, before, name) {
  if (!before) {
    return null;
  }
  const grown = sum(now.samples, name) - sum(before.samples, name);
  const seconds = (now.time - before.time) / 1000;
  return grown < 0 || seconds <= 0 ? null : grown / seconds; // it is less after a restart
}

// quantile returns an upper bound for a quantile of what a histogram has observed between two
// readings, or null if that is nothing.
/** @param {Reading} now @param {Reading | null} before @param {string} name @param {number} q */
export function quantile(now, before, name, q) {
  if (!before) {
    return null;
  }
  const old = new Map((before.samples.get(name + "_bucket") ?? []).map((s) => [s.labels.le, s.value]));
  const buckets = (now.samples.get(name + "_bucket") ?? [])
    .map((s) => ({ le: Number(s.labels.le.replace("Inf", "Infinity")), count: s.value - (old.get(s.labels.le) ?? 0) }))
    .sort((a, b) => a.le - b.le);
  const total = buckets.at(-1)?.count ?? 0;
  if (total <= 0) {
    return null;
  }
  return buckets.find((b) => b.count >= q * total)?.le ?? null;
}

// short returns a number in few characters.
/** @param {number | null} n */
export function short(n) {
  if (n === null || Number.isNaN(n)) {
    return "–";
  }
  if (n === Infinity) {
    return "∞";
  }
  for (const [unit, size] of Object.entries({ G: 1e9, M: 1e6, k: 1e3 })) {
    if (Math.abs(n) >= size) {
      return `${(n / size).toPrecision(3)} ${unit}`;
    }
  }
  return String(Number(n.toPrecision(3)));
}

// duration returns a number of seconds in few characters.
/** @param {number | null} s */
export function duration(s) {
  if (s === null || Number.isNaN(s)) {
    return "–";
  }
  if (s < 1e-3) {
    return `${short(s * 1e6)} µs`;
  }
  return s < 1 ? `${short(s * 1e3)} ms` : `${short(s)} s`;
}
