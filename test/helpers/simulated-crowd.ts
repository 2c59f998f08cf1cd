/** People who walk about in a picture: head positions, the heat map they make, and the readings of zones. Repeatable. */
import type { Camera } from '../../shared/config/schema.ts';
import { encodeHeatmap } from '../../shared/contracts/heatmap.ts';
import type { WorkerReading, ZoneReading } from '../../shared/contracts/reading.ts';

type Counted = Pick<Extract<WorkerReading, { status: 'ok' }>, 'count' | 'interval' | 'heads' | 'zones'>;
type Person = { x: number; y: number; dx: number; dy: number };

const WIDTH = 96;
const HEIGHT = 54;
/** Cells over which one person's heat spreads. */
const SPREAD = 2;
/** One unit of a value, people per cell. */
const UNIT = 0.002;
/** Ground of a calibrated zone: its size does not matter to a screen. */
const ZONE_SQM = 40;

export class SimulatedCrowd {
  readonly #camera: Camera;
  readonly #random: () => number;
  #people: Person[] = [];

  constructor(camera: Camera) {
    this.#camera = camera;
    let seed = [...camera.id].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) >>> 0, 7);
    this.#random = () => {
      // Numerical Recipes' linear congruential generator: good enough to walk by.
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return seed / 2 ** 32;
    };
  }

  /** The next picture, with `people` in it. */
  picture(people: number, seq: number, capturedAt: number): Counted & { heatmap: Uint8Array } {
    this.#walk(people);
    const heads = this.#people.map(({ x, y }): [number, number] => [x, y]);
    const heatmap = encodeHeatmap({
      cameraId: this.#camera.id,
      seq,
      capturedAt,
      width: WIDTH,
      height: HEIGHT,
      peoplePerUnit: UNIT,
      values: heat(heads),
      heads,
    });
    const zones = this.#camera.zones.map((zone) => this.#zoneReading(zone, heads));
    return { count: people, interval: around(people), heads: heads.length, zones, heatmap };
  }

  #walk(people: number): void {
    while (this.#people.length < people) {
      const [x, y, dx, dy] = [this.#random(), 0.2 + 0.8 * this.#random(), this.#random() - 0.5, this.#random() - 0.5];
      this.#people.push({ x, y, dx: dx * 0.02, dy: dy * 0.01 });
    }
    this.#people.length = people;
    for (const person of this.#people) {
      if (person.x + person.dx < 0 || person.x + person.dx > 1) person.dx *= -1;
      if (person.y + person.dy < 0.2 || person.y + person.dy > 1) person.dy *= -1;
      person.x = Math.min(1, Math.max(0, person.x + person.dx));
      person.y = Math.min(1, Math.max(0, person.y + person.dy));
    }
  }

  #zoneReading(zone: Camera['zones'][number], heads: [number, number][]): ZoneReading {
    const xs = zone.polygon.map(([x]) => x);
    const ys = zone.polygon.map(([, y]) => y);
    const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const count = heads.filter(([x, y]) => x >= left && x <= right && y >= top && y <= bottom).length;
    const mean = count / ZONE_SQM;
    const calibrated = this.#camera.calibration !== undefined;
    return {
      zoneId: zone.id,
      name: zone.name ?? zone.id,
      count,
      interval: around(count),
      calibrated,
      ...(calibrated ? { peoplePerSqm: mean, peakPeoplePerSqm: mean * 2 } : {}),
      ...(calibrated ? { peoplePerSqmInterval: around(mean), peakPeoplePerSqmInterval: around(mean * 2) } : {}),
      ...(calibrated ? { levelOfService: { letter: mean > 1 ? 'D' : 'B', scale: 'queue' } } : {}),
      ...(zone.capacity ? { occupancy: count / zone.capacity } : {}),
    };
  }
}

const around = (value: number): [number, number] => [value * 0.85, value * 1.15];

function heat(heads: [number, number][]): Uint8Array {
  const density = new Float32Array(WIDTH * HEIGHT);
  for (const [x, y] of heads) {
    const [column, row] = [Math.floor(x * (WIDTH - 1)), Math.floor(y * (HEIGHT - 1))];
    for (let dy = -SPREAD; dy <= SPREAD; dy += 1) {
      for (let dx = -SPREAD; dx <= SPREAD; dx += 1) {
        const [cx, cy] = [column + dx, row + dy];
        if (cx < 0 || cy < 0 || cx >= WIDTH || cy >= HEIGHT) continue;
        density[cy * WIDTH + cx] = (density[cy * WIDTH + cx] ?? 0) + Math.exp(-(dx * dx + dy * dy) / 2) / (2 * Math.PI);
      }
    }
  }
  return Uint8Array.from(density, (value) => Math.min(255, Math.round(value / UNIT)));
}
