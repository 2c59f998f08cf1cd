/**
 * Heat maps of the last hour, for looking back. The worker lays one every few seconds into a Redis stream for each
 * camera (id: `<capturedAt>-0`, field `record`); the gateway hands records on as they are, one after the other.
 *
 * A record, little-endian:
 *
 *   0  u32      length of what follows
 *   4  u16      length n of the summary
 *   6  n bytes  ReplaySummary as JSON, UTF-8
 *   ..          heat map (see heatmap.ts), raw deflate
 */
import { z } from 'zod';
import { EpochMs, Id, Interval } from './common.ts';

/** What was counted in the picture of the map. */
export const ReplaySummary = z.object({
  capturedAt: EpochMs,
  count: z.number().min(0),
  interval: Interval,
  zones: z.array(
    z.object({
      zoneId: Id,
      count: z.number().min(0),
      interval: Interval,
      peoplePerSqm: z.number().min(0).optional(),
      peakPeoplePerSqm: z.number().min(0).optional(),
    }),
  ),
});
export type ReplaySummary = z.infer<typeof ReplaySummary>;

export type ReplayRecord = { summary: ReplaySummary; deflatedMap: Uint8Array };

/** Records one answer may hold: about ten minutes at the default interval, a few hundred kilobytes. */
export const REPLAY_RECORDS_MAX = 120;

/** Key of the frames database: the camera's stream of records. */
export const replayKey = (cameraId: string): string => `headroom:replay:${cameraId}`;

/** Writes one record. @param deflatedMap heat map, raw deflate */
export function encodeReplayRecord({ summary, deflatedMap }: ReplayRecord): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(summary));
  const bytes = new Uint8Array(6 + json.length + deflatedMap.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length - 4, true);
  view.setUint16(4, json.length, true);
  bytes.set(json, 6);
  bytes.set(deflatedMap, 6 + json.length);
  return bytes;
}

/** Reads records that stand one after the other. Throws on anything that is not that. */
export function decodeReplayRecords(bytes: Uint8Array): ReplayRecord[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: ReplayRecord[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 6 <= bytes.length ? at + 4 + view.getUint32(at, true) : Number.POSITIVE_INFINITY;
    const mapAt = at + 6 + (end <= bytes.length ? view.getUint16(at + 4, true) : 0);
    if (end > bytes.length || mapAt > end) throw new Error('replay record is cut short');
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(at + 6, mapAt)));
    records.push({ summary: ReplaySummary.parse(json), deflatedMap: bytes.subarray(mapAt, end) });
    at = end;
  }
  return records;
}
