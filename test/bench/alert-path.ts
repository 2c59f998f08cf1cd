/**
 * From an RTSP camera to a receiver's verified webhook, over ffmpeg, queue, model, rules, database and HTTP, as
 * `headroom up` runs them. Every camera shows a square that is suddenly full: all of them alarm at about once.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { PublicReading } from '../../shared/contracts/reading.ts';
import { QUIET_FRAMES, SURGE, startSurge } from '../helpers/surge.ts';
import { quantile } from './statistics.ts';

type Quantiles = { p50: number; p99: number };

export type AlertPathFigures = {
  cameras: number;
  sampleFps: number;
  dwellMs: number;
  alerts: number;
  /** From the capture of the picture that completes the dwell. */
  decidingCaptureToReceiverMs: Quantiles;
  /** From the capture of the first picture at the level, less the dwell: waiting for the next picture is part of it. */
  firstCaptureBeyondDwellMs: Quantiles;
  /** From the moment the camera sent the first full picture, less the dwell. */
  surgeBeyondDwellMs: Quantiles;
};

export async function benchAlertPath(o: { cameras: number; seconds: number }): Promise<AlertPathFigures> {
  const surge = await startSurge({ cameras: o.cameras, env: { HEADROOM_LOG_LEVEL: 'warn' } });
  try {
    const sent = new Map<string, number[]>(surge.ids.map((id) => [id, []]));
    surge.server.onFrame(({ path, index, atMs }) => {
      if (index === QUIET_FRAMES) sent.get(path.slice(1))?.push(atMs);
    });
    await surge.round();
    const since = Date.now();
    await delay(o.seconds * 1000);

    const [deciding, first, whole]: [number[], number[], number[]] = [[], [], []];
    for (const { at, message } of surge.listener.received) {
      const { cameraId, capturedAt, rule } = message.data as { cameraId: string; capturedAt: number; rule: string };
      if (message.type !== 'alert.firing' || rule !== 'zone-count' || capturedAt < since) continue;
      const sentAt = sent.get(cameraId)?.findLast((atMs) => atMs <= capturedAt);
      const readings = surge.live.readings(cameraId).map((heard) => heard.message);
      const firstCapture = firstAbove(readings, capturedAt);
      if (sentAt === undefined || firstCapture === undefined) continue;
      deciding.push(at - capturedAt);
      first.push(at - firstCapture - SURGE.dwellMs);
      whole.push(at - sentAt - SURGE.dwellMs);
    }
    const figures = (values: number[]): Quantiles => ({ p50: quantile(values, 0.5), p99: quantile(values, 0.99) });
    return {
      cameras: o.cameras,
      sampleFps: SURGE.sampleFps,
      dwellMs: SURGE.dwellMs,
      alerts: deciding.length,
      decidingCaptureToReceiverMs: figures(deciding),
      firstCaptureBeyondDwellMs: figures(first),
      surgeBeyondDwellMs: figures(whole),
    };
  } finally {
    await surge.stop();
  }
}

/** Capture of the first of the unbroken run of pictures at the level, up to the deciding one. */
function firstAbove(readings: PublicReading[], decidedAt: number): number | undefined {
  let first: number | undefined;
  for (const reading of readings) {
    if (reading.status !== 'ok' || reading.capturedAt > decidedAt) continue;
    if ((reading.zones[0]?.count ?? 0) < SURGE.severeCount) first = undefined;
    else first ??= reading.capturedAt;
  }
  return first;
}
