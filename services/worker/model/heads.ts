/** Where people stand: each gathered out of the density map as one person, so that places and count agree. Pure. */
import type { DensityMap } from './read-out.ts';

/** A head, 0–1 from the left and from the top of the picture. */
export type Head = [x: number, y: number];

/** A head, and how much of a person the map has there, at most 1. */
export type Peak = [x: number, y: number, people: number];

/** How far around a peak its person is looked for, cells of the map: first near by, then for those who are spread wider. */
const REACHES = [4, 6];
const FARTHEST = 6;
/** Peaks below this are never looked at, people a cell: the noise of empty places. */
const LEAST_PEAK = 0.008;
/** Looks at what is left; a real map needs about five. An absurd one is refused by who reads it, here it must only end. */
const MOST_LOOKS = 20;

/**
 * Heads of a picture.
 * @param least share of a person that a head needs, 0–1; the same on every picture, so that an empty one has none
 */
export const locateHeads = (map: DensityMap, least: number): Head[] =>
  new Gathering(map).from(least).map(([x, y]) => [x, y]);

/** The heads of `least`, then those that are there below it down to `lowest`: another least needs no other look. */
export function locatePeaks(map: DensityMap, least: number, lowest: number): Peak[] {
  const gathering = new Gathering(map);
  return [...gathering.from(least), ...gathering.from(lowest)].sort(([, , a], [, , b]) => b - a);
}

/**
 * Takes people out of a map, from its highest peaks on: ring by ring around a peak, of the last ring a share, until it
 * is one person, who stands where the centre of mass is; what is left is looked at again, until no peak has `least` of
 * a person around it. So there are about as many heads as people in the map; one whose place is uncertain is one head
 * and not one a peak, and in a crowd whose peaks run together all are found. Against peaks above a threshold:
 * docs/evaluation.md.
 */
class Gathering {
  readonly #map: DensityMap;
  /** The map with a margin of nobody, so that rings and neighbours need no bounds. */
  readonly #people: Float64Array;
  readonly #stride: number;
  readonly #rings: number[][];
  /** Cells that may be peaks. */
  #bright: number[] = [];

  constructor(map: DensityMap) {
    const { width, height, people } = map;
    this.#map = map;
    this.#stride = width + 2 * FARTHEST;
    this.#people = new Float64Array(this.#stride * (height + 2 * FARTHEST));
    this.#rings = ringsOf(this.#stride);
    for (let y = 0; y < height; y++) {
      const row = (y + FARTHEST) * this.#stride + FARTHEST;
      for (let x = 0; x < width; x++) {
        const here = people[y * width + x] as number;
        if (here <= 0) continue;
        this.#people[row + x] = here;
        if (here > LEAST_PEAK) this.#bright.push(row + x);
      }
    }
  }

  /** Everybody of whom there is `least` of a person. */
  from(least: number): Peak[] {
    const found: Peak[] = [];
    for (const reach of REACHES) {
      for (let look = 0, before = -1; look < MOST_LOOKS && before < found.length; look++) {
        before = found.length;
        for (const place of this.#peaks()) {
          const person = this.#take(place, reach, least);
          if (person) found.push(person);
        }
      }
    }
    return found;
  }

  /** Takes a person, or what there is of one, from around a place; nothing if it is not enough. */
  #take(place: number, reach: number, least: number): Peak | undefined {
    let [people, right, down] = [0, 0, 0];
    const shares: number[] = [];
    for (let radius = 0; radius <= reach && people < 1; radius++) {
      let [here, rightHere, downHere] = [0, 0, 0];
      for (const step of this.#rings[radius] as number[]) {
        const cell = place + step;
        const inCell = this.#people[cell] as number;
        here += inCell;
        rightHere += inCell * (cell % this.#stride);
        downHere += inCell * Math.floor(cell / this.#stride);
      }
      const share = Math.min(1, (1 - people) / here);
      shares.push(share);
      people += share * here;
      right += share * rightHere;
      down += share * downHere;
    }
    if (!(people >= least)) return undefined;
    for (const [radius, share] of shares.entries()) {
      for (const step of this.#rings[radius] as number[]) {
        this.#people[place + step] = (this.#people[place + step] as number) * (1 - share);
      }
    }
    const at = (cells: number, side: number) => (cells / people - FARTHEST + 0.5) / side;
    return [at(right, this.#map.width), at(down, this.#map.height), people];
  }

  /** Cells that none beside exceeds, highest first. */
  #peaks(): number[] {
    const [people, stride] = [this.#people, this.#stride];
    const around = [-stride - 1, -stride, -stride + 1, -1, 1, stride - 1, stride, stride + 1];
    // People are only ever taken away: what is no longer bright never will be.
    this.#bright = this.#bright.filter((cell) => (people[cell] as number) > LEAST_PEAK);
    return this.#bright
      .filter((cell) => around.every((step) => (people[cell + step] as number) <= (people[cell] as number)))
      .sort((a, b) => (people[b] as number) - (people[a] as number) || a - b);
  }
}

/** Steps to the cells of each disc dx² + dy² ≤ radius² + 1 that are not in the disc before. */
function ringsOf(stride: number): number[][] {
  const rings: number[][] = Array.from({ length: FARTHEST + 1 }, () => []);
  for (let dy = -FARTHEST; dy <= FARTHEST; dy++) {
    for (let dx = -FARTHEST; dx <= FARTHEST; dx++) {
      const radius = dx === 0 && dy === 0 ? 0 : Math.ceil(Math.sqrt(Math.max(1, dx * dx + dy * dy - 1)));
      rings[radius]?.push(dy * stride + dx);
    }
  }
  return rings;
}
