/** What of a report asks for attention, and in which order. Pure. */
import type { SystemReport } from '../../../../shared/contracts/system.ts';
import type { DeliveryRecord } from './system-api.ts';
import type { SystemTexts } from './system-texts.ts';

/** Without one of these Headroom is not whole. */
export const EXPECTED_SERVICES = ['ingest', 'worker', 'alerts', 'gateway'] as const;

export function missingServices({ services }: Pick<SystemReport, 'services'>): string[] {
  return EXPECTED_SERVICES.filter((name) => !services.some(({ service }) => service === name));
}

type Camera = SystemReport['cameras'][number];
const RANK: Record<Camera['status'], number> = { 'no-signal': 0, degraded: 1, stale: 2, ok: 3 };

/** Slower than nine tenths of what was asked for. A young window says nothing yet. */
export function isBehind({ wantedFps, countedFps }: Camera, windowMs: number): boolean {
  return windowMs >= 20_000 && wantedFps * (windowMs / 1000) >= 10 && countedFps < 0.9 * wantedFps;
}

/** Those without a count first, then those that are too slow, then by name. */
export function orderedCameras({ cameras, windowMs }: Pick<SystemReport, 'cameras' | 'windowMs'>): Camera[] {
  return cameras.toSorted(
    (a, b) =>
      RANK[a.status] - RANK[b.status] ||
      Number(isBehind(b, windowMs)) - Number(isBehind(a, windowMs)) ||
      a.name.localeCompare(b.name),
  );
}

type Memory = { name: string; part: { usedBytes: number; maxBytes?: number | undefined } };

/** The memories of Redis by name: one where both databases lie on one server, and none while it does not answer. */
export function memoryOf({ redis }: Pick<SystemReport, 'redis'>, { storage }: Pick<SystemTexts, 'storage'>): Memory[] {
  if (!redis) return [];
  if (redis.sameServer) return [{ name: storage.redisBoth, part: redis.state }];
  return [
    { name: storage.redisState, part: redis.state },
    { name: storage.redisFrames, part: redis.frames },
  ];
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** A size as number and binary unit, for people: 3 digits at most before the point. */
export function readableBytes(bytes: number): { value: number; unit: (typeof UNITS)[number] } {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return { value, unit: UNITS[unit] ?? 'B' };
}

export type DeliveryFilter = { status: string; endpoint: string };

export function filtered(records: readonly DeliveryRecord[], { status, endpoint }: DeliveryFilter): DeliveryRecord[] {
  return records.filter(
    (record) => (status === '' || record.status === status) && (endpoint === '' || record.endpoint === endpoint),
  );
}
