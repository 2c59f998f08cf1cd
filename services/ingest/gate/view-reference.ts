/**
 * What of a camera's view never changes: the edges of buildings, kerbs and fences, learned by watching. A camera that was
 * turned or pushed shows them elsewhere. Pure but for what it has learned.
 *
 * Edges are compared by direction alone, in doubled angles, so that neither light nor the change from day to night (dark
 * on bright becoming bright on dark) matters. People have edges of all directions, and of none for long: they are not
 * learned, and where they stand they only hide what was.
 */
import type { GreyPicture } from './grey-picture.ts';

/** Directions of a picture's edges in doubled angle, as unit vectors; zero where there is no edge. */
export type Edges = { width: number; height: number; cos: Float32Array; sin: Float32Array };

/** An edge that stays: its pixel, its direction, and how steady it was. */
export type SteadyEdge = { x: number; y: number; cos: number; sin: number };

export type Match = {
  /** Agreement summed over the steady edges that lie inside, over their number: 1 the same, 0 chance or nothing seen. */
  score: number;
  /** Share of these edges where an edge is to be seen at all. */
  evidence: number;
};

/** Brightness step two pixels apart, squared, that counts as an edge. */
const LEAST_STEP = 12 ** 2;
/** Pictures an edge is averaged over once the view is known: ten minutes at one look a second. */
const MEMORY = 600;
/** Pictures before anything is said. */
const LEARNING = 30;
/** A direction that was the same most of the time. */
const STEADY = 0.6;
const MOST_STEADY = 1500;
/** Fewer steady edges tell nothing: a bare wall, or a crowd from edge to edge. */
const LEAST_STEADY = 120;
/** Widest shift that is looked for, share of the picture's sides. */
const REACH = 0.3;
/** Edges the wide search compares: enough to be sure, few enough to be quick. */
const SEARCHED = 300;
const TILES = { columns: 4, rows: 3 };
const LEAST_IN_TILE = 15;

export function edgesOf({ width, height, values }: GreyPicture): Edges {
  const cos = new Float32Array(width * height);
  const sin = new Float32Array(width * height);
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const i = y * width + x;
      const gx = (values[i + 1] as number) - (values[i - 1] as number);
      const gy = (values[i + width] as number) - (values[i - width] as number);
      const power = gx * gx + gy * gy;
      if (power < LEAST_STEP) continue;
      cos[i] = (gx * gx - gy * gy) / power;
      sin[i] = (2 * gx * gy) / power;
    }
  }
  return { width, height, cos, sin };
}

export class ViewReference {
  readonly width: number;
  readonly height: number;
  #cos: Float32Array;
  #sin: Float32Array;
  #seen = 0;
  #steady: SteadyEdge[] = [];

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.#cos = new Float32Array(width * height);
    this.#sin = new Float32Array(width * height);
  }

  /** A view that was learned before. */
  static of(width: number, height: number, steady: SteadyEdge[]): ViewReference {
    const view = new ViewReference(width, height);
    view.#seen = LEARNING;
    view.#steady = steady;
    for (const { x, y, cos, sin } of steady) {
      view.#cos[y * width + x] = cos;
      view.#sin[y * width + x] = sin;
    }
    return view;
  }

  /** Whether enough is known to tell a move. */
  get known(): boolean {
    return this.#seen >= LEARNING && this.#steady.length >= LEAST_STEADY;
  }

  get steady(): readonly SteadyEdge[] {
    return this.#steady;
  }

  /** Learns from a picture of the usual view. */
  learn({ cos, sin }: Edges): void {
    this.#seen += 1;
    const rate = 1 / Math.min(this.#seen, MEMORY);
    for (let i = 0; i < cos.length; i++) {
      this.#cos[i] = (this.#cos[i] as number) * (1 - rate) + (cos[i] as number) * rate;
      this.#sin[i] = (this.#sin[i] as number) * (1 - rate) + (sin[i] as number) * rate;
    }
    if (this.#seen >= LEARNING && this.#seen % LEARNING === 0) this.#steady = this.#steadyEdges();
  }

  /** How well a picture agrees with the view where it is. */
  match(edges: Edges): Match {
    return matchAt(edges, this.#steady, 0, 0);
  }

  /** Share of the picture's parts that score at least as much; undefined where too few parts can be judged. */
  partsThatScore(edges: Edges, least: number): number | undefined {
    const tiles = Map.groupBy(this.#steady, ({ x, y }) => {
      const column = Math.floor((x * TILES.columns) / this.width);
      return Math.floor((y * TILES.rows) / this.height) * TILES.columns + column;
    });
    const judged = [...tiles.values()].filter((tile) => tile.length >= LEAST_IN_TILE);
    const scoring = judged.filter((tile) => matchAt(edges, tile, 0, 0).score >= least);
    return judged.length < 3 ? undefined : scoring.length / judged.length;
  }

  /** Where the view is now, px of the small picture: the shift at which it scores best. Costs some milliseconds. */
  find(edges: Edges): Match & { at: [number, number] } {
    const step = Math.max(1, Math.floor(this.#steady.length / SEARCHED));
    const few = this.#steady.filter((_, index) => index % step === 0);
    const [reachX, reachY] = [Math.round(this.width * REACH), Math.round(this.height * REACH)];
    let best: [number, number] = [0, 0];
    let highest = Number.NEGATIVE_INFINITY;
    for (let dy = -reachY; dy <= reachY; dy++) {
      for (let dx = -reachX; dx <= reachX; dx++) {
        const { score } = matchAt(edges, few, dx, dy);
        if (score <= highest) continue;
        highest = score;
        best = [dx, dy];
      }
    }
    return { ...matchAt(edges, this.#steady, ...best), at: best };
  }

  #steadyEdges(): SteadyEdge[] {
    const found: (SteadyEdge & { strength: number })[] = [];
    for (let y = 1; y < this.height - 1; y++) {
      for (let x = 1; x < this.width - 1; x++) {
        const i = y * this.width + x;
        const [cos, sin] = [this.#cos[i] as number, this.#sin[i] as number];
        const strength = Math.hypot(cos, sin);
        if (strength >= STEADY) found.push({ x, y, cos: cos / strength, sin: sin / strength, strength });
      }
    }
    if (found.length > MOST_STEADY) found.sort((a, b) => b.strength - a.strength);
    return found
      .slice(0, MOST_STEADY)
      .sort((a, b) => a.y - b.y || a.x - b.x)
      .map(({ x, y, cos, sin }) => ({ x, y, cos, sin }));
  }
}

function matchAt({ width, height, cos, sin }: Edges, steady: readonly SteadyEdge[], dx: number, dy: number): Match {
  let agreement = 0;
  let seen = 0;
  let inside = 0;
  for (const edge of steady) {
    const x = edge.x + dx;
    const y = edge.y + dy;
    if (x < 1 || y < 1 || x >= width - 1 || y >= height - 1) continue;
    inside += 1;
    const i = y * width + x;
    const [c, s] = [cos[i] as number, sin[i] as number];
    if (c === 0 && s === 0) continue;
    seen += 1;
    agreement += edge.cos * c + edge.sin * s;
  }
  // At the end of its reach too little of the view is left inside to be sure of.
  if (inside < steady.length / 3) return { score: 0, evidence: 0 };
  return { score: agreement / inside, evidence: seen / inside };
}
