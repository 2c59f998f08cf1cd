/** The part of labelled pictures that is judged. Some labels leave out the far end of a scene, and nobody can be held against those. */
import { readPicture } from '../../services/worker/density/picture-reading.ts';
import { rasterise } from '../../services/worker/density/zone-mask.ts';
import type { PictureEstimate } from '../../services/worker/model/count-picture.ts';
import type { Zone } from '../../shared/config/schema.ts';
import type { ModelManifest } from '../../shared/contracts/manifest.ts';
import { HeadroomError } from '../../shared/runtime/errors.ts';
import type { LabelledPicture } from './labelled-data.ts';

export type JudgedReading = { count: number; interval: [number, number]; found: [number, number][] };

/**
 * People, interval and located heads (px of the picture) below a share of the picture's height, as the server reads a
 * zone there; of the whole picture when the share is 0.
 * @throws HeadroomError MODEL_INVALID when the model gives no number
 */
export function readJudged(
  estimate: Pick<PictureEstimate, 'map' | 'blocks' | 'heads' | 'noise'>,
  manifest: ModelManifest,
  picture: LabelledPicture,
  below: number,
): JudgedReading {
  const { map, blocks, heads } = estimate;
  const reading = readPicture(estimate, manifest, below > 0 ? [zoneBelow(below)] : [], ({ polygon }) =>
    rasterise(polygon, map, blocks),
  );
  const part = below > 0 ? reading?.zones[0] : reading;
  if (!part) throw new HeadroomError('MODEL_INVALID', `The model gives no number for ${picture.file}.`);
  return {
    count: part.count,
    interval: part.interval,
    found: heads.filter(([, y]) => y >= below).map(([x, y]) => [x * picture.widthPx, y * picture.heightPx]),
  };
}

/** The same pictures with the labels of that part alone. */
export function labelsBelow(pictures: LabelledPicture[], below: number): LabelledPicture[] {
  return pictures.map((p) => ({ ...p, heads: p.heads.filter(([, y]) => y >= below * p.heightPx) }));
}

function zoneBelow(share: number): Zone {
  const polygon: Zone['polygon'] = [
    [0, share],
    [1, share],
    [1, 1],
    [0, 1],
  ];
  return { id: 'judged', polygon, profile: 'standing', importance: 'normal' };
}
