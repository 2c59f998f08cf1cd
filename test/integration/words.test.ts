/** What processes say of themselves in a real Redis: how long it stands, and who is still heard beside a broken word. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { clipWords } from '../../services/alerts/drill/clips-known.ts';
import { modelsKnown } from '../../services/gateway/models-known.ts';
import { clipKeys } from '../../shared/contracts/drill.ts';
import { stateKeys } from '../../shared/contracts/keys.ts';
import { modelKeys } from '../../shared/contracts/models.ts';
import { Lifecycle } from '../../shared/runtime/lifecycle.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { createRegistry } from '../../shared/runtime/metrics.ts';
import { announcePresence, readMetrics, readPresence } from '../../shared/runtime/presence.ts';
import { keepTelling, wordsLike } from '../../shared/runtime/words.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';

const logger = createLogger('test', 'silent');
let redis: TestRedis;
before(async () => {
  redis = await startRedis();
});
after(() => redis.stop());

test('a word is told again with an expiry, and gone with its process', async (t) => {
  const client = redis.client();
  const lifecycle = new Lifecycle(logger);
  t.after(() => lifecycle.close());
  let said = 0;
  const told = async () => (await wordsLike(client, 'told:*', z.object({ said: z.number() })))[0]?.said ?? 0;
  keepTelling({
    ...{ name: 'test', redis: client, lifecycle, key: 'told:here', everyMs: 20, ttlMs: 60_000 },
    word: () => {
      said += 1;
      if (said === 2) throw new Error('nothing to say this time');
      return { said };
    },
  });
  await until('it goes on after a word that failed', async () => (await told()) > 2);
  assert.ok((await client.pttl('told:here')) > 0, 'nobody has to take it back');
  await lifecycle.close();
  assert.equal(await client.exists('told:here'), 0);
});

test('a slow word is waited for, and not told when its process has closed meanwhile', async (t) => {
  const client = redis.client();
  const lifecycle = new Lifecycle(logger);
  t.after(() => lifecycle.close());
  const slow = Promise.withResolvers<string>();
  const asked = { slow: 0, quick: 0 };
  const each = { redis: client, lifecycle, everyMs: 5, ttlMs: 60_000 };
  keepTelling({
    ...{ ...each, name: 'slow', key: 'slow:here' },
    word: () => {
      asked.slow += 1;
      return slow.promise;
    },
  });
  keepTelling({ ...{ ...each, name: 'quick', key: 'quick:here' }, word: () => ++asked.quick });
  await until('another was told often', () => asked.quick > 5);
  assert.equal(asked.slow, 1);
  await lifecycle.close();
  slow.resolve('late');
  await new Promise(setImmediate);
  // Commands of one connection are carried out in order: had it been told, it would be there.
  assert.equal(await client.exists('slow:here'), 0);
});

test('words that are broken, of another shape or of another kind do not hide the others', async (t) => {
  const client = redis.client();
  const lifecycle = new Lifecycle(logger);
  t.after(() => lifecycle.close());
  const registry = createRegistry('worker', 'w-1');
  announcePresence({ service: 'worker', instance: 'w-1', redis: client, registry, lifecycle });
  const model = { instance: 'w-1', defaultModel: 'standard', models: [] };
  const clips = { instance: 'i-1', clips: [{ name: 'crowd.mp4' }] };
  await client.set(modelKeys.worker('w-1'), JSON.stringify(model));
  await client.set(clipKeys.ingest('i-1'), JSON.stringify(clips));
  for (const key of [stateKeys.presence('ingest', 'x'), modelKeys.worker('x'), clipKeys.ingest('x')]) {
    for (const [number, word] of ['{"inst', '', 'null', '[]', '{"instance":5}'].entries()) {
      await client.set(`${key}${number}`, word);
      await client.set(`${key}${number}:metrics`, word === '[]' ? '[5]' : word);
    }
    await client.hset(`${key}-hash`, 'instance', 'x');
  }
  const metrics = await until('metrics are told', async () => {
    const told = await readMetrics(client, 'nobody');
    return told.length > 0 ? told : undefined;
  });
  const own = (await registry.getMetricsAsJSON()).map(({ name }) => name);
  assert.deepEqual(
    [metrics.map((told) => (told as { name: string }[]).map(({ name }) => name)), own.length > 0],
    [[own], true],
  );
  assert.deepEqual(await readMetrics(client, 'w-1'), []);
  const [alive, ...others] = await readPresence(client);
  assert.deepEqual([alive?.service, alive?.instance, others], ['worker', 'w-1', []]);
  assert.deepEqual(await modelsKnown(client), [model]);
  assert.deepEqual(await clipWords(client), [clips]);
  await lifecycle.close();
  assert.deepEqual([await readPresence(client), await readMetrics(client, 'nobody')], [[], []]);
});

test('of many words each is heard once', async () => {
  const client = redis.client();
  const names = Array.from({ length: 3000 }, (_, i) => `many:${i}`);
  await client.mset(names.flatMap((name) => [name, JSON.stringify(name)]));
  assert.deepEqual((await wordsLike(client, 'many:*', z.string())).sort(), names.sort());
});
