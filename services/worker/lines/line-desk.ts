/**
 * A camera's lines at work. Its pictures may be counted by any worker, so what is known of its lines lies in Redis: it is
 * read before a reading is published and written together with it, under the same fence. A worker may die at any moment
 * without a crossing being lost or counted twice.
 */
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { type Camera, staleAfterMs } from '../../../shared/config/schema.ts';
import type { Frame } from '../../../shared/contracts/frame.ts';
import { stateKeys } from '../../../shared/contracts/keys.ts';
import type { CountedLine } from '../../../shared/contracts/reading.ts';
import { CalibrationError, calibrate, type Ground } from '../../../shared/geometry/ground.ts';
import { midnightBefore } from '../../../shared/readings/local-day.ts';
import type { LineCommit } from '../../../shared/readings/reading-publisher.ts';
import { advanceLines, type LineState, lineReadings } from './line-counter.ts';

/** Cameras change with the configuration only; a bound keeps years of edits from adding up. */
const GROUNDS_KEPT = 1000;
const PLACE = z.tuple([z.number(), z.number()]);
const WAY = z.enum(['in', 'out']);

/** What Redis holds was written by us, perhaps by another version. */
const Stored: z.ZodType<LineState> = z.object({
  at: z.number(),
  tracks: z.array(
    z.object({
      place: PLACE,
      picture: PLACE,
      velocity: PLACE,
      seenAt: z.number(),
      sightings: z.number(),
      missed: z.number(),
      stands: z.record(z.string(), z.object({ point: PLACE, inside: z.boolean(), pending: z.array(WAY) })),
    }),
  ),
  tallies: z.record(
    z.string(),
    z.object({
      drawn: z.string(),
      in: z.number(),
      out: z.number(),
      since: z.number(),
      startedAt: z.number(),
      from: z.enum(['midnight', 'start']),
      blindMs: z.number(),
      at: z.number(),
      recent: z.array(z.object({ at: z.number(), way: WAY })),
      gaps: z.array(z.object({ at: z.number(), ms: z.number() })),
    }),
  ),
  unit: z.enum(['metres', 'heights']),
  // Earlier versions did not say: what they followed is begun anew, what they counted stays.
  measure: z.string().default(''),
  stepMs: z.number(),
  hurry: z.record(z.string(), z.number()),
});

/** What is told, and what is to be written with it. */
export type CountedLines = { readings: CountedLine[]; commit: LineCommit };

export class LineDesk {
  readonly #redis: Redis;
  readonly #grounds = new Map<string, Ground | undefined>();

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  /**
   * @param heads of the frame, 0–1
   * @throws when Redis does not answer
   */
  async advance(
    camera: Camera,
    frame: Pick<Frame, 'capturedAt' | 'widthPx' | 'heightPx'>,
    heads: [number, number][],
  ): Promise<CountedLines> {
    const [[, held], [, fence]] = (await this.#redis
      .multi()
      .hget(stateKeys.lines, camera.id)
      .hget(stateKeys.readingFence, camera.id)
      .exec()) as [[Error | null, string | null], [Error | null, string | null]];
    const aspect = frame.widthPx / frame.heightPx;
    const { capturedAt } = frame;
    const view = { aspect, ground: this.#groundOf(camera, aspect) };
    const state = advanceLines(parsed(held), {
      ...{ ...view, capturedAt, heads, lines: camera.lines },
      midnight: midnightBefore(capturedAt, camera.timeZone ?? Temporal.Now.timeZoneId()),
      longestMs: staleAfterMs(camera),
    });
    const commit = { state: JSON.stringify(state), after: Number(fence ?? 0) };
    return { readings: lineReadings(state, camera.lines, view), commit };
  }

  #groundOf({ calibration }: Camera, aspect: number): Ground | undefined {
    if (!calibration) return undefined;
    const key = `${aspect} ${JSON.stringify(calibration)}`;
    if (!this.#grounds.has(key)) {
      if (this.#grounds.size >= GROUNDS_KEPT) this.#grounds.clear();
      this.#grounds.set(key, groundOrNone(calibration, aspect));
    }
    return this.#grounds.get(key);
  }
}

function groundOrNone(calibration: NonNullable<Camera['calibration']>, aspect: number): Ground | undefined {
  try {
    return calibrate(calibration, aspect);
  } catch (error) {
    if (error instanceof CalibrationError) return undefined;
    throw error;
  }
}

/** The state as it was left; undefined when there is none, or none that can be read: the tallies then say `start`. */
function parsed(text: string | null): LineState | undefined {
  if (text === null) return undefined;
  try {
    return Stored.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
