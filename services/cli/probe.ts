/** `headroom probe`: what a camera sends. */
import { writeFile } from 'node:fs/promises';
import { cameraSource, urlFault } from '../../shared/config/load.ts';
import { TRIAL_SCHEMES } from '../../shared/config/schema.ts';
import { HeadroomError } from '../../shared/runtime/errors.ts';
import { checkFfmpeg } from '../ingest/ffmpeg-version.ts';
import { jpegSize } from '../ingest/jpeg-splitter.ts';
import { type Look, lookAtCamera } from '../ingest/look-at-camera.ts';

/**
 * Opens a camera for a few seconds.
 * @param id of a configured one, for messages
 * @throws HeadroomError when the address cannot be used or ffmpeg is missing
 */
export async function probeCamera(url: string, id?: string): Promise<Look> {
  const fault = urlFault({ url }, { ingest: { trialSchemes: [...TRIAL_SCHEMES] } });
  if (fault)
    throw new HeadroomError('CAMERA_URL_INVALID', `${id === undefined ? 'Address' : `Camera ${id}`}: ${fault}.`);
  await checkFfmpeg();
  return lookAtCamera(cameraSource({ id, url }));
}

/** @returns whether the camera gave a picture */
export async function runProbe(url: string, out: string | undefined): Promise<boolean> {
  const { result, picture } = await probeCamera(url);
  if (!result.ok || !picture) {
    process.stderr.write(`no picture: ${result.ok ? 'unreadable' : result.detail}\n`);
    return false;
  }
  const sampled = jpegSize(picture);
  const { stream, widthPx, heightPx, firstPictureMs, measuredFps } = result;
  process.stdout.write(
    `stream         ${stream}\nsource size    ${widthPx}×${heightPx}\npicture size   ${sampled?.widthPx}×${sampled?.heightPx}\nfirst picture  after ${firstPictureMs} ms\nrate           ${measuredFps} pictures a second\n`,
  );
  if (out) {
    await writeFile(out, picture).catch((cause: NodeJS.ErrnoException) => {
      throw new HeadroomError('USAGE', `--out: ${out} cannot be written (${cause.code}).`, { cause });
    });
  }
  return true;
}
