/** Names how a zone or line is drawn: a figure counted in one shape says nothing of another with the same id. */
import { createHash } from 'node:crypto';
import type { Line } from '../config/lines.ts';
import type { Zone } from '../config/schema.ts';

export type Drawn = Pick<Zone, 'polygon'> | Pick<Line, 'points' | 'in'>;

/** Asked for with every look at a reading, by configurations that seldom change. */
const known = new WeakMap<Drawn, string>();

export function drawnOf(part: Drawn): string {
  let name = known.get(part);
  if (name === undefined) {
    const shape = JSON.stringify('polygon' in part ? part.polygon : [part.points, part.in]);
    name = createHash('sha256').update(shape).digest('hex').slice(0, 8);
    known.set(part, name);
  }
  return name;
}
