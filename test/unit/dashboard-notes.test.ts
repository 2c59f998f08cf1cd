/** Which alerts a computer tells of while nobody looks, in what words, and whose runbook belongs to them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDealtWith, isNoteworthy, noteOf } from '../../services/dashboard/src/alerts/note.ts';
import { plightOf, runbookOf } from '../../services/dashboard/src/alerts/runbook.ts';
import { eventWords } from '../../services/dashboard/src/alerts/words.ts';
import { en } from '../../services/dashboard/src/text/en.ts';
import { ko } from '../../services/dashboard/src/text/ko.ts';
import type { ActiveAlert, AlertEvent, AlertLevel } from '../../shared/contracts/alert.ts';

const event = (
  type: AlertEvent['type'],
  from: AlertLevel,
  to: AlertLevel,
  more: Partial<AlertEvent> = {},
): AlertEvent => ({
  eventId: 'e',
  epoch: 'x',
  offset: 1,
  type,
  mode: 'actual',
  alertId: 'a',
  sequence: 1,
  rule: 'zone-density',
  cameraId: 'gate',
  zoneId: 'stairs',
  from: { level: from, condition: 'firing' },
  to: { level: to, condition: 'firing' },
  peakLevel: to,
  reason: 'level-rose',
  unit: 'people/m²',
  at: 1,
  configVersion: 'c',
  silenced: false,
  escalation: 0,
  ...more,
});

const NOTES: [what: string, event: AlertEvent, told: boolean][] = [
  ['raised at alert', event('alert.firing', 'normal', 'alert'), true],
  ['raised at caution', event('alert.firing', 'normal', 'caution'), false],
  ['risen to severe', event('alert.level_changed', 'alert', 'severe'), true],
  ['fallen to alert', event('alert.level_changed', 'severe', 'alert'), false],
  ['silenced', event('alert.firing', 'normal', 'severe', { silenced: true }), false],
  ['dark at severe', event('alert.no_data', 'severe', 'severe'), true],
  ['over', event('alert.resolved', 'severe', 'normal'), false],
  ['acknowledged', event('alert.acknowledged', 'severe', 'severe', { actor: 'Kim' }), false],
  ['nobody acknowledged', event('alert.escalated', 'alert', 'alert'), true],
  ['escalated by hand', event('alert.escalated', 'alert', 'alert', { actor: 'Kim' }), false],
];
for (const [what, given, told] of NOTES) {
  test(`a message of the system: ${what}: ${told ? 'yes' : 'no'}`, () => assert.equal(isNoteworthy(given), told));
}

test('a drill says so first, and does not stay', () => {
  const camera = {
    ...{ id: 'gate', name: 'Gate 3', sampleFps: 2, staleAfterMs: 3_000, calibrated: true, neighbours: [] },
    zones: [{ id: 'stairs', name: 'Stairs', polygon: [], limits: {} }],
  };
  const real = noteOf(event('alert.firing', 'normal', 'severe'), camera, en, 'en');
  assert.equal(real.title, 'Severe: Gate 3 – Stairs');
  assert.equal(real.sticky, true);
  const drill = noteOf(event('alert.firing', 'normal', 'severe', { mode: 'exercise' }), camera, en, 'en');
  assert.match(drill.title, /^DRILL – Severe/);
  assert.match(drill.body, /not a real danger/i);
  assert.equal(drill.sticky, false);
});

const alert = (more: Partial<ActiveAlert> = {}): ActiveAlert => ({
  alertId: 'a',
  rule: 'zone-density',
  cameraId: 'gate',
  zoneId: 'stairs',
  mode: 'actual',
  level: 'alert',
  peakLevel: 'severe',
  condition: 'firing',
  shownLevel: 'alert',
  startedAt: 1,
  changedAt: 1,
  unit: 'people/m²',
  sequence: 1,
  operator: { escalation: 0, unheardMs: 0 },
  ...more,
});

test('the runbook follows the level in force; of what is over, the highest; of dark cameras, being blind', () => {
  assert.equal(plightOf(alert()), 'alert');
  assert.equal(plightOf(alert({ resolvedAt: 2, level: 'normal' })), 'severe');
  const { zoneId: _, ...dark } = alert({ rule: 'camera-picture' });
  assert.equal(plightOf(dark), 'blind');
  const zones = [{ id: 'stairs', name: 'Stairs', polygon: [], limits: {}, runbooks: { alert: 'Close the stairs.' } }];
  assert.equal(runbookOf(alert(), { zones }, { alert: 'Slow down.' }, 'en'), 'Close the stairs.');
  assert.equal(runbookOf(alert(), undefined, { alert: 'Slow down.' }, 'en'), 'Slow down.', 'a zone that is gone');
  assert.equal(runbookOf(alert(), { zones }, {}, 'ko'), 'Close the stairs.');
});

test('an alert nobody has to look at any more is dealt with', () => {
  assert.equal(isDealtWith(undefined), true);
  assert.equal(isDealtWith(alert()), false);
  const acknowledged = { by: 'Kim', at: 2, level: 'alert' } as const;
  assert.equal(isDealtWith(alert({ operator: { escalation: 0, unheardMs: 0, acknowledged } })), true);
  assert.equal(isDealtWith(alert({ level: 'severe', operator: { escalation: 0, unheardMs: 0, acknowledged } })), false);
});

test('who escalated is told apart from nobody having acknowledged', () => {
  assert.match(eventWords({ type: 'alert.escalated' }, en), /nobody/);
  assert.equal(eventWords({ type: 'alert.escalated', actor: 'Kim' }, en), 'Escalated by Kim');
  assert.match(eventWords({ type: 'alert.escalated', actor: 'Kim' }, ko), /Kim/);
});
