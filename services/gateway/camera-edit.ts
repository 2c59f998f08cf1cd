/** A camera on its way between the file and a browser: secrets masked, put back, and never sent elsewhere. Pure. */
import { isMasked, isSameHost, maskUrl, referencesOf, unmaskUrl } from '../../shared/config/mask.ts';
import { CameraSettings, type FieldIssue } from '../../shared/contracts/config-api.ts';

/**
 * A browser may name new variables only of this family: else a camera's address could carry any secret of the server's
 * environment to a host of the sender's choice.
 */
const OWN_VARIABLES = /^CAMERA_[A-Z0-9_]+$/;

/** The cameras of a file's plain value, as browsers see them. Entries that are no camera are left out. */
export function maskedCameras(value: unknown): CameraSettings[] {
  return storedCameras(value).map((camera) => ({ ...camera, url: maskUrl(camera.url) }));
}

/** The cameras of a file's plain value, secrets included. */
export function storedCameras(value: unknown): CameraSettings[] {
  const { cameras } = (value ?? {}) as { cameras?: unknown };
  return Array.isArray(cameras) ? cameras.flatMap((camera) => CameraSettings.safeParse(camera).data ?? []) : [];
}

/**
 * The full address of one that came from a browser.
 * @param stored all cameras of the file
 * @param cameraId the camera whose secrets `***` stands for
 */
export function fullUrl(
  sent: string,
  stored: CameraSettings[],
  cameraId: string | undefined,
): { url: string } | { fault: string } {
  const own = stored.find(({ id }) => id === cameraId);
  const full = isMasked(sent) ? unmaskUrl(sent, own?.url) : { url: sent };
  if ('fault' in full) return full;
  const known = new Set(stored.filter(({ url }) => isSameHost(url, full.url)).flatMap(({ url }) => referencesOf(url)));
  const foreign = referencesOf(full.url).find((name) => !known.has(name) && !OWN_VARIABLES.test(name));
  if (foreign === undefined) return full;
  return {
    fault: 'names a variable that may not be used from here: take one that begins with CAMERA_, or edit the file',
  };
}

/** Faults of the whole file as seen from one camera: `cameras[2].zones[0].id` becomes `zones[0].id`. */
export function issuesOf(issues: FieldIssue[], cameraIndex: number): FieldIssue[] {
  const own = `cameras[${cameraIndex}]`;
  return issues.map(({ field, rule }) => ({
    field: field === own ? '' : field.startsWith(`${own}.`) ? field.slice(own.length + 1) : field,
    rule,
  }));
}
