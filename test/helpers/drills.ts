/** A small site, and drills upon it. */
import { parseConfig } from '../../shared/config/load.ts';
import { DrillScenario } from '../../shared/contracts/drill.ts';
import { camerasOf, drillCameras, isDrawn, isPlayed } from '../../shared/readings/drill-cameras.ts';

/** One camera with thresholds, and one without. */
export const config = parseConfig(`
alerts: { clearMs: 1000, smoothMs: 0, dwellMs: { attention: 500, caution: 500, alert: 500, severe: 500 } }
cameras:
  - id: gate
    name: Gate 3
    url: "rtsp://192.0.2.1/"
    zones: [{ id: stairs, polygon: [[0.2, 0.2], [0.8, 0.2], [0.8, 0.8]], profile: stairs, capacity: 80 }]
    calibration: { mount: { heightM: 6, tiltDeg: 40 }, verticalFovDeg: 50 }
  - { id: plain, url: "rtsp://192.0.2.2/", zones: [{ id: all, polygon: [[0, 0], [1, 0], [1, 1]] }] }
`);

/** A drawn scenario with one camera. */
export const scenario = (points: object[], more: object = {}): DrillScenario =>
  DrillScenario.parse({ title: 'x', durationSeconds: 100, cameras: [{ points, ...more }] });

/** The cameras of a scenario, or what is wrong with it. */
export const made = (of: DrillScenario, cameras = config.cameras) => {
  const { fault } = { fault: undefined, ...drillCameras(of, cameras) };
  const all = camerasOf({ scenario: of }, cameras);
  return { drill: all.filter(isDrawn), played: all.filter(isPlayed), fault };
};
