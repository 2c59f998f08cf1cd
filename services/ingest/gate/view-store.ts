/** Keeps a camera's learned view in Redis: one that was turned before ingest was started must not pass for the old one. */
import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { Camera } from '../../../shared/config/schema.ts';
import { stateKeys } from '../../../shared/contracts/keys.ts';
import type { KnownView } from './picture-gate.ts';
import { type SteadyEdge, ViewReference } from './view-reference.ts';

const Stored = z.object({
  /** Names of what was drawn on it. */
  drawn: z.array(z.string()),
  /** How well it usually agrees with a picture: about 1 with one that is the same. */
  usual: z.number(),
  /** Where the camera has gone from it, in words. */
  moved: z.string().optional(),
  sharpness: z.number().nonnegative().optional(),
  blurred: z.boolean().optional(),
  width: z.int().min(8).max(1000),
  height: z.int().min(8).max(1000),
  /** Base64, four bytes an edge: index of its pixel (16 bits), cosine and sine of its direction times 127. */
  edges: z.base64(),
});

const BYTES_PER_EDGE = 4;

/** Names of all that is drawn on a camera's view, each by itself: what is drawn anew has another name. */
export function drawnOn({ zones, lines, calibration }: Pick<Camera, 'zones' | 'lines' | 'calibration'>): string[] {
  const drawn = [...zones.map(({ polygon }) => polygon), ...lines.map(({ points }) => points), calibration];
  return drawn
    .filter((one) => one !== undefined)
    .map((one) => createHash('sha256').update(JSON.stringify(one)).digest('hex').slice(0, 16));
}

/** @throws when Redis does not answer */
export async function keepView(
  redis: Redis,
  cameraId: string,
  { view, ...known }: KnownView,
  drawn: string[],
): Promise<void> {
  const bytes = Buffer.alloc(view.steady.length * BYTES_PER_EDGE);
  for (const [at, { x, y, cos, sin }] of view.steady.entries()) {
    bytes.writeUInt16LE(y * view.width + x, at * BYTES_PER_EDGE);
    bytes.writeInt8(Math.round(cos * 127), at * BYTES_PER_EDGE + 2);
    bytes.writeInt8(Math.round(sin * 127), at * BYTES_PER_EDGE + 3);
  }
  const { width, height } = view;
  const stored: z.infer<typeof Stored> = { drawn, ...known, width, height, edges: bytes.toString('base64') };
  await redis.hset(stateKeys.views, cameraId, JSON.stringify(stored));
}

/**
 * The kept view, with what was drawn on it; undefined when there is none.
 * @throws when Redis does not answer
 */
export async function keptView(redis: Redis, cameraId: string): Promise<(KnownView & { drawn: string[] }) | undefined> {
  const text = await redis.hget(stateKeys.views, cameraId);
  if (text === null) return undefined;
  const stored = Stored.safeParse(JSON.parse(text));
  if (!stored.success) return undefined;
  const { width, height, edges, ...known } = stored.data;
  const bytes = Buffer.from(edges, 'base64');
  const steady: SteadyEdge[] = [];
  for (let at = 0; at + BYTES_PER_EDGE <= bytes.length; at += BYTES_PER_EDGE) {
    const index = bytes.readUInt16LE(at);
    const [cos, sin] = [bytes.readInt8(at + 2) / 127, bytes.readInt8(at + 3) / 127];
    steady.push({ x: index % width, y: Math.floor(index / width), cos, sin });
  }
  return { view: ViewReference.of(width, height, steady), ...known };
}
