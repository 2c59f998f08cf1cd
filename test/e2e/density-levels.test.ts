/**
 * A labelled crowd fills a calibrated square until it is far above five people per m², and leaves again: over a real RTSP
 * camera, ffmpeg, model, geometry, rules, database and HTTP. The receiver checks signatures with the `standardwebhooks` library.
 *
 * The truth of every picture is known: where everybody stands on the ground. The model's peak density may be a third off in
 * a single picture of this clip; the crowd therefore passes each threshold slowly, ends far above the last and begins
 * far below the first, and nothing here depends on the model being nearer than that.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { AlertEvent } from '../../shared/contracts/alert.ts';
import { CRUSHED, type CrowdClip, makeCrowdClip, SQUARE, truePeakDensities } from '../helpers/crowd-clip.ts';
import { type AiredFrame, type GstRtspServer, startGstRtspServer } from '../helpers/gst-rtsp-server.ts';
import { connectLive, type LiveClient } from '../helpers/live-client.ts';
import { startSystem, type TestSystem } from '../helpers/system.ts';
import { until } from '../helpers/until.ts';
import { type Received, startListener, type WebhookListener } from '../helpers/webhook-listener.ts';

const SECRET = `whsec_${createHash('sha256').update('density levels').digest('base64')}`;
const FPS = 5;
const DWELL_MS = 600;
const THRESHOLDS = { attention: 2, caution: 3, alert: 4, severe: 5 };
/** How far the model's peak may be from the truth's when a level is raised. Wide on purpose: see above. */
const MODEL_ERROR = 0.5;

let dir: string;
let clip: CrowdClip;
let peakAt: (sourceFrame: number) => number;
let listener: WebhookListener;
let server: GstRtspServer;
let system: TestSystem;
let live: LiveClient;
const aired: AiredFrame[] = [];

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hr-levels-'));
  // Quiet, filling, full; then emptying, until it begins anew.
  clip = await makeCrowdClip(
    join(dir, 'crowd.mp4'),
    [
      [6, 30],
      [44, 60],
    ],
    FPS,
  );
  peakAt = await truePeakDensities();
  listener = await startListener(SECRET);
  server = await startGstRtspServer({ streams: [{ path: '/square', file: clip.file }], announce: true });
  server.onFrame((frame) => aired.push(frame));
  system = await startSystem({
    cameras: [
      {
        id: 'square',
        url: server.urls[0] as string,
        sampleFps: 5,
        calibration: CRUSHED,
        zones: [{ id: 'middle', polygon: SQUARE, profile: 'standing' }],
      },
    ],
    config: {
      alerts: {
        profiles: { standing: THRESHOLDS },
        dwellMs: { attention: DWELL_MS, caution: DWELL_MS, alert: DWELL_MS, severe: DWELL_MS },
        clearMs: 1000,
        smoothMs: 600,
        escalationSteps: 0,
      },
      deliveries: {
        endpoints: [
          {
            id: 'control-room',
            url: listener.url,
            secrets: ['${LEVELS_HOOK}'],
            allowHttp: true,
            allow: ['127.0.0.1'],
            minLevel: 'attention',
          },
        ],
      },
    },
    env: { LEVELS_HOOK: SECRET },
  });
  live = await connectLive(system.wsUrl);
});
after(async () => {
  live?.close();
  await system?.stop();
  await server?.stop();
  await listener?.close();
  await rm(dir, { recursive: true, force: true });
});

const eventOf = ({ message }: Received) => message.data as unknown as AlertEvent;
const airedAt = (atMs: number) => aired.findLast((frame) => frame.atMs <= atMs);

test('2, 3, 4 and 5 people per m²: the levels fire in order, once each, and end one by one', async (t) => {
  await until(
    'the square is counted',
    () => live.readings('square').some(({ message }) => message.status === 'ok'),
    60_000,
  );
  // The first filling that is watched from its quiet beginning.
  const watched = live.readings('square').find(({ message }) => message.status === 'ok')?.at as number;
  const first = airedAt(watched) as AiredFrame;
  const loop = first.index < 5 * FPS ? first.loop : first.loop + 1;
  const told = () =>
    listener.received.filter((received) => {
      const event = eventOf(received);
      const frame = airedAt(event.capturedAt ?? 0);
      return event.rule === 'zone-density' && frame !== undefined && frame.loop >= loop;
    });
  await until(
    'the square is full and empty again',
    () => told().some((received) => eventOf(received).type === 'alert.resolved'),
    2 * clip.seconds * 1000 + 60_000,
    200,
  );

  const { alertId } = eventOf(told()[0] as Received);
  const received = told().filter((one) => eventOf(one).alertId === alertId);
  const events = received.map(eventOf);
  for (const event of events) {
    const { people, peak } = truthAt(event.capturedAt as number);
    t.diagnostic(
      `${event.from.level} → ${event.to.level} at ${event.value?.toFixed(2)}/m²; truth ${peak.toFixed(2)}/m², ${people} people`,
    );
  }
  assert.deepEqual(
    events.map((event) => [event.type, event.to.level, event.threshold]),
    [
      ['alert.firing', 'attention', 2],
      ['alert.level_changed', 'caution', 3],
      ['alert.level_changed', 'alert', 4],
      ['alert.level_changed', 'severe', 5],
      ['alert.level_changed', 'alert', 5],
      ['alert.level_changed', 'caution', 4],
      ['alert.level_changed', 'attention', 3],
      ['alert.resolved', 'normal', 2],
    ],
  );
  assert.deepEqual(
    events.map(({ sequence }) => sequence),
    [1, 2, 3, 4, 5, 6, 7, 8],
  );
  assert.equal(new Set(received.map(({ id }) => id)).size, 8, 'each with an id of its own');
  for (const { id, message } of received) {
    assert.equal(listener.received.filter((one) => one.id === id).length, 1, `${id} came once`);
    assert.equal(id, eventOf({ message } as Received).eventId);
  }
  assert.deepEqual(listener.forged, [], 'every signature was right');

  for (const event of events) {
    const [value, threshold] = [event.value as number, event.threshold as number];
    const { peak } = truthAt(event.capturedAt as number);
    if (event.sequence <= 4) assert.ok(value >= threshold, 'raised at its threshold');
    else assert.ok(value <= threshold - 0.5, 'left only when clearly below it');
    assert.ok(Math.abs(value - peak) <= MODEL_ERROR * Math.max(peak, threshold), `${value} against ${peak}`);
  }
  const delays = received.map((one) => one.at - (eventOf(one).capturedAt as number));
  t.diagnostic(`deciding picture to receiver: ${delays.join(', ')} ms`);
});

/** People and peak density of the picture that was captured then. */
function truthAt(capturedAt: number): { people: number; peak: number } {
  const { index } = airedAt(capturedAt) as AiredFrame;
  return { people: clip.peopleAt(index), peak: peakAt(clip.sourceOf(index)) };
}
