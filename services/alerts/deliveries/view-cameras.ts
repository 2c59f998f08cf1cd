/** The cameras as receivers show them. Pure. */
import { type Camera, staleAfterMs } from '../../../shared/config/schema.ts';
import type { Rule } from '../rules/rule.ts';
import type { ViewCamera } from './receiver.ts';

export function viewCameras(cameras: Camera[], rules: Rule[]): ViewCamera[] {
  return cameras.map((camera) => ({
    id: camera.id,
    name: camera.name ?? camera.id,
    staleAfterMs: staleAfterMs(camera),
    zones: camera.zones.map(({ id, name }) => ({
      id,
      name: name ?? id,
      calibrated: camera.calibration !== undefined,
      judged: rules.some((rule) => rule.cameraId === camera.id && rule.zoneId === id),
    })),
  }));
}
