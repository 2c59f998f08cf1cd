/** Drills: scenarios, the crowd they play, and what is said before one is started. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { crowdAt, valueAt } from '../../services/alerts/drill/crowd-figures.ts';
import { placeHeads } from '../../services/alerts/drill/drill-picture.ts';
import { runDrill } from '../../services/cli/drill.ts';
import {
  losesPicture,
  peakLevel,
  placesOf,
  playedAt,
  playsClip,
  toldBy,
} from '../../services/dashboard/src/alerts/drill-plan.ts';
import { parseConfig } from '../../shared/config/load.ts';
import { DrillScenario, isDrillCamera } from '../../shared/contracts/drill.ts';
import { config, made, scenario } from '../helpers/drills.ts';

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

describe('the command line', () => {
  it('finds a Headroom behind a path', async () => {
    const asked: (string | undefined)[] = [];
    const proxy = createServer((request, response) => {
      asked.push(request.url);
      response.end(JSON.stringify({ scenarios: [] }));
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    try {
      for (const path of ['', '/', '/plaza', '/plaza/'])
        await runDrill({ url: url + path, actor: 'Kim', config: 'none.yaml' });
    } finally {
      proxy.close();
    }
    assert.deepEqual(asked, ['/api/drills', '/api/drills', '/plaza/api/drills', '/plaza/api/drills']);
  });

  it('takes the name of a folder for that of a scenario', async () => {
    const bodies: string[] = [];
    const server = createServer(async (request, response) => {
      bodies.push(await text(request));
      response.writeHead(409).end(JSON.stringify({ detail: 'heard' }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const told = assert.rejects(runDrill({ url, actor: 'Kim', scenario: 'docs' }), /heard/);
    await told.finally(() => server.close());
    assert.deepEqual(
      bodies.map((body) => JSON.parse(body)),
      [{ actor: 'Kim', name: 'docs' }],
    );
  });

  it('says that what answers is no Headroom: a proxy in front speaks HTML', async () => {
    for (const code of [200, 502]) {
      const proxy = createServer((_, response) => response.writeHead(code).end('<h1>Bad Gateway</h1>'));
      await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
      const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
      const refused = new RegExp(`What answers at ${url} is no Headroom, or cannot reach it \\(HTTP ${code}\\)`);
      const told = assert.rejects(runDrill({ url, actor: 'Kim', config: 'none.yaml' }), refused);
      await told.finally(() => proxy.close());
    }
  });
});
