/** Drills: scenarios, the crowd they play, and that they never touch the real thing. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { clipFault, knownClips } from '../../services/alerts/drill/clips-known.ts';
import { crowdAt, valueAt } from '../../services/alerts/drill/crowd-figures.ts';
import { placeHeads } from '../../services/alerts/drill/drill-picture.ts';
import { AlertEngine } from '../../services/alerts/engine.ts';
import { enginePolicy } from '../../services/alerts/policy.ts';
import { rulesOf } from '../../services/alerts/rules/rules-of.ts';
import {
  losesPicture,
  peakLevel,
  placesOf,
  playedAt,
  playsClip,
  toldBy,
} from '../../services/dashboard/src/alerts/drill-plan.ts';
import { PictureHealth } from '../../services/ingest/picture-health.ts';
import { parseConfig } from '../../shared/config/load.ts';
import type { AlertLevel, RuleKind } from '../../shared/contracts/alert.ts';
import { DrillScenario, isDrillCamera } from '../../shared/contracts/drill.ts';
import type { PublicReading } from '../../shared/contracts/reading.ts';
import { camerasOf, drillCameras, isDrawn, isPlayed } from '../../shared/readings/drill-cameras.ts';
import { publicReading } from '../../shared/readings/status.ts';

const config = parseConfig(`
alerts: { clearMs: 1000, smoothMs: 0, dwellMs: { attention: 500, caution: 500, alert: 500, severe: 500 } }
cameras:
  - id: gate
    name: Gate 3
    url: "rtsp://192.0.2.1/"
    zones: [{ id: stairs, polygon: [[0.2, 0.2], [0.8, 0.2], [0.8, 0.8]], profile: stairs, capacity: 80 }]
    calibration: { mount: { heightM: 6, tiltDeg: 40 }, verticalFovDeg: 50 }
  - { id: plain, url: "rtsp://192.0.2.2/", zones: [{ id: all, polygon: [[0, 0], [1, 0], [1, 1]] }] }
`);
const scenario = (points: object[], more: object = {}): DrillScenario =>
  DrillScenario.parse({ title: 'x', durationSeconds: 100, cameras: [{ points, ...more }] });
const made = (of: DrillScenario, cameras = config.cameras) => {
  const { fault } = { fault: undefined, ...drillCameras(of, cameras) };
  const all = camerasOf({ scenario: of }, cameras);
  return { drill: all.filter(isDrawn), played: all.filter(isPlayed), fault };
};

describe('scenarios', () => {
  it('that come with Headroom fit any site, and end', () => {
    const files = globSync('services/alerts/drill/scenarios/*.yaml');
    assert.deepEqual(files.map((file) => basename(file)).sort(), [
      'blind.yaml',
      'crowd.yaml',
      'slow-fill.yaml',
      'surge.yaml',
    ]);
    for (const file of files) {
      const shipped = DrillScenario.parse(parse(readFileSync(file, 'utf8')));
      for (const cameras of [config.cameras, []]) assert.equal(made(shipped, cameras).fault, undefined, file);
      for (const { points, clip } of shipped.cameras) {
        if (clip === undefined) assert.equal(points?.at(-1)?.level, 'normal', file);
        else assert.ok(existsSync(`infra/demo/${clip}`), `${file}: its clip comes with Headroom`);
      }
    }
  });

  it('say what is wrong with them', () => {
    const faults = (points: object[]) => {
      const parsed = DrillScenario.safeParse({ title: 'x', durationSeconds: 10, cameras: [{ points }] });
      return parsed.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join() ?? '';
    };
    assert.match(faults([{ atSeconds: 11, level: 'alert' }]), /atSeconds: lies after the end/);
    assert.match(
      faults([
        { atSeconds: 2, level: 'alert' },
        { atSeconds: 2, level: 'normal' },
      ]),
      /later than the point before/,
    );
    assert.match(faults([{ atSeconds: 2, level: 'alert', peoplePerSqm: 3 }]), /exactly one/);
    assert.match(
      made(scenario([{ atSeconds: 0, level: 'alert' }], { like: 'none' })).fault ?? '',
      /no configured camera none/,
    );
    assert.match(
      made(scenario([{ atSeconds: 0, level: 'alert' }], { like: 'gate', zone: 'none' })).fault ?? '',
      /no zone none/,
    );
    assert.match(made(scenario([{ atSeconds: 0, level: 'alert' }], { like: 'plain' })).fault ?? '', /has no threshold/);
  });

  it('play on cameras of their own, marked in both languages, that no configuration may name', () => {
    const [shadow] = made(scenario([{ atSeconds: 0, level: 'alert' }])).drill;
    assert.equal(shadow?.camera.id, 'drill--gate');
    assert.ok(isDrillCamera(shadow?.camera.id));
    assert.match(shadow?.camera.name ?? '', /EXERCISE.*훈련.*Gate 3/);
    assert.ok(!shadow?.camera.url.includes('192.0.2'));
    assert.throws(
      () => parseConfig('cameras: [{ id: drill--x, url: "rtsp://192.0.2.1/" }]'),
      /may not begin with drill--/,
    );
  });
});

describe('a clip', () => {
  const clipAt = (more: object = {}): DrillScenario =>
    DrillScenario.parse({ title: 'x', durationSeconds: 100, cameras: [{ clip: 'crowd.mp4', ...more }] });
  const site = parseConfig(`
ingest: { clipsDir: clips }
cameras:
  - id: plaza
    url: "rtsp://192.0.2.1/"
    sampleFps: 4
    inferenceWidth: 640
    farField: { until: 0.4 }
    steps: 2
    model: other
    staleAfterMs: 5000
    pictureGate: { black: false, blurShare: 0.3 }
    calibration: { mount: { heightM: 6, tiltDeg: 40 }, verticalFovDeg: 50 }
    lines: [{ id: door, points: [[0, 0], [1, 1]], in: left }]
    zones:
      - { id: a, polygon: [[0, 0], [1, 0], [1, 1]], limits: { count: { severe: 3 } }, importance: high }
      - { id: b, name: B, polygon: [[0, 0], [1, 1], [0, 1]] }
`);

  it('is a name: no folder, no address, no other kind of file; and stands alone', () => {
    const parse = (camera: object) =>
      DrillScenario.safeParse({ title: 'x', durationSeconds: 10, cameras: [camera] }).error?.issues[0]?.message;
    for (const clip of ['crowd.mp4', 'Gate-3_2026.05.mkv', 'a.webm']) assert.equal(parse({ clip }), undefined, clip);
    for (const clip of [
      '../crowd.mp4',
      '/etc/crowd.mp4',
      'a/b.mp4',
      'a\\b.mp4',
      '.mp4',
      'file:x.mp4',
      'http://host/x.mp4',
      'x.m3u8',
      'x.mp4\nfile y.mp4',
      "x'.mp4",
      'crowd.mp4 ',
    ])
      assert.match(parse({ clip }) ?? '', /must be the name/, clip);
    assert.match(parse({ clip: 'a.mp4', points: [{ atSeconds: 0, level: 'alert' }] }) ?? '', /exactly one of points/);
    assert.match(parse({}) ?? '', /exactly one of points and clip/);
  });

  it('is counted as the camera it is like: its zones, ground, model and times, but not its lines', () => {
    const [{ camera, clip } = { camera: undefined, clip: '' }] = made(clipAt({ like: 'plaza' }), site.cameras).played;
    const like = site.cameras[0];
    assert.ok(camera && like);
    assert.equal(clip, 'crowd.mp4');
    const { id, zones, calibration, sampleFps, inferenceWidth, farField, steps, model, staleAfterMs, lines } = camera;
    assert.deepEqual(
      { id, calibration, sampleFps, inferenceWidth, farField, steps, model, staleAfterMs, lines },
      {
        id: 'drill--plaza',
        calibration: like.calibration,
        sampleFps: 4,
        inferenceWidth: 640,
        farField: { until: 0.4, maxWidth: 2048 },
        steps: 2,
        model: 'other',
        staleAfterMs: 5000,
        lines: [],
      },
    );
    assert.deepEqual(zones, [{ ...like.zones[0], name: 'a' }, like.zones[1]]);
    assert.ok(!camera.url.includes('192.0.2'));
    assert.deepEqual(
      made(clipAt({ like: 'plaza', zone: 'b' }), site.cameras).played.map((one) =>
        one.camera.zones.map((zone) => zone.id),
      ),
      [['b']],
    );
    const [other] = made(clipAt({ clip: 'other.mp4' }), site.cameras).played;
    assert.notEqual(other?.camera.url, camera.url, 'another clip is another video');
  });

  it('may be cut, and begin anew: no move, no blur, no other shape; black stays black', () => {
    const [played] = made(clipAt(), config.cameras).played;
    const { black, blur, moved, resolution } = played?.camera.pictureGate ?? {};
    assert.deepEqual({ black, blur, moved, resolution }, { black: true, blur: false, moved: false, resolution: false });
    const health = new PictureHealth({ mayStandStill: true });
    const still = Buffer.from('same');
    for (let ms = 0; ms <= 60_000; ms += 500) health.picture(still, ms);
    assert.equal(health.judge(60_000).trouble, undefined);
  });

  it('needs a zone with a threshold, and a camera of its own', () => {
    assert.match(made(clipAt({ like: 'plain' })).fault ?? '', /has no threshold/);
    assert.match(made(clipAt({ like: 'none' })).fault ?? '', /no configured camera none/);
    const twice = {
      ...clipAt(),
      cameras: [
        { clip: 'a.mp4', like: 'gate' },
        { clip: 'b.mp4', like: 'gate' },
      ],
    };
    assert.match(made(twice).fault ?? '', /used twice/);
    assert.deepEqual(camerasOf({ scenario: twice }, config.cameras), []);
    assert.deepEqual(camerasOf(undefined, config.cameras), []);
    assert.equal(made(clipAt(), []).played[0]?.camera.id, 'drill--practice');
  });

  it('is refused with what is wrong and what to do', () => {
    const word = (instance: string, ...clips: { name: string; fault?: string }[]) => ({ instance, clips });
    const here = word('a', { name: 'crowd.mp4' }, { name: 'torn.mp4', fault: 'moov atom not found.' });
    const table: [object, ReturnType<typeof word>[], RegExp | undefined][] = [
      [{}, [], /no ingest process runs that could play crowd\.mp4/],
      [{}, [here], undefined],
      [
        { clip: 'none.mp4' },
        [here],
        /cameras\[0\]\.clip: ingest has no clip none\.mp4; known are crowd\.mp4\. Put .*ingest\.clipsDir/,
      ],
      [{ clip: 'none.mp4' }, [word('a')], /none is known/],
      [{ clip: 'torn.mp4' }, [here], /torn\.mp4 cannot be played \(moov atom not found\)/],
      [{ clip: 'torn.mp4' }, [here, word('b', { name: 'torn.mp4' })], undefined],
    ];
    for (const [more, words, expected] of table) {
      const fault = clipFault(clipAt(more), words);
      if (expected) assert.match(fault ?? '', expected);
      else assert.equal(fault, undefined);
    }
    assert.deepEqual(knownClips([here, word('b', { name: 'torn.mp4' })]), [
      { name: 'crowd.mp4' },
      { name: 'torn.mp4' },
    ]);
    const drawn = DrillScenario.parse({
      title: 'x',
      durationSeconds: 10,
      cameras: [{ points: [{ atSeconds: 0, level: 'alert' }] }],
    });
    assert.equal(clipFault(drawn, []), undefined, 'drawn drills need no ingest');
  });
});

describe('the crowd of a scenario', () => {
  const [shadow] = made(
    scenario([
      { atSeconds: 0, level: 'normal' },
      { atSeconds: 10, level: 'severe' },
      { atSeconds: 20, picture: 'lost' },
      { atSeconds: 30, level: 'caution' },
      { atSeconds: 40, peoplePerSqm: 2 },
    ]),
  ).drill;
  assert.ok(shadow);
  const at = (seconds: number) => crowdAt(shadow, config.alerts, seconds);

  it('gives each level by the zone’s own thresholds, and no higher one', () => {
    const thresholds = config.alerts.profiles.stairs;
    for (const level of ['attention', 'caution', 'alert', 'severe'] as const) {
      const value = valueAt(thresholds, level);
      const reached = (['attention', 'caution', 'alert', 'severe'] as const).findLast(
        (one) => value >= (thresholds[one] ?? 99),
      );
      assert.equal(reached, level);
    }
    assert.ok(valueAt(thresholds, 'normal') < (thresholds.attention ?? 0));
    assert.equal(valueAt({ severe: 4 }, 'caution') >= 4, true, 'a level that is not there is the one above');
  });

  it('changes evenly, in density and count alike', () => {
    const [low, middle, high] = [at(0), at(5), at(10)];
    assert.ok(low && middle && high);
    assert.ok(Math.abs((middle.people - (low.people + high.people) / 2) / middle.people) < 1e-9);
    assert.ok((high.peakPeoplePerSqm ?? 0) >= 3 && (high.occupancy ?? 0) >= 1.1);
    assert.ok(high.people / 80 === high.occupancy);
  });

  it('is not seen while the picture is lost, and jumps when it is back', () => {
    assert.deepEqual([at(20), at(29.9)], [undefined, undefined]);
    assert.deepEqual(at(19.9), at(10));
    assert.ok(at(30));
    assert.equal(at(90)?.peakPeoplePerSqm, 2);
  });

  it('stands within its zone, steadily', () => {
    const few = placeHeads(shadow.zone.polygon, 40);
    const more = placeHeads(shadow.zone.polygon, 80);
    assert.deepEqual([few.length, more.length], [40, 80]);
    assert.deepEqual(more.slice(0, 40), few, 'those that were there stay');
    assert.ok(more.every(([x, y]) => x >= 0.2 && x <= 0.8 && y >= 0.2 && y <= 0.8 && y <= x + 1e-9));
  });
});

describe('a drill beside the real thing', () => {
  const START = 1_790_000_000_000;
  const play = () => {
    const { drill } = made(scenario([{ atSeconds: 0, level: 'severe' }]));
    const cameras = [...config.cameras, ...drill.map(({ camera }) => camera)];
    const stored = { epoch: 'e', offset: 0, machines: new Map(), alerts: new Map(), silences: new Map() };
    const engine = new AlertEngine(stored, rulesOf({ ...config, cameras }), enginePolicy(config));
    let seq = 0;
    const see = (cameraId: string, peakPeoplePerSqm: number, at: number) => {
      const zone = {
        zoneId: 'stairs',
        name: 'stairs',
        count: 1,
        interval: [1, 1] as [number, number],
        calibrated: true,
      };
      const told: PublicReading = {
        type: 'reading',
        cameraId,
        seq: ++seq,
        capturedAt: at,
        status: 'ok',
        count: 1,
        interval: [1, 1],
        heads: 1,
        zones: [{ ...zone, peakPeoplePerSqm }],
        model: { name: 'm', version: '1', steps: 1, warmStart: false },
        publishedAt: at,
      };
      return engine.observe(told, at).events;
    };
    return { engine, see, cameras };
  };
  const raised = (see: ReturnType<typeof play>['see'], cameraId: string) =>
    [0, 500, 1000].flatMap((ms) => see(cameraId, 3.2, START + ms)).find(({ type }) => type === 'alert.firing');

  it('is marked in every event and alert; the real one is not', () => {
    const { engine, see } = play();
    const drill = raised(see, 'drill--gate');
    const real = raised(see, 'gate');
    assert.deepEqual(
      [drill?.mode, drill?.exercise, real?.mode, real?.exercise],
      ['exercise', true, 'actual', undefined],
    );
    assert.deepEqual(
      [...engine.snapshot().alerts.values()].map(({ mode, exercise }) => [mode, exercise]),
      [
        ['exercise', true],
        ['actual', undefined],
      ],
    );
    assert.notEqual(drill?.alertId, real?.alertId);
  });

  it('is silenced by no silence of the real, and silences none', () => {
    const silence = (target: object) => {
      const { engine, see } = play();
      engine.operate(
        {
          type: 'silence',
          commandId: 'command-1',
          actor: 'kim',
          upToLevel: 'severe',
          reason: 'r',
          durationMs: 60_000,
          ...target,
        },
        START,
      );
      return { drill: raised(see, 'drill--gate')?.silenced, real: raised(see, 'gate')?.silenced };
    };
    assert.deepEqual(silence({}), { drill: false, real: true });
    assert.deepEqual(silence({ rule: 'zone-density' satisfies RuleKind }), { drill: false, real: true });
    assert.deepEqual(silence({ cameraId: 'drill--gate' }), { drill: true, real: false });
  });

  it('ends with nothing left to acknowledge, while the real alert stays', () => {
    const { engine, see } = play();
    raised(see, 'drill--gate');
    raised(see, 'gate');
    const change = engine.setRules(rulesOf(config), enginePolicy(config), START + 2000);
    assert.deepEqual(
      change.events.map(({ type, cameraId, exercise }) => [type, cameraId, exercise]),
      [['alert.resolved', 'drill--gate', true]],
    );
    assert.deepEqual(
      [...engine.snapshot().alerts.values()].map(({ cameraId, level }) => [cameraId, level]),
      [['gate', 'severe' satisfies AlertLevel]],
    );
  });

  it('is seen whatever became of ingest and worker, and counts for no rule about them', () => {
    const known = {
      zones: [],
      staleAfterMs: 3000,
      reading: undefined,
      watchedSince: 0,
      ingestUp: false,
      workerUp: false,
    };
    const state = (cameraId: string) => ({
      cameraId,
      phase: 'no-signal' as const,
      reason: 'timeout' as const,
      since: 5,
      attempt: 0,
      node: 'n',
    });
    const drill = publicReading({ ...known, cameraId: 'drill--gate', state: state('drill--gate') }, 10);
    assert.deepEqual([drill.status !== 'ok' && drill.reason, drill.exercise], ['timeout', true]);
    const real = publicReading({ ...known, cameraId: 'gate', state: state('gate') }, 10);
    assert.deepEqual([real.status !== 'ok' && real.reason, real.exercise], ['ingest-down', undefined]);
    const { engine } = play();
    const blind: PublicReading = {
      type: 'reading',
      cameraId: 'drill--gate',
      status: 'no-signal',
      reason: 'ingest-down',
      since: 0,
      zones: [],
    };
    const events = Array.from({ length: 40 }, (_, i) => {
      engine.observe(blind, START + i * 1000);
      return engine.tick(START + i * 1000).events;
    }).flat();
    assert.deepEqual(
      events.filter(({ rule }) => rule === 'ingest-down'),
      [],
    );
  });
});

describe('what is said before a drill is started', () => {
  const limits = { count: { alert: 5 } };
  const polygon: [number, number][] = [];
  const info = (id: string, zones: { id: string; limits: object }[]) => ({
    id,
    name: id.toUpperCase(),
    sampleFps: 2,
    staleAfterMs: 3000,
    calibrated: false,
    neighbours: [],
    zones: zones.map((zone) => ({ ...zone, name: zone.id, polygon })),
  });
  const scenario = DrillScenario.parse({
    title: 'Two places',
    durationSeconds: 60,
    cameras: [
      {
        points: [
          { atSeconds: 0, level: 'attention' },
          { atSeconds: 9, picture: 'lost' },
        ],
      },
      { points: [{ atSeconds: 0, level: 'caution' }] },
    ],
  });

  it('is how far it goes, and where it can be played', () => {
    assert.equal(peakLevel(scenario), 'caution');
    assert.ok(losesPicture(scenario));
    assert.ok(!playsClip(scenario));
    assert.ok(playsClip({ ...scenario, cameras: [{ clip: 'crowd.mp4' }] }));
    const dense = { ...scenario, cameras: [{ points: [{ atSeconds: 0, peoplePerSqm: 2 }] }] };
    assert.deepEqual([peakLevel(dense), losesPicture(dense)], ['severe', false]);
    const cameras = [
      info('gate', [
        { id: 'open', limits: {} },
        { id: 'ramp', limits },
      ]),
      info('drill--gate', [{ id: 'ramp', limits }]),
    ];
    const places = placesOf(cameras);
    assert.deepEqual(places, [{ cameraId: 'gate', camera: 'GATE', zoneId: 'ramp', zone: 'ramp' }]);
    const [first, second] = playedAt(scenario, places).cameras;
    assert.deepEqual([first?.like, first?.zone, second?.like], ['gate', 'ramp', undefined]);
  });

  it('is who hears of it: at this level, of every camera, at once or when nobody acknowledges', () => {
    const receiver = (id: string, more: object = {}) =>
      ({ id, kind: 'webhook', minLevel: 'caution', escalationStep: 0, ...more }) as const;
    const { atOnce, later } = toldBy(
      [
        receiver('pager'),
        receiver('chief', { escalationStep: 1 }),
        receiver('siren', { minLevel: 'severe' }),
        receiver('gate-only', { cameras: ['gate'] }),
      ],
      'caution',
    );
    assert.deepEqual([atOnce.map(({ id }) => id), later.map(({ id }) => id)], [['pager'], ['chief']]);
  });
});
