/** What calibration makes of synthetic scenes: the camera it finds, and what it refuses. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CameraCalibration } from '../../shared/geometry/calibration.ts';
import { areaErrorAt, areaScaleAt, calibrate, type Ground, groundAt, pictureAt } from '../../shared/geometry/ground.ts';
import { fitHomography, type Point, project } from '../../shared/geometry/homography.ts';
import { zoneGround } from '../../shared/geometry/zone-ground.ts';
import {
  ASPECT,
  close,
  HEAD_M,
  MAP,
  marked,
  measured,
  mounted,
  rectangle,
  type Scene,
  scenes,
  seen,
} from '../helpers/scene.ts';

describe('calibration', () => {
  it('finds the camera from marks', () => {
    for (const scene of scenes) {
      const { camera, reprojectionError } = calibrate(marked(scene), ASPECT);
      assert.ok(camera && reprojectionError < 0.002);
      assert.ok(Math.abs(camera.tiltDeg - scene.tiltDeg) < 2, `${camera.tiltDeg}`);
      close(camera.heightM, scene.heightM, 0.04, 'height');
      close(camera.verticalFovDeg, scene.verticalFovDeg, 0.06, 'field of view');
    }
  });

  it('finds the camera from known lengths', () => {
    for (const scene of scenes) {
      const { camera, reprojectionError } = calibrate(measured(scene), ASPECT);
      assert.ok(camera && reprojectionError < 0.002, `${reprojectionError}`);
      close(camera.heightM, scene.heightM, 0.05, `height at ${scene.tiltDeg}°`);
      assert.ok(Math.abs(camera.tiltDeg - scene.tiltDeg) < 2, `${camera.tiltDeg} for ${scene.tiltDeg}`);
    }
  });

  it('says by its area error how well lengths tell', () => {
    const scene = scenes[2] as Scene;
    const error = (calibration: CameraCalibration) => areaErrorAt(calibrate(calibration, ASPECT), [0.5, 0.5], ASPECT);
    assert.ok(error(measured(scene, {}, 4)) > error(measured(scene, { verticalFovDeg: 45 }, 7)));
  });

  describe('by lengths is refused where they tell too little or the wrong thing', () => {
    const scene = scenes[1] as Scene;
    const good = measured(scene).lengths ?? [];
    const of = (lengths: typeof good) => CameraCalibration.parse({ lengths });
    const across = good[0] as (typeof good)[number];
    const cases: [string, CameraCalibration, string][] = [
      [
        'three at one distance, side by side',
        of(
          [0, 0.1, 0.2].map((dx) => ({
            ...across,
            picture: across.picture.map(([x, y]) => [x + dx, y]) as typeof across.picture,
          })),
        ),
        'lengths-leave-open',
      ],
      ['one far too long', of(good.map((l, i) => (i === 2 ? { ...l, metres: l.metres * 4 } : l))), 'lengths-disagree'],
      [
        'one of a few pixels',
        of([
          ...good,
          {
            picture: [
              [0.5, 0.5],
              [0.51, 0.5],
            ],
            metres: 1,
          },
        ]),
        'lengths-too-short',
      ],
    ];
    for (const [name, calibration, fault] of cases) {
      it(name, () => assert.throws(() => calibrate(calibration, ASPECT), { fault }));
    }
  });

  it('does not mind how the ground’s axes are drawn', () => {
    const scene = scenes[3] as Scene;
    const calibration = marked(scene);
    const mirrored = {
      ...calibration,
      points: calibration.points?.map((p) => ({ ...p, ground: [p.ground[1], p.ground[0]] as [number, number] })),
    };
    const area = (c: CameraCalibration) =>
      zoneGround(calibrate(c, ASPECT), rectangle(scene, 3, 3).picture, MAP, ASPECT)?.areaSqm;
    close(area(mirrored), area(calibration) ?? 0, 0.001, 'area');
  });

  it('finds the same camera wherever the ground’s origin lies, also behind it', () => {
    const scene = scenes[3] as Scene;
    const calibration = marked(scene);
    const points = calibration.points?.map(({ picture, ground: [x, y] }) => ({
      picture,
      ground: [x + 100, y + 200] as [number, number],
    }));
    close(calibrate({ ...calibration, points }, ASPECT).camera?.tiltDeg, scene.tiltDeg, 0.001, 'tilt');
  });

  it('looks straight down when told the angle of view', () => {
    const scene = { heightM: 9, tiltDeg: 89.9, verticalFovDeg: 45 };
    assert.throws(() => calibrate(marked(scene), ASPECT), { fault: 'field-of-view-unknown' });
    const ground = calibrate(marked(scene, { verticalFovDeg: 45 }), ASPECT);
    close(zoneGround(ground, rectangle(scene, 2, 2).picture, MAP, ASPECT)?.areaSqm, 16, 0.05, 'area');
  });

  const at = (...points: [number, number, number, number][]) =>
    CameraCalibration.parse({ points: points.map(([x, y, gx, gy]) => ({ picture: [x, y], ground: [gx, gy] })) });
  const refused: [string, CameraCalibration, string][] = [
    [
      'four marks in a line',
      at([0.1, 0.1, 0, 0], [0.3, 0.3, 1, 1], [0.5, 0.5, 2, 2], [0.9, 0.9, 3, 3]),
      'points-in-line',
    ],
    [
      'three of four in a line',
      at([0.1, 0.5, 0, 0], [0.5, 0.5, 5, 0], [0.9, 0.5, 10, 0], [0.5, 0.9, 5, 5]),
      'points-in-line',
    ],
    [
      'marks in one corner',
      at([0.1, 0.1, 0, 0], [0.15, 0.1, 1, 0], [0.15, 0.15, 1, 1], [0.1, 0.15, 0, 1]),
      'points-too-close',
    ],
    [
      'two marks swapped',
      at([0.1, 0.9, 0, 0], [0.9, 0.9, 10, 0], [0.3, 0.3, 10, 20], [0.7, 0.3, 0, 20]),
      'points-across-horizon',
    ],
    [
      'contradicting marks',
      at(
        [0.1, 0.9, 0, 0],
        [0.9, 0.9, 10, 0],
        [0.7, 0.3, 10, 20],
        [0.3, 0.3, 0, 20],
        [0.5, 0.5, 2, 1],
        [0.4, 0.7, 9, 9],
      ),
      'points-disagree',
    ],
  ];
  for (const [name, calibration, fault] of refused) {
    it(`refuses ${name}, with the reason`, () => {
      assert.throws(() => calibrate(calibration, ASPECT), { code: 'CALIBRATION_UNUSABLE', fault });
    });
  }

  it('refuses a camera no higher than heads', () => {
    const low = CameraCalibration.parse({ mount: { heightM: 2, tiltDeg: 20 }, verticalFovDeg: 40 });
    assert.throws(() => calibrate(low, ASPECT), { fault: 'camera-below-heads' });
  });

  it('asks for marks or a mounting, not both, not neither', () => {
    assert.ok(!CameraCalibration.safeParse({}).success);
    assert.ok(!CameraCalibration.safeParse({ mount: { heightM: 5, tiltDeg: 30 } }).success);
    const points = [0, 1, 2].map((i) => ({ picture: [i / 3, 0], ground: [i, 0] }));
    assert.ok(!CameraCalibration.safeParse({ points }).success);
  });

  it('picture to ground and back is the same place, for any camera', () => {
    const anyScene = fc.record({
      heightM: fc.double({ min: 3, max: 60, noNaN: true }),
      tiltDeg: fc.double({ min: 5, max: 89, noNaN: true }),
      verticalFovDeg: fc.double({ min: 10, max: 100, noNaN: true }),
    });
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(anyScene, unit, unit, (scene, x, y) => {
        const ground: Ground = calibrate(mounted(scene), ASPECT);
        const metres = groundAt(ground, [x, y]);
        if (!metres || areaErrorAt(ground, [x, y], ASPECT) > 1) return;
        const back = pictureAt(ground, metres);
        assert.ok(back && Math.hypot(back[0] - x, back[1] - y) < 1e-6);
        const [u, v] = seen(scene, metres, HEAD_M);
        assert.ok(Math.hypot(u - x, v - y) < 1e-6, 'as trigonometry says');
        const scale = areaScaleAt(ground, [x, y]);
        assert.ok(scale !== undefined && scale > 0);
      }),
      { numRuns: 300 },
    );
  });

  it('a fitted map takes each mark to its place', () => {
    const from: Point[] = [
      [0, 0],
      [4, 0.5],
      [5, 3],
      [-1, 4],
      [2, 2],
    ];
    const truth = [1, 0.2, 3, -0.1, 1.4, 2, 0.02, 0.05, 1] as const;
    const map = fitHomography(from.map((point) => ({ from: point, to: project(truth, point).point })));
    assert.ok(map);
    for (const point of from) {
      const found: Point = project(map, point).point;
      const there: Point = project(truth, point).point;
      assert.ok(Math.hypot(found[0] - there[0], found[1] - there[1]) < 1e-9);
    }
  });
});
