/**
 * The labelled pictures whose labels we corrected (`corrections/FOLDER.json`), with the corrected labels: folders of the same names.
 *
 *     node models/evaluation/corrected-labels.ts --data DIR --out DIR2
 */
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { Corrections, corrected } from './corrections.ts';
import { readLabels } from './labelled-data.ts';

const CORRECTIONS = new URL('./corrections/', import.meta.url);

async function writeCorrected(file: string, data: string, into: string): Promise<string> {
  const { frames } = Corrections.parse(JSON.parse(await readFile(new URL(file, CORRECTIONS), 'utf8')));
  const folder = basename(file, '.json');
  const [from, to] = [join(data, folder), join(into, folder)];
  const labels = (await readLabels(from)).flatMap((label) => {
    const correction = frames[basename(label.image)];
    return correction ? [corrected(label, correction)] : [];
  });
  const named = Object.keys(frames).length;
  if (labels.length !== named) throw new Error(`${from} has ${labels.length} of the ${named} pictures of ${file}.`);
  for (const { image } of labels) {
    await mkdir(dirname(join(to, image)), { recursive: true });
    await copyFile(join(from, image), join(to, image));
  }
  await writeFile(join(to, 'labels.jsonl'), labels.map((label) => `${JSON.stringify(label)}\n`).join(''));
  return `${to}: ${labels.length} pictures with ${labels.reduce((sum, { points }) => sum + points.length, 0)} people\n`;
}

const { values } = parseArgs({ options: { data: { type: 'string' }, out: { type: 'string' } } });
const { data, out } = values;
if (!data || !out) throw new Error('Name the folder of labelled folders and one to write: --data, --out.');
for (const file of await readdir(CORRECTIONS)) process.stdout.write(await writeCorrected(file, data, out));
