/** The printed thresholds are the ones alerts are raised by. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { rulesOf } from '../../services/alerts/rules/rules-of.ts';
import { thresholdsInForce } from '../../services/alerts/thresholds/in-force.ts';
import { parseConfig } from '../../shared/config/load.ts';
import { confirmationsOf, ThresholdsInForce } from '../../shared/contracts/thresholds.ts';

const config = parseConfig(`
deliveries:
  source: /site/plaza
  endpoints:
    - { id: duty, url: "https://hooks.example.org/s3cret/\${TOKEN}", secrets: ["\${KEY}"], minLevel: alert, escalationStep: 1, cameras: [gate] }
    - { id: page, kind: alertmanager, url: "https://alerts.example.org", minLevel: severe }
    - { id: broker, kind: mqtt, url: "mqtts://broker.example.org" }
cameras:
  - id: gate
    name: Gate 3
    url: "rtsp://user:\${PASSWORD}@192.0.2.1/"
    calibration: { mount: { heightM: 6, tiltDeg: 40 }, verticalFovDeg: 50 }
    zones:
      - { id: stairs, name: Stairs, polygon: [[0, 0], [1, 0], [1, 1]], profile: stairs, capacity: 80, importance: high }
      - { id: square, polygon: [[0, 0], [1, 0], [1, 1]], limits: { peoplePerSqm: { caution: 2, severe: 3.5 } } }
  - id: far
    url: "rtsp://192.0.2.2/"
    lines:
      - { id: in, name: Way in, points: [[0, 0.5], [1, 0.5]], in: left, limits: { inPerMin: { alert: 60 } } }
      - { id: out, points: [[0, 0.6], [1, 0.6]], in: left, limits: { inPerMin: { alert: 60 } } }
`);

const told = thresholdsInForce(config, {
  since: 1000,
  models: ['standard@0.1.1', 'fast@1'],
  signatures: [
    { at: 3000, configVersion: 'older', actor: 'Kim' },
    { at: 2000, configVersion: thresholdsInForce(config, { models: [], signatures: [] }).configVersion, actor: 'Lee' },
  ],
});

it('tells every figure of every rule, and no other', () => {
  const printed = [
    ...told.cameras.flatMap(({ zones, rules }) => [...zones.flatMap((zone) => zone.rules), ...rules]),
    ...told.systemRules,
  ];
  const judged = rulesOf(config);
  assert.equal(printed.length, judged.length);
  for (const [index, rule] of printed.entries()) {
    const same = judged.find(
      (one) =>
        one.kind === rule.kind &&
        JSON.stringify(one.raiseAt) === JSON.stringify(rule.raiseAt) &&
        JSON.stringify(one.clearAt) === JSON.stringify(rule.clearAt),
    );
    assert.ok(same, `${index}: ${rule.kind}`);
    assert.deepEqual(Object.keys(rule.dwellMs).sort(), Object.keys(rule.raiseAt).sort());
  }
});

it('tells zones with profile, capacity and importance, and their own limits', () => {
  const [stairs, square] = told.cameras[0]?.zones ?? [];
  assert.deepEqual([stairs?.profile, stairs?.capacity, stairs?.importance], ['stairs', 80, 'high']);
  assert.deepEqual(stairs?.rules.find(({ kind }) => kind === 'zone-density')?.raiseAt, config.alerts.profiles.stairs);
  assert.deepEqual(square?.rules.find(({ kind }) => kind === 'zone-density')?.raiseAt, { caution: 2, severe: 3.5 });
});

it('tells a zone that nothing guards, and own limits that nothing judges by', () => {
  const polygon = '[[0, 0], [1, 0], [1, 1]]';
  const site = parseConfig(`
cameras:
  - id: plain
    url: "rtsp://192.0.2.3/"
    zones:
      - { id: open, polygon: ${polygon} }
      - { id: stairs, polygon: ${polygon}, limits: { peoplePerSqm: { severe: 3 }, occupancy: { severe: 1 } } }
      - { id: hall, polygon: ${polygon}, capacity: 80, limits: { occupancy: { severe: 1 } } }
`);
  const [camera] = thresholdsInForce(site, { models: [], signatures: [] }).cameras;
  assert.deepEqual(
    camera?.zones.map(({ rules, idleLimits }) => [rules.map(({ kind }) => kind), idleLimits]),
    [
      [[], []],
      [[], ['peoplePerSqm', 'occupancy']],
      [['zone-occupancy', 'zone-forecast', 'not-judged'], []],
    ],
  );
});

it('tells lines’ rules with the line’s name', () => {
  const lines = told.cameras[1]?.rules.filter(({ kind }) => kind === 'line-in') ?? [];
  assert.deepEqual(
    lines.map(({ lineId, lineName }) => [lineId, lineName]),
    [
      ['in', 'Way in'],
      ['out', 'out'],
    ],
  );
});

it('holds no address and no secret', () => {
  const text = JSON.stringify(told);
  for (const secret of ['s3cret', 'TOKEN', 'KEY', 'PASSWORD', 'rtsp:', 'https:', '192.0.2'])
    assert.ok(!text.includes(secret), secret);
  assert.deepEqual(told.receivers, [
    { id: 'duty', kind: 'webhook', minLevel: 'alert', escalationStep: 1, cameras: ['gate'] },
    { id: 'page', kind: 'alertmanager', minLevel: 'severe', escalationStep: 0 },
    { id: 'broker', kind: 'mqtt', minLevel: 'caution', escalationStep: 0 },
  ]);
});

it('has another version when anything changes that stands above the signatures, and by no address', () => {
  const [duty, ...others] = config.deliveries.endpoints;
  const [gate, ...cameras] = config.cameras;
  assert.ok(duty && gate);
  const versionWith = (more: object): string =>
    thresholdsInForce({ ...config, ...more }, { models: [], signatures: [] }).configVersion;
  const told = (change: object) => ({
    deliveries: { ...config.deliveries, endpoints: [{ ...duty, ...change }, ...others] },
  });
  const versions = [
    versionWith({}),
    versionWith(told({ minLevel: 'severe' })),
    versionWith(told({ escalationStep: 2 })),
    versionWith({ deliveries: { ...config.deliveries, endpoints: [] } }),
    versionWith({ cameras: [{ ...gate, staleAfterMs: 60_000 }, ...cameras] }),
  ];
  assert.equal(new Set(versions).size, versions.length);
  assert.equal(versionWith(told({ url: 'https://elsewhere.example.org/' })), versions[0]);
});

it('is what its contract says, and knows which confirmations are of this version', () => {
  assert.deepEqual(ThresholdsInForce.parse(told), told);
  assert.deepEqual(told.models, ['fast@1', 'standard@0.1.1']);
  assert.deepEqual(
    confirmationsOf(told).map(({ actor }) => actor),
    ['Lee'],
  );
});
