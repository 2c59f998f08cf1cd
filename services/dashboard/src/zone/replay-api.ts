/** Fetches kept heat maps, part by part, and unpacks one when it is looked at. */
import { decodeHeatmap, type Heatmap } from '../../../../shared/contracts/heatmap.ts';
import { decodeReplayRecords, REPLAY_RECORDS_MAX, type ReplayRecord } from '../../../../shared/contracts/replay.ts';
import type { Stretch } from './window.ts';

const TIMEOUT_MS = 15_000;

export type ReplayPart = { everyMs: number; keepMs: number; records: ReplayRecord[] };

/**
 * The kept maps of a stretch, oldest first, in parts as they arrive.
 * @param limit maps in one answer
 * @throws TypeError or Error when the server cannot be reached or does not answer as agreed
 */
export async function* fetchReplay(
  cameraId: string,
  stretch: Stretch,
  signal: AbortSignal,
  limit = REPLAY_RECORDS_MAX,
): AsyncGenerator<ReplayPart> {
  const to = Math.ceil(stretch.to);
  for (let from = Math.max(0, Math.floor(stretch.from)); from <= to; ) {
    const response = await fetch(`./api/cameras/${cameraId}/replay?from=${from}&to=${to}&limit=${limit}`, {
      cache: 'no-store',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    const records = decodeReplayRecords(new Uint8Array(await response.arrayBuffer()));
    const header = (name: string) => Number(response.headers.get(name) ?? 0);
    yield { everyMs: header('x-replay-every-ms'), keepMs: header('x-replay-keep-ms'), records };
    const last = records.at(-1);
    if (!last || records.length < limit) return;
    from = last.summary.capturedAt + 1;
  }
}

export async function unpackMap({ deflatedMap }: ReplayRecord): Promise<Heatmap> {
  // A copy, since the record is a view into a whole part.
  const packed = new Blob([Uint8Array.from(deflatedMap)]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return decodeHeatmap(new Uint8Array(await new Response(packed).arrayBuffer()));
}
