import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { ConfigError, cameraSource, parseConfig } from '../../shared/config/load.ts';
import { maskUrl } from '../../shared/config/mask.ts';
import { staleAfterMs } from '../../shared/config/schema.ts';
import { cameraChanges } from '../../shared/config/watch.ts';
import { scrub } from '../../shared/runtime/secrets.ts';

const SMALLEST = `gateway: { port: 8080 }
cameras:
  - { id: gate-3, url: "rtsp://user:\${GATE3_PASSWORD}@10.0.0.13/stream", sampleFps: 2 }
`;

test('the smallest file works and gets its defaults', () => {
  const config = parseConfig(SMALLEST);
  assert.equal(config.gateway.port, 8080);
  assert.equal(config.gateway.host, '127.0.0.1');
  assert.equal(config.cameras[0]?.inferenceWidth, 'native');
  assert.deepEqual(parseConfig('').cameras, []);
  assert.equal(parseConfig('redis:\n  # url: redis://h\n').redis.url, undefined, 'a section without lines');
});

test('one anchor serves as many cameras as a file may hold', () => {
  const cameras = Array.from(
    { length: 300 },
    (_, n) => `  - { id: c${n}, url: rtsp://h/${n}, pictureGate: ${n ? '*' : '&'}gate${n ? '' : ' { blur: false }'} }`,
  );
  assert.equal(parseConfig(`cameras:\n${cameras.join('\n')}\n`).cameras[299]?.pictureGate.blur, false);
});

const WRONG: [what: string, text: string, field: string, line: number, column: number, rule: RegExp][] = [
  ['a port out of range', 'gateway:\n  port: 70000\n', 'gateway.port', 2, 9, /65535/],
  ['an unknown setting', 'cameras: []\ncamras: []\n', 'camras', 2, 1, /not a known setting/],
  [
    'a wrong type',
    'cameras:\n  - id: a\n    url: rtsp://h/s\n    sampleFps: fast\n',
    'cameras[0].sampleFps',
    4,
    16,
    /number/,
  ],
  ['a missing URL', 'cameras:\n  - id: a\n', 'cameras[0].url', 2, 5, /^is missing$/],
  ['a URL still to be written', 'cameras:\n  - id: a\n    url:\n', 'cameras[0].url', 3, 9, /^is missing$/],
  [
    'a missing choice',
    'cameras:\n  - { id: a, url: rtsp://h/s, lines: [{ id: l, points: [[0,0],[1,1]] }] }\n',
    'cameras[0].lines[0].in',
    2,
    39,
    /^is missing; must be one of left, right$/,
  ],
  ['a word for a switch', 'worker: { warmStart: yes }\n', 'worker.warmStart', 1, 22, /^must be true or false$/],
  ['a value for a section', 'gateway: 8080\n', 'gateway', 1, 10, /^must be a group of settings$/],
  ['one for a list', 'worker: { models: night }\n', 'worker.models', 1, 19, /^must be a list$/],
  ['half a step', 'alerts: { escalationSteps: 1.5 }\n', 'alerts.escalationSteps', 1, 28, /^must be a whole number$/],
  ['too little', 'worker: { inferenceDeadlineMs: 5 }\n', 'worker.inferenceDeadlineMs', 1, 32, /^must be at least 100$/],
  [
    'nothing of a size',
    'alerts: { forecast: { cautionMin: 0 } }\n',
    'alerts.forecast.cautionMin',
    1,
    35,
    /^must be above 0$/,
  ],
  ['an empty name', 'dataDir: ""\n', 'dataDir', 1, 10, /^must have at least 1 character$/],
  ['too short a list', 'deliveries: { delaysMs: [] }\n', 'deliveries.delaysMs', 1, 25, /^must have at least 1 item$/],
  [
    'steps that no model has',
    'cameras:\n  - { id: a, url: rtsp://h/s, steps: 3 }\n',
    'cameras[0].steps',
    2,
    38,
    /^must be 1, 2 or 4$/,
  ],
  ['a word of two forms', 'worker: { processes: all }\n', 'worker.processes', 1, 22, /^must be auto or a number$/],
  [
    'a kind of receiver that there is not',
    'deliveries: { endpoints: [{ id: a, kind: slack, url: "https://h" }] }\n',
    'deliveries.endpoints[0].kind',
    1,
    42,
    /^must be webhook, alertmanager or mqtt$/,
  ],
  [
    'a name for a network',
    'deliveries: { endpoints: [{ id: a, url: "https://h", secrets: ["${S}"], allow: [inside] }] }\n',
    'deliveries.endpoints[0].allow[0]',
    1,
    81,
    /^must be an address or a network such as 10\.1\.0\.0\/16$/,
  ],
  [
    'a receiver of a camera that there is not',
    'cameras: [{ id: gate-3, url: rtsp://h }]\ndeliveries: { endpoints: [{ id: a, url: "https://h", secrets: ["${S}"], cameras: [gate-3, gate3] }] }\n',
    'deliveries.endpoints[0].cameras[1]',
    2,
    91,
    /^is not the id of a camera here$/,
  ],
  ['a tab', 'cameras:\n\t- id: a\n', '', 2, 1, /indented with a tab.*\(TAB_AS_INDENT\)$/],
  ['a setting twice', 'dataDir: a\ndataDir: b\n', '', 2, 1, /stands twice.*\(DUPLICATE_KEY\)$/],
  ['an anchor that is not there', 'cameras:\n  - *gate\n', '', 2, 5, /^refers to an anchor \(&\) that is not above/],
  ['a tag of another program', 'cameras: !include cameras.yaml\n', '', 1, 10, /^has a tag that means nothing here/],
  ['a merge key', 'worker: &w { model: a }\nreplay: { <<: *w }\n', 'replay.<<', 2, 11, /^is a merge key/],
  ['a file of another encoding', 'c\0a\0m\0', '', 1, 1, /not UTF-8 text/],
  [
    'a slope that is never stated',
    'alerts: { trendMinMs: 400000 }\n',
    'alerts.trendMinMs',
    1,
    23,
    /^must not be longer than trendWindowMs \(300000\)/,
  ],
  [
    'a picture that is stale before the next can come',
    'cameras:\n  - { id: a, url: rtsp://h/s, sampleFps: 0.5, staleAfterMs: 2000 }\n',
    'cameras[0].staleAfterMs',
    2,
    61,
    /^must be longer than from one picture to the next/,
  ],
  ['an id that cannot be a key', 'cameras:\n  - { id: "a b", url: rtsp://h/s }\n', 'cameras[0].id', 2, 11, /letters/],
  [
    'a far field with no more detail',
    'cameras:\n  - { id: a, url: rtsp://h/1, inferenceWidth: 960, farField: { until: 0.4, maxWidth: 960 } }\n',
    'cameras[0].farField.maxWidth',
    2,
    86,
    /larger than inferenceWidth \(960\)/,
  ],
  [
    'a far field of the whole picture',
    'cameras:\n  - { id: a, url: rtsp://h/1, farField: { until: 1 } }\n',
    'cameras[0].farField.until',
    2,
    50,
    /0\.9/,
  ],
  [
    'a zone without any area, which would read 0 for ever',
    'cameras:\n  - { id: a, url: rtsp://h/1, zones: [{ id: z, polygon: [[0.1, 0.5], [0.9, 0.5], [0.4, 0.501]] }] }\n',
    'cameras[0].zones[0].polygon',
    2,
    57,
    /lie in a line/,
  ],
  [
    'a zone all in one place',
    'cameras:\n  - { id: a, url: rtsp://h/1, zones: [{ id: z, polygon: [[0.1, 0.5], [0.1, 0.5], [0.1, 0.5]] }] }\n',
    'cameras[0].zones[0].polygon',
    2,
    57,
    /lie in a line/,
  ],
  [
    'a neighbour that is no camera',
    'cameras:\n  - { id: a, url: rtsp://h/1, neighbours: [b] }\n',
    'cameras[0].neighbours[0]',
    2,
    44,
    /not the id/,
  ],
  [
    'a camera as its own neighbour',
    'cameras:\n  - { id: a, url: rtsp://h/1, neighbours: [a] }\n',
    'cameras[0].neighbours[0]',
    2,
    44,
    /itself/,
  ],
  ['a runbook in no language', 'alerts:\n  runbooks:\n    severe: {}\n', 'alerts.runbooks.severe', 3, 13, /./],
  [
    'an id used twice',
    'cameras:\n  - { id: a, url: rtsp://h/1 }\n  - { id: a, url: rtsp://h/2 }\n',
    'cameras[1].id',
    3,
    11,
    /twice/,
  ],
  [
    'a scheme that is not allowed',
    'cameras:\n  - { id: a, url: "file:///etc/passwd" }\n',
    'cameras[0].url',
    2,
    19,
    /scheme/,
  ],
  ['a concat script as URL', 'cameras:\n  - { id: a, url: "concat:/etc/passwd" }\n', 'cameras[0].url', 2, 19, /scheme/],
  ['an option as URL', 'cameras:\n  - { id: a, url: "-version" }\n', 'cameras[0].url', 2, 19, /not a URL/],
  [
    'a line break in a URL',
    'cameras:\n  - { id: a, url: "rtsp://h/\\nfile x" }\n',
    'cameras[0].url',
    2,
    19,
    /line break/,
  ],
  [
    'a zone of two corners',
    'cameras:\n  - { id: a, url: rtsp://h/s, zones: [{ id: z, polygon: [[0,0],[1,1]] }] }\n',
    'cameras[0].zones[0].polygon',
    2,
    57,
    /three corners/,
  ],
  [
    'a line of no length',
    'cameras:\n  - { id: a, url: rtsp://h/s, lines: [{ id: l, in: left, points: [[0.5,0.5],[0.51,0.5]] }] }\n',
    'cameras[0].lines[0].points',
    2,
    66,
    /too close/,
  ],
  [
    'a time zone that does not exist',
    'cameras:\n  - { id: a, url: rtsp://h/s, timeZone: Asia/Soul }\n',
    'cameras[0].timeZone',
    2,
    41,
    /time zone/,
  ],
  [
    'two lengths without an angle of view',
    'cameras:\n  - { id: a, url: rtsp://h/s, calibration: { lengths: [{ picture: [[0,1],[1,1]], metres: 3 }, { picture: [[0,0.5],[1,0.5]], metres: 9 }] } }\n',
    'cameras[0].calibration',
    2,
    44,
    /three lengths/,
  ],
];

for (const [what, text, field, line, column, rule] of WRONG) {
  test(`names place, field and rule of ${what}`, () => {
    assert.throws(
      () => parseConfig(text, 'x.yaml'),
      (error) => {
        assert.ok(error instanceof ConfigError);
        const [issue] = error.issues;
        assert.deepEqual({ field: issue?.field, line: issue?.line, column: issue?.column }, { field, line, column });
        assert.match(issue?.rule ?? '', rule);
        return true;
      },
    );
  });
}

test('errors never repeat a value', () => {
  for (const text of [
    'cameras:\n  - { id: a, url: "ftp://u:CANARY_77@h/s" }\n',
    'gateway: { port: CANARY_77 }\n',
    'a: [CANARY_77\n',
  ]) {
    assert.throws(
      () => parseConfig(text),
      (error: Error) => !error.message.includes('CANARY_77'),
    );
  }
});

test('trial schemes are allowed only when asked for', () => {
  const config = parseConfig('ingest: { trialSchemes: [file] }\ncameras: [{ id: a, url: "file:///tmp/x.mp4" }]\n');
  assert.equal(config.cameras[0]?.url, 'file:///tmp/x.mp4');
});

test('secrets come from the environment, encoded where a URL needs it', () => {
  const camera = parseConfig(SMALLEST).cameras[0];
  assert.ok(camera);
  const source = cameraSource(camera, { GATE3_PASSWORD: `p@s's/ #?"` });
  assert.equal(decodeURIComponent(new URL(source.reveal()).password), `p@s's/ #?"`);
  assert.throws(() => cameraSource(camera, {}), /GATE3_PASSWORD is not set/);
  assert.throws(
    () => cameraSource({ id: 'a', url: 'rtsp://h/${PATH_PART}' }, { PATH_PART: "x'\nfile 'y" }),
    /control character/,
  );
});

test('stale is three sample periods, at least three seconds', () => {
  assert.equal(staleAfterMs({ sampleFps: 2 }), 3000);
  assert.equal(staleAfterMs({ sampleFps: 0.5 }), 6000);
  assert.equal(staleAfterMs({ sampleFps: 2, staleAfterMs: 9000 }), 9000);
});

test('a zone may be narrow, cross itself and reach the edges of the picture', () => {
  for (const polygon of [
    [
      [0, 0],
      [1, 0],
      [1, 1],
      [0, 1],
    ],
    [
      [0, 0],
      [1, 1],
      [1, 0],
      [0, 1],
    ],
    [
      [0.1, 0.5],
      [0.9, 0.5],
      [0.9, 0.503],
      [0.1, 0.503],
    ],
    [
      [1, 0.2],
      [1, 0.8],
      [0.995, 0.5],
    ],
  ]) {
    const zones = JSON.stringify([{ id: 'z', polygon }]);
    assert.equal(parseConfig(`cameras: [{ id: a, url: "rtsp://h/1", zones: ${zones} }]`).cameras.length, 1);
  }
});

test('a reload touches only the cameras that differ', () => {
  const list = (...urls: string[]) =>
    parseConfig(`cameras: [${urls.map((url, i) => `{ id: c${i}, url: "${url}" }`).join(', ')}]`).cameras;
  const before = list('rtsp://h/0', 'rtsp://h/1', 'rtsp://h/2');
  const after = [...list('rtsp://h/0', 'rtsp://h/other'), ...list('rtsp://h/a').map((c) => ({ ...c, id: 'new' }))];
  const { added, changed, removed } = cameraChanges(before, after);
  assert.deepEqual(
    [added, changed, removed].map((cameras) => cameras.map(({ id }) => id)),
    [['new'], ['c1'], ['c2']],
  );
});

test('a scheme in capitals is opened in the small letters that ffmpeg knows', () => {
  const [camera] = parseConfig('cameras: [{ id: a, url: "RTSP://Gate.example/Main" }]').cameras;
  assert.equal(cameraSource(camera as NonNullable<typeof camera>).reveal(), 'rtsp://Gate.example/Main');
});

describe('a password with a plain /, # or ? would be read as host, port and path', () => {
  const read = (url: string) => parseConfig(JSON.stringify({ cameras: [{ id: 'a', url }] }));
  for (const password of ['2024/Gate', '1234#5', '12?4', '/x', '99999/x', '12/a=b', '1/2@3']) {
    it(`refuses ${password}`, () => {
      assert.throws(
        () => read(`rtsp://admin:${password}@192.0.2.1/s?channel=1`),
        /cameras\[0\]\.url: .*as %2F.*\$\{NAME\}/,
      );
    });
  }
  for (const url of [
    'rtsp://john.doe:2024/x@192.0.2.1/s',
    'rtsp://john.doe:2024#x@gate.example:554/s',
    'rtsp://john.doe:/x@[2001:db8::1]/s',
    'rtsp://user:pa@ss/x@192.0.2.1/s',
    'rtsp://john.doe:p@a@ss?x@192.0.2.1:554/s',
    'rtsp://user:pa@ss/x@gate:554/s',
  ]) {
    it(`refuses ${url}`, () => {
      assert.throws(() => read(url), /cameras\[0\]\.url: .*as %2F.*\$\{NAME\}/);
      assert.match(scrub(`open ${url}: failed`), /^open rtsp:\/\/\*\*\*@(192|gate|\[2001)[^@]*: failed$/);
      assert.match(maskUrl(url), /^rtsp:\/\/[a-z.]+:\*\*\*@(192|gate|\[2001)[^@]*$/);
    });
  }
  for (const url of [
    'rtsp://192.0.2.1:554/cam@1',
    'rtsp://192.0.2.1:7447/cam@192.0.2.9',
    'rtsp://relay.example:8554/cam@192.0.2.9',
    'rtsp://relay.example:7447/me@example.org/live',
    'rtsp://relay.example/cam@192.0.2.9',
    'rtsp://relay.example:7447/s?of=me@192.0.2.9',
    'rtsp://admin:2024@nvr/cam@1',
    'rtsp://admin:2024@nvr/me@example.org/live',
    'rtsp://admin:2024@nvr:554/cam@192.0.2.9',
    'rtsp://admin:2024@nvr.example/cam@192.0.2.9',
    'rtsp://admin:2024@nvr/s?of=me@192.0.2.9',
    'rtsp://admin:20@24@192.0.2.1/s',
    'rtsp://gate.example:554/cam@1',
    'rtsp://[::1]:554/cam@1',
    'rtsp://localhost:8554/cam@1',
    'rtsp://nvr/cam@1',
    'rtsp://nvr:554/s?user=me@example.org',
    'rtsp://nvr:554/s',
    'rtsp://admin:2024@nvr:554/cam@1',
    'rtsp://admin:2024%2FGate@192.0.2.1/s',
    'rtsp://admin:${GATE}@192.0.2.1/s',
  ]) {
    it(`takes ${url}`, () => assert.equal(read(url).cameras[0]?.url, url));
  }
});
