/** Alerts on the dashboard: the list, its order, what sounds, and the words. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alarmSamples, phaseS } from '../../services/dashboard/src/alerts/alarm-pattern.ts';
import { type Board, EMPTY_BOARD, takeEvent, takeList } from '../../services/dashboard/src/alerts/board.ts';
import { addEvents, causeOf, thresholdOf } from '../../services/dashboard/src/alerts/event-log.ts';
import { foundBy, retryMs } from '../../services/dashboard/src/alerts/evidence-file.ts';
import { figureOf } from '../../services/dashboard/src/alerts/figure.ts';
import { loudLevel } from '../../services/dashboard/src/alerts/loud.ts';
import {
  arrange,
  compareAlerts,
  isUnheard,
  levelsByCamera,
  mostUrgentUnheard,
} from '../../services/dashboard/src/alerts/rank.ts';
import { causeWords, isUrgent, placeOf, spoken } from '../../services/dashboard/src/alerts/words.ts';
import { orderCameras } from '../../services/dashboard/src/camera/order.ts';
import { en } from '../../services/dashboard/src/text/en.ts';
import { ko } from '../../services/dashboard/src/text/ko.ts';
import {
  type ActiveAlert,
  type AlertEvent,
  type AlertLevel,
  RuleKind,
  type Silence,
} from '../../shared/contracts/alert.ts';

const NOW = 1_790_000_000_000;

const alert = (alertId: string, level: AlertLevel, more: Partial<ActiveAlert> = {}): ActiveAlert => ({
  alertId,
  rule: 'zone-count',
  cameraId: 'gate',
  zoneId: 'stairs',
  mode: 'actual',
  level,
  peakLevel: level,
  condition: 'firing',
  shownLevel: level,
  startedAt: NOW,
  changedAt: NOW,
  value: 14,
  unit: 'people',
  capturedAt: NOW,
  sequence: 1,
  operator: { escalation: 0, unheardMs: 0 },
  ...more,
});

const event = (alertId: string, sequence: number, to: AlertLevel, more: Partial<AlertEvent> = {}): AlertEvent => ({
  eventId: `${alertId}~${sequence}`,
  epoch: 'e',
  offset: sequence,
  type: sequence === 1 ? 'alert.firing' : 'alert.level_changed',
  mode: 'actual',
  alertId,
  sequence,
  rule: 'zone-count',
  cameraId: 'gate',
  zoneId: 'stairs',
  from: { level: 'normal', condition: 'pending' },
  to: { level: to, condition: 'firing' },
  peakLevel: to,
  reason: 'level-rose',
  unit: 'people',
  at: NOW,
  configVersion: 'c',
  silenced: false,
  escalation: 0,
  ...more,
});

const seen = (level: AlertLevel) => ({ escalation: 0, unheardMs: 0, acknowledged: { by: 'Post 3', at: NOW, level } });
const ids = (board: Board) => [...board.on.keys()];
const one = (board: Board) => board.on.get('a')?.alert;

test('events change the list at once, and a list that was overtaken takes nothing back', () => {
  let board = takeEvent(EMPTY_BOARD, event('a', 1, 'alert'), 1_000);
  assert.equal(one(board)?.level, 'alert');
  board = takeList(board, [], 1_500);
  assert.deepEqual(ids(board), ['a'], 'the list was on its way before the event');
  board = takeEvent(board, event('a', 2, 'severe'), 1_600);
  board = takeList(board, [alert('a', 'alert', { sequence: 1 })], 1_700);
  assert.equal(one(board)?.level, 'severe');
  board = takeList(board, [alert('a', 'severe', { sequence: 2, condition: 'recovering' })], 1_800);
  assert.equal(one(board)?.condition, 'recovering', 'the list knows more');
  assert.equal(takeEvent(board, event('a', 2, 'alert'), 1_900), board, 'an event twice changes nothing');
});

test('what leaves the list is kept as over, and an old list does not bring it back', () => {
  let board = takeList(EMPTY_BOARD, [alert('a', 'severe', { operator: seen('severe'), sequence: 4 })], 0);
  const over = { type: 'alert.resolved', to: { level: 'normal', condition: 'normal' } } as const;
  board = takeEvent(board, event('a', 5, 'normal', over), 100);
  assert.deepEqual([ids(board), [...board.left.keys()]], [[], ['a']]);
  board = takeList(board, [alert('a', 'severe', { operator: seen('severe'), sequence: 4 })], 200);
  assert.deepEqual(ids(board), []);
  assert.equal(takeList(board, [], 90_000).left.size, 0, 'and is forgotten after a while');
  const unseen = takeEvent(
    takeList(EMPTY_BOARD, [alert('a', 'severe', { sequence: 4 })], 0),
    event('a', 5, 'normal', over),
    1,
  );
  assert.ok(one(unseen)?.resolvedAt, 'over, but nobody has seen it: it stays');
  const acknowledged = { type: 'alert.acknowledged', to: over.to, actor: 'Post 3' } as const;
  assert.deepEqual(ids(takeEvent(unseen, event('a', 6, 'normal', acknowledged), 2)), []);
  assert.deepEqual(ids(takeEvent(EMPTY_BOARD, event('a', 6, 'normal', acknowledged), 2)), []);
});

test('an alert that rose above its acknowledgement and ended stays until that was acknowledged, too', () => {
  const over = { type: 'alert.resolved', to: { level: 'normal', condition: 'normal' } } as const;
  let board = takeList(EMPTY_BOARD, [alert('a', 'caution', { operator: seen('caution'), sequence: 1 })], 0);
  board = takeEvent(board, event('a', 2, 'severe'), 1);
  board = takeEvent(board, event('a', 3, 'normal', over), 2);
  assert.equal(one(board)?.operator.unheardLevel, 'severe');
  assert.equal(loudLevel([one(board) as ActiveAlert], [], NOW), 'severe', 'and sounds, as one nobody ever saw');
  const acknowledged = { type: 'alert.acknowledged', to: over.to, actor: 'Post 3' } as const;
  assert.deepEqual(ids(takeEvent(board, event('a', 4, 'normal', acknowledged), 3)), []);
});

test('without pictures a caution is unknown, a severe alert stays severe; who acknowledged is kept', () => {
  const blind = (level: AlertLevel) =>
    takeEvent(EMPTY_BOARD, event('a', 3, level, { type: 'alert.no_data', to: { level, condition: 'no-data' } }), 0);
  assert.equal(one(blind('caution'))?.shownLevel, 'unknown');
  assert.equal(one(blind('severe'))?.shownLevel, 'severe');
  const heard = takeEvent(blind('severe'), event('a', 4, 'severe', { type: 'alert.acknowledged', actor: 'Kim' }), 0);
  assert.equal(one(heard)?.operator.acknowledged?.by, 'Kim');
  assert.equal(one(takeEvent(heard, event('a', 5, 'severe'), 0))?.operator.acknowledged?.by, 'Kim');
});

test('the order: by level, then the newest; unknown above caution; what is over last', () => {
  const list = [
    alert('over', 'normal', { peakLevel: 'severe', resolvedAt: NOW }),
    alert('caution', 'caution'),
    alert('blind', 'caution', { shownLevel: 'unknown', condition: 'no-data' }),
    alert('old', 'severe', { startedAt: NOW - 9 }),
    alert('new', 'severe'),
    alert('alert', 'alert'),
  ];
  const order = list.toSorted(compareAlerts).map(({ alertId }) => alertId);
  assert.deepEqual(order, ['new', 'old', 'alert', 'blind', 'caution', 'over']);
  assert.equal(mostUrgentUnheard(list)?.alertId, 'new');
});

test('under a hand the list keeps its places and news goes below', () => {
  assert.deepEqual(arrange(['b', 'c'], ['a', 'b', 'c'], true), ['b', 'c', 'a']);
  assert.deepEqual(arrange(['b', 'c'], ['a', 'b', 'c'], false), ['a', 'b', 'c']);
  assert.deepEqual(arrange(['b', 'c'], ['c'], true), ['c']);
});

test('a level above the acknowledged one asks again', () => {
  assert.equal(isUnheard(alert('a', 'severe')), true);
  assert.equal(isUnheard(alert('a', 'severe', { operator: seen('severe') })), false);
  assert.equal(isUnheard(alert('a', 'severe', { operator: seen('caution') })), true);
  const over = { ...seen('caution'), unheardLevel: 'severe' as const };
  assert.equal(isUnheard(alert('a', 'normal', { operator: over, resolvedAt: 1 })), true, 'over, and severe unheard');
});

test('alert and severe sound until somebody has seen them, or a silence covers them', () => {
  const silence = (upToLevel: Silence['upToLevel'], more: Partial<Silence> = {}): Silence => ({
    silenceId: 's',
    cameraId: 'gate',
    upToLevel,
    reason: 'rehearsal',
    by: 'x',
    createdAt: NOW,
    until: NOW + 60_000,
    ...more,
  });
  const cases: [string, ActiveAlert[], Silence[], string | undefined][] = [
    ['nothing', [], [], undefined],
    ['caution is quiet', [alert('a', 'caution')], [], undefined],
    ['the loudest wins', [alert('a', 'alert'), alert('b', 'severe')], [], 'severe'],
    ['seen', [alert('a', 'severe', { operator: seen('severe') })], [], undefined],
    ['risen since', [alert('a', 'severe', { operator: seen('alert') })], [], 'severe'],
    ['over, but unseen', [alert('a', 'normal', { peakLevel: 'alert', resolvedAt: NOW })], [], 'alert'],
    ['latched', [alert('a', 'severe', { condition: 'no-data' })], [], 'severe'],
    ['silenced', [alert('a', 'alert')], [silence('alert')], undefined],
    ['above the silence', [alert('a', 'severe')], [silence('alert')], 'severe'],
    ['silence is over', [alert('a', 'alert')], [silence('alert', { until: NOW })], 'alert'],
    ['silence elsewhere', [alert('a', 'alert')], [silence('alert', { cameraId: 'exit' })], 'alert'],
    ['of this zone', [alert('a', 'alert')], [silence('alert', { zoneId: 'stairs' })], undefined],
    ['of another zone', [alert('a', 'alert')], [silence('alert', { zoneId: 'lift' })], 'alert'],
    ['of this rule', [alert('a', 'alert')], [silence('alert', { rule: 'zone-count' })], undefined],
    ['of another rule', [alert('a', 'alert')], [silence('alert', { rule: 'zone-density' })], 'alert'],
  ];
  for (const [name, alerts, silences, wanted] of cases) assert.equal(loudLevel(alerts, silences, NOW), wanted, name);
});

test('severe, alert and a lost connection sound different, never clip, and join without a click', () => {
  const signals = ['severe', 'alert', 'cut-off'] as const;
  for (const signal of signals) {
    const samples = alarmSamples(signal, 8_000);
    assert.ok(samples.some((sample) => Math.abs(sample) > 0.2));
    assert.ok(samples.every((sample) => Math.abs(sample) < 0.5));
    assert.ok(Math.abs(samples[0] ?? 1) < 0.01 && Math.abs(samples.at(-1) ?? 1) < 0.01);
  }
  assert.equal(new Set(signals.map((signal) => alarmSamples(signal, 8_000).length)).size, signals.length);
});

test('pages that begin to sound at different moments are at the same place of the round', () => {
  const lateMs = 1_700;
  for (const [signal, lengthS] of [
    ['severe', 1],
    ['alert', 2.4],
    ['cut-off', 10],
  ] as const) {
    const ahead = phaseS(signal, NOW) + lateMs / 1_000;
    assert.ok(Math.abs((ahead % lengthS) - phaseS(signal, NOW + lateMs)) < 1e-6, signal);
    assert.ok(phaseS(signal, NOW + lateMs) < lengthS);
  }
});

test('only what the server says it has no more is gone; the rest is asked for again, ever less often', () => {
  for (const status of [404, 410]) assert.equal(foundBy(status), 'gone');
  for (const status of [200, 206]) assert.equal(foundBy(status), 'there');
  for (const status of [0, 304, 400, 429, 500, 502, 503, 504]) assert.equal(foundBy(status), 'not-now', `${status}`);
  assert.deepEqual([1, 2, 3, 4, 5, 50].map(retryMs), [2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
});

test('the log keeps every event once, and tells thresholds and causes', () => {
  const rise = event('a', 1, 'severe', { threshold: 12, cause: 'no-signal: timeout' });
  const fall = event('a', 2, 'alert', {
    threshold: 12,
    from: { level: 'severe', condition: 'firing' },
    to: { level: 'alert', condition: 'firing' },
  });
  const first = addEvents(new Map(), [fall, rise], () => true);
  assert.equal(first.fresh.length, 2);
  const again = addEvents(first.log, [rise], () => true);
  assert.equal(again.fresh.length, 0);
  const events = again.log.get('a') ?? [];
  assert.deepEqual(
    events.map(({ sequence }) => sequence),
    [1, 2],
  );
  assert.deepEqual(thresholdOf(events, 'severe'), { level: 'severe', value: 12 });
  assert.deepEqual(thresholdOf(events, 'alert'), { level: 'severe', value: 12 }, 'that of alert was never told');
  assert.equal(thresholdOf([], 'alert'), undefined);
  assert.equal(causeOf(events), 'no-signal: timeout');
});

test('the figure of an alert is live while there is a picture, and its last known one else', () => {
  const known = alert('a', 'severe', { capturedAt: NOW - 22_000 });
  assert.deepEqual(figureOf(known, undefined, [], NOW), { value: 14, live: false, ageMs: 22_000 });
  const { zoneId: _, ...camera } = alert('a', 'caution', { rule: 'camera-picture' });
  assert.equal(figureOf(camera, undefined, [], NOW), undefined);
});

test('the wall: alert and severe before dark cameras, dark ones before the rest', () => {
  const dark = { status: 'no-signal', reason: 'timeout' } as const;
  const order = orderCameras(
    [
      { id: 'calm', name: 'calm', view: { status: 'stale', reason: 'timeout' } },
      { id: 'dark', name: 'dark', view: dark, level: 'caution' },
      { id: 'latched', name: 'latched', view: dark, level: 'severe' },
      { id: 'alert', name: 'alert', view: dark, level: 'alert' },
    ],
    [],
  );
  assert.deepEqual(order, ['latched', 'alert', 'dark', 'calm']);
  const levels = levelsByCamera([alert('a', 'caution'), alert('b', 'alert'), alert('c', 'severe', { resolvedAt: 1 })]);
  assert.deepEqual([...levels], [['gate', 'alert']]);
});

test('alerts in words, in both languages', () => {
  const rest = { sampleFps: 2, staleAfterMs: 5_000, calibrated: false, neighbours: [] };
  const camera = { id: 'gate', name: 'Gate 3', ...rest, zones: [] };
  const zones = [{ id: 'stairs', name: 'Stairs', polygon: [], limits: {} }];
  assert.equal(placeOf({ cameraId: 'gate', zoneId: 'stairs' }, { ...camera, zones }, en), 'Gate 3 – Stairs');
  assert.equal(placeOf({ cameraId: 'gate', zoneId: 'stairs' }, undefined, en), 'gate – stairs');
  assert.equal(placeOf({}, undefined, ko), '시스템 전체');
  assert.equal(causeWords('no-signal: timeout', en), en.reasons.timeout.what);
  const drill = event('a', 1, 'severe', { mode: 'exercise' });
  assert.equal(spoken(drill, { ...camera, zones }, en), 'DRILL. Raised. Gate 3 – Stairs. Severe.');
  assert.equal(isUrgent(drill), true);
  assert.equal(isUrgent(event('a', 1, 'caution')), false);
  assert.equal(isUrgent(event('a', 2, 'severe', { type: 'alert.acknowledged' })), false);
  assert.equal(en.alerts.amount['zone-occupancy']?.(1.12), '112% of capacity');
  for (const rule of RuleKind.options) assert.ok(en.alerts.rules[rule] && ko.alerts.rules[rule]);
});

test('a drill that is over leaves the list without an acknowledgement, in whatever order its end is heard', () => {
  const drill = { cameraId: 'drill--gate', mode: 'exercise', exercise: true } as const;
  const end = event('d', 2, 'normal', { ...drill, type: 'alert.resolved', reason: 'rule-removed' });
  const on = takeEvent(EMPTY_BOARD, event('d', 1, 'severe', drill), 1_000);
  assert.deepEqual([...takeEvent(on, end, 1_100).on.keys()], []);
  const listFirst = takeEvent(takeList(on, [], 1_100), end, 1_200);
  assert.deepEqual([...listFirst.on.keys()], []);
  const calmBefore = takeEvent(on, { ...end, reason: 'cleared' }, 1_100);
  assert.deepEqual([...calmBefore.on.keys()], ['d'], 'within the drill it waits like any other');
  assert.deepEqual([...takeList(calmBefore, [], 1_200).on.keys()], []);
});

test('an exercise of the whole installation leaves nothing on the list when it is over', () => {
  const exercise = { mode: 'exercise', exercise: true } as const;
  const on = takeEvent(EMPTY_BOARD, event('a', 1, 'severe', exercise), 1_000);
  const end = event('a', 2, 'normal', { ...exercise, type: 'alert.resolved', reason: 'mode-changed' });
  assert.deepEqual([...takeEvent(on, end, 1_100).on.keys()], []);
});

test('what is real stands before any drill, on the list and on the wall', () => {
  const drill = alert('d', 'severe', { cameraId: 'drill--gate', mode: 'exercise' });
  const real = alert('r', 'attention');
  assert.deepEqual(
    [drill, real].toSorted(compareAlerts).map(({ alertId }) => alertId),
    ['r', 'd'],
  );
  assert.deepEqual(
    [alert('e', 'severe', { mode: 'exercise' }), real].toSorted(compareAlerts).map(({ alertId }) => alertId),
    ['r', 'e'],
  );
  assert.equal(mostUrgentUnheard([drill, real])?.alertId, 'r');
  const view = { status: 'no-signal' } as Parameters<typeof orderCameras>[0][number]['view'];
  const cameras = [
    { id: 'drill--gate', name: 'd', view, level: 'severe' as const },
    { id: 'gate', name: 'g', view, level: 'attention' as const },
  ];
  assert.deepEqual(orderCameras(cameras, []), ['gate', 'drill--gate']);
});
