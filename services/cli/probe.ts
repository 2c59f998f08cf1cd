/** `headroom probe`: what a camera sends. */
import { writeFile } from 'node:fs/promises';
import { cameraSource } from '../../shared/config/load.ts';
import { checkFfmpeg } from '../ingest/ffmpeg-version.ts';
import { jpegSize } from '../ingest/jpeg-splitter.ts';
import { type Look, lookAtCamera } from '../ingest/look-at-camera.ts';

/** Opens a camera for a few seconds. @throws HeadroomError when the address cannot be used or ffmpeg is missing */
export async function probeCamera(url: string, id = 'probe'): Promise<Look> {
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
  if (out) await writeFile(out, picture);
  return true;
}
