/** What calibration makes of synthetic scenes: the camera it finds, and what it refuses. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CameraCalibration } from '../../shared/geometry/calibration.ts';
import { areaErrorAt, calibrate, type Ground, groundAt, pictureAt } from '../../shared/geometry/ground.ts';
import { fitHomography, type Point, project } from '../../shared/geometry/homography.ts';
import { determinant } from '../../shared/geometry/matrix.ts';
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

  it('says by its area error how far clicks that are a little off move areas, also far from the marks', () => {
    const scene = { heightM: 9, tiltDeg: 35, verticalFovDeg: 40 };
    const clickError = 0.0025;
    // A parking bay: a seventh of the picture's width and a quarter of its height.
    const bay: Point[] = [
      [-1.2, 10],
      [1.3, 10],
      [1.3, 15],
      [-1.2, 15],
    ];
    const between: Point[] = [
      [0, 10],
      [1.3, 12],
      [0, 15],
      [-1.2, 13],
    ];
    const places: [number, number][] = [
      [0.5, 0.95],
      [0.05, 0.95],
      [0.1, 0.4],
    ];
    for (const marks of [bay, [...bay, ...between]]) {
      const random = normals(7);
      const grounds = Array.from({ length: 100 }, () => {
        const points = marks.map((ground) => {
          const [x, y] = seen(scene, ground, 0);
          return { picture: [x + (random() * clickError) / ASPECT, y + random() * clickError], ground };
        });
        return calibrate(CameraCalibration.parse({ points, maxAreaError: 1 }), ASPECT);
      });
      const mean = (of: (ground: Ground) => number) => grounds.reduce((sum, g) => sum + of(g), 0) / grounds.length;
      for (const at of places) {
        const off = (ground: Ground) => Math.log((areaScaleAt(ground, at) ?? Number.NaN) / areaSeen(scene, at));
        const real = Math.sqrt(mean((ground) => off(ground) ** 2));
        close(
          mean((ground) => areaErrorAt(ground, at, ASPECT)),
          real,
          0.25,
          `${marks.length} marks, at ${at}`,
        );
      }
    }
  });

  it('leaves out ground that marks of a corner tell nothing of', () => {
    const scene = { heightM: 6, tiltDeg: 20, verticalFovDeg: 60 };
    const by = (reach: number) => {
      const points = [
        [-reach, 6],
        [reach, 6],
        [reach, 6 + 3 * reach],
        [-reach, 6 + 3 * reach],
      ].map(([x, y]) => ({ picture: seen(scene, [x as number, y as number], 0), ground: [x, y] }));
      return calibrate(CameraCalibration.parse({ points }), ASPECT);
    };
    const far: [number, number][] = [
      [0.05, 0.35],
      [0.2, 0.35],
      [0.2, 0.45],
      [0.05, 0.45],
    ];
    assert.equal(zoneGround(by(4), far, MAP, ASPECT)?.cutOffShare, 0);
    assert.ok(zoneGround(by(1), far, MAP, ASPECT) === undefined);
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

/** Standard normal numbers, the same at every run: Box and Muller's, from a linear congruence. */
function normals(seed: number): () => number {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Metres² of ground per picture area (0–1 squared) at a point, as calibration has it; undefined beyond the horizon. */
function areaScaleAt({ toGround }: Ground, at: readonly [number, number]): number | undefined {
  const { weight } = project(toGround, at);
  return weight > 0 ? Math.abs(determinant(toGround)) / weight ** 3 : undefined;
}

/** Ground at head height per picture area, by projecting back and by trigonometry alone. */
function areaSeen({ heightM, tiltDeg, verticalFovDeg }: Scene, [, y]: readonly [number, number]): number {
  const focal = 0.5 / Math.tan((verticalFovDeg * Math.PI) / 360);
  const below = Math.atan((y - 0.5) / focal);
  const angle = (tiltDeg * Math.PI) / 180 + below;
  const aboveM = heightM - HEAD_M;
  // Across: metres per picture width at the depth along the axis; along: how far the ray's foot moves per picture height.
  const across = ((aboveM / Math.sin(angle)) * Math.cos(below) * ASPECT) / focal;
  const along = ((aboveM / Math.sin(angle) ** 2) * Math.cos(below) ** 2) / focal;
  return across * along;
}
