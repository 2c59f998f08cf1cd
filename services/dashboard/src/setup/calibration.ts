/** A calibration while it is put together: what is missing, what it gives. Pure; the geometry is the worker's own. */
import type { PicturePoint } from '../../../../shared/contracts/common.ts';
import { CameraCalibration } from '../../../../shared/geometry/calibration.ts';
import { CalibrationError, type CalibrationFault, calibrate, type Ground } from '../../../../shared/geometry/ground.ts';
import type { CalibrationInput } from './inputs.ts';

export type Method = 'none' | 'points' | 'lengths' | 'mount';

export type Judged =
  | { kind: 'none' }
  /** Marks that are still needed; 0 when only metres are missing. */
  | { kind: 'incomplete'; missing: number }
  | { kind: 'unusable'; fault: CalibrationFault | undefined }
  /** Complete, but no picture tells its shape: what comes of it, and whether anything does, is not known. */
  | { kind: 'unseen' }
  /** `ground`: plane of the marks, to compare with what one sees; `heads`: the plane densities are measured in. */
  | { kind: 'good'; ground: Ground; heads: Ground };

const NEEDED = { points: 4, lengths: 3 } as const;

export function methodOf(calibration: CalibrationInput | undefined): Method {
  if (!calibration) return 'none';
  return calibration.points ? 'points' : calibration.lengths ? 'lengths' : 'mount';
}

/** A new calibration of one kind. What both have in common stays. */
export function started(method: Method, before: CalibrationInput | undefined): CalibrationInput | undefined {
  if (method === 'none') return undefined;
  const { points: _, lengths: __, mount: ___, verticalFovDeg, ...common } = before ?? {};
  if (method === 'points') return { ...common, points: [] };
  if (method === 'lengths') return { ...common, lengths: [] };
  return { ...common, mount: { heightM: 6, tiltDeg: 30 }, verticalFovDeg: verticalFovDeg ?? 45 };
}

/** @param aspect width over height of the picture; undefined while there is none */
export function judge(calibration: CalibrationInput | undefined, aspect: number | undefined): Judged {
  if (!calibration) return { kind: 'none' };
  const { points, lengths } = calibration;
  const filled = points
    ? points.filter(({ ground }) => ground.every(Number.isFinite)).length
    : (lengths?.filter(({ metres }) => Number.isFinite(metres)).length ?? 0);
  if (points || lengths) {
    const all = (points ?? lengths ?? []).length;
    const needed = points ? NEEDED.points : calibration.verticalFovDeg ? 2 : NEEDED.lengths;
    if (all < needed) return { kind: 'incomplete', missing: needed - all };
    if (filled < all) return { kind: 'incomplete', missing: 0 };
  }
  const parsed = CameraCalibration.safeParse(JSON.parse(JSON.stringify(calibration)));
  if (!parsed.success) return { kind: 'unusable', fault: undefined };
  if (aspect === undefined) return { kind: 'unseen' };
  try {
    const heads = calibrate(parsed.data, aspect);
    const ground = calibrate({ ...parsed.data, headHeightM: parsed.data.pointsHeightM }, aspect);
    return { kind: 'good', ground, heads };
  } catch (error) {
    return { kind: 'unusable', fault: error instanceof CalibrationError ? error.fault : undefined };
  }
}

type Marks = NonNullable<CalibrationInput['points']>;

/** Metres of four marks around a rectangle: the first two lie along its width. */
export function asRectangle(points: Marks, widthM: number, depthM: number): Marks {
  const corners: [number, number][] = [
    [0, 0],
    [widthM, 0],
    [widthM, depthM],
    [0, depthM],
  ];
  return points.map((mark, index) => ({ ...mark, ground: corners[index] ?? mark.ground }));
}

/** A mark whose metres are still to be filled in. */
export const newMark = (picture: PicturePoint): Marks[number] => ({
  picture,
  ground: [null, null] as unknown as [number, number],
});
