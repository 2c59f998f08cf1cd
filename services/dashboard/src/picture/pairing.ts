/**
 * Which picture to show with which heat map. The newest picture the gateway has is often one step ahead of the newest
 * count; shown at once, heat and heads would lie beside the people they belong to. So a picture that is ahead waits
 * for its map, but never longer than about one sample period.
 */
export type Stamp = { seq: number; capturedAt: number };

/** By number or by time: numbers begin anew when ingest has lost its own, and the camera's clock may be set back. */
export function isNewer(stamp: Stamp, known: Stamp | undefined): boolean {
  return !known || stamp.seq > known.seq || stamp.capturedAt > known.capturedAt;
}

export type PairInput = {
  shown: Stamp | undefined;
  /** Fetched and decoded, not on the screen yet. */
  waiting: Stamp | undefined;
  heatmap: Stamp | undefined;
  /** How long `waiting` has been waiting. */
  waitedMs: number;
  periodMs: number;
  /** False when neither heat nor heads are drawn: then there is nothing to wait for. */
  overlayWanted: boolean;
};

export type Pair = { advance: boolean; overlay: boolean };

export function choosePair(input: PairInput): Pair {
  const advance = shouldAdvance(input);
  const picture = advance ? input.waiting : input.shown;
  return { advance, overlay: input.overlayWanted && belongs(picture, input.heatmap, input.periodMs) };
}

/** How long a picture may wait for its map. */
export function holdMs(periodMs: number): number {
  return periodMs * 1.25;
}

function shouldAdvance({ shown, waiting, heatmap, waitedMs, periodMs, overlayWanted }: PairInput): boolean {
  if (!waiting) return false;
  if (!shown || !overlayWanted || !heatmap) return true;
  if (heatmap.seq >= waiting.seq) return true;
  const exactNow = heatmap.seq === shown.seq;
  return !exactNow || waitedMs >= holdMs(periodMs);
}

/** A map may lie over a picture taken at most two sample periods before or after it. */
export function belongs(picture: Stamp | undefined, heatmap: Stamp | undefined, periodMs: number): boolean {
  if (!picture || !heatmap) return false;
  return picture.seq === heatmap.seq || Math.abs(picture.capturedAt - heatmap.capturedAt) <= 2 * periodMs;
}
