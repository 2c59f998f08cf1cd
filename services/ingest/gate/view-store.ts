/** Keeps a camera's learned view in Redis: one that was turned while ingest was down must not pass for the old one. */
import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { Camera } from '../../../shared/config/schema.ts';
import { stateKeys } from '../../../shared/contracts/keys.ts';
import { type SteadyEdge, ViewReference } from './view-reference.ts';

const Stored = z.object({
  drawnOn: z.string(),
  width: z.int().min(8).max(1000),
  height: z.int().min(8).max(1000),
  /** Base64, four bytes an edge: index of its pixel (16 bits), cosine and sine of its direction times 127. */
  edges: z.base64(),
});

const BYTES_PER_EDGE = 4;

/** Names what was drawn on the view. When it is drawn anew, the view is learned anew. */
export function drawnOn({ zones, lines, calibration }: Pick<Camera, 'zones' | 'lines' | 'calibration'>): string {
  const drawn = [zones.map(({ polygon }) => polygon), lines.map(({ points }) => points), calibration ?? null];
  return createHash('sha256').update(JSON.stringify(drawn)).digest('hex').slice(0, 16);
}

/** @throws when Redis does not answer */
export async function keepView(
  redis: Redis,
  camera: Camera,
  view: { width: number; height: number; steady: readonly SteadyEdge[] },
): Promise<void> {
  const bytes = Buffer.alloc(view.steady.length * BYTES_PER_EDGE);
  for (const [at, { x, y, cos, sin }] of view.steady.entries()) {
    bytes.writeUInt16LE(y * view.width + x, at * BYTES_PER_EDGE);
    bytes.writeInt8(Math.round(cos * 127), at * BYTES_PER_EDGE + 2);
    bytes.writeInt8(Math.round(sin * 127), at * BYTES_PER_EDGE + 3);
  }
  const { width, height } = view;
  const stored: z.infer<typeof Stored> = { drawnOn: drawnOn(camera), width, height, edges: bytes.toString('base64') };
  await redis.hset(stateKeys.views, camera.id, JSON.stringify(stored));
}

/**
 * The kept view; undefined when there is none, or zones were drawn on another one since.
 * @throws when Redis does not answer
 */
export async function keptView(redis: Redis, camera: Camera): Promise<ViewReference | undefined> {
  const text = await redis.hget(stateKeys.views, camera.id);
  if (text === null) return undefined;
  const stored = Stored.safeParse(JSON.parse(text));
  if (!stored.success || stored.data.drawnOn !== drawnOn(camera)) return undefined;
  const { width, height, edges } = stored.data;
  const bytes = Buffer.from(edges, 'base64');
  const steady: SteadyEdge[] = [];
  for (let at = 0; at + BYTES_PER_EDGE <= bytes.length; at += BYTES_PER_EDGE) {
    const index = bytes.readUInt16LE(at);
    const [cos, sin] = [bytes.readInt8(at + 2) / 127, bytes.readInt8(at + 3) / 127];
    steady.push({ x: index % width, y: Math.floor(index / width), cos, sin });
  }
  return ViewReference.of(width, height, steady);
}
