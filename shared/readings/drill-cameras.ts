/**
 * The cameras of a drill: copies of configured ones, with their zones and thresholds, that exist as long as it lasts.
 * Gateway and alerts make them from the same scenario and configuration, so they need not be sent about. Pure.
 */
import { Camera, type Zone } from '../config/schema.ts';
import { DRILL_PREFIX, type DrillScenario } from '../contracts/drill.ts';

type Part = DrillScenario['cameras'][number];
export type DrillCamera = { camera: Camera; zone: Zone; points: Part['points'] };

/** On everything that shows a camera's name, in both languages: a reader has a second to see it. */
const MARK = 'EXERCISE 훈련';
const SAMPLE_FPS = 2;
const LONGEST_ID = 63;
/** For a site without a zone yet. */
const PRACTICE_GROUND = Camera.parse({
  id: 'practice',
  name: 'Practice ground',
  url: 'rtsp://drill.invalid/',
  calibration: { mount: { heightM: 6, tiltDeg: 40 }, verticalFovDeg: 50 },
  zones: [
    {
      id: 'ground',
      polygon: [
        [0.1, 0.2],
        [0.9, 0.2],
        [0.9, 0.9],
        [0.1, 0.9],
      ],
    },
  ],
});

/** @returns the cameras, or what is wrong with the scenario here */
export function drillCameras(
  scenario: DrillScenario,
  configured: readonly Camera[],
): { cameras: DrillCamera[]; fault?: undefined } | { fault: string } {
  const withZones = configured.filter(({ zones }) => zones.length > 0);
  const sites = withZones.length > 0 ? withZones : [PRACTICE_GROUND];
  const cameras: DrillCamera[] = [];
  for (const [index, { like, zone: zoneId, points }] of scenario.cameras.entries()) {
    const model = like === undefined ? sites[index % sites.length] : sites.find(({ id }) => id === like);
    if (!model) return { fault: `cameras[${index}].like: there is no configured camera ${like} with a zone` };
    const zone = zoneId === undefined ? model.zones[0] : model.zones.find(({ id }) => id === zoneId);
    if (!zone) return { fault: `cameras[${index}].zone: camera ${model.id} has no zone ${zoneId}` };
    const { capacity, limits } = zone;
    if (!model.calibration && capacity === undefined && !limits?.count) {
      return {
        fault: `zone ${zone.id} of camera ${model.id} has no threshold: it needs a calibration, a capacity or limits`,
      };
    }
    const id = `${DRILL_PREFIX}${model.id}`.slice(0, LONGEST_ID);
    if (cameras.some(({ camera }) => camera.id === id)) return { fault: `camera ${model.id} is used twice` };
    const { calibration, importance } = { ...model, ...zone, calibration: model.calibration };
    const camera = Camera.parse({
      id,
      name: `${MARK} · ${model.name ?? model.id}`.slice(0, 80),
      url: 'rtsp://drill.invalid/',
      sampleFps: SAMPLE_FPS,
      zones: [{ ...zone, importance, name: (zone.name ?? zone.id).slice(0, 80) }],
      ...(calibration ? { calibration } : {}),
    });
    cameras.push({ camera, zone, points });
  }
  return { cameras };
}
