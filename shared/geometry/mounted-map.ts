/** The map of a level camera: axis `tilt` below the horizontal, no roll, pinhole, square pixels. Pure. */
import { type Matrix3, multiply } from './matrix.ts';

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** Picture 0–1 to square units around its middle, one picture height long. */
export const centred = (aspect: number): Matrix3 => [aspect, 0, -aspect / 2, 0, 1, -0.5, 0, 0, 1];

/** Picture (0–1) to a plane `heightM` below the lens, metres. Weights are positive on this side of the horizon. */
export function mountedMap(heightM: number, tiltDeg: number, verticalFovDeg: number, aspect: number): Matrix3 {
  const focal = 0.5 / Math.tan(radians(verticalFovDeg) / 2);
  const sin = Math.sin(radians(tiltDeg));
  const cos = Math.cos(radians(tiltDeg));
  const fromCentre: Matrix3 = [heightM, 0, 0, 0, -heightM * sin, heightM * focal * cos, 0, cos, focal * sin];
  return multiply(fromCentre, centred(aspect));
}
