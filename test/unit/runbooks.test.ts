/** Whose words are shown for an alert, and which thresholds guard a zone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitsInForce } from '../../shared/config/limits-in-force.ts';
import { parseConfig } from '../../shared/config/load.ts';
import { type Runbooks, runbookFor } from '../../shared/contracts/runbook.ts';

const site: Runbooks = {
  alert: { en: 'Slow the way in.', ko: '입장을 늦춥니다.' },
  severe: 'Stop.',
  blind: { ko: '확인' },
};
const zone: Runbooks = { severe: { en: 'Close the ramp.' } };

test('the zone’s own text goes first, and no level borrows from another', () => {
  assert.equal(runbookFor('severe', zone, site, 'en'), 'Close the ramp.');
  assert.equal(runbookFor('severe', undefined, site, 'ko'), 'Stop.');
  assert.equal(runbookFor('alert', zone, site, 'ko'), '입장을 늦춥니다.');
  assert.equal(runbookFor('caution', zone, site, 'en'), undefined);
});

test('in the reader’s language, else in the one there is', () => {
  assert.equal(runbookFor('severe', zone, site, 'ko'), 'Close the ramp.');
  assert.equal(runbookFor('blind', zone, site, 'en'), '확인');
  assert.equal(runbookFor('blind', undefined, undefined, 'en'), undefined);
});

test('a zone is guarded by its own limits, else by its profile; density only where the ground is calibrated', () => {
  const config = parseConfig(`cameras:
  - id: gate
    url: rtsp://h/1
    calibration: { mount: { heightM: 8, tiltDeg: 30 }, verticalFovDeg: 45 }
    zones:
      - { id: a, polygon: [[0, 0], [1, 0], [1, 1]], profile: moving, capacity: 20 }
      - { id: b, polygon: [[0, 0], [1, 0], [1, 1]], limits: { peoplePerSqm: { severe: 9 }, count: { alert: 5 } } }
`);
  const [gate] = config.cameras;
  const [a, b] = gate?.zones ?? [];
  assert.ok(gate && a && b);
  const { profiles, occupancy } = config.alerts;
  assert.deepEqual(limitsInForce(config.alerts, gate, a), { peoplePerSqm: profiles.moving, occupancy });
  assert.deepEqual(limitsInForce(config.alerts, gate, b), { peoplePerSqm: { severe: 9 }, count: { alert: 5 } });
  assert.deepEqual(limitsInForce(config.alerts, { calibration: undefined }, a), { occupancy });
});
