/** Labelled pictures as a zip: `images/` and `labels.jsonl`, what `npm run evaluate` and training read. Pure. */
import { strFromU8, strToU8, unzipSync, type Zippable, zipSync } from 'fflate';
import { Label } from '../../../../shared/contracts/labels.ts';
import type { Point, Size } from './clicks.ts';
import { exifOrientation } from './exif.ts';

export type LabelledPicture = Size & { name: string; bytes: Uint8Array; points: readonly Point[] };

/** What a zip may unfold to: more than any session here, less than a browser can hold. */
const MOST_BYTES = 1024 ** 3;
const KINDS: Record<string, string> = { jpg: 'image/jpeg', jpeg: 'image/jpeg', png: 'image/png', webp: 'image/webp' };

/** A zip that is none of ours; `line` of labels.jsonl where there is one. */
export class ZipFault extends Error {
  readonly why: 'no-zip' | 'no-labels' | 'bad-line' | 'no-image' | 'turned' | 'too-large';
  readonly line: number | undefined;

  constructor(why: ZipFault['why'], line?: number) {
    super(why);
    this.why = why;
    this.line = line;
  }
}

/** Writes a zip. Pictures are stored as they are: they are compressed already. */
export function writeZip(pictures: LabelledPicture[]): Uint8Array<ArrayBuffer> {
  const files: Zippable = {};
  const lines: string[] = [];
  const taken = new Set<string>();
  for (const { name, bytes, widthPx, heightPx, points } of pictures) {
    const image = `images/${fileName(name, bytes, taken)}`;
    files[image] = [bytes, { level: 0 }];
    const label: Label = { image, width: widthPx, height: heightPx, points: points.map(([x, y]) => [x, y]) };
    lines.push(`${JSON.stringify(label)}\n`);
  }
  files['labels.jsonl'] = strToU8(lines.join(''));
  return zipSync(files) as Uint8Array<ArrayBuffer>;
}

/** Reads a zip, with or without a folder around its files. @throws ZipFault */
export function readZip(zip: Uint8Array): (LabelledPicture & { type: string })[] {
  let bytes = 0;
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(zip, {
      filter: ({ name, originalSize }) => {
        if (!/(^|\/)(labels\.jsonl|images\/[^/]+)$/.test(name)) return false;
        bytes += originalSize;
        if (bytes > MOST_BYTES) throw new ZipFault('too-large');
        return true;
      },
    });
  } catch (error) {
    throw error instanceof ZipFault ? error : new ZipFault('no-zip');
  }
  const labels = Object.keys(files).find((name) => /(^|\/)labels\.jsonl$/.test(name));
  if (!labels) throw new ZipFault('no-labels');
  const folder = labels.slice(0, -'labels.jsonl'.length);
  return strFromU8(files[labels] as Uint8Array)
    .split('\n')
    .flatMap((text, index) => {
      if (text.trim() === '') return [];
      const label = parseLine(text, index + 1);
      const picture = files[`${folder}${label.image}`];
      const type = KINDS[label.image.split('.').at(-1)?.toLowerCase() ?? ''];
      if (!picture || !type) throw new ZipFault('no-image', index + 1);
      // As evaluation does: nobody knows which way up its heads were clicked.
      if (exifOrientation(picture) > 1) throw new ZipFault('turned', index + 1);
      const name = label.image.split('/').at(-1) as string;
      return [{ name, bytes: picture, type, widthPx: label.width, heightPx: label.height, points: label.points }];
    });
}

function parseLine(text: string, line: number): Label {
  try {
    return Label.parse(JSON.parse(text));
  } catch {
    throw new ZipFault('bad-line', line);
  }
}

/** A name that every system can hold, used once, with the ending of what the bytes are. */
function fileName(name: string, bytes: Uint8Array, taken: Set<string>): string {
  const stem =
    name
      .replace(/\.[^.]*$/, '')
      .replace(/[^A-Za-z0-9_-]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 60) || 'picture';
  const ending = bytes[0] === 0x89 ? 'png' : bytes[0] === 0x52 ? 'webp' : 'jpg';
  let candidate = `${stem}.${ending}`;
  for (let n = 2; taken.has(candidate.toLowerCase()); n++) candidate = `${stem}-${n}.${ending}`;
  taken.add(candidate.toLowerCase());
  return candidate;
}
