/**
 * Pictures of a labelled folder whose labels we corrected, with the corrected labels.
 *
 *     node models/evaluation/corrected-labels.ts --labelled DIR/FOLDER --corrections models/evaluation/corrections/NAME.json --out DIR/NAME
 */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { Corrections, corrected } from './corrections.ts';
import { readLabels } from './labelled-data.ts';

const { values } = parseArgs({
  options: { labelled: { type: 'string' }, corrections: { type: 'string' }, out: { type: 'string' } },
});
const { labelled, corrections: correctionsFile, out } = values;
if (!labelled || !correctionsFile || !out) {
  throw new Error('Name the labelled folder, its corrections and a folder to write: --labelled, --corrections, --out.');
}

const { frames } = Corrections.parse(JSON.parse(await readFile(correctionsFile, 'utf8')));
const labels = (await readLabels(labelled)).flatMap((label) => {
  const correction = frames[basename(label.image)];
  return correction ? [corrected(label, correction)] : [];
});
if (labels.length !== Object.keys(frames).length) {
  throw new Error(
    `${labelled} has ${labels.length} of the ${Object.keys(frames).length} pictures of ${correctionsFile}.`,
  );
}
for (const { image } of labels) {
  await mkdir(join(out, image, '..'), { recursive: true });
  await copyFile(join(labelled, image), join(out, image));
}
await writeFile(join(out, 'labels.jsonl'), labels.map((label) => `${JSON.stringify(label)}\n`).join(''));
const people = labels.reduce((sum, { points }) => sum + points.length, 0);
process.stdout.write(`${labels.length} pictures with ${people} people in ${out}\n`);
