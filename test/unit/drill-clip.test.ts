/** Drills that play a clip: which may, how it is counted, and what is said of one that cannot be played. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clipFault, knownClips } from '../../services/alerts/drill/clips-known.ts';
import { PictureHealth } from '../../services/ingest/picture-health.ts';
import { parseConfig } from '../../shared/config/load.ts';
import { DrillScenario } from '../../shared/contracts/drill.ts';
import { camerasOf } from '../../shared/readings/drill-cameras.ts';
import { config, made } from '../helpers/drills.ts';

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
