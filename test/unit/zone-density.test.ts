/** People per square metre of zones in synthetic scenes, beside the known truth. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CameraCalibration } from '../../shared/geometry/calibration.ts';
import { areaErrorAt, calibrate } from '../../shared/geometry/ground.ts';
import { polygonCoverage } from '../../shared/geometry/polygon-coverage.ts';
import { ZoneDensities } from '../../shared/geometry/zone-densities.ts';
import { zoneDensity } from '../../shared/geometry/zone-density.ts';
import { piecesOf, zoneGround } from '../../shared/geometry/zone-ground.ts';
import {
  ASPECT,
  centreY,
  close,
  even,
  HEAD_M,
  MAP,
  mapOf,
  marked,
  measured,
  mounted,
  rectangle,
  type Scene,
  scenes,
} from '../helpers/scene.ts';

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
    const density = zoneDensity(zone, map, undefined, {
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

  for (const [sideM, heightM, halfWidthM, halfDepthM] of [
    [4, 9, 0.5, 3.1],
    [6, 14, 0.36, 4.5],
    [8, 14, 0.27, 4.8],
  ] as const) {
    it(`a crush in a passage ${2 * halfWidthM} m wide shows over ${sideM} m of it`, () => {
      const scene = { heightM, tiltDeg: 60, verticalFovDeg: 45 };
      const zone = zoneGround(
        calibrate(mounted(scene), ASPECT),
        rectangle(scene, halfWidthM, halfDepthM).picture,
        MAP,
        ASPECT,
      );
      assert.ok(zone);
      const middle: [number, number] = [0, centreY(scene)];
      const crowd = [...even(middle, 0.6, halfDepthM, 1), ...even(middle, 0.6, sideM / 2, 5)];
      close(zoneDensity(zone, mapOf(scene, crowd)).peakPeoplePerSqm, 6, 0.1, 'peak');
    });
  }

  it('a peak is never below the mean: a crowd at both ends of a passage is in no one patch', () => {
    const scene = { heightM: 14, tiltDeg: 60, verticalFovDeg: 45 };
    const zone = zoneGround(calibrate(mounted(scene), ASPECT), rectangle(scene, 0.27, 4.8).picture, MAP, ASPECT);
    assert.ok(zone);
    const y = centreY(scene);
    const ends = [...even([0, y - 4.3], 0.6, 0.5, 4), ...even([0, y + 4.3], 0.6, 0.5, 4)];
    const density = zoneDensity(zone, mapOf(scene, ends), undefined, { varianceAt: () => 0, halfWidth: () => 0.1 });
    assert.ok(density.peoplePerSqm > 0.7, String(density.peoplePerSqm));
    assert.equal(density.peakPeoplePerSqm, density.peoplePerSqm);
    assert.deepEqual(density.peakPeoplePerSqmInterval, density.peoplePerSqmInterval);
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

  it('a cell towards the horizon, deep and narrow, is cut along its depth alone', () => {
    // By as many pieces across as along, a zone took a second, and a camera with a few was never counted within the
    // deadline of an inference process.
    const pieces = piecesOf(
      [
        [-0.5, 60],
        [0.5, 60],
        [0.4, 20],
        [-0.4, 20],
      ],
      0.5,
    );
    assert.deepEqual(pieces, { across: 4, along: 161 }, 'half a bin wide and long at most, not 161 × 161');
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

  it('do not blow up what a map hardly sees: no patch holds more people than the map draws or the zone counts', () => {
    // As the small model sees an empty square: a third of a person by its blocks, next to nobody by a map that draws some
    // and takes as many away.
    const densities = new ZoneDensities();
    const drawn = even([0, centreY(scene)], 1, 1, 0.1);
    const people = mapOf(scene, drawn);
    const inZone = polygonCoverage(picture, MAP.width, MAP.height);
    const cells = inZone.reduce((sum, share) => sum + share, 0);
    for (const left of [0.002, 0, -0.1]) {
      const low = (0.4 - left) / cells;
      const dim = people.map((value) => value - low);
      const density = densities.measure(mounted(scene), picture, { ...MAP, people: dim }, ASPECT, 0.33);
      close(density?.peoplePerSqm, 0.33 / 30, 0.05, `mean where the map has ${left} people left`);
      assert.ok((density?.peakPeoplePerSqm ?? 9) < 0.2, `peak ${density?.peakPeoplePerSqm} where it has ${left} left`);
    }
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
