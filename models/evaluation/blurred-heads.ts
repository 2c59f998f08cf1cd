/**
 * Are people in kept pictures unrecognisable? `node models/evaluation/blurred-heads.ts --data DIR [--held-out FILE]
 * [--model NAME] [--limit N]` counts labelled pictures and looks how many labelled heads the evidence's mask covers, and
 * how much of the picture with them.
 */
import { parseArgs } from 'node:util';
import { peopleMask } from '../../services/alerts/evidence/anonymise.ts';
import { heatmapOf } from '../../services/worker/density/picture-reading.ts';
import { CrowdCounter } from '../../services/worker/model/crowd-counter.ts';
import { modelFolder } from '../../services/worker/model/manifest.ts';
import { decodeHeatmap, encodeHeatmap } from '../../shared/contracts/heatmap.ts';
import { decodeLabelled, readHeldOut, readLabelled } from './labelled-data.ts';

type Row = { pictures: number; heads: number; covered: number; worst: number; masked: number };

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    'held-out': { type: 'string' },
    limit: { type: 'string', default: '60' },
    model: { type: 'string', default: 'standard' },
  },
});
if (!values.data) throw new Error('Name the folder of labelled pictures: --data DIR');

const counter = await CrowdCounter.open(modelFolder('models', values.model), { provider: 'cpu', threads: 1 });
const heldOut = values['held-out'] === undefined ? undefined : await readHeldOut(values['held-out']);
const rows = new Map<string, Row>();
for (const picture of await readLabelled(values.data, Number(values.limit), heldOut)) {
  const { map, heads } = await counter.estimate(await decodeLabelled(picture, counter.manifest.input), {
    steps: 1,
    seed: 1,
  });
  // As the alerts service has it: in the 255 steps that a heat map keeps.
  const kept = decodeHeatmap(encodeHeatmap(heatmapOf(map, heads, { cameraId: 'labelled', seq: 1, capturedAt: 1 })));
  const mask = peopleMask(kept, picture.widthPx / picture.heightPx);
  const covered = picture.heads.filter(([x, y]) => {
    const column = Math.min(mask.width - 1, Math.floor((x / picture.widthPx) * mask.width));
    const row = Math.min(mask.height - 1, Math.floor((y / picture.heightPx) * mask.height));
    return mask.values[row * mask.width + column] !== 0;
  }).length;
  const row = rows.get(picture.folder) ?? { pictures: 0, heads: 0, covered: 0, worst: 1, masked: 0 };
  rows.set(picture.folder, {
    pictures: row.pictures + 1,
    heads: row.heads + picture.heads.length,
    covered: row.covered + covered,
    worst: picture.heads.length > 0 ? Math.min(row.worst, covered / picture.heads.length) : row.worst,
    masked: row.masked + mask.values.filter((value) => value !== 0).length / mask.values.length,
  });
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
process.stdout.write(`${'pictures'.padEnd(26)}    n   heads  covered  worst picture  of the picture covered\n`);
for (const [folder, { pictures, heads, covered, worst, masked }] of rows) {
  const shares = heads > 0 ? [percent(covered / heads), percent(worst)] : ['', ''];
  const cells = [pictures, heads, ...shares, percent(masked / pictures)];
  process.stdout.write(
    `${folder.padEnd(26)}${cells.map((cell, i) => String(cell).padStart([5, 8, 9, 15, 24][i] ?? 8)).join('')}\n`,
  );
}
