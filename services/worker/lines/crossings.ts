/** When a track has crossed a line, and which way. Pure. */
import type { Line } from '../../../shared/config/lines.ts';

export type Direction = 'in' | 'out';

/** Where a track last stood clearly on one side of a line, and crossings that wait until it has been seen often enough. */
export type LineStand = { point: [number, number]; inside: boolean; pending: Direction[] };

/** Sightings before a track is believed: a wrong head lasts a picture or two. */
const BELIEVED = 3;

type Point = readonly [number, number];

/**
 * Where a track stands after its newest sighting, and the crossings to count now.
 * @param picture of the sighting, 0–1
 * @param aspect width over height of the picture
 * @param clear nearer than this a head is on the line, share of the picture's height: standing there counts nothing
 */
export function crossLine(
  line: Pick<Line, 'points' | 'in'>,
  before: LineStand | undefined,
  picture: Point,
  sightings: number,
  aspect: number,
  clear: number,
): { stand: LineStand | undefined; counted: Direction[] } {
  const upright = ([x, y]: Point): Point => [x * aspect, y];
  const [a, b] = [upright(line.points[0]), upright(line.points[1])];
  const here = upright(picture);
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
  // On a screen y grows downwards, so a positive product lies to the right of who goes from a to b.
  const right = turn(a, b, here) / length;
  let stand = before;
  if (Math.abs(right) >= clear) {
    const inside = (right > 0 ? 'right' : 'left') === line.in;
    const point: [number, number] = [picture[0], picture[1]];
    const crossed = before && before.inside !== inside && meets(a, b, upright(before.point), here);
    const way: Direction = inside ? 'in' : 'out';
    stand = { point, inside, pending: [...(before?.pending ?? []), ...(crossed ? [way] : [])] };
  }
  if (!stand || stand.pending.length === 0 || sightings < BELIEVED) return { stand, counted: [] };
  return { stand: { ...stand, pending: [] }, counted: stand.pending };
}

/** Twice the area of the triangle: positive when c lies to the right of a→b on a screen. */
const turn = (a: Point, b: Point, c: Point): number => (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);

/** Whether two stretches meet. */
function meets(a: Point, b: Point, c: Point, d: Point): boolean {
  return turn(a, b, c) > 0 !== turn(a, b, d) > 0 && turn(c, d, a) > 0 !== turn(c, d, b) > 0;
}
