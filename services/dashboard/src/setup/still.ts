/** Pictures to draw on: the newest of a camera that is watched, or the first one of a look. */
import type { ProbeAnswer } from '../../../../shared/contracts/probe.ts';
import type { StillPicture } from './inputs.ts';

const TIMEOUT_MS = 5_000;

/** @returns undefined when there is none */
export async function newestPicture(cameraId: string): Promise<StillPicture | undefined> {
  try {
    const response = await fetch(`./api/cameras/${encodeURIComponent(cameraId)}/frame.jpg`, {
      cache: 'no-store',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) return undefined;
    return await pictureOf(await response.blob());
  } catch {
    return undefined;
  }
}

export async function probedPicture({ pictureBase64 }: ProbeAnswer): Promise<StillPicture | undefined> {
  if (!pictureBase64) return undefined;
  const bytes = Uint8Array.from(atob(pictureBase64), (letter) => letter.charCodeAt(0));
  return pictureOf(new Blob([bytes], { type: 'image/jpeg' }));
}

async function pictureOf(blob: Blob): Promise<StillPicture | undefined> {
  try {
    const bitmap = await createImageBitmap(blob);
    const { width, height } = bitmap;
    bitmap.close();
    return { src: URL.createObjectURL(blob), aspect: width / height, heightPx: height };
  } catch {
    return undefined;
  }
}

/** Gives a picture's memory back. */
export function forget(picture: StillPicture | undefined): void {
  if (picture) URL.revokeObjectURL(picture.src);
}
