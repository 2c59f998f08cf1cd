import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CameraState } from '../../shared/contracts/camera.ts';
import { PublicReading, type WorkerReading } from '../../shared/contracts/reading.ts';
import { drawnOf } from '../../shared/readings/drawn.ts';
import { type CameraKnowledge, publicReading } from '../../shared/readings/status.ts';

const NOW = 1_790_000_000_000;
const model = { name: 'standard', version: '1', steps: 1, warmStart: false };
const HALF: [number, number][] = [
  [0, 0],
  [1, 0],
  [1, 1],
];
const counted = (ageMs: number): WorkerReading => ({
  cameraId: 'a',
  seq: 7,
  capturedAt: NOW - ageMs,
  publishedAt: NOW,
  status: 'ok',
  count: 12,
  interval: [9, 15],
  heads: 11,
  zones: [],
  model,
});
const state = (change: Partial<CameraState>): CameraState => ({
  cameraId: 'a',
  phase: 'live',
  since: NOW - 60_000,
  attempt: 0,
  node: 'n',
  ...change,
});
const known = (change: Partial<CameraKnowledge>): CameraKnowledge => ({
  cameraId: 'a',
  zones: [{ id: 'z', polygon: HALF }],
  lines: [],
  staleAfterMs: 3000,
  reading: counted(400),
  state: state({}),
  watchedSince: NOW - 90_000,
  ingestUp: true,
  workerUp: true,
  ...change,
});

const CASES: [what: string, change: Partial<CameraKnowledge>, status: string, reason?: string][] = [
  ['a fresh counted picture', {}, 'ok'],
  ['a picture just within its life', { reading: counted(3000) }, 'ok'],
  ['a late picture', { reading: counted(3001) }, 'stale', 'late-picture'],
  ['a late picture and no worker', { reading: counted(3001), workerUp: false }, 'stale', 'inference-behind'],
  ['a picture from far in the future (the clock was set back)', { reading: counted(-60_000) }, 'stale', 'late-picture'],
  [
    'a camera that is gone, though its last count is fresh',
    { state: state({ phase: 'no-signal', reason: 'stalled' }) },
    'no-signal',
    'stalled',
  ],
  [
    'a camera that is being tried again',
    { state: state({ phase: 'connecting', reason: 'refused' }) },
    'no-signal',
    'refused',
  ],
  ['a camera never seen', { state: state({ phase: 'connecting' }), reading: undefined }, 'no-signal', 'no-picture-yet'],
  ['a camera nobody has spoken of', { state: undefined, reading: undefined }, 'no-signal', 'no-picture-yet'],
  ['pictures that nobody counts', { reading: undefined }, 'stale', 'inference-behind'],
  [
    'a count from before the outage',
    { reading: counted(2000), state: state({ since: NOW - 500 }) },
    'stale',
    'inference-behind',
  ],
  ['a fresh count after the clock was set back an hour', { state: state({ since: NOW + 3_600_000 }) }, 'ok'],
  ['no ingest', { ingestUp: false }, 'no-signal', 'ingest-down'],
  ['damaged video', { state: state({ trouble: 'decode-errors' }) }, 'degraded', 'decode-errors'],
  ['a frozen picture', { state: state({ trouble: 'frozen' }) }, 'degraded', 'frozen'],
  [
    'a view that moved, though nothing has been counted since',
    { reading: counted(60_000), state: state({ trouble: 'moved', troubleSince: NOW - 50_000 }) },
    'degraded',
    'moved',
  ],
  ['black from the first picture on', { reading: undefined, state: state({ trouble: 'black' }) }, 'degraded', 'black'],
  [
    'a picture the model failed on',
    {
      reading: {
        cameraId: 'a',
        seq: 7,
        capturedAt: NOW,
        publishedAt: NOW,
        status: 'degraded',
        reason: 'invalid-output',
      },
    },
    'degraded',
    'invalid-output',
  ],
];
const PART = { name: 'Old name', count: 5, interval: [4, 6] as [number, number], calibrated: false };
const LINE = { name: 'Old name', in: 3, out: 2, since: NOW - 1000, from: 'start' as const, blindMs: 0 };
/** A reading of places that were drawn so. */
const parts = (drawn: Record<string, string>): WorkerReading => ({
  ...(counted(400) as WorkerReading & { status: 'ok' }),
  zones: ['z', 'gone', 'plain'].map((zoneId) => ({ zoneId, ...PART, drawn: drawn[zoneId] })),
  lines: ['door', 'gone'].map((lineId) => ({ lineId, ...LINE, drawn: drawn[lineId] })),
});
const DOOR = {
  id: 'door',
  name: 'North door',
  points: [
    [0.1, 0.5],
    [0.9, 0.5],
  ],
  in: 'left',
};
const NOW_CONFIGURED = {
  zones: [
    { id: 'z', name: 'Stairs', polygon: HALF },
    { id: 'plain', polygon: HALF },
    { id: 'added', polygon: HALF },
  ] as CameraKnowledge['zones'],
  lines: [DOOR] as [CameraKnowledge['lines'][number]],
};

for (const [what, change, status, reason] of CASES) {
  test(`${what} is ${status}`, () => {
    const reading = publicReading(known(change), NOW);
    assert.equal(reading.status, status);
    assert.equal('reason' in reading ? reading.reason : undefined, reason);
    assert.deepEqual(PublicReading.parse(reading), reading, 'keeps the contract');
  });
}

test('zones and lines that are gone are told no more, and those that stay by their names of now', () => {
  const told = publicReading(known({ reading: parts({}), ...NOW_CONFIGURED }), NOW);
  assert.ok(told.status === 'ok');
  assert.deepEqual(told.zones, [
    { zoneId: 'z', ...PART, name: 'Stairs' },
    { zoneId: 'plain', ...PART, name: 'plain' },
  ]);
  assert.deepEqual(told.lines, [{ lineId: 'door', ...LINE, name: 'North door' }]);
});

test('a zone or line that was drawn anew has no figure before a picture was counted in its new shape', () => {
  const [door] = NOW_CONFIGURED.lines;
  const drawn = { z: drawnOf({ polygon: HALF }), plain: drawnOf({ polygon: HALF }), door: drawnOf(door) };
  const idsOf = (now: Partial<typeof NOW_CONFIGURED>): string[] => {
    const told = publicReading(known({ reading: parts(drawn), ...NOW_CONFIGURED, ...now }), NOW);
    assert.ok(told.status === 'ok');
    assert.deepEqual(PublicReading.parse(told), told, 'keeps the contract');
    return [...told.zones.map(({ zoneId }) => zoneId), ...(told.lines ?? []).map(({ lineId }) => lineId)];
  };
  assert.deepEqual(idsOf({}), ['z', 'plain', 'door']);
  const moved = HALF.map(([x, y]): [number, number] => [x, y / 2]);
  assert.deepEqual(
    idsOf({
      zones: [
        { id: 'z', polygon: moved },
        { id: 'plain', polygon: HALF },
      ],
    }),
    ['plain', 'door'],
  );
  assert.deepEqual(
    idsOf({
      lines: [
        {
          ...door,
          points: [
            [0.1, 0.5],
            [0.9, 0.6],
          ],
        },
      ],
    }),
    ['z', 'plain'],
  );
  assert.deepEqual(idsOf({ lines: [{ ...door, in: 'right' }] }), ['z', 'plain']);
});

test('a count is told only of a fresh picture of a live camera, whatever happens', () => {
  fc.assert(
    fc.property(
      fc.record({
        ageMs: fc.integer({ min: -20_000, max: 20_000 }),
        phase: fc.constantFrom('connecting', 'live', 'no-signal'),
        sinceAgo: fc.integer({ min: 0, max: 100_000 }),
        trouble: fc.constantFrom(undefined, 'frozen', 'decode-errors', 'black', 'moved'),
        ingestUp: fc.boolean(),
        workerUp: fc.boolean(),
        hasReading: fc.boolean(),
        hasState: fc.boolean(),
      }),
      (c) => {
        const reading = publicReading(
          known({
            reading: c.hasReading ? counted(c.ageMs) : undefined,
            state: c.hasState
              ? state({
                  phase: c.phase as CameraState['phase'],
                  since: NOW - c.sinceAgo,
                  trouble: c.trouble as CameraState['trouble'],
                })
              : undefined,
            ingestUp: c.ingestUp,
            workerUp: c.workerUp,
          }),
          NOW,
        );
        const mayShow =
          c.hasReading && c.hasState && c.ingestUp && c.phase === 'live' && !c.trouble && Math.abs(c.ageMs) <= 3000;
        if (!mayShow) assert.ok(!('count' in reading));
        if (reading.status === 'ok') assert.equal(reading.count, 12);
      },
    ),
  );
});
