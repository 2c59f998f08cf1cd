/** Seeded noise: the same camera and picture always give the same count. */

/**
 * Standard normal numbers from a seed (mulberry32 and the Box–Muller transform).
 * @param length how many
 */
export function seededNormal(length: number, seed: number): Float32Array {
  const out = new Float32Array(length);
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
  };
  for (let i = 0; i < length; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    out[i] = radius * Math.cos(angle);
    if (i + 1 < length) out[i + 1] = radius * Math.sin(angle);
  }
  return out;
}

/** 16 MB: the noise of 27 cameras at 1024 px, of 180 at 384 px. */
const MOST_KEPT = 4_000_000;

/** Noise that is asked for again with every picture of a camera. What was not asked for longest is forgotten first. */
export class NoiseShelf {
  readonly #kept = new Map<string, Float32Array>();
  #length = 0;

  /** The same as `seededNormal`; not to be written to. */
  of(length: number, seed: number): Float32Array {
    const key = `${length}:${seed}`;
    const known = this.#kept.get(key);
    const values = known ?? seededNormal(length, seed);
    // Again at the end, as the newest.
    this.#kept.delete(key);
    this.#kept.set(key, values);
    if (known) return known;
    this.#length += length;
    for (const [oldest, forgotten] of this.#kept) {
      if (this.#length <= MOST_KEPT) break;
      this.#kept.delete(oldest);
      this.#length -= forgotten.length;
    }
    return values;
  }
}

/** A seed from a name (FNV-1a, 32 bit). */
export function seedOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
