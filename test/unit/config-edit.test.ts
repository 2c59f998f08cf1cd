/** Changing headroom.yaml: what is not meant to change does not, and no secret leaves the server. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { fullUrl, issuesOf, maskedCameras } from '../../services/gateway/camera-edit.ts';
import { look } from '../../services/ingest/probe-desk.ts';
import { dropCamera, editable, putCamera, putSection, textOf } from '../../shared/config/edit.ts';
import { parseConfig } from '../../shared/config/load.ts';
import { maskUrl, unmaskUrl } from '../../shared/config/mask.ts';

const SAMPLE = readFileSync(fileURLToPath(new URL('../../headroom.example.yaml', import.meta.url)), 'utf8');

type Plain = { cameras: { id: string; [setting: string]: unknown }[]; alerts?: Record<string, unknown> };
type Edit = (document: ReturnType<typeof editable>, plain: Plain) => void;

const zoneOf = ({ cameras }: Plain, at: number): object =>
  (cameras.at(at) as { zones: [object] } | undefined)?.zones[0] ?? {};

function edited(text: string, edit: Edit): string {
  const document = editable(text);
  edit(document, document.toJS() as Plain);
  return textOf(document, text);
}

/** Lines of `after` that are not in `before`, and the other way round. */
function changedLines(before: string, after: string): { gone: string[]; come: string[] } {
  const [old, now] = [before.split('\n'), after.split('\n')];
  return { gone: old.filter((line) => !now.includes(line)), come: now.filter((line) => !old.includes(line)) };
}

describe('editing the configuration', () => {
  it('leaves a file as it is that nothing is changed in', () => {
    assert.equal(
      edited(SAMPLE, (document, { cameras }) => putCamera(document, cameras[0] as Plain['cameras'][0])),
      SAMPLE,
    );
  });

  it('touches the lines that are changed and no other', () => {
    const after = edited(SAMPLE, (document, { cameras: [camera] }) => {
      assert.ok(camera);
      const [zone] = camera.zones as { capacity: number }[];
      (zone as { capacity: number }).capacity = 75;
      putCamera(document, camera);
    });
    assert.deepEqual(changedLines(SAMPLE, after), { gone: ['        capacity: 60'], come: ['        capacity: 75'] });
  });

  it('keeps the order of cameras, and the comments of those that stay', () => {
    const after = edited(SAMPLE, (document) => {
      putCamera(document, { id: 'new', url: 'rtsp://192.0.2.9/s' });
      assert.ok(dropCamera(document, 'stage'));
      assert.ok(!dropCamera(document, 'stage'));
    });
    const ids = (text: string) => parseConfig(text).cameras.map(({ id }) => id);
    assert.deepEqual(ids(after), [...ids(SAMPLE).filter((id) => id !== 'stage'), 'new']);
    const comments = (text: string) => [...text.matchAll(/#.*/g)].map(([comment]) => comment);
    assert.ok(!after.includes('neighbours: [stage]'), 'nobody is left with a neighbour that is gone');
    const lost = comments(SAMPLE).filter((comment) => !comments(after).includes(comment));
    assert.deepEqual(lost, [
      '# cameras shown beside an alert of this one',
      "# Calibration by the camera's mounting, where nothing can be marked.",
    ]);
  });

  it('writes cameras into a file that has none', () => {
    for (const text of ['', '# mine\n', 'cameras:\n', 'cameras: [] # none yet\n', 'gateway: { port: 1 }\n']) {
      const after = edited(text, (document) => putCamera(document, { id: 'a', url: 'rtsp://h/a' }));
      assert.equal(parseConfig(after).cameras[0]?.id, 'a', JSON.stringify(text));
      for (const [comment] of text.matchAll(/#.*/g)) assert.ok(after.includes(comment), after);
    }
    const empty = edited('cameras: [{ id: a, url: rtsp://h/a }]\n', (document) => dropCamera(document, 'a'));
    assert.deepEqual(parseConfig(empty).cameras, []);
  });

  it('leaves lines as they were spelt: columns, folded lists and texts, blank lines, ends of lines', () => {
    const before = `# Site
alerts:
  runbooks:
    severe: >-
      Stop the inflow
      at both gates.
cameras:
  - id:   gate          # the north road
    url:  rtsp://h/a    # over fibre
    zones:
      - id: ramp
        polygon: [[0, 0], # top left
          [1, 0],
          [1,1]]


  - { id: b, url: "rtsp://h/b" }   # spare
`;
    const added = (text: string) => text.replace('          [1,1]]\n', '          [1,1]]\n    sampleFps: 5\n');
    for (const spelt of [before, before.replaceAll('\n', '\r\n'), `\u{feff}${before}`]) {
      const after = edited(spelt, (document, { cameras: [camera] }) =>
        putCamera(document, { ...camera, id: 'gate', sampleFps: 5 }),
      );
      const wanted = added(spelt.replaceAll('\r\n', '\n'));
      assert.equal(after, spelt.includes('\r') ? wanted.replaceAll('\n', '\r\n') : wanted);
    }
  });

  it('changes a file of a thousand cameras where it is changed only', () => {
    const camera = (n: number) =>
      `  - id:  c${n}  # camera ${n}\n    url: rtsp://h/${n}\n    zones: [ {id: z, polygon: [[0,0],[1,0],[1,1]]} ]\n\n\n`;
    const before = `cameras:\n${Array.from({ length: 1000 }, (_, n) => camera(n)).join('')}`;
    const after = edited(before, (document, { cameras }) => {
      putCamera(document, { ...cameras[500], id: 'c500', sampleFps: 5 });
      dropCamera(document, 'c20');
    });
    const changed = changedLines(before, after);
    assert.deepEqual(changed.gone, ['  - id:  c20  # camera 20', '    url: rtsp://h/20']);
    assert.deepEqual(changed.come, ['    sampleFps: 5']);
  });

  it('changes one user of an anchor without changing the others', () => {
    const before = `cameras:
  - id: a
    url: rtsp://h/a
    zones: [{ id: z, polygon: &square [[0, 0], [1, 0], [1, 1]], limits: &strict { count: { caution: 5 } } }]
  - id: b
    url: rtsp://h/b
    zones:
      - { id: z, polygon: *square, limits: *strict }
      - { id: y, polygon: *square, limits: *strict }
`;
    const steps: [string, Edit, (plain: Plain) => void][] = [
      [
        'the owner',
        (document, { cameras: [a] }) => {
          assert.ok(a);
          (a.zones as { limits: unknown }[])[0] = { ...(a.zones as object[])[0], limits: { count: { caution: 9 } } };
          putCamera(document, a);
        },
        (plain) => Object.assign(zoneOf(plain, 0), { limits: { count: { caution: 9 } } }),
      ],
      ['the owner, removed', (document) => dropCamera(document, 'a'), (plain) => plain.cameras.shift()],
      [
        'a user',
        (document, { cameras }) => {
          const b = cameras[1];
          assert.ok(b);
          (b.zones as { polygon: number[][] }[])[0] = {
            ...((b.zones as object[])[0] as object),
            polygon: [
              [0, 0],
              [0.5, 0],
              [1, 1],
            ],
          };
          putCamera(document, b);
        },
        (plain) =>
          Object.assign(zoneOf(plain, 1), {
            polygon: [
              [0, 0],
              [0.5, 0],
              [1, 1],
            ],
          }),
      ],
    ];
    for (const [who, edit, expect] of steps) {
      const wanted = parse(before) as Plain;
      expect(wanted);
      const after = edited(before, edit);
      assert.deepEqual(parse(after), wanted, `${who}:\n${after}`);
      assert.match(after, /\*square/, who);
    }
  });

  it('changes and removes a section', () => {
    const after = edited(SAMPLE, (document, { alerts }) =>
      putSection(document, 'alerts', { ...alerts, smoothMs: 7000 }),
    );
    assert.deepEqual(changedLines(SAMPLE, after).come, ['  smoothMs: 7000']);
    assert.equal(parse(edited(SAMPLE, (document) => putSection(document, 'alerts', undefined))).alerts, undefined);
  });
});

describe('secrets of camera addresses', () => {
  const table: [string, string][] = [
    ['rtsp://viewer:s3cret@10.0.0.1/stream', 'rtsp://viewer:***@10.0.0.1/stream'],
    ['rtsp://viewer:${GATE3_PASSWORD}@10.0.0.1/stream', 'rtsp://viewer:${GATE3_PASSWORD}@10.0.0.1/stream'],
    ['rtsp://10.0.0.1/a?channel=1&token=s3cret&subtype=0', 'rtsp://10.0.0.1/a?channel=1&token=***&subtype=0'],
    [
      'rtsp://10.0.0.1/user=admin_password=s3cret_channel=1.sdp',
      'rtsp://10.0.0.1/user=admin_password=***_channel=1.sdp',
    ],
    ['rtsp://10.0.0.1:554/live/ch@1', 'rtsp://10.0.0.1:554/live/ch@1'],
    ['rtsp://viewer:s3/cret@host/x', '***'],
    ['rtsp://admin:2024/Gate@192.0.2.1/s', 'rtsp://admin:***@192.0.2.1/s'],
  ];
  for (const [url, masked] of table) {
    it(`shows ${masked}`, () => {
      assert.equal(maskUrl(url), masked);
      assert.deepEqual(unmaskUrl(masked, url), { url });
    });
  }

  it('keeps a stored secret when the rest of the address changes, but never sends it to another host', () => {
    const stored = 'rtsp://viewer:s3cret@10.0.0.1/a';
    assert.deepEqual(unmaskUrl('rtsp://other:***@10.0.0.1:8554/b', stored), {
      url: 'rtsp://other:s3cret@10.0.0.1:8554/b',
    });
    assert.ok('fault' in unmaskUrl('rtsp://viewer:***@evil.example/a', stored));
    assert.ok('fault' in unmaskUrl('rtsp://viewer:***@10.0.0.1/a', undefined));
    assert.ok('fault' in unmaskUrl('rtsp://10.0.0.1/a?token=***', stored));
  });

  it('takes a host that a variable names for no other host, however that is written', () => {
    const stored = 'rtsp://viewer:s3cret@${GATE_HOST}/a';
    assert.deepEqual(unmaskUrl('rtsp://viewer:***@${GATE_HOST}:8554/b', stored), {
      url: 'rtsp://viewer:s3cret@${GATE_HOST}:8554/b',
    });
    for (const host of ['x', '***', '${CAMERA_HOST}', 'x${GATE_HOST}', '$%7BGATE_HOST%7D', 'h:${CAMERA_PORT}']) {
      assert.ok('fault' in unmaskUrl(`rtsp://viewer:***@${host}/b`, stored), host);
    }
    // Neither is a URL: nothing says that they are the same.
    assert.ok('fault' in unmaskUrl('rtsp://viewer:***@evil.example:a/b', 'rtsp://viewer:s3cret@10.0.0.1:b/b'));
    const cameras = [{ id: 'a', url: 'rtsp://u:${GATE3_PASSWORD}@${GATE_HOST}/a' }];
    assert.ok('url' in fullUrl('rtsp://u:${GATE3_PASSWORD}@${GATE_HOST}/b', cameras, 'a'));
    assert.ok('fault' in fullUrl('rtsp://u:${GATE3_PASSWORD}@x/b', cameras, 'a'));
    assert.ok('fault' in fullUrl('rtsp://u:${GATE3_PASSWORD}@${CAMERA_HOST}/b', cameras, 'a'));
  });

  it('lets a browser name no variable that is not meant for cameras', () => {
    const stored = [{ id: 'a', url: 'rtsp://u:${GATE3_PASSWORD}@10.0.0.1/a' }];
    assert.ok('url' in fullUrl('rtsp://u:${GATE3_PASSWORD}@10.0.0.1/b', stored, 'b'));
    assert.ok('url' in fullUrl('rtsp://u:${CAMERA_B}@10.0.0.2/b', stored, 'b'));
    assert.ok('fault' in fullUrl('rtsp://u:${GATE3_PASSWORD}@evil.example/b', stored, 'a'));
    assert.ok('fault' in fullUrl('rtsp://u:${WEBHOOK_SECRET}@10.0.0.1/b', stored, 'a'));
  });

  it('shows cameras without their secrets', () => {
    const text = 'cameras: [{ id: a, url: "rtsp://u:s3cret@h/a", name: A }, nonsense]';
    assert.deepEqual(maskedCameras(parse(text)), [{ id: 'a', url: 'rtsp://u:***@h/a', name: 'A' }]);
  });
});

it('tells faults by the field of the camera that was sent', () => {
  const issue = (field: string) => ({ field, rule: 'r' });
  assert.deepEqual(
    issuesOf([issue('cameras[1].zones[0].id'), issue('cameras[10].id'), issue('cameras[1]')], 1).map(
      ({ field }) => field,
    ),
    ['zones[0].id', 'cameras[10].id', ''],
  );
});

it('looks at no address that a configuration could not have', async () => {
  for (const url of ['file:///etc/passwd', 'http://10.0.0.1/', 'concat:/etc/passwd', 'rtsp://', 'nonsense']) {
    const { result } = await look(url, []);
    assert.deepEqual(!result.ok && result.code, 'bad-address', url);
  }
  const { result } = await look('rtsp://u:${NO_SUCH_VARIABLE_HERE}@127.0.0.1/a', []);
  assert.deepEqual(!result.ok && result.code, 'secret-missing');
});
