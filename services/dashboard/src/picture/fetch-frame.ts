/** The picture request itself: address, headers, decoding. The bytes are freed as soon as the bitmap exists. */
import type { LoadedFrame } from './frame-loader.ts';

/** A picture that takes longer than this is not worth having any more. */
const TIMEOUT_MS = 5_000;

export async function fetchFrame(
  cameraId: string,
  widthPx: number,
  signal: AbortSignal,
): Promise<LoadedFrame<ImageBitmap> | undefined> {
  const response = await fetch(`./api/cameras/${cameraId}/frame.jpg`, {
    cache: 'no-store',
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  });
  if (!response.ok) {
    await response.body?.cancel();
    return undefined;
  }
  const seq = Number(response.headers.get('x-seq') ?? Number.NaN);
  const capturedAt = Number(response.headers.get('x-captured-at') ?? Number.NaN);
  // Without its time a picture could be any age: it is not shown.
  if (!Number.isFinite(seq) || !Number.isFinite(capturedAt)) return undefined;
  // Decoded to the size it is shown at: 64 full-size bitmaps would be half a gigabyte.
  const bitmap = await createImageBitmap(await response.blob(), { resizeWidth: widthPx, resizeQuality: 'medium' });
  return { seq, capturedAt, bitmap };
}
