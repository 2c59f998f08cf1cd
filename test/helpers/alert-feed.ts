/** Readings, camera states and signs of life as ingest and worker write them, for tests of the alerts service. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { Config } from '../../shared/config/schema.ts';
import { AlertEvent, alertKeys } from '../../shared/contracts/alert.ts';
import type { AlertCommand, AlertReply } from '../../shared/contracts/alert-command.ts';
import type { CameraState } from '../../shared/contracts/camera.ts';
import { stateKeys } from '../../shared/contracts/keys.ts';
import type { LineReading } from '../../shared/contracts/reading.ts';
import { publishReading } from '../../shared/readings/reading-publisher.ts';
import { until } from './until.ts';

/** One camera with one zone of capacity 100, and dwells a tenth as long as people would choose. */
export function fastConfig({ zone = {}, ...more }: Record<string, unknown> = {}): Config {
  return Config.parse({
    cameras: [
      {
        id: 'gate',
        url: 'rtsp://192.0.2.1/',
        sampleFps: 20,
        zones: [
          {
            id: 'stage',
            polygon: [
              [0, 0],
              [1, 0],
              [1, 1],
            ],
            capacity: 100,
            ...(zone as object),
          },
        ],
      },
    ],
    ...more,
    alerts: {
      dwellMs: { attention: 200, caution: 200, alert: 200, severe: 200 },
      clearMs: 1000,
      smoothMs: 0,
      escalationSteps: 0,
      ...(more.alerts as object | undefined),
    },
  });
}

export type Feed = {
  /** People in the zone from now on; undefined stops the pictures. */
  people: number | undefined;
  /** Instant of the first picture with the present number of people. */
  changedAt: number;
  state(phase: CameraState['phase'], reason?: NonNullable<CameraState['reason']>): Promise<void>;
  close(): Promise<void>;
};

export type FeedOptions = {
  cameraId?: string;
  everyMs?: number;
  /** Called with every picture before its reading is published. */
  onPicture?: (picture: { cameraId: string; seq: number; capturedAt: number }) => Promise<unknown>;
  /** What the camera's lines have counted by then. */
  lines?: () => LineReading[];
};

/** Publishes 20 pictures a second and keeps ingest and worker alive, through outages of Redis. */
export async function startFeed(redis: Redis, o: FeedOptions = {}): Promise<Feed> {
  const { cameraId = 'gate', everyMs = 50, onPicture, lines } = o;
  let open = true;
  let seq = 0;
  let told: number | undefined;
  let live: CameraState = { cameraId, phase: 'live', since: Date.now() - 1000, attempt: 0, node: 'test' };
  const putState = async (): Promise<void> => {
    const body = JSON.stringify(live);
    await redis.hset(stateKeys.cameraStates, cameraId, body);
    await redis.xadd(stateKeys.events, '*', 'kind', 'camera-state', 'body', body);
  };
  const feed: Feed = {
    people: 0,
    changedAt: Date.now(),
    async state(phase, reason) {
      live = { ...live, phase, since: Date.now(), ...(reason ? { reason } : {}) };
      await putState();
    },
    async close() {
      open = false;
      await running;
    },
  };
  await putState();
  const running = (async () => {
    while (open) {
      try {
        for (const service of ['ingest', 'worker']) {
          const presence = { service, instance: 'test', startedAt: 1, at: Date.now() };
          await redis.set(stateKeys.presence(service, 'test'), JSON.stringify(presence), 'PX', 2500);
        }
        const { people } = feed;
        const capturedAt = Date.now();
        if (people !== told) feed.changedAt = capturedAt;
        told = people;
        if (people !== undefined && live.phase === 'live') {
          seq += 1;
          await onPicture?.({ cameraId, seq, capturedAt });
          const zone = { zoneId: 'stage', name: 'stage', count: people, calibrated: false };
          await publishReading(redis, {
            cameraId,
            seq,
            capturedAt,
            status: 'ok',
            count: people,
            interval: [people, people],
            heads: people,
            zones: [{ ...zone, interval: [people, people] }],
            ...(lines ? { lines: lines() } : {}),
            model: { name: 'm', version: '1', steps: 1, warmStart: true },
            publishedAt: capturedAt,
          });
        }
      } catch {
        // Redis is away: as in life, pictures of that time are lost.
      }
      await delay(everyMs);
    }
  })();
  return feed;
}

/** All announced events, in order. */
export async function announced(redis: Redis): Promise<AlertEvent[]> {
  const entries = await redis.xrange(alertKeys.events, '-', '+');
  return entries.map(([, fields]) => AlertEvent.parse(JSON.parse(fields[fields.indexOf('body') + 1] ?? '')));
}

/** Waits for an announced event that fits. */
export function announcement(redis: Redis, what: string, fits: (event: AlertEvent) => boolean): Promise<AlertEvent> {
  return until(what, async () => (await announced(redis)).find(fits));
}

type Plain = AlertCommand extends infer C ? (C extends AlertCommand ? Omit<C, 'commandId' | 'actor'> : never) : never;
let commands = 0;

/** Sends a command as the gateway does, and waits for its answer. */
export async function ask(
  redis: Redis,
  command: Plain,
  commandId = `command-${process.pid}-${commands++}`,
): Promise<AlertReply> {
  const body = JSON.stringify({ commandId, actor: 'kim', ...command });
  await redis.xadd(alertKeys.commands, '*', 'body', body);
  const answer = await until(`answer to ${command.type}`, () => redis.rpop(alertKeys.reply(commandId)));
  return JSON.parse(answer) as AlertReply;
}
