/**
 * The whole system as `headroom up` runs it, and every process of it killed with -9 in turn, at random moments of a crowd that fills
 * a square and leaves it, over and over. In the end the receiver has every transition under one id each, and the level
 * shown is the crowd's. HEADROOM_KILLS sets how many kills; HEADROOM_KILL_SEED repeats a run's moments.
 */
import assert from 'node:assert/strict';
import { createHash, randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type AlertEvent, levelRank } from '../../shared/contracts/alert.ts';
import { provenDelivered } from '../helpers/alert-proof.ts';
import { makeCrowdClip } from '../helpers/crowd-clip.ts';
import { type AiredFrame, type GstRtspServer, startGstRtspServer } from '../helpers/gst-rtsp-server.ts';
import { startSystem, type TestSystem } from '../helpers/system.ts';
import { until } from '../helpers/until.ts';
import { startListener, type WebhookListener } from '../helpers/webhook-listener.ts';
import { WHOLE_PICTURE } from '../helpers/whole-picture.ts';

/** What is killed, in this order, by command line; the second Redis holds pictures. */
const VICTIMS = [
  ['ingest', /services\/ingest\/main\.ts/],
  ['worker', /services\/worker\/main\.ts/],
  ['inference', /inference-process\.ts/],
  ['alerts', /services\/alerts\/main\.ts/],
  ['gateway', /services\/gateway\/main\.ts/],
  ['redis', /redis-server .*state\.sock/],
  ['redis-frames', /redis-server .*frames\.sock/],
] as const;
const KILLS = Number(process.env.HEADROOM_KILLS ?? VICTIMS.length);
const SEED = Number(process.env.HEADROOM_KILL_SEED ?? randomInt(2 ** 31));
const SECRET = `whsec_${createHash('sha256').update('every service').digest('base64')}`;
const LIMITS = { attention: 25, caution: 35, alert: 45, severe: 60 };
/** Longest pause between a victim's return and the next kill, ms. */
const PAUSE_MS = 3000;

let dir: string;
let listener: WebhookListener;
let server: GstRtspServer;
let system: TestSystem;
let peopleAt: (frame: number) => number;
let last: AiredFrame | undefined;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hr-every-'));
  // Quiet, filling, full, leaving: 40 s.
  const clip = await makeCrowdClip(
    join(dir, 'crowd.mp4'),
    [
      [3, 29],
      [46, 60],
    ],
    10,
  );
  peopleAt = clip.peopleAt;
  listener = await startListener(SECRET);
  server = await startGstRtspServer({ streams: [{ path: '/square', file: clip.file }], announce: true });
  server.onFrame((frame) => {
    last = frame;
  });
  system = await startSystem({
    cameras: [
      {
        id: 'square',
        url: server.urls[0] as string,
        sampleFps: 5,
        // A starved machine counts late, and late is not what is tested.
        staleAfterMs: 10_000,
        zones: [
          {
            id: 'all',
            polygon: WHOLE_PICTURE,
            limits: { count: LIMITS },
          },
        ],
      },
    ],
    config: {
      worker: { processes: 1 },
      alerts: {
        dwellMs: { attention: 400, caution: 400, alert: 400, severe: 400 },
        clearMs: 1000,
        smoothMs: 0,
        escalationSteps: 0,
      },
      deliveries: {
        endpoints: [
          {
            id: 'control-room',
            url: listener.url,
            secrets: ['${EVERY_HOOK}'],
            allowHttp: true,
            allow: ['127.0.0.1'],
            minLevel: 'attention',
          },
        ],
      },
    },
    env: { EVERY_HOOK: SECRET, REDIS_URL: '', FRAMES_REDIS_URL: '' },
  });
});
after(async () => {
  await system?.stop();
  await server?.stop();
  await listener?.close();
  await rm(dir, { recursive: true, force: true });
});

const received = (): AlertEvent[] => listener.received.map(({ message }) => message.data as unknown as AlertEvent);
const ofTheCrowd = (events: AlertEvent[]) => events.filter(({ rule }) => rule === 'zone-count');

test(`${KILLS} kills: the receiver has every transition, under one id each, and the level at the end is the crowd's`, {
  timeout: KILLS * 60_000 + 900_000,
}, async (t) => {
  t.diagnostic(`HEADROOM_KILL_SEED=${SEED}`);
  const random = randomFrom(SEED);
  await until('a first alert', () => ofTheCrowd(received()).length > 0, 600_000);

  for (let kill = 0; kill < KILLS; kill++) {
    const [name, pattern] = VICTIMS[kill % VICTIMS.length] as (typeof VICTIMS)[number];
    const [victim] = await until(`${name} runs`, async () => some(await system.processes(pattern)), 90_000);
    // Anywhere in the dwell, the decision, the write, the announcement or the delivery.
    await delay(random() * PAUSE_MS);
    try {
      process.kill(victim as number, 'SIGKILL');
    } catch {
      continue; // It had just gone by itself: another of its kind is the next one's turn.
    }
    await until(
      `another ${name}`,
      async () => some((await system.processes(pattern)).filter((pid) => pid !== victim)),
      90_000,
    );
  }

  // Judging goes on after the last kill: a filling and an emptying that nothing disturbed.
  const since = Date.now();
  const undisturbed = (fits: (event: AlertEvent) => boolean) =>
    until(
      'the crowd is judged again',
      () => ofTheCrowd(received()).find((e) => (e.capturedAt ?? 0) > since && fits(e)),
      180_000,
    ).catch(async (error: Error) => {
      const readings = await fetch(`${system.url}/api/readings`).then((r) => r.text(), String);
      error.message += `\n${readings}\n${system.output().split('\n').slice(-60).join('\n')}`;
      throw error;
    });
  const full = await undisturbed(({ type, to }) => type !== 'alert.resolved' && to.level === 'severe');
  const people = peopleAt((last as AiredFrame).index);
  t.diagnostic(`severe at ${full.value?.toFixed(0)} counted; ${people} people in the picture on air`);
  const quiet = await undisturbed(({ type, alertId }) => type === 'alert.resolved' && alertId === full.alertId);
  assert.equal(quiet.to.level, 'normal');
  await server.stop();

  // Blind now: nothing new about the crowd. What is stored must arrive, whatever was killed while it was on its way.
  const stored = await provenDelivered(join(system.dir, 'data', 'headroom.db'), listener);
  assertJustified(ofTheCrowd(stored));

  const ids = new Set(listener.received.map(({ id }) => id));
  const repeats = listener.received.length - ids.size;
  const skips = ofTheCrowd(stored).filter(({ from, to }) => levelRank(to.level) - levelRank(from.level) > 1).length;
  t.diagnostic(
    `${KILLS} kills, ${stored.length} transitions stored, ${ids.size} ids received, ${repeats} repeated deliveries, ${skips} rises over more than one level, lost 0`,
  );
});

/** A rise states the level its own count has reached, and no level is left faster than one at a time. */
function assertJustified(events: AlertEvent[]): void {
  for (const { from, to, value, type } of events) {
    if (type === 'alert.no_data' || type === 'alert.data_restored') continue;
    const step = levelRank(to.level) - levelRank(from.level);
    if (step > 0) assert.ok((value as number) >= LIMITS[to.level as keyof typeof LIMITS], `${to.level} at ${value}`);
    if (step < 0) assert.equal(step, -1);
  }
}

const some = (pids: number[]) => (pids.length > 0 ? pids : undefined);

/** Numbers from 0 to 1 that a seed brings back. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
