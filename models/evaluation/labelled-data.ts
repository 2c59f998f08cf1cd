/** Labelled pictures: a folder with `images/` and `labels.jsonl`, one line a picture. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { Label } from '../../shared/contracts/labels.ts';
import { HeadroomError } from '../../shared/runtime/errors.ts';

/** One picture; heads in pixels of the picture, origin top left. */
export type LabelledPicture = {
  folder: string;
  file: string;
  widthPx: number;
  heightPx: number;
  heads: [number, number][];
};

/**
 * Reads one labelled folder, or every labelled folder within a folder.
 * @param limit at most this many pictures of each, evenly spread
 * @throws HeadroomError DATA_MISSING, DATA_INVALID naming file, line and field
 */
export async function readLabelled(dir: string, limit = Number.POSITIVE_INFINITY): Promise<LabelledPicture[]> {
  const root = resolve(dir);
  const own = existsSync(join(root, 'labels.jsonl'));
  const entries = own ? [] : await readdir(root, { withFileTypes: true }).catch(() => []);
  const folders = own
    ? [root]
    : entries
        .filter((e) => e.isDirectory())
        .map((e) => join(root, e.name))
        .filter((f) => existsSync(join(f, 'labels.jsonl')));
  if (folders.length === 0) {
    throw new HeadroomError('DATA_MISSING', `There is no labels.jsonl in ${dir} or in a folder within it.`);
  }
  const pictures = await Promise.all(folders.sort().map((folder) => readFolder(folder, limit)));
  return pictures.flat();
}

async function readFolder(folder: string, limit: number): Promise<LabelledPicture[]> {
  const file = join(folder, 'labels.jsonl');
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line.trim() !== '');
  const count = Math.min(lines.length, Math.floor(limit));
  const wanted = Array.from({ length: count }, (_, i) => Math.floor((i * lines.length) / count));
  return wanted.map((index) => {
    let json: unknown;
    try {
      json = JSON.parse(lines[index] as string);
    } catch {
      throw new HeadroomError('DATA_INVALID', `${file}:${index + 1} is no JSON.`);
    }
    const label = Label.safeParse(json);
    if (!label.success) {
      const [issue] = label.error.issues;
      throw new HeadroomError('DATA_INVALID', `${file}:${index + 1} ${issue?.path.join('.')}: ${issue?.message}`);
    }
    const { image, width, height, points } = label.data;
    return { folder: basename(folder), file: join(folder, image), widthPx: width, heightPx: height, heads: points };
  });
}
