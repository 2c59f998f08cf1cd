/** Following a Redis stream over errors: nothing that is written meanwhile is lost, and nothing is told twice by the log. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Redis } from 'ioredis';
import { AlertDesk } from '../../services/gateway/alert-desk.ts';
import { type AlertEvent, alertKeys } from '../../shared/contracts/alert.ts';
import { Lifecycle } from '../../shared/runtime/lifecycle.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { connectFailFast, connectPatient, disconnect, whenReady } from '../../shared/runtime/redis.ts';
import { followStream } from '../../shared/runtime/stream.ts';
import { startRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';

const logger = createLogger('test', 'silent');

/** Ends the blocking read that is under way with an error, as a failing server does. */
async function breakRead(client: Redis, reader: number): Promise<void> {
  await until('the read is broken', async () => (await client.call('CLIENT', 'UNBLOCK', reader, 'ERROR')) === 1);
}

test('what is written while the state is asked for after an error is told, and the state is asked for until it is given', async () => {
  const redis = await startRedis();
  const lifecycle = new Lifecycle(logger);
  try {
    const client = redis.client();
    const reader = lifecycle.add('reader', connectPatient(redis.url, logger, 'reader'), disconnect);
    await whenReady(reader, 5000);
    const readerId = await reader.client('ID');
    const told: string[] = [];
    let asked = 0;
    const following = followStream({
      ...{ redis: reader, key: 'events', from: '0', lifecycle },
      onEntry: ({ fields }) => told.push(fields.n as string),
      onGap: async () => {
        asked += 1;
        if (asked === 1) throw new Error('the state cannot be read');
        // The state has been read: this comes just too late to be in it.
        if (asked === 2) await client.xadd('events', '*', 'n', 'late');
      },
    });
    await client.xadd('events', '*', 'n', 'first');
    await until('the first entry', () => told.includes('first'));
    await breakRead(client, readerId);
    await until('the late entry', () => told.includes('late'));
    assert.equal(asked, 2);
    assert.deepEqual(told, ['first', 'late']);
    await lifecycle.close();
    await following;
  } finally {
    await lifecycle.close();
    await redis.stop();
  }
});

test('after an error the alert log tells what is new, and not again what an earlier database has left in the stream', async () => {
  const redis = await startRedis();
  const lifecycle = new Lifecycle(logger);
  try {
    const client = redis.client();
    const write = (epoch: string, offset: number) =>
      client.xadd(alertKeys.events, '*', 'body', JSON.stringify(eventOf(epoch, offset)));
    for (const [epoch, offset] of [
      ['old', 1],
      ['old', 2],
      ['new', 1],
    ] as const)
      await write(epoch, offset);

    const state = lifecycle.add('state', connectFailFast(redis.url, logger, 'state'), disconnect);
    const log = lifecycle.add('log', connectPatient(redis.url, logger, 'log'), disconnect);
    await Promise.all([whenReady(state, 5000), whenReady(log, 5000)]);
    const logId = await log.client('ID');
    const desk = new AlertDesk(state);
    await desk.follow(log, lifecycle);
    const told: string[] = [];
    desk.on('event', ({ eventId }) => told.push(eventId));
    await breakRead(client, logId);
    await write('new', 2);
    await until('the new event', () => told.includes('new-2'));
    assert.deepEqual(told, ['new-2']);
    assert.deepEqual(
      desk.eventsBetween('new', 0, 2)?.map(({ offset }) => offset),
      [1, 2],
    );
  } finally {
    await lifecycle.close();
    await redis.stop();
  }
});

const eventOf = (epoch: string, offset: number): AlertEvent => ({
  ...{
    eventId: `${epoch}-${offset}`,
    epoch,
    offset,
    type: 'alert.firing',
    mode: 'actual',
    alertId: `${epoch}~a`,
    sequence: 1,
  },
  ...{ rule: 'zone-density', cameraId: 'gate', zoneId: 'z', reason: 'level-rose', unit: 'people/m²', at: 1000 },
  ...{
    from: { level: 'normal', condition: 'normal' },
    to: { level: 'alert', condition: 'firing' },
    peakLevel: 'alert',
  },
  ...{ configVersion: 'c', silenced: false, escalation: 0 },
});
