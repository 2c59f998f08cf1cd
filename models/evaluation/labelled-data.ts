/** Labelled pictures: a folder with `images/` and `labels.jsonl`, one line a picture. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import sharp from 'sharp';
import { z } from 'zod';
import { decodePicture, type Picture } from '../../services/worker/model/picture.ts';
import type { FarField } from '../../shared/contracts/far-field.ts';
import { Label } from '../../shared/contracts/labels.ts';
import type { ModelManifest } from '../../shared/contracts/manifest.ts';
import { HeadroomError } from '../../shared/runtime/errors.ts';
import type { Wear } from './wear.ts';
import { worn } from './worn.ts';

/** One picture; heads in pixels of the picture, origin top left. */
export type LabelledPicture = {
  folder: string;
  file: string;
  widthPx: number;
  heightPx: number;
  heads: [number, number][];
  /** Files of the pictures just before it, the oldest first, where the folder names them. */
  before?: string[] | undefined;
};

/**
 * Reads one labelled folder, or every labelled folder within a folder.
 * @param limit at most this many pictures of each, evenly spread
 * @param heldOut only these pictures, by folder; all of a folder that it does not name
 * @throws HeadroomError DATA_MISSING, DATA_INVALID naming file, line and field
 */
export async function readLabelled(
  dir: string,
  limit = Number.POSITIVE_INFINITY,
  heldOut: HeldOut = {},
): Promise<LabelledPicture[]> {
  const root = resolve(dir);
  const own = existsSync(join(root, 'labels.jsonl'));
  const entries = own ? [] : await readdir(root).catch(() => []);
  const folders = own
    ? [root]
    : entries.map((name) => join(root, name)).filter((folder) => existsSync(join(folder, 'labels.jsonl')));
  if (folders.length === 0) {
    throw new HeadroomError('DATA_MISSING', `There is no labels.jsonl in ${dir} or in a folder within it.`);
  }
  const pictures = await Promise.all(
    folders.sort().map((folder) => readFolder(folder, limit, heldOut[basename(folder)])),
  );
  return pictures.flat();
}

/** What EXIF says of a picture that is to be shown as its pixels lie. */
const UPRIGHT = 1;

/** How labelled pictures are shown to the nets. */
export type Shown = {
  width?: number | 'native' | undefined;
  farField?: FarField | undefined;
  wear?: Wear | undefined;
};

/**
 * One picture as the nets take it, with the tiles of its far field; worn, where that is asked for.
 * @throws HeadroomError DATA_MISSING, DATA_INVALID naming the file, also where its size is not the labels'
 */
export async function decodeLabelled(
  { file, widthPx, heightPx }: Pick<LabelledPicture, 'file'> & Partial<Pick<LabelledPicture, 'widthPx' | 'heightPx'>>,
  input: ModelManifest['input'],
  { width = 'native', farField, wear }: Shown = {},
): Promise<Picture> {
  const bytes = await readFile(file).catch((cause) => {
    throw new HeadroomError('DATA_MISSING', `The picture ${file} cannot be read.`, { cause });
  });
  const { picture, orientation = UPRIGHT } = await decode(file, async () => ({
    picture: await decodePicture(wear ? await worn(bytes, wear) : bytes, input, width, farField),
    ...(await sharp(bytes).metadata()),
  }));
  if (orientation !== UPRIGHT) {
    throw new HeadroomError(
      'DATA_INVALID',
      `${file} lies on its side and is turned by EXIF alone, which cameras never do: save it upright, and label that.`,
    );
  }
  const { native } = picture;
  if ((widthPx ?? native.widthPx) !== native.widthPx || (heightPx ?? native.heightPx) !== native.heightPx) {
    throw new HeadroomError(
      'DATA_INVALID',
      `${file} is ${native.widthPx}×${native.heightPx}, but labelled as ${widthPx}×${heightPx}: its points would lie elsewhere.`,
    );
  }
  return picture;
}

async function decode<Decoded>(file: string, decoding: () => Promise<Decoded>): Promise<Decoded> {
  try {
    return await decoding();
  } catch (cause) {
    throw new HeadroomError('DATA_INVALID', `${file} is not a picture that can be decoded.`, { cause });
  }
}

/** Names of pictures that were never trained on, by folder; `all` is every one of it. */
const Split = z.object({ validation: z.record(z.string(), z.union([z.literal('all'), z.array(z.string())])) });
export type HeldOut = z.infer<typeof Split>['validation'];

/** @throws HeadroomError DATA_MISSING, DATA_INVALID */
export async function readHeldOut(file: string): Promise<HeldOut> {
  const text = await readFile(file, 'utf8').catch((cause) => {
    throw new HeadroomError('DATA_MISSING', `${file} cannot be read.`, { cause });
  });
  try {
    return Split.parse(JSON.parse(text)).validation;
  } catch (cause) {
    throw new HeadroomError(
      'DATA_INVALID',
      `${file} is no list of held-out pictures, as models.training.split makes it.`,
      { cause },
    );
  }
}

/**
 * Every line of a folder's labels.jsonl.
 * @throws HeadroomError DATA_MISSING, DATA_INVALID naming file, line and field
 */
export async function readLabels(folder: string): Promise<Label[]> {
  const file = join(folder, 'labels.jsonl');
  const text = await readFile(file, 'utf8').catch((cause) => {
    throw new HeadroomError('DATA_MISSING', `${file} cannot be read.`, { cause });
  });
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line, index) => labelOf(file, line, index));
}

async function readFolder(folder: string, limit: number, heldOut: HeldOut[string] = 'all'): Promise<LabelledPicture[]> {
  const all = await readLabels(folder);
  const chosen = heldOut === 'all' ? all : all.filter(({ image }) => heldOut.includes(basename(image)));
  const count = Math.min(chosen.length, Math.floor(limit));
  return Array.from({ length: count }, (_, i) => {
    const { image, width, height, points, before } = chosen[Math.floor((i * chosen.length) / count)] as Label;
    return {
      ...{ folder: basename(folder), file: join(folder, image), widthPx: width, heightPx: height, heads: points },
      before: before?.map((earlier) => join(folder, earlier)),
    };
  });
}

function labelOf(file: string, line: string, index: number): Label {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    throw new HeadroomError('DATA_INVALID', `${file}:${index + 1} is no JSON.`);
  }
  const label = Label.safeParse(json);
  if (label.success) {
    const { width, height, points } = label.data;
    const outside = points.find(([x, y]) => x < 0 || x > width || y < 0 || y > height);
    if (!outside) return label.data;
    throw new HeadroomError(
      'DATA_INVALID',
      `${file}:${index + 1} the point [${outside.join(', ')}] is outside the picture of ${width}×${height}.`,
    );
  }
  const [issue] = label.error.issues;
  throw new HeadroomError('DATA_INVALID', `${file}:${index + 1} ${issue?.path.join('.')}: ${issue?.message}`);
}
