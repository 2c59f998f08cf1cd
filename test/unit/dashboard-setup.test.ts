/** The set-up pages' decisions: addresses, shapes, ground, differences. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { asRectangle, judge, newMark } from '../../services/dashboard/src/setup/calibration.ts';
import { differences, same } from '../../services/dashboard/src/setup/difference.ts';
import { groundGrid, measuredZone } from '../../services/dashboard/src/setup/ground-grid.ts';
import { cameraIssues, placeWords, readOnlyWords, ruleWords } from '../../services/dashboard/src/setup/issues.ts';
import { flowOf, limitWords, startingFlow } from '../../services/dashboard/src/setup/limits.ts';
import { choicesOf, usualModel } from '../../services/dashboard/src/setup/models.ts';
import { perLanguage, textIn, withText } from '../../services/dashboard/src/setup/runbooks.ts';
import { inwardArrow, midpoints, nudged, withCornerAdded } from '../../services/dashboard/src/setup/shape.ts';
import { idFrom, joinUrl, splitUrl } from '../../services/dashboard/src/setup/url.ts';
import { en } from '../../services/dashboard/src/text/en.ts';
import { ko } from '../../services/dashboard/src/text/ko.ts';
import { setupEn } from '../../services/dashboard/src/text/setup-en.ts';
import { setupKo } from '../../services/dashboard/src/text/setup-ko.ts';
import { parseConfig } from '../../shared/config/load.ts';
import { PictureGate } from '../../shared/config/picture-gate.ts';
import type { PicturePoint } from '../../shared/contracts/common.ts';
import { ReadOnlyReason } from '../../shared/contracts/config-api.ts';
import { CameraCalibration } from '../../shared/geometry/calibration.ts';
import { calibrate, groundAt, pictureAt } from '../../shared/geometry/ground.ts';

const ASPECT = 16 / 9;
const MOUNTED = CameraCalibration.parse({ mount: { heightM: 6.5, tiltDeg: 21 }, verticalFovDeg: 34.3, headHeightM: 0 });

describe('an address in three fields', () => {
  for (const url of [
    'rtsp://10.0.0.1/stream',
    'rtsp://viewer:***@10.0.0.1:554/stream?a=b@c',
    'rtsp://viewer:${GATE3_PASSWORD}@camera.example/x',
    'rtsp://viewer:p%40ss%2Fw%20rd@10.0.0.1/stream',
    'rtsps://viewer@[2001:db8::1]:322/main',
  ]) {
    it(`${url} comes apart and together again`, () => assert.equal(joinUrl(splitUrl(url)), url));
  }

  it('shows what people typed, and percent-encodes it', () => {
    assert.deepEqual(splitUrl('rtsp://viewer:p%40ss@h/s'), { address: 'rtsp://h/s', user: 'viewer', password: 'p@ss' });
    assert.equal(joinUrl({ address: 'rtsp://h/s', user: 'a b', password: 'c:/@' }), 'rtsp://a%20b:c%3A%2F%40@h/s');
  });

  it('makes an id of a name', () => {
    assert.equal(idFrom('Gate 3, North', [], 'camera'), 'gate-3-north');
    assert.equal(idFrom('Gate 3', ['gate-3', 'gate-3-2'], 'camera'), 'gate-3-3');
    assert.equal(idFrom('정문', ['camera-1'], 'camera'), 'camera-2');
  });
});

describe('shapes', () => {
  const square: PicturePoint[] = [
    [0, 0],
    [1, 0],
    [1, 0.5],
    [0, 0.5],
  ];

  it('moves a point by keys, and not out of the picture', () => {
    assert.deepEqual(nudged([0.5, 0.5], 'ArrowUp', false), [0.5, 0.498]);
    assert.deepEqual(nudged([0.99, 0.5], 'ArrowRight', true), [1, 0.5]);
    assert.equal(nudged([0.5, 0.5], 'Enter', false), undefined);
  });

  it('adds a corner in the middle of the longest edge', () => {
    assert.deepEqual(withCornerAdded(square)[1], [0.5, 0]);
    assert.equal(midpoints(square).length, 4);
  });

  it('points across a line to the side that the configuration calls inside', () => {
    const line: [PicturePoint, PicturePoint] = [
      [0.2, 0.5],
      [0.8, 0.5],
    ];
    assert.ok(inwardArrow(line, 'left', ASPECT).to[1] < 0.5, 'going right, left is up');
    assert.ok(inwardArrow(line, 'right', ASPECT).to[1] > 0.5);
    assert.ok(inwardArrow([line[0], [0.2, 0.9]], 'left', ASPECT).to[0] > 0.2, 'going down, left is to the right');
  });
});

describe('the ground', () => {
  const ground = calibrate(MOUNTED, ASPECT);

  it('is drawn as lines that lie a whole number of metres apart', () => {
    const grid = groundGrid(ground, ASPECT);
    assert.ok(grid && grid.lines.length > 8, `${grid?.lines.length} lines`);
    for (const line of grid.lines) {
      for (const at of line) {
        const metres = groundAt(ground, at);
        assert.ok(metres);
        const off = metres.map((m: number): number => Math.abs(m / grid.spacingM - Math.round(m / grid.spacingM)));
        assert.ok(Math.min(...off) < 1e-6, `${metres} lies on no line`);
      }
    }
  });

  const corners: [number, number][] = [
    [-3, 11],
    [3, 11],
    [3, 23],
    [-3, 23],
  ];
  const marks = corners.map((metres) => newMark(pictureAt(ground, metres) as unknown as PicturePoint));

  it('is known from a rectangle of known size, and its area comes out right', () => {
    assert.deepEqual(judge({ points: marks.slice(0, 3) }, ASPECT), { kind: 'incomplete', missing: 1 });
    assert.deepEqual(judge({ points: marks }, ASPECT), { kind: 'incomplete', missing: 0 });
    const judged = judge({ points: asRectangle(marks, 6, 12) }, ASPECT);
    assert.equal(judged.kind, 'good');
    assert.ok(judged.kind === 'good' && Math.abs((judged.heads.camera?.heightM ?? 0) - 6.5) < 0.05);
    assert.ok(judged.kind === 'good');
    const { areaSqm } = measuredZone(
      judged.ground,
      marks.map(({ picture }) => picture),
      ASPECT,
    );
    assert.ok(Math.abs(areaSqm - 72) < 1, String(areaSqm));
  });

  it('tells what of a zone has no density: what lies at the horizon, or all of it', () => {
    const strip = (top: number, bottom: number): PicturePoint[] => [
      [0.2, top],
      [0.8, top],
      [0.8, bottom],
      [0.2, bottom],
    ];
    assert.equal(measuredZone(ground, strip(0.6, 0.9), ASPECT).unmeasuredShare, 0);
    const level = calibrate(CameraCalibration.parse({ ...MOUNTED, mount: { heightM: 6.5, tiltDeg: 10 } }), ASPECT);
    const reaching = measuredZone(level, strip(0, 0.9), ASPECT);
    assert.ok(reaching.unmeasuredShare > 0.05 && reaching.unmeasuredShare < 0.5, String(reaching.unmeasuredShare));
    assert.deepEqual(measuredZone({ ...ground, maxAreaError: 0 }, strip(0.6, 0.9), ASPECT), {
      areaSqm: 0,
      unmeasuredShare: 1,
    });
  });

  it('is refused with its reason', () => {
    const inLine = [0.2, 0.4, 0.6, 0.8].map((x) => ({
      picture: [x, 0.5] as PicturePoint,
      ground: [x, 0] as [number, number],
    }));
    assert.deepEqual(judge({ points: inLine }, ASPECT), { kind: 'unusable', fault: 'points-in-line' });
    assert.deepEqual(judge(undefined, ASPECT), { kind: 'none' });
  });

  it('is told nothing of, good or bad, while no picture tells the shape; what is missing is', () => {
    assert.deepEqual(judge(MOUNTED, undefined), { kind: 'unseen' });
    assert.deepEqual(judge({ points: asRectangle(marks, 6, 12) }, undefined), { kind: 'unseen' });
    assert.deepEqual(judge({ points: marks }, undefined), { kind: 'incomplete', missing: 0 });
  });
});

describe('models to choose from', () => {
  const model = (name: string, more: object = {}) => ({ name, version: '1', loaded: false, cameraIds: [], ...more });
  const since = 1;
  const workers = [
    { instance: 'a', defaultModel: 'standard', models: [model('standard', { loaded: true }), model('night')] },
    {
      instance: 'b',
      defaultModel: 'standard',
      models: [
        model('standard', { loaded: true, refused: { reason: 'damaged', since } }),
        model('broken', { refused: { reason: 'no manifest', since } }),
      ],
    },
  ];

  it('are told once, with the worst that a worker says of them', () => {
    assert.equal(usualModel(workers), 'standard');
    assert.deepEqual(
      choicesOf(workers, undefined).map(({ name, state, refused }) => [name, state, refused]),
      [
        ['broken', 'refused', 'no manifest'],
        ['night', 'found', undefined],
        ['standard', 'loaded', 'damaged'],
      ],
    );
  });

  it('hold the chosen one also when no worker has it', () => {
    assert.deepEqual(
      choicesOf([], 'gone').map(({ name, state }) => [name, state]),
      [['gone', 'unknown']],
    );
  });
});

describe('a runbook’s text', () => {
  it('is one for every reader, or one for each language', () => {
    assert.equal(textIn('Close', 'ko'), 'Close');
    assert.equal(textIn({ en: 'Close' }, 'ko'), '');
    assert.deepEqual(withText('Close', 'ko', '닫기'), { en: 'Close', ko: '닫기' });
    assert.deepEqual(withText({ en: 'Close', ko: '닫기' }, 'en', ''), { ko: '닫기' });
    assert.equal(withText({ ko: '닫기' }, 'ko', ''), undefined);
    assert.equal(withText('Close', undefined, ''), undefined);
  });

  it('goes from one to the other without a loss', () => {
    assert.deepEqual(perLanguage('Close', true, 'en'), { en: 'Close' });
    assert.equal(perLanguage({ en: 'Close', ko: '닫기' }, false, 'en'), 'Close\n\n닫기');
    assert.equal(perLanguage({ ko: '닫기' }, false, 'en'), '닫기');
    assert.equal(perLanguage('Close', false, 'en'), 'Close');
  });
});

it('has words for every picture that may not be counted', () => {
  for (const [setting, value] of Object.entries(PictureGate.parse({}))) {
    for (const { gate } of [setupEn, setupKo]) {
      const text = typeof value === 'boolean' ? gate.checks[setting] : (gate as Record<string, unknown>)[setting];
      assert.ok(typeof text === 'string', setting);
    }
  }
});

describe('thresholds', () => {
  it('never read as 0 because they are small', () => {
    assert.equal(
      limitWords({ attention: 0.04, caution: 0.5, alert: 12.34 }, en),
      'Attention 0.04 · Caution 0.5 · Alert 12.3',
    );
    assert.match(en.alerts.amount['zone-density']?.(0.04) ?? '', /^0\.04 /);
    assert.match(ko.alerts.amount['zone-density']?.(0.04) ?? '', /0\.04/);
  });

  it('of a line begin with what its width lets pass, where that is known', () => {
    assert.equal(flowOf(4), 328);
    assert.deepEqual(startingFlow('inPerMin', 4), { caution: 328 });
    assert.deepEqual(startingFlow('netPerMin', 4), { caution: 30 });
    assert.deepEqual(startingFlow('inPerMin', undefined), { caution: 30 });
  });
});

it('tells where two versions of a camera differ', () => {
  const mine = { id: 'a', name: 'A', zones: [{ id: 'z', capacity: 5 }], sampleFps: 2 };
  const theirs = { id: 'a', name: 'B', zones: [{ id: 'z', capacity: 6 }, { id: 'y' }] };
  assert.deepEqual(
    differences(mine, theirs).map(({ field, mine: own, theirs: other }) => [field, own, other]),
    [
      ['name', 'A', 'B'],
      ['zones.z.capacity', '5', '6'],
      ['sampleFps', '2', undefined],
      ['zones.y.id', undefined, 'y'],
    ],
  );
  assert.ok(same({ a: 1, b: [2] }, { b: [2], a: 1 }));
  assert.ok(!same({ a: 1 }, { a: 2 }));
});

it('tells faults at their field, in the reader’s language', () => {
  const camera = {
    id: '',
    url: 'rtsp://h/s',
    sampleFps: 99,
    zones: [{ id: 'z', polygon: [], limits: { count: { caution: 5, alert: 4 } } }],
  };
  const fields = cameraIssues(camera, setupEn).map(({ field }) => field);
  assert.deepEqual(fields, ['id', 'sampleFps', 'zones[0].polygon', 'zones[0].limits.count.alert']);
  for (const { field, rule } of cameraIssues(camera, setupKo)) assert.match(rule, /[가-힣]/, `${field}: ${rule}`);
});

describe('faults of the file, as the server words them', () => {
  const FILES = [
    'cameras: [',
    'cameras:\n\t- { id: a }',
    'cameras: []\ncameras: []',
    'cameras: []\n---\ncameras: []',
    'cameras: "open',
    'gateway: { port: many }\ncameras: []',
    'gateway: { port: 99999999 }\ncameras: []',
    'cameras: [{ id: a }]',
    'cameras: {}',
    'cameras: []\ncolour: red',
    'cameras: []\nreplay: { keepMs: -1, everyMs: 1.5 }',
    'cameras: *gone',
    'cameras: !include other.yaml',
    'cameras: []\nalerts: { mode: practice }',
    'cameras: [{ id: a, url: "rtsp://192.0.2.1/", zones: [{ id: z, name: "", polygon: [[0, 0], [1, 0], [1, 1]] }] }]',
  ];
  for (const file of FILES) {
    it(`are told in Korean: ${JSON.stringify(file)}`, () => {
      let issues: { rule: string }[] = [];
      try {
        parseConfig(file);
      } catch (error) {
        ({ issues } = error as { issues: { rule: string }[] });
      }
      assert.ok(issues.length > 0, 'the file has a fault');
      for (const { rule } of issues) assert.match(ruleWords(rule, setupKo), /[가-힣]/, rule);
    });
  }

  it('keep figures, and stay as they are in English', () => {
    assert.equal(ruleWords('must be at least 0.05', setupKo), '0.05 이상이어야 합니다');
    assert.equal(ruleWords('must have at most 63 characters', setupKo), '63자 이하여야 합니다');
    assert.equal(ruleWords('must be at least 0.05', setupEn), 'must be at least 0.05');
    assert.equal(placeWords('line 3', setupKo), '3번째 줄');
    assert.equal(placeWords('cameras[0].outline 3', setupKo), 'cameras[0].outline 3');
  });
});

describe('why nothing can be saved', () => {
  it('is said in Korean for every reason, and as the server says it elsewhere', () => {
    const text = 'headroom.yaml is mounted by itself.';
    const said = ReadOnlyReason.options.map((reason) => readOnlyWords(text, reason, setupKo));
    for (const words of said) assert.match(words, /[가-힣]/);
    assert.equal(new Set(said).size, ReadOnlyReason.options.length);
    assert.equal(readOnlyWords(text, 'mounted', setupEn), text);
    assert.equal(readOnlyWords(text, undefined, setupKo), text, 'a reason that is not known here');
  });
});
