/** What a zone's page asks of the server. Every answer is parsed. */
import { z } from 'zod';
import { AlertEvent } from '../../../../shared/contracts/alert.ts';
import { HistoryPoint, LineHistoryPoint } from '../../../../shared/contracts/history.ts';
import type { Stretch } from './window.ts';

const TIMEOUT_MS = 10_000;
/** A longer log than this in one window is not drawn to its end; the alert page has it all. */
const MOST_EVENTS = 3000;
const EVENTS_AT_ONCE = 1000;
/** An alert that began so long before the window is still found by its first event. */
const LOOK_BACK_MS = 86_400_000;

export type Place = { cameraId: string; zoneId?: string | undefined };

/** @throws TypeError or Error when the server cannot be reached or does not answer as agreed */
async function ask<T>(path: string, schema: z.ZodType<T>, signal: AbortSignal): Promise<T> {
  const response = await fetch(path, { signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return schema.parse(await response.json());
}

const query = (values: Record<string, string | number | undefined>): string =>
  new URLSearchParams(
    Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]])),
  ).toString();

/** Spans of a day are those of the reader's own time zone, as all times here. */
export const DAY_MS = 86_400_000;
function timeZone(): string {
  const { timeZone: name } = Intl.DateTimeFormat().resolvedOptions();
  // What a browser says whose system tells it none; no server knows it.
  return name === undefined || name === 'Etc/Unknown' ? 'UTC' : name;
}

const historyQuery = ({ cameraId, zoneId }: Place, { from, to }: Stretch, stepMs: number): string =>
  query({ cameraId, zoneId: zoneId ?? '', from: Math.max(0, Math.floor(from)), to: Math.ceil(to), stepMs });

export const csvHref = (place: Place, stretch: Stretch, stepMs: number): string =>
  `./api/history.csv?${historyQuery(place, stretch, stepMs)}&${query({ timeZone: timeZone() })}`;

export function fetchHistory(
  place: Place,
  stretch: Stretch,
  stepMs: number,
  signal: AbortSignal,
): Promise<HistoryPoint[]> {
  return ask(`./api/history?${historyQuery(place, stretch, stepMs)}`, z.array(HistoryPoint), signal);
}

type LinePlace = { cameraId: string; lineId: string };
const lineQuery = (place: LinePlace, { from, to }: Stretch, stepMs: number): string =>
  query({ ...place, from: Math.max(0, Math.floor(from)), to: Math.ceil(to), stepMs });

export const lineCsvHref = (place: LinePlace, stretch: Stretch, stepMs: number): string =>
  `./api/history/lines.csv?${lineQuery(place, stretch, stepMs)}&${query({ timeZone: timeZone() })}`;

export function fetchLineHistory(
  place: LinePlace,
  stretch: Stretch,
  stepMs: number,
  signal: AbortSignal,
): Promise<LineHistoryPoint[]> {
  return ask(`./api/history/lines?${lineQuery(place, stretch, stepMs)}`, z.array(LineHistoryPoint), signal);
}

/** Events of the zone up to the end of the window, oldest first. */
export async function fetchEvents({ cameraId, zoneId }: Place, { from, to }: Stretch, signal: AbortSignal) {
  const events: AlertEvent[] = [];
  const window = { from: Math.max(0, Math.floor(from - LOOK_BACK_MS)), to: Math.ceil(to) };
  for (let afterOffset = 0; events.length < MOST_EVENTS; ) {
    const asked = query({ cameraId, zoneId, ...window, afterOffset, limit: EVENTS_AT_ONCE });
    const more = await ask(`./api/alerts/events?${asked}`, z.array(AlertEvent), signal);
    events.push(...more);
    afterOffset = more.at(-1)?.offset ?? 0;
    if (more.length < EVENTS_AT_ONCE) break;
  }
  return events;
}
