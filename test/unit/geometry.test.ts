/** Synthetic scenes with a known camera and a known crowd: what calibration and zones make of them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CameraCalibration } from '../../shared/geometry/calibration.ts';
import { areaErrorAt, areaScaleAt, calibrate, type Ground, groundAt, pictureAt } from '../../shared/geometry/ground.ts';
import { fitHomography, type Point, project } from '../../shared/geometry/homography.ts';
import { polygonCoverage } from '../../shared/geometry/polygon-coverage.ts';
import { ZoneDensities } from '../../shared/geometry/zone-densities.ts';
import { zoneDensity, zoneGround } from '../../shared/geometry/zone-ground.ts';

const ASPECT = 16 / 9;
const MAP = { width: 240, height: 135 };
const HEAD_M = 1.6;

/** A camera written down by trigonometry alone, apart from the code under test. */
type Scene = { heightM: number; tiltDeg: number; verticalFovDeg: number };

/** Where a point `z` metres above the ground appears, 0–1. X to the right, Y away from the camera's foot. */
function seen(scene: Scene, [x, y]: Point, z: number): Point {
  const tilt = (scene.tiltDeg * Math.PI) / 180;
  const focal = 0.5 / Math.tan((scene.verticalFovDeg * Math.PI) / 360);
  const below = scene.heightM - z;
  const depth = y * Math.cos(tilt) + below * Math.sin(tilt);
  const down = below * Math.cos(tilt) - y * Math.sin(tilt);
  return [0.5 + (focal * x) / depth / ASPECT, 0.5 + (focal * down) / depth];
}

/** The middle of the picture on the ground. */
const centreY = (scene: Scene, z = HEAD_M): number => (scene.heightM - z) / Math.tan((scene.tiltDeg * Math.PI) / 180);

/** A rectangle of ground around the middle of the picture, as it is seen at head height. */
function rectangle(
  scene: Scene,
  halfWidthM: number,
  halfDepthM: number,
): { ground: Point[]; picture: [number, number][] } {
  const middle = centreY(scene);
  const ground: Point[] = [
    [-halfWidthM, middle - halfDepthM],
    [halfWidthM, middle - halfDepthM],
    [halfWidthM, middle + halfDepthM],
    [-halfWidthM, middle + halfDepthM],
  ];
  return { ground, picture: ground.map((point) => [...seen(scene, point, HEAD_M)] as [number, number]) };
}

type Crowd = { at: Point; people: number }[];

/** The density map of a crowd: each part in the four cells around its place, nothing lost. */
function mapOf(scene: Scene, crowd: Crowd): Float32Array {
  const map = new Float32Array(MAP.width * MAP.height);
  for (const { at, people } of crowd) {
    const [u, v] = seen(scene, at, HEAD_M);
    const x = u * MAP.width - 0.5;
    const y = v * MAP.height - 0.5;
    for (const [dx, dy] of [
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 1],
    ] as const) {
      const cx = Math.floor(x) + dx;
      const cy = Math.floor(y) + dy;
      if (cx < 0 || cy < 0 || cx >= MAP.width || cy >= MAP.height) continue;
      const share = (1 - Math.abs(x - cx)) * (1 - Math.abs(y - cy));
      map[cy * MAP.width + cx] = (map[cy * MAP.width + cx] as number) + share * people;
    }
  }
  return map;
}

/** A crowd of even density around a middle: fine grains, so that the truth is the density and not where heads stand. */
function even(middle: Point, halfWidthM: number, halfDepthM: number, perSqm: number): Crowd {
  const step = 0.1;
  const crowd: Crowd = [];
  for (let x = -halfWidthM + step / 2; x < halfWidthM; x += step) {
    for (let y = -halfDepthM + step / 2; y < halfDepthM; y += step) {
      crowd.push({ at: [middle[0] + x, middle[1] + y], people: perSqm * step * step });
    }
  }
  return crowd;
}

const mounted = (scene: Scene): CameraCalibration =>
  CameraCalibration.parse({
    mount: { heightM: scene.heightM, tiltDeg: scene.tiltDeg },
    verticalFovDeg: scene.verticalFovDeg,
  });

/** Marks on the ground, as an operator would click them: rounded to a pixel of a 1080p picture. */
function marked(scene: Scene, more: Record<string, unknown> = {}, markHeightM = 0): CameraCalibration {
  const middle = centreY(scene, 0);
  const reach = scene.heightM * 0.35;
  const ground: Point[] = [
    [-reach, middle - reach],
    [reach, middle - reach],
    [reach * 1.2, middle + reach],
    [-reach * 1.2, middle + reach],
    [0.3, middle],
    [-reach / 2, middle + reach / 2],
  ];
  const points = ground.map((point) => {
    const [u, v] = seen(scene, point, markHeightM);
    return {
      picture: [Math.round(u * 1920) / 1920, Math.round(v * 1080) / 1080],
      ground: [point[0] + 100, point[1] - 40],
    };
  });
  return CameraCalibration.parse({ points, ...more });
}

/** Stretches of ground along and across the view, near and far, clicked to a pixel of a 1080p picture. */
function measured(scene: Scene, more: Record<string, unknown> = {}, count = 7): CameraCalibration {
  const middle = centreY(scene, 0);
  const reach = scene.heightM * 0.3;
  const stretches: [Point, Point][] = [
    [
      [-reach, middle - reach],
      [reach, middle - reach],
    ],
    [
      [-reach, middle + reach],
      [reach, middle + reach],
    ],
    [
      [reach, middle - reach],
      [reach, middle + reach],
    ],
    [
      [-reach, middle - reach],
      [-reach, middle + reach],
    ],
    [
      [-reach, middle],
      [reach * 0.8, middle + reach * 0.3],
    ],
    [
      [0, middle - reach],
      [-reach * 0.5, middle + reach],
    ],
    [
      [-reach, middle + reach],
      [reach, middle - reach],
    ],
  ];
  const lengths = stretches.slice(0, count).map(([a, b]) => ({
    picture: [a, b].map((end) => {
      const [u, v] = seen(scene, end, 0);
      return [Math.round(u * 1920) / 1920, Math.round(v * 1080) / 1080];
    }),
    metres: Math.hypot(b[0] - a[0], b[1] - a[1]),
  }));
  return CameraCalibration.parse({ lengths, ...more });
}

const close = (actual: number | undefined, truth: number, share: number, what: string): void => {
  assert.ok(actual !== undefined && Math.abs(actual / truth - 1) <= share, `${what}: ${actual}, truth ${truth}`);
};

const scenes: Scene[] = [20, 30, 40, 50, 60, 70].map((tiltDeg) => ({ heightM: 9, tiltDeg, verticalFovDeg: 45 }));

describe('people per square metre in scenes with a known truth', () => {
  for (const scene of scenes) {
    for (const [how, calibration] of [
      ['its mounting', mounted(scene)],
      ['marks on the ground', marked(scene)],
      ['marks at head height', marked(scene, { pointsHeightM: HEAD_M }, HEAD_M)],
      ['seven known lengths', measured(scene)],
      ['three known lengths and the angle of view', measured(scene, { verticalFovDeg: 45 }, 3)],
    ] as const) {
      it(`camera tilted ${scene.tiltDeg}°, calibrated by ${how}: within 5 %`, () => {
        const ground = calibrate(calibration, ASPECT);
        const { picture } = rectangle(scene, 3, 2.5);
        const zone = zoneGround(ground, picture, MAP, ASPECT);
        assert.ok(zone);
        close(zone.areaSqm, 30, 0.05, 'area');
        for (const perSqm of [1, 2, 4, 6]) {
          // Beyond the zone's edges, too, as in life.
          const { peoplePerSqm, peakPeoplePerSqm } = zoneDensity(
            zone,
            mapOf(scene, even([0, centreY(scene)], 4, 3.5, perSqm)),
          );
          close(peoplePerSqm, perSqm, 0.05, `mean at ${perSqm} per m²`);
          close(peakPeoplePerSqm, perSqm, 0.08, `peak at ${perSqm} per m²`);
        }
      });
    }

    it(`camera tilted ${scene.tiltDeg}°: a crush in a calm square shows in the peak, not in the mean`, () => {
      const zone = zoneGround(calibrate(mounted(scene), ASPECT), rectangle(scene, 4, 3).picture, MAP, ASPECT);
      assert.ok(zone);
      const middle = centreY(scene);
      const calm = even([0, middle], 5, 4, 1);
      const crush = even([0, middle], 1.25, 1.25, 5);
      const density = zoneDensity(zone, mapOf(scene, [...calm, ...crush]));
      close(density.peakPeoplePerSqm, 6, 0.05, 'peak');
      assert.ok(density.peoplePerSqm < 2.2);
    });
  }

  it('intervals are those of the people on the zone and on its fullest patch', () => {
    const scene = scenes[3] as Scene;
    const zone = zoneGround(calibrate(mounted(scene), ASPECT), rectangle(scene, 4, 3).picture, MAP, ASPECT);
    assert.ok(zone);
    const crowd = [...even([0, centreY(scene)], 5, 4, 1), ...even([0, centreY(scene)], 1.25, 1.25, 5)];
    // A variance of two for every person, wherever there are people.
    const map = mapOf(scene, crowd);
    const seenAs: { people: number; variance: number; cells: number }[] = [];
    const density = zoneDensity(zone, map, 1, {
      varianceAt: (cell) => 2 * (map[cell] as number),
      halfWidth: (people, variance, cells) => {
        seenAs.push({ people, variance, cells });
        return Math.sqrt(variance);
      },
    });
    const [mean, peak] = seenAs;
    assert.ok(mean && peak);
    close(mean.people, density.peoplePerSqm * zone.areaSqm, 1e-6, 'people in the zone');
    close(mean.variance, 2 * mean.people, 1e-6, 'variance in the zone');
    // The patch cuts cells: its variance is their share.
    close(peak.variance, 2 * peak.people, 0.01, 'variance in the patch');
    assert.ok(peak.cells < mean.cells / 8);
    const [low, high] = density.peakPeoplePerSqmInterval as [number, number];
    close((low + high) / 2, density.peakPeoplePerSqm as number, 1e-6, 'middle');
    close(
      (high - low) / 2,
      Math.sqrt(peak.variance) / (peak.people / (density.peakPeoplePerSqm as number)),
      1e-6,
      'half',
    );
    assert.ok(high - low > 2 * ((density.peoplePerSqmInterval as number[])[1] as number) - 2 * density.peoplePerSqm);
  });

  it('a narrow passage is measured over longer patches', () => {
    const scene = { heightM: 9, tiltDeg: 60, verticalFovDeg: 45 };
    const zone = zoneGround(calibrate(mounted(scene), ASPECT), rectangle(scene, 0.75, 3).picture, MAP, ASPECT);
    assert.ok(zone);
    const { peakPeoplePerSqm } = zoneDensity(zone, mapOf(scene, even([0, centreY(scene)], 0.75, 3, 4)));
    close(peakPeoplePerSqm, 4, 0.1, 'peak');
  });

  it('a zone smaller than a patch has a mean and no peak', () => {
    const scene = { heightM: 9, tiltDeg: 60, verticalFovDeg: 45 };
    const zone = zoneGround(calibrate(mounted(scene), ASPECT), rectangle(scene, 0.75, 0.75).picture, MAP, ASPECT);
    assert.ok(zone);
    const density = zoneDensity(zone, mapOf(scene, even([0, centreY(scene)], 1.5, 1.5, 4)));
    assert.equal(density.peakPeoplePerSqm, undefined);
    close(density.peoplePerSqm, 4, 0.05, 'mean');
  });

  it('an empty square is empty', () => {
    const scene = scenes[2] as Scene;
    const zone = zoneGround(calibrate(mounted(scene), ASPECT), rectangle(scene, 3, 3).picture, MAP, ASPECT);
    assert.ok(zone);
    assert.deepEqual(zoneDensity(zone, new Float32Array(MAP.width * MAP.height)), {
      peoplePerSqm: 0,
      peakPeoplePerSqm: 0,
    });
  });

  it('ground towards the horizon is cut off, and a zone up there has no density', () => {
    const ground = calibrate(mounted({ heightM: 6, tiltDeg: 10, verticalFovDeg: 50 }), ASPECT);
    const whole = zoneGround(
      ground,
      [
        [0, 0],
        [1, 0],
        [1, 1],
        [0, 1],
      ],
      MAP,
      ASPECT,
    );
    assert.ok(whole && whole.cutOffShare > 0.2 && whole.cutOffShare < 0.9, String(whole?.cutOffShare));
    assert.ok(Number.isFinite(whole.areaSqm));
    assert.equal(
      zoneGround(
        ground,
        [
          [0, 0],
          [1, 0],
          [1, 0.3],
          [0, 0.3],
        ],
        MAP,
        ASPECT,
      ),
      undefined,
    );
    assert.equal(areaErrorAt(ground, [0.5, 0.05], ASPECT), Number.POSITIVE_INFINITY);
  });

  it('marks at feet and heads taken for feet would be wrong by a third: the head plane matters', () => {
    const scene = { heightM: 5, tiltDeg: 45, verticalFovDeg: 50 };
    const { picture } = rectangle(scene, 2, 1.5);
    const zone = zoneGround(calibrate(marked(scene, { headHeightM: 0 }), ASPECT), picture, MAP, ASPECT);
    assert.ok(zone && zone.areaSqm / 12 > 1.3);
  });
});

describe('densities picture after picture', () => {
  const scene = scenes[2] as Scene;
  const { picture } = rectangle(scene, 3, 2.5);
  const map = { ...MAP, people: mapOf(scene, even([0, centreY(scene)], 4, 3.5, 2)) };

  it('follow the better count where there is one', () => {
    const densities = new ZoneDensities();
    close(densities.measure(mounted(scene), picture, map, ASPECT)?.peoplePerSqm, 2, 0.05, 'by the map');
    close(densities.measure(mounted(scene), picture, map, ASPECT, 90)?.peoplePerSqm, 3, 0.05, 'by the count');
  });

  it('are missing, not zero, where a calibration or a zone cannot be used', () => {
    const densities = new ZoneDensities();
    const low = CameraCalibration.parse({ mount: { heightM: 2, tiltDeg: 20 }, verticalFovDeg: 40 });
    assert.equal(densities.measure(low, picture, map, ASPECT), undefined);
    const sky = mounted({ heightM: 6, tiltDeg: 5, verticalFovDeg: 50 });
    const top: [number, number][] = [
      [0, 0],
      [1, 0],
      [1, 0.2],
    ];
    assert.equal(densities.measure(sky, top, map, ASPECT), undefined);
  });
});

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

describe('polygon coverage', () => {
  it('sums to the polygon’s area', () => {
    const triangle: [number, number][] = [
      [0.1, 0.2],
      [0.9, 0.3],
      [0.4, 0.95],
    ];
    const sum = polygonCoverage(triangle, 96, 54).reduce((a, b) => a + b, 0) / (96 * 54);
    const truth = Math.abs((0.9 - 0.1) * (0.95 - 0.2) - (0.4 - 0.1) * (0.3 - 0.2)) / 2;
    close(sum, truth, 0.002, 'area');
  });

  it('is exact for cells that are cut straight', () => {
    assert.deepEqual(
      [
        ...polygonCoverage(
          [
            [0, 0],
            [0.5, 0],
            [0.5, 1],
            [0, 1],
          ],
          3,
          1,
        ),
      ],
      [1, 0.5, 0],
    );
  });

  it('leaves out what lies outside the picture, and stays within 0 and 1', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double({ min: -1, max: 2, noNaN: true }), fc.double({ min: -1, max: 2, noNaN: true })), {
          minLength: 3,
          maxLength: 8,
        }),
        (polygon) => {
          for (const share of polygonCoverage(polygon, 16, 9)) assert.ok(share >= -1e-6 && share <= 1 + 1e-5);
        },
      ),
    );
  });
});
