/**
 * From a calibration to the ground: a map between the picture and the plane of the heads, since heads are what is
 * counted. Pure. The camera is taken as a pinhole with square pixels and its axis in the picture's middle; lens
 * distortion is not modelled and shows up as reprojection error.
 */
import type { PicturePoint } from '../contracts/common.ts';
import { HeadroomError } from '../runtime/errors.ts';
import { type AreaSpread, areaSpread, areaSpreadAt } from './area-spread.ts';
import type { CameraCalibration } from './calibration.ts';
import { column, fitHomography, type Pair, type Point, project } from './homography.ts';
import { CLICK, cameraFromLengths, type LengthsFault } from './known-lengths.ts';
import { add, cross, dot, inverse, type Matrix3, multiply, scale, type Vector3 } from './matrix.ts';
import { centred, mountedMap } from './mounted-map.ts';

/** Why a calibration cannot be used. */
export type CalibrationFault =
  | 'points-in-line'
  | 'points-too-close'
  | 'points-disagree'
  | 'points-across-horizon'
  | LengthsFault
  | 'field-of-view-unknown'
  | 'camera-below-heads';

const FAULTS: Record<CalibrationFault, string> = {
  'points-in-line': 'The marks lie too much in a line: spread them over the ground, no three in a row.',
  'points-too-close': 'The marks cover less than a hundredth of the picture: take some that lie further apart.',
  'points-disagree': 'The marks contradict each other: check the distances and that all lie on level ground.',
  'points-across-horizon': 'Some marks lie beyond the horizon of the others: one of them is wrong.',
  'lengths-too-short': 'One of the lengths is too short in the picture: take stretches that are longer there.',
  'lengths-across-horizon': 'No level camera could see all these lengths as ground: check their ends.',
  'lengths-leave-open':
    'These lengths do not tell how the camera hangs: mark some near and some far, along and across, or state verticalFovDeg.',
  'lengths-disagree':
    'The lengths contradict each other: check the metres, that the ground is level and the camera not rolled.',
  'field-of-view-unknown': 'The marks do not tell the angle of view: state verticalFovDeg, or marks at head height.',
  'camera-below-heads': 'The camera hangs no higher than heads: densities cannot be seen from there.',
};

/** A calibration that cannot be used, with a reason and what to do. */
export class CalibrationError extends HeadroomError {
  readonly fault: CalibrationFault;
  constructor(fault: CalibrationFault) {
    super('CALIBRATION_UNUSABLE', FAULTS[fault]);
    this.fault = fault;
  }
}

export type Ground = {
  /** Picture (0–1) to metres in the plane of the heads. */
  toGround: Matrix3;
  /** Root mean square distance of marks from where they should lie, share of the picture's height. */
  reprojectionError: number;
  /** How sure positions in the picture are, share of its height: the error, and never less than a careful click. */
  positionError: number;
  /** What marks leave open of the areas, the more the further from them. */
  areaSpread?: AreaSpread;
  maxAreaError: number;
  /** The camera as found, to compare with what one knows. */
  camera: { heightM: number; tiltDeg: number; verticalFovDeg: number } | undefined;
};

/** A careful click, or a mounting angle known to a quarter of a degree: share of the picture's height. */
const MIN_POSITION_ERROR = 0.005;
const MAX_REPROJECTION_ERROR = 0.03;
/** Least area of the marks, share of the picture, and least length before a small area means a line. */
const MIN_SPREAD = 0.01;
const MIN_LENGTH = 0.2;
/** Heads must be clearly below the lens. */
const MIN_CLEARANCE_M = 0.5;
/** A step that tells how a click moves the map, share of the picture's height. */
const NUDGE = 1e-5;
const radians = (degrees: number): number => (degrees * Math.PI) / 180;
const degrees = (angle: number): number => (angle * 180) / Math.PI;

/**
 * Calibrates a camera.
 * @param aspect width over height of the picture
 * @throws CalibrationError
 */
export function calibrate(calibration: CameraCalibration, aspect: number): Ground {
  const { points, lengths, mount, headHeightM, maxAreaError } = calibration;
  const common = { maxAreaError };
  if (mount && calibration.verticalFovDeg !== undefined) {
    const aboveHeadsM = mount.heightM - headHeightM;
    if (aboveHeadsM < MIN_CLEARANCE_M) throw new CalibrationError('camera-below-heads');
    const toGround = mountedMap(aboveHeadsM, mount.tiltDeg, calibration.verticalFovDeg, aspect);
    const camera = { ...mount, verticalFovDeg: calibration.verticalFovDeg };
    return { toGround, reprojectionError: 0, positionError: MIN_POSITION_ERROR, camera, ...common };
  }
  if (lengths) return fromLengths(calibration, lengths, aspect);
  const marks = (points ?? []).map(({ picture, ground }) => ({ from: picture as Point, to: ground as Point }));
  const { area, length } = spread(marks.map((mark) => mark.from));
  if (area < MIN_SPREAD) throw new CalibrationError(length < MIN_LENGTH ? 'points-too-close' : 'points-in-line');
  // From ground to picture: errors are then measured where they are made, in the picture.
  const toPicture = fitHomography(marks.map(({ from, to }) => ({ from: to, to: from })));
  if (!toPicture) throw new CalibrationError('points-in-line');
  if (marks.some(({ to }) => project(toPicture, to).weight <= 0)) throw new CalibrationError('points-across-horizon');
  const squares = marks.map(({ from, to }) => {
    const [x, y] = project(toPicture, to).point;
    return ((x - from[0]) * aspect) ** 2 + (y - from[1]) ** 2;
  });
  const reprojectionError = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
  if (!(reprojectionError <= MAX_REPROJECTION_ERROR)) throw new CalibrationError('points-disagree');

  const found = poseOf(toPicture, aspect, calibration.verticalFovDeg);
  const riseM = headHeightM - calibration.pointsHeightM;
  if (!found && riseM !== 0) throw new CalibrationError('field-of-view-unknown');
  if (found && found.heightM < riseM + MIN_CLEARANCE_M) throw new CalibrationError('camera-below-heads');
  const headsFrom = (clicks: Pair[]) => headsFromMarks(clicks, riseM, aspect, calibration.verticalFovDeg);
  const toGround = headsFrom(marks);
  if (!toGround) throw new CalibrationError('points-in-line');
  // Of two numbers a mark, eight made the map: what is left over tells how well marks were clicked.
  const clickError = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / Math.max(1, 2 * marks.length - 8));
  const nudged = nudgedMarks(marks, aspect)
    .map(headsFrom)
    .filter((map) => map !== undefined);
  return {
    toGround,
    reprojectionError,
    positionError: Math.max(MIN_POSITION_ERROR, reprojectionError),
    areaSpread: areaSpread(toGround, nudged, Math.max(CLICK, clickError) / NUDGE),
    camera: found && {
      heightM: found.heightM + calibration.pointsHeightM,
      tiltDeg: found.tiltDeg,
      verticalFovDeg: degrees(2 * Math.atan(0.5 / found.focal)),
    },
    ...common,
  };
}

/** The map of the heads' plane from marks `riseM` below it; facing them. */
function headsFromMarks(marks: Pair[], riseM: number, aspect: number, fovDeg: number | undefined): Matrix3 | undefined {
  const toPicture = fitHomography(marks.map(({ from, to }) => ({ from: to, to: from })));
  const found = toPicture && poseOf(toPicture, aspect, fovDeg);
  if (!toPicture || (!found && riseM !== 0)) return undefined;
  return facing(inverse(found ? atHeight(found, riseM, aspect) : toPicture), marks[0]?.from ?? [0.5, 1]);
}

/** The marks, each in turn clicked a nudge to the right, and a nudge lower. */
function nudgedMarks(marks: Pair[], aspect: number): Pair[][] {
  return marks.flatMap(({ from: [x, y], to }, index) =>
    [[x + NUDGE / aspect, y] as const, [x, y + NUDGE] as const].map((from) => marks.with(index, { from, to })),
  );
}

/** The ground from known lengths: good for as much of the picture as these make sure. */
function fromLengths(
  { headHeightM, pointsHeightM, maxAreaError, verticalFovDeg }: CameraCalibration,
  lengths: NonNullable<CameraCalibration['lengths']>,
  aspect: number,
): Ground {
  const found = cameraFromLengths(lengths, aspect, verticalFovDeg);
  if (typeof found === 'string') throw new CalibrationError(found);
  const riseM = headHeightM - pointsHeightM;
  if (found.heightM < riseM + MIN_CLEARANCE_M) throw new CalibrationError('camera-below-heads');
  const toGround = mountedMap(found.heightM - riseM, found.tiltDeg, found.verticalFovDeg, aspect);
  const ends = lengths.flatMap(({ picture }) => picture);
  const errors = ends.map((end) => found.areaErrorAt(end, riseM)).sort((a, b) => a - b);
  if (!((errors[0] as number) <= maxAreaError)) throw new CalibrationError('lengths-leave-open');
  // The position error under which areas come out as unsure as the lengths leave them, where they were marked.
  const unit: Ground = { toGround, reprojectionError: 0, positionError: 1, maxAreaError, camera: undefined };
  const positions = ends.map((end) => found.areaErrorAt(end, riseM) / areaErrorAt(unit, end, aspect));
  const middle = positions.sort((a, b) => a - b)[Math.floor(positions.length / 2)] as number;
  return {
    toGround,
    reprojectionError: found.clickError,
    positionError: Math.max(MIN_POSITION_ERROR, found.clickError, middle),
    maxAreaError,
    camera: {
      heightM: found.heightM + pointsHeightM,
      tiltDeg: found.tiltDeg,
      verticalFovDeg: found.verticalFovDeg,
    },
  };
}

/** Where a point of the picture lies, metres; undefined at and beyond the horizon. */
export function groundAt(ground: Ground, [x, y]: PicturePoint): Point | undefined {
  const { point, weight } = project(ground.toGround, [x, y]);
  return weight > 0 ? point : undefined;
}

/** Where a point of the head plane appears in the picture, 0–1 inside it; undefined behind the camera. */
export function pictureAt(ground: Ground, metres: Point): Point | undefined {
  const { point } = project(inverse(ground.toGround), metres);
  return project(ground.toGround, point).weight > 0 ? point : undefined;
}

/**
 * Relative error of ground areas at a point of the picture. Area grows with the inverse cube of the distance to the
 * horizon, so three times the position error over that distance; infinite at the horizon. Or what the marks leave open,
 * where that is more: near the horizon as well as far from the marks.
 */
export function areaErrorAt({ toGround: m, positionError, areaSpread }: Ground, at: Point, aspect: number): number {
  const { weight } = project(m, at);
  if (!(weight > 0)) return Number.POSITIVE_INFINITY;
  const local = (3 * positionError * Math.hypot(m[6] / aspect, m[7])) / weight;
  return areaSpread ? Math.max(local, areaSpreadAt(areaSpread, at, weight)) : local;
}

type Pose = { r1: Vector3; r2: Vector3; t: Vector3; up: Vector3; focal: number; heightM: number; tiltDeg: number };

/**
 * Camera and angle of view from the map of a plane (Zhang, TPAMI 22, 2000): the plane's axes must come out at a right
 * angle and equally long. Undefined where that tells nothing, as when the camera looks straight down.
 */
function poseOf(toPicture: Matrix3, aspect: number, verticalFovDeg: number | undefined): Pose | undefined {
  const g = multiply(centred(aspect), toPicture);
  const [g1, g2, g3] = [column(g, 0), column(g, 1), column(g, 2)];
  const focal = verticalFovDeg === undefined ? focalOf(g1, g2) : 0.5 / Math.tan(radians(verticalFovDeg) / 2);
  if (focal === undefined) return undefined;
  const ray = ([x, y, z]: Vector3): Vector3 => [x / focal, y / focal, z];
  const [a1, a2, a3] = [ray(g1), ray(g2), ray(g3)];
  const length = Math.sqrt(Math.hypot(...a1) * Math.hypot(...a2));
  // No sign to choose: weights are positive at the marks, wherever the ground's origin lies, if behind the camera.
  const [r1, r2, t] = [scale(a1, 1 / length), scale(a2, 1 / length), scale(a3, 1 / length)];
  const normal = cross(r1, r2);
  // The side of the plane the camera is on is up, however the ground's axes were drawn.
  const side = -dot(normal, t);
  const up = scale(normal, side < 0 ? -1 : 1);
  // The axis against the plane: the camera looks along z, and up has its z part towards the camera.
  const tiltDeg = degrees(Math.asin(Math.min(1, Math.max(-1, -up[2] / Math.hypot(...up)))));
  return { r1, r2, t, up, focal, heightM: Math.abs(side), tiltDeg };
}

/** Focal length in picture heights; undefined where the two conditions leave it open. */
function focalOf(g1: Vector3, g2: Vector3): number | undefined {
  const xy = (a: Vector3, b: Vector3): number => a[0] * b[0] + a[1] * b[1];
  const conditions: [number, number][] = [
    [xy(g1, g2), -g1[2] * g2[2]],
    [xy(g1, g1) - xy(g2, g2), g2[2] ** 2 - g1[2] ** 2],
  ];
  const size = xy(g1, g1) + xy(g2, g2);
  const weight = conditions.reduce((sum, [a]) => sum + a * a, 0);
  // Nearly equal axes: the camera looks straight down, and noise would decide.
  if (weight < (0.02 * size) ** 2) return undefined;
  const inverseSquare = conditions.reduce((sum, [a, b]) => sum + a * b, 0) / weight;
  if (!(inverseSquare > 0)) return undefined;
  const focal = 1 / Math.sqrt(inverseSquare);
  const fovDeg = degrees(2 * Math.atan(0.5 / focal));
  return fovDeg >= 5 && fovDeg <= 150 ? focal : undefined;
}

/** The plane `riseM` above the one the pose was found from, to the picture. */
function atHeight({ r1, r2, t, up, focal }: Pose, riseM: number, aspect: number): Matrix3 {
  const raised = add(t, scale(up, riseM));
  const lens = ([x, y, z]: Vector3): Vector3 => [x * focal, y * focal, z];
  const [c1, c2, c3] = [lens(r1), lens(r2), lens(raised)];
  const g: Matrix3 = [c1[0], c2[0], c3[0], c1[1], c2[1], c3[1], c1[2], c2[2], c3[2]];
  return multiply(inverse(centred(aspect)), g);
}

/** Weights are positive on the ground's side of the horizon. */
function facing(map: Matrix3, at: Point): Matrix3 {
  return project(map, at).weight < 0 ? (map.map((value) => -value) as unknown as Matrix3) : map;
}

/** Area of the points' box along its own axes, so that a slanted line counts as none, and how far it reaches. */
function spread(points: Point[]): { area: number; length: number } {
  const n = points.length;
  const mean = (of: (p: Point) => number): number => points.reduce((sum, p) => sum + of(p), 0) / n;
  const [cx, cy] = [mean((p) => p[0]), mean((p) => p[1])];
  const xx = mean((p) => (p[0] - cx) ** 2);
  const yy = mean((p) => (p[1] - cy) ** 2);
  const xy = mean((p) => (p[0] - cx) * (p[1] - cy));
  // A uniform box of sides a and b has a standard deviation of a/√12 along each.
  return { area: 12 * Math.sqrt(Math.max(0, xx * yy - xy * xy)), length: Math.sqrt(12 * (xx + yy)) };
}
