/** What Alertmanagers and MQTT brokers are told, decided without either; and how receivers are configured. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type PostableAlert,
  postingsOf,
  type Told,
} from '../../services/alerts/deliveries/alertmanager/postable-alert.ts';
import { correctionsOf, discoveryOf } from '../../services/alerts/deliveries/mqtt/discovery.ts';
import { countsOf, retainedState } from '../../services/alerts/deliveries/mqtt/live-state.ts';
import { deviceId, topicsOf } from '../../services/alerts/deliveries/mqtt/topics.ts';
import type { ViewCamera } from '../../services/alerts/deliveries/receiver.ts';
import { Config } from '../../shared/config/schema.ts';
import type { ActiveAlert, AlertEvent, AlertLevel } from '../../shared/contracts/alert.ts';
import type { PublicReading } from '../../shared/contracts/reading.ts';
import { resolveEndpoints } from '../helpers/endpoints.ts';

const AT = 1_790_000_000_000;
const site = { source: '/site/plaza', language: 'en' } as const;

const event = (from: AlertLevel, to: AlertLevel, more: Partial<AlertEvent> = {}): AlertEvent => ({
  eventId: 'e~1~2',
  epoch: 'e',
  offset: 7,
  type: 'alert.level_changed',
  mode: 'actual',
  alertId: 'e~1',
  sequence: 2,
  rule: 'zone-density',
  cameraId: 'gate',
  zoneId: 'stage',
  from: { level: from, condition: 'firing' },
  to: { level: to, condition: 'firing' },
  peakLevel: 'severe',
  reason: 'level-rose',
  value: 4.256,
  threshold: 4,
  unit: 'people/m²',
  at: AT,
  configVersion: 'abc',
  silenced: false,
  escalation: 0,
  ...more,
});
const shape = (alerts: PostableAlert[]) => alerts.map(({ labels, endsAt }) => [labels.level, endsAt !== undefined]);

describe('an event at Alertmanager', () => {
  const told = (level: AlertLevel, at = AT - 60_000): Told =>
    postingsOf(event('normal', level, { sequence: 1, at }), undefined, site).told;

  for (const [name, from, to, before, wanted] of [
    ['a raise begins one alert', 'normal', 'caution', undefined, [['caution', false]]],
    [
      'a rise ends one and begins another',
      'caution',
      'alert',
      'caution',
      [
        ['caution', true],
        ['alert', false],
      ],
    ],
    [
      'a fall as well',
      'severe',
      'alert',
      'severe',
      [
        ['severe', true],
        ['alert', false],
      ],
    ],
    ['what changes nothing is told again', 'alert', 'alert', 'alert', [['alert', false]]],
    ['the end ends what was told', 'caution', 'normal', 'caution', [['caution', true]]],
    ['also when the last step was muted', 'caution', 'normal', 'severe', [['severe', true]]],
    ['the end of something never told ends what it came from', 'caution', 'normal', undefined, [['caution', true]]],
    ['a rise whose beginning was muted', 'caution', 'alert', undefined, [['alert', false]]],
  ] as const) {
    it(name, () => {
      const { alerts } = postingsOf(event(from, to), before && told(before), site);
      assert.deepEqual(shape(alerts), wanted);
    });
  }

  it('two lines of a camera are two alerts there: the end of one ends nothing of the other', () => {
    const labelsOf = (lineId: string) => {
      const { zoneId: _, ...ofLine } = event('normal', 'alert', { rule: 'line-in', lineId });
      return postingsOf(ofLine, undefined, site).alerts[0];
    };
    assert.notDeepEqual(labelsOf('north')?.labels, labelsOf('south')?.labels);
    assert.equal(labelsOf('north')?.labels.line, 'north');
    assert.match(labelsOf('north')?.annotations.summary ?? '', /camera gate, line north/);
  });

  it('keeps the instant at which its level began', () => {
    const { alerts, told: after } = postingsOf(event('alert', 'alert', { at: AT }), told('alert'), site);
    assert.equal(alerts[0]?.startsAt, new Date(AT - 60_000).toISOString());
    assert.equal(after.posted, alerts[0]);
  });

  it('never ends before it began, though the clock was set back', () => {
    const { alerts } = postingsOf(event('alert', 'normal', { at: AT - 120_000 }), told('alert'), site);
    assert.equal(alerts[0]?.endsAt, alerts[0]?.startsAt);
  });

  it('speaks to people in the language that is set, with figure, threshold and unit', () => {
    const [english] = postingsOf(event('normal', 'alert'), undefined, site).alerts;
    assert.equal(english?.annotations.summary, 'Alert: camera gate, zone stage');
    assert.equal(english?.annotations.description, '4.26 people/m² (threshold 4 people/m²)');
    const [korean] = postingsOf(event('normal', 'alert'), undefined, { ...site, language: 'ko' }).alerts;
    assert.equal(korean?.annotations.summary, '경계: 카메라 gate, 구역 stage');
    assert.deepEqual(korean?.labels, english?.labels, 'what machines go by is the same');
  });
});

describe('a camera at an MQTT broker', () => {
  const topics = topicsOf('site/a');
  const camera: ViewCamera = {
    id: 'gate',
    name: 'Gate 3',
    staleAfterMs: 3000,
    zones: [
      { id: 'stage', name: 'Stage', calibrated: true, judged: true },
      { id: 'bar', name: 'Bar', calibrated: false, judged: false },
    ],
  };
  const mine = { prefix: 'site/a', topics, language: 'en', countEveryMs: 1000 } as const;
  const device = discoveryOf(camera, mine);
  const ok: PublicReading = {
    type: 'reading',
    cameraId: 'gate',
    seq: 1,
    capturedAt: AT,
    publishedAt: AT,
    status: 'ok',
    count: 12.345,
    interval: [10, 15],
    heads: 12,
    zones: [{ zoneId: 'stage', name: 'Stage', count: 5, interval: [4, 6], calibrated: true, peoplePerSqm: 1.234 }],
    model: { name: 'm', version: '1', steps: 1, warmStart: true },
  };
  const zonesOf = (zones: (PublicReading & { status: 'ok' })['zones']): PublicReading =>
    ({ ...ok, zones }) as PublicReading;
  const blind: PublicReading = {
    type: 'reading',
    cameraId: 'gate',
    status: 'stale',
    reason: 'late-picture',
    since: AT,
    zones: [],
  };
  const alert = (shownLevel: ActiveAlert['shownLevel'], more: Partial<ActiveAlert> = {}): ActiveAlert => ({
    alertId: shownLevel,
    rule: 'zone-density',
    cameraId: 'gate',
    zoneId: 'stage',
    mode: 'actual',
    level: 'alert',
    peakLevel: 'alert',
    condition: 'firing',
    shownLevel,
    startedAt: AT,
    changedAt: AT,
    unit: 'people/m²',
    sequence: 1,
    operator: { escalation: 0, unheardMs: 0 },
    ...more,
  });

  it('has density only where calibrated, a level only where judged, and one name for each', () => {
    assert.deepEqual(Object.keys(device.cmps), [
      'count',
      'problem',
      'stage_count',
      'stage_density',
      'stage_peak',
      'stage_level',
      'bar_count',
    ]);
    assert.equal(deviceId('site/a', 'gate'), 'site_a_gate');
    assert.equal(device.cmps.stage_density?.unit_of_measurement, 'people/m²');
    const gone = (id: string) =>
      ((device.cmps[id]?.availability ?? []) as { topic: string }[]).map(({ topic }) => topic);
    assert.deepEqual(
      gone('count'),
      ['site/a/status', 'site/a/camera/gate/availability'],
      'no number of a blind camera',
    );
    assert.deepEqual(gone('stage_level'), ['site/a/status'], 'a standing alert stays in sight');
    assert.deepEqual(gone('problem'), ['site/a/status']);
    assert.ok(Number(device.cmps.count?.expire_after) >= 10);
  });

  for (const [name, reading, alerts, level] of [
    ['calm', ok, [], 'normal'],
    ['blind', blind, [], 'unknown'],
    ['raised', ok, [alert('caution'), alert('alert')], 'alert'],
    ['blind with an alert that stands', blind, [alert('severe')], 'severe'],
    ['blind with a lower one', blind, [alert('unknown', { level: 'caution' })], 'unknown'],
    ['ended', ok, [alert('alert', { resolvedAt: AT })], 'normal'],
    ['not judged', zonesOf([]), [alert('alert', { rule: 'not-judged' })], 'unknown'],
    ['of another zone', ok, [alert('alert', { zoneId: 'bar' })], 'normal'],
    ['a worker does not count the zone yet', zonesOf([]), [], 'unknown'],
    [
      'the density it is calibrated for is missing',
      zonesOf([{ zoneId: 'stage', name: 'Stage', count: 5, interval: [4, 6], calibrated: false }]),
      [],
      'unknown',
    ],
  ] as const) {
    it(`shows ${level} when ${name}`, () => {
      const state = retainedState({ cameras: [camera], readings: [reading], alerts: [...alerts] }, topics);
      assert.equal(state.get('site/a/camera/gate/zone/stage/level'), level);
      assert.equal(state.get('site/a/camera/gate/problem'), reading.status === 'ok' ? 'OFF' : 'ON');
      assert.equal(state.size, 3, 'nothing of a zone that nobody judges');
    });
  }

  it('tells figures it knows, and null for all others', () => {
    assert.deepEqual(JSON.parse(countsOf(ok, camera)).zones, {
      stage: { count: 5, interval: [4, 6], peoplePerSqm: 1.23, peakPeoplePerSqm: null, occupancy: null },
      bar: { count: null, interval: null, peoplePerSqm: null, peakPeoplePerSqm: null, occupancy: null },
    });
    const silent = JSON.parse(countsOf(blind, camera));
    assert.deepEqual([silent.count, silent.zones.stage.count, silent.reason], [null, null, 'late-picture']);
  });

  it('leaves other people’s devices alone, removes its own, and takes single sensors back', () => {
    const found = JSON.stringify(device);
    assert.deepEqual(correctionsOf('{"o":{"name":"zigbee"}}', undefined, topics), []);
    assert.deepEqual(correctionsOf('no json', undefined, topics), []);
    assert.deepEqual(correctionsOf(found, undefined, topicsOf('site/b')), [], 'of another Headroom');
    assert.deepEqual(correctionsOf(found, device, topics), []);
    assert.deepEqual(correctionsOf(found, undefined, topics), ['']);
    const fewer = discoveryOf({ ...camera, zones: camera.zones.slice(0, 1) }, mine);
    const steps = correctionsOf(found, fewer, topics).map((step) => JSON.parse(step));
    assert.equal(steps.length, 2);
    assert.deepEqual(steps[0].cmps.bar_count, { p: 'sensor' });
    assert.deepEqual(steps[1], JSON.parse(JSON.stringify(fewer)));
  });
});

describe('receivers in the configuration', () => {
  const parse = (...endpoints: Record<string, unknown>[]) => Config.safeParse({ deliveries: { endpoints } });
  const webhook = { id: 'a', url: 'https://x.org/', secrets: ['${S}'] };
  const manager = { id: 'b', kind: 'alertmanager', url: 'https://x.org/' };
  const mqtt = { id: 'c', kind: 'mqtt', url: 'mqtts://x.org:8883' };

  it('are webhooks unless they say what else', () => {
    const parsed = parse(webhook, manager, mqtt);
    assert.deepEqual(
      parsed.data?.deliveries.endpoints.map(({ kind }) => kind),
      ['webhook', 'alertmanager', 'mqtt'],
    );
  });

  for (const [name, endpoint, rule] of [
    ['a kind nobody knows', { ...webhook, kind: 'pager' }, /kind/],
    ['a webhook’s key at a broker', { ...mqtt, secrets: ['${S}'] }, /secrets/],
    ['a password in the file', { ...mqtt, username: 'u', password: 'plain' }, /read from the environment/],
    ['a password without a user', { ...mqtt, password: '${P}' }, /needed with a password/],
    ['a broker without TLS', { ...mqtt, url: 'mqtt://x.org' }, /allowPlain/],
    ['a user in the URL', { ...mqtt, url: 'https://x.org' }, /mqtts:\/\/host/],
    ['a certificate without its key', { ...mqtt, certFile: 'a.pem' }, /go together/],
    ['a topic with a wildcard', { ...mqtt, topicPrefix: 'a/+' }, /topic without/],
    ['an Alertmanager without TLS', { ...manager, url: 'http://x.org/' }, /allowHttp/],
    ['two ways to log in', { ...manager, bearer: '${T}', basicAuth: { username: 'u', password: '${P}' } }, /either/],
    ['a hold shorter than the pause between posts', { ...manager, holdMs: 1000 }, /twice repostMs/],
  ] as const) {
    it(`refuses ${name}`, () => {
      const { error } = parse(endpoint);
      assert.match(JSON.stringify(error?.issues), rule);
    });
  }

  it('two at one broker need two prefixes', () => {
    assert.match(JSON.stringify(parse(mqtt, { ...mqtt, id: 'd' }).error?.issues), /used twice at this broker/);
    assert.ok(parse(mqtt, { ...mqtt, id: 'd', topicPrefix: 'other' }).success);
  });

  it('name a missing secret or file, and show none', () => {
    const resolve = (endpoint: Record<string, unknown>, env = {}) =>
      resolveEndpoints(Config.parse({ deliveries: { endpoints: [endpoint] } }), env);
    assert.throws(
      () => resolve({ ...mqtt, username: 'u', password: '${P}' }),
      /Endpoint c: the environment variable P/,
    );
    assert.throws(() => resolve({ ...mqtt, caFile: '/nowhere/ca.pem' }), /Endpoint c: caFile \/nowhere\/ca.pem/);
    const [target] = resolve({ ...mqtt, username: 'u', password: '${P}' }, { P: 'CANARY_p' });
    assert.ok(target?.kind === 'mqtt' && target.password?.() === 'CANARY_p');
    const basicAuth = { username: 'u', password: '${P}' };
    const [am] = resolve({ ...manager, basicAuth }, { P: 'CANARY_p' });
    assert.ok(am?.kind === 'alertmanager');
    assert.equal(am.authorization?.(), `Basic ${Buffer.from('u:CANARY_p').toString('base64')}`);
    assert.ok(!JSON.stringify([target, am]).includes('CANARY'));
    const [other] = resolve({ ...manager, basicAuth }, { P: 'CANARY_q' });
    assert.notEqual(am.fingerprint, other?.fingerprint, 'a new password makes a new connection');
  });
});
