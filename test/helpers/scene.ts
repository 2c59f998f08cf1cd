/** Synthetic scenes with a known camera and a known crowd, to hold geometry against. */
import assert from 'node:assert/strict';
import { CameraCalibration } from '../../shared/geometry/calibration.ts';
import type { Point } from '../../shared/geometry/homography.ts';

export const ASPECT = 16 / 9;
export const MAP = { width: 240, height: 135 };
export const HEAD_M = 1.6;

/** A camera written down by trigonometry alone, apart from the code under test. */
export type Scene = { heightM: number; tiltDeg: number; verticalFovDeg: number };

/** Where a point `z` metres above the ground appears, 0–1. X to the right, Y away from the camera's foot. */
export function seen(scene: Scene, [x, y]: Point, z: number): Point {
  const tilt = (scene.tiltDeg * Math.PI) / 180;
  const focal = 0.5 / Math.tan((scene.verticalFovDeg * Math.PI) / 360);
  const below = scene.heightM - z;
  const depth = y * Math.cos(tilt) + below * Math.sin(tilt);
  const down = below * Math.cos(tilt) - y * Math.sin(tilt);
  return [0.5 + (focal * x) / depth / ASPECT, 0.5 + (focal * down) / depth];
}

/** The middle of the picture on the ground. */
export const centreY = (scene: Scene, z = HEAD_M): number =>
  (scene.heightM - z) / Math.tan((scene.tiltDeg * Math.PI) / 180);

/** A rectangle of ground around the middle of the picture, as it is seen at head height. */
export function rectangle(
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
export function mapOf(scene: Scene, crowd: Crowd): Float32Array {
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
export function even(middle: Point, halfWidthM: number, halfDepthM: number, perSqm: number): Crowd {
  const step = 0.1;
  const crowd: Crowd = [];
  for (let x = -halfWidthM + step / 2; x < halfWidthM; x += step) {
    for (let y = -halfDepthM + step / 2; y < halfDepthM; y += step) {
      crowd.push({ at: [middle[0] + x, middle[1] + y], people: perSqm * step * step });
    }
  }
  return crowd;
}

export const mounted = (scene: Scene): CameraCalibration =>
  CameraCalibration.parse({
    mount: { heightM: scene.heightM, tiltDeg: scene.tiltDeg },
    verticalFovDeg: scene.verticalFovDeg,
  });

/** Marks on the ground, as an operator would click them: rounded to a pixel of a 1080p picture. */
export function marked(scene: Scene, more: Record<string, unknown> = {}, markHeightM = 0): CameraCalibration {
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
export function measured(scene: Scene, more: Record<string, unknown> = {}, count = 7): CameraCalibration {
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

/** Within a share of the truth. */
export const close = (actual: number | undefined, truth: number, share: number, what: string): void => {
  assert.ok(actual !== undefined && Math.abs(actual / truth - 1) <= share, `${what}: ${actual}, truth ${truth}`);
};

/** The same camera, tilted from near the horizon to steeply down. */
export const scenes: Scene[] = [20, 30, 40, 50, 60, 70].map((tiltDeg) => ({ heightM: 9, tiltDeg, verticalFovDeg: 45 }));
