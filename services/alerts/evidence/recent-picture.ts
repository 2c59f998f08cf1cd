/** Finds the picture of one instant among a camera's last ones. */
import type { Redis } from 'ioredis';
import { RECENT_PICTURES, recentPictureKey } from '../../../shared/contracts/evidence.ts';

export type RecentPicture = { widthPx: number; heightPx: number; heatmap: Buffer; jpeg?: Buffer };

/**
 * @param frames frames database
 * @returns undefined when it is not there any more
 * @throws when Redis does not answer
 */
export async function findRecentPicture(
  frames: Redis,
  cameraId: string,
  capturedAt: number,
): Promise<RecentPicture | undefined> {
  const keys = Array.from({ length: RECENT_PICTURES }, (_, slot) => recentPictureKey(cameraId, slot));
  const instants = await Promise.all(keys.map((key) => frames.hget(key, 'capturedAt')));
  const key = keys[instants.indexOf(String(capturedAt))];
  if (key === undefined) return undefined;
  const fields = await frames.hgetallBuffer(key);
  const { heatmap, jpeg } = fields;
  // Overwritten between the two looks.
  if (!heatmap || String(fields.capturedAt) !== String(capturedAt)) return undefined;
  return { widthPx: Number(fields.widthPx), heightPx: Number(fields.heightPx), heatmap, ...(jpeg ? { jpeg } : {}) };
}
