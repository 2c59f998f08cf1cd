/** Where things stand at the broker. Pure. `prefix` is the endpoint's `topicPrefix`. */

export const ONLINE = 'online';
export const OFFLINE = 'offline';

export const topicsOf = (prefix: string) => ({
  /** `online` or `offline`, retained; the last will. */
  status: `${prefix}/status`,
  /** Alert events, one after the other. */
  events: `${prefix}/events`,
  heartbeat: `${prefix}/heartbeat`,
  /** The camera's counts, JSON; not retained: an old number is no number. */
  counts: (cameraId: string) => `${prefix}/camera/${cameraId}/state`,
  /** Whether the camera is counted now; retained. */
  availability: (cameraId: string) => `${prefix}/camera/${cameraId}/availability`,
  /** `ON` while the camera is blind; retained. */
  problem: (cameraId: string) => `${prefix}/camera/${cameraId}/problem`,
  /** The zone's level as people are shown it; retained. */
  level: (cameraId: string, zoneId: string) => `${prefix}/camera/${cameraId}/zone/${zoneId}/level`,
  /** What is retained of cameras, for finding what is there no longer. */
  retained: [
    `${prefix}/camera/+/availability`,
    `${prefix}/camera/+/problem`,
    `${prefix}/camera/+/zone/+/level`,
  ] as const,
});
export type Topics = ReturnType<typeof topicsOf>;

/** The name of a camera at Home Assistant; letters, digits, `_` and `-` only. */
export const deviceId = (prefix: string, cameraId: string): string =>
  `${prefix.replace(/[^a-zA-Z0-9_-]/g, '_')}_${cameraId}`;

export const discoveryTopic = (discoveryPrefix: string, device: string): string =>
  `${discoveryPrefix}/device/${device}/config`;
