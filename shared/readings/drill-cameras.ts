/**
 * The cameras of a drill: copies of configured ones, with their zones and thresholds, that exist as long as it lasts.
 * Every service makes them from the same scenario and configuration, so they need not be sent about. Pure.
 */
import { Camera, type Zone } from '../config/schema.ts';
import { DRILL_PREFIX, type Drill, type DrillScenario } from '../contracts/drill.ts';

type Part = DrillScenario['cameras'][number];
/** Its crowd is drawn by the player, and read as the scenario says. */
export type DrawnCamera = { camera: Camera; zone: Zone; points: NonNullable<Part['points']>; clip?: undefined };
/** Its pictures come from ingest, its counts from the model. */
export type ClipCamera = { camera: Camera; clip: string };
export type DrillCamera = DrawnCamera | ClipCamera;

export const isDrawn = (of: DrillCamera): of is DrawnCamera => of.clip === undefined;
export const isPlayed = (of: DrillCamera): of is ClipCamera => of.clip !== undefined;

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
  for (const [index, { like, zone: zoneId, points, clip }] of scenario.cameras.entries()) {
    const model = like === undefined ? sites[index % sites.length] : sites.find(({ id }) => id === like);
    if (!model) return { fault: `cameras[${index}].like: there is no configured camera ${like} with a zone` };
    const named = zoneId === undefined ? model.zones : model.zones.filter(({ id }) => id === zoneId);
    const zones = clip === undefined ? named.slice(0, 1) : named;
    const [zone] = zones;
    if (!zone) return { fault: `cameras[${index}].zone: camera ${model.id} has no zone ${zoneId}` };
    if (!zones.some((one) => isGuarded(model, one))) {
      return {
        fault: `zone ${zone.id} of camera ${model.id} has no threshold: it needs a calibration, a capacity or limits`,
      };
    }
    const id = `${DRILL_PREFIX}${model.id}`.slice(0, LONGEST_ID);
    if (cameras.some(({ camera }) => camera.id === id)) return { fault: `camera ${model.id} is used twice` };
    const { calibration } = model;
    const camera = Camera.parse({
      id,
      name: `${MARK} · ${model.name ?? model.id}`.slice(0, 80),
      // Never opened: a clip's address is ingest's business. Another clip is another address.
      url: `rtsp://drill.invalid/${clip ?? ''}`,
      sampleFps: SAMPLE_FPS,
      zones: zones.map((one) => ({ ...one, name: (one.name ?? one.id).slice(0, 80) })),
      ...(calibration ? { calibration } : {}),
      ...(clip === undefined ? {} : countedLike(model)),
    });
    cameras.push(clip === undefined ? { camera, zone, points: points ?? [] } : { camera, clip });
  }
  return { cameras };
}

/** The cameras of a drill under way; none where there is no drill, or it does not fit a configuration changed since. */
export function camerasOf(drill: Pick<Drill, 'scenario'> | undefined, configured: readonly Camera[]): DrillCamera[] {
  if (!drill) return [];
  const made = drillCameras(drill.scenario, configured);
  return made.fault === undefined ? made.cameras : [];
}

const isGuarded = ({ calibration }: Camera, { capacity, limits }: Zone): boolean =>
  calibration !== undefined || capacity !== undefined || limits?.count !== undefined;

/** A clip's pictures are sampled and counted as its camera's own. Cuts in it, and its beginning anew, are no faults. */
function countedLike({ sampleFps, inferenceWidth, farField, model, steps, staleAfterMs }: Camera): Partial<Camera> {
  const pictureGate = { ...Camera.shape.pictureGate.parse(undefined), blur: false, moved: false, resolution: false };
  return {
    ...{ sampleFps, inferenceWidth, pictureGate },
    ...(farField === undefined ? {} : { farField }),
    ...(model === undefined ? {} : { model }),
    ...(steps === undefined ? {} : { steps }),
    ...(staleAfterMs === undefined ? {} : { staleAfterMs }),
  };
}
