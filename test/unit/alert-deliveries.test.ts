/** Webhooks: signatures by the specification, addresses that may be called, schedules, messages. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CloudEvent, HTTP } from 'cloudevents';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { addressGuard } from '../../services/alerts/deliveries/address-guard.ts';
import {
  bodyOfAttempt,
  CONTENT_TYPE,
  heartbeatBody,
  messageBody,
  planDeliveries,
  testBody,
} from '../../services/alerts/deliveries/message.ts';
import { delaysOf, isLate, nextDelayMs, retryAfterMs } from '../../services/alerts/deliveries/schedule.ts';
import { Told } from '../../services/alerts/deliveries/told.ts';
import { signatureHeader, webhookKey } from '../../services/alerts/deliveries/webhook/signature.ts';
import { Config } from '../../shared/config/schema.ts';
import type { AlertEvent } from '../../shared/contracts/alert.ts';
import { resolveEndpoints } from '../helpers/endpoints.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const OTHER = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD7c2gM2Zr0f4=';

const event: AlertEvent = {
  eventId: 'e~gate~stage~zone-density~1~2',
  epoch: 'e',
  offset: 7,
  type: 'alert.level_changed',
  mode: 'exercise',
  alertId: 'e~gate~stage~zone-density~1',
  sequence: 2,
  rule: 'zone-density',
  cameraId: 'gate',
  zoneId: 'stage',
  from: { level: 'caution', condition: 'firing' },
  to: { level: 'alert', condition: 'firing' },
  peakLevel: 'alert',
  reason: 'level-rose',
  value: 4.2,
  threshold: 4,
  unit: 'people/m²',
  capturedAt: 1_790_000_000_000,
  at: 1_790_000_000_400,
  configVersion: 'abc',
  silenced: false,
  escalation: 0,
};

const endpoints = (...list: Record<string, unknown>[]) =>
  resolveEndpoints(
    Config.parse({
      cameras: ['gate', 'other'].map((id) => ({ id, url: 'rtsp://127.0.0.1/x' })),
      deliveries: {
        endpoints: list.map((one, i) => ({ id: `e${i}`, url: 'https://example.org/', secrets: ['${S}'], ...one })),
      },
    }),
    { S: SECRET, T: OTHER },
  );

describe('webhook signature', () => {
  it('is the one of the specification’s own vector', () => {
    const header = signatureHeader(
      [webhookKey(SECRET, 's')],
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      1614265330,
      '{"test": 2432232314}',
    );
    assert.equal(header, 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  it('is accepted by the reference library, with either key while one is changed', () => {
    const at = Math.floor(Date.now() / 1000);
    const header = signatureHeader([webhookKey(SECRET, 's'), webhookKey(OTHER, 's')], 'msg_1', at, '{"a":1}');
    const headers = { 'webhook-id': 'msg_1', 'webhook-timestamp': String(at), 'webhook-signature': header };
    for (const secret of [SECRET, OTHER]) assert.deepEqual(new Webhook(secret).verify('{"a":1}', headers), { a: 1 });
    assert.throws(() => new Webhook(SECRET).verify('{"a":2}', headers));
  });

  for (const bad of ['', 'whsec_', 'whsec_c2hvcnQ=', 'whsec_***', `whsec_${Buffer.alloc(65).toString('base64')}`]) {
    it(`refuses the key ${bad.slice(0, 16) || '(empty)'} without telling it`, () => {
      assert.throws(
        () => webhookKey(bad, 'Endpoint x: ${X}'),
        (error: Error) =>
          error.message.startsWith('Endpoint x: ${X} is no webhook secret') &&
          (bad.length < 8 || !error.message.includes(bad)),
      );
    });
  }
});

describe('webhook addresses', () => {
  const literals = [
    'http://127.0.0.1',
    'http://2130706433',
    'http://0x7f.1',
    'http://0177.0.0.1',
    'http://127.1',
    'http://0',
    'http://①②⑦.0.0.1',
    'http://[::ffff:127.0.0.1]',
    'http://[::1]',
    'http://10.1.2.3',
    'http://169.254.169.254',
    'http://192.168.1.1',
    'http://172.31.255.255',
    'http://100.64.0.1',
    'http://[fe80::1]',
    'http://[fd00::1]',
    'http://[64:ff9b::7f00:1]',
    'http://[2002:7f00:1::]',
    'http://224.0.0.1',
    'http://255.255.255.255',
  ];
  for (const literal of literals) {
    it(`${literal} is refused`, () => {
      assert.throws(() => addressGuard([]).check(new URL(literal)), { code: 'WEBHOOK_ADDRESS_BLOCKED' });
    });
  }
  for (const literal of ['http://8.8.8.8', 'http://172.32.0.1', 'http://[2606:4700::1111]', 'http://example.org']) {
    it(`${literal} passes`, () => addressGuard([]).check(new URL(literal)));
  }

  it('what the allow list names passes, and nothing beside it', () => {
    const guard = addressGuard(['10.1.0.0/16', '192.168.7.7', 'fd00:1::/32']);
    assert.ok(guard.isAllowed('10.1.255.1') && guard.isAllowed('192.168.7.7') && guard.isAllowed('fd00:1::9'));
    assert.ok(!guard.isAllowed('10.2.0.1') && !guard.isAllowed('192.168.7.8') && !guard.isAllowed('fd00:2::9'));
    assert.ok(!guard.isAllowed('not an address'));
  });

  const look = (addresses: string[], allow: string[] = []): Promise<string> =>
    new Promise((resolve, reject) => {
      const guard = addressGuard(allow, (_host, _options, done) =>
        done(
          null,
          addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
        ),
      );
      guard.lookup('hook.example', {}, (error, address) => (error ? reject(error) : resolve(String(address))));
    });

  it('a name is checked when it is resolved: one bad address spoils all', async () => {
    assert.equal(await look(['8.8.8.8', '8.8.4.4']), '8.8.8.8');
    await assert.rejects(look(['8.8.8.8', '127.0.0.1']), { code: 'WEBHOOK_ADDRESS_BLOCKED' });
    await assert.rejects(look([]), { code: 'WEBHOOK_ADDRESS_BLOCKED' });
    assert.equal(await look(['10.0.0.5'], ['10.0.0.5']), '10.0.0.5');
  });
});

describe('webhook schedule', () => {
  const schedule = Config.parse({}).deliveries;

  it('burning messages go fast first, then long; others long only', () => {
    const seconds = (fast: boolean) => delaysOf(schedule, fast).map((ms) => ms / 1000);
    assert.deepEqual(seconds(true).slice(0, 9), [0, 1, 2, 5, 10, 30, 60, 300, 1800]);
    assert.deepEqual(seconds(false), [0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]);
  });

  it('is late once the fast tries are through', () => {
    assert.deepEqual(
      [1, 7, 8].map((attempt) => isLate(schedule, true, attempt)),
      [false, false, true],
    );
    assert.ok(!isLate(schedule, false, 9));
  });

  it('ends', () => {
    assert.equal(nextDelayMs(schedule, false, 9, undefined, 0), 86_400_000);
    assert.equal(nextDelayMs(schedule, false, 10, undefined, 0), undefined);
  });

  it('honours Retry-After, but not without end', () => {
    assert.equal(nextDelayMs(schedule, true, 1, 20_000, 0), 20_000);
    assert.equal(nextDelayMs(schedule, true, 1, 9e9, 0), 60_000);
    assert.equal(nextDelayMs(schedule, false, 1, 9e9, 0), 3_600_000);
    assert.equal(retryAfterMs('7', 0), 7000);
    assert.equal(retryAfterMs('Thu, 01 Jan 1970 00:00:09 GMT', 4000), 5000);
    for (const bad of [undefined, 'soon', '-3', '']) assert.equal(retryAfterMs(bad, 0), undefined);
  });

  it('never falls below its step, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.integer({ min: 1, max: 20 }),
        fc.option(fc.nat()),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (fast, failed, after, random) => {
          const delay = nextDelayMs(schedule, fast, failed, after ?? undefined, random);
          const step = delaysOf(schedule, fast)[failed];
          assert.equal(delay === undefined, step === undefined);
          if (delay !== undefined && step !== undefined) assert.ok(delay >= step);
        },
      ),
    );
  });
});

describe('webhook message', () => {
  const message = JSON.parse(messageBody(event, { source: '/site/plaza' }));

  it('links to the evidence by its path, and by the whole address where that is known', () => {
    const path = '/api/alerts/e~gate~1/evidence';
    const linkOf = (publicUrl?: string): string =>
      JSON.parse(messageBody({ ...event, evidence: path }, { source: '/', publicUrl })).data.evidence;
    assert.equal(linkOf(), path);
    for (const base of ['https://crowd.example.org', 'https://crowd.example.org/']) {
      assert.equal(linkOf(base), `https://crowd.example.org${path}`);
    }
    assert.equal(linkOf('https://example.org/crowd/'), `https://example.org/crowd${path}`);
    const plain = JSON.parse(messageBody(event, { source: '/', publicUrl: 'https://crowd.example.org' }));
    assert.ok(!('evidence' in plain.data), 'no link to what was not kept');
    for (const wrong of ['crowd.example.org', 'ftp://x.org', 'https://x.org/?a=b', 'https://x.org/#/alerts']) {
      assert.ok(!Config.safeParse({ gateway: { publicUrl: wrong } }).success, wrong);
    }
  });

  it('is a Standard Webhooks payload below 20 kB', () => {
    assert.deepEqual(Object.keys(message).filter((key) => ['type', 'timestamp', 'data'].includes(key)).length, 3);
    assert.match(message.type, /^[a-zA-Z0-9_]+(\.[a-zA-Z0-9_]+)*$/);
    assert.ok(messageBody(event, { source: '/site/plaza' }).length < 20_000);
    assert.ok(!event.eventId.includes('.'));
  });

  it('is a structured CloudEvents 1.0 event', () => {
    assert.equal(message.specversion, '1.0');
    for (const name of ['id', 'source', 'type']) assert.ok(message[name].length > 0);
    assert.ok(Object.keys(message).every((name) => /^[a-z0-9]{1,20}$/.test(name)));
    assert.equal(message.subject, 'camera/gate/zone/stage');
    assert.equal(message.time, '2026-09-21T14:13:20.400Z');
    assert.deepEqual(message.data, event);
  });

  it('is read and found valid by the CloudEvents library, whatever kind it is', () => {
    const pulse = { mode: 'actual', cameras: 2, camerasCounted: 1, alertsOn: 0 } as const;
    const bodies = {
      [event.type]: messageBody(event, { source: '/site/plaza' }),
      'system.heartbeat': heartbeatBody('heartbeat~a~1', '/site/plaza', event.at, pulse),
      'system.test': testBody('test~1', '/site/plaza', event.at),
    };
    for (const [type, body] of Object.entries(bodies)) {
      const read = HTTP.toEvent({ headers: { 'content-type': CONTENT_TYPE }, body });
      assert.ok(read instanceof CloudEvent, 'one event, no batch');
      assert.equal(read.validate(), true);
      assert.deepEqual([read.type, read.source, read.specversion], [type, '/site/plaza', '1.0']);
      assert.equal(read.timestamp, read.time, 'an extension attribute that Standard Webhooks asks for');
      // What the library writes itself says the same.
      const again = HTTP.structured(read);
      assert.match(String(again.headers['content-type']), /^application\/cloudevents\+json/);
      assert.deepEqual(JSON.parse(String(again.body)), JSON.parse(body));
    }
  });

  it('says when it is late or superseded, and nothing when it is neither', () => {
    const stored = messageBody(event, { source: '/' });
    assert.equal(bodyOfAttempt(stored, { late: false, superseded: false }), stored);
    const { data } = JSON.parse(bodyOfAttempt(stored, { late: true, superseded: true }));
    assert.deepEqual([data.late, data.superseded, data.mode], [true, true, 'exercise']);
  });

  it('goes to those it concerns', () => {
    const plan = (one: Record<string, unknown>, of: Partial<AlertEvent> = {}) =>
      planDeliveries([{ ...event, ...of }], endpoints(one), { source: '/' }).length;
    assert.equal(plan({}), 1);
    assert.equal(plan({}, { silenced: true }), 0);
    assert.equal(plan({ minLevel: 'severe' }), 0);
    assert.equal(
      plan({ minLevel: 'severe' }, { peakLevel: 'severe', to: { level: 'normal', condition: 'normal' } }),
      1,
    );
    assert.equal(plan({ cameras: ['other'] }), 0);
    assert.equal(plan({ cameras: ['gate'] }), 1);
    assert.equal(plan({ escalationStep: 1 }), 0);
    assert.equal(plan({ escalationStep: 1 }, { escalation: 1 }), 1);
  });

  it('goes to those who were told of what now ends, whatever they are to hear of by then', () => {
    const told = new Told();
    const plan = (type: AlertEvent['type'], one: Record<string, unknown>) =>
      planDeliveries([{ ...event, type, peakLevel: 'alert' }], endpoints(one), { source: '/' }, told).length;
    assert.equal(plan('alert.firing', {}), 1);
    assert.equal(plan('alert.level_changed', { minLevel: 'severe' }), 0);
    assert.equal(plan('alert.resolved', { minLevel: 'severe' }), 1);
    assert.equal(plan('alert.resolved', { minLevel: 'severe' }), 0, 'once');
    assert.equal(plan('alert.firing', { minLevel: 'severe' }), 0);
    assert.equal(plan('alert.resolved', { minLevel: 'severe' }), 0, 'and not to who never was');
  });

  it('goes through the fast lane from alert on, up or down', () => {
    const fast = (from: AlertEvent['from']['level'], to: AlertEvent['to']['level']) =>
      planDeliveries(
        [{ ...event, from: { ...event.from, level: from }, to: { ...event.to, level: to } }],
        endpoints({}),
        { source: '/' },
      )[0]?.fast;
    assert.deepEqual(
      [fast('normal', 'caution'), fast('caution', 'alert'), fast('severe', 'normal')],
      [false, true, true],
    );
  });
});

describe('webhook endpoints', () => {
  it('read their secrets from the environment and name what is missing', () => {
    const config = Config.parse({
      deliveries: { endpoints: [{ id: 'a', url: 'https://x.org/?t=${TOKEN}', secrets: ['${S}'] }] },
    });
    assert.throws(
      () => resolveEndpoints(config, { S: SECRET }),
      /Endpoint a: the environment variable TOKEN is not set/,
    );
    const [endpoint] = resolveEndpoints(config, { S: SECRET, TOKEN: 'CANARY_token' });
    assert.equal(endpoint?.url.reveal(), 'https://x.org/?t=CANARY_token');
    assert.ok(!JSON.stringify(endpoint?.url).includes('CANARY'));
  });

  for (const [name, endpoint, rule] of [
    ['http without leave', { url: 'http://x.org' }, /is not https; set allowHttp/],
    ['a literal secret', { secrets: [SECRET] }, /write \$\{NAME\}/],
    ['three keys', { secrets: ['${A}', '${B}', '${C}'] }, /./],
    ['a bad network', { allow: ['10.0.0.0/99'] }, /./],
  ] as const) {
    it(`refuse ${name}`, () => {
      const one = { id: 'a', url: 'https://x.org', secrets: ['${S}'], ...endpoint };
      const result = Config.safeParse({ deliveries: { endpoints: [one] } });
      assert.ok(!result.success);
      assert.match(result.error.issues[0]?.message ?? '', rule);
    });
  }
});
