/**
 * Do the intervals of parts of a picture hold? `node models/evaluation/part-intervals.ts --data DIR [--limit N]`
 * counts labelled pictures and looks at square windows of several sizes: one anywhere, the one the model finds fullest
 * (a peak is chosen because it is high), and that window's figure against the truly fullest window.
 */
import { parseArgs } from 'node:util';
import { spreadOf } from '../../services/worker/density/picture-reading.ts';
import { CrowdCounter } from '../../services/worker/model/crowd-counter.ts';
import { modelFolder } from '../../services/worker/model/manifest.ts';
import { seededNormal } from '../../services/worker/model/noise.ts';
import { noiseShare } from '../../services/worker/model/picture-noise.ts';
import { countPeople, intervalOfScene } from '../../services/worker/model/read-out.ts';
import { decodeLabelled, readLabelled } from './labelled-data.ts';

/** Sides of the windows, share of the picture's sides. */
const SIDES = [0.08, 0.15, 0.3, 1];

type Window = { people: number; half: number; truth: number };
type Row = { n: number; held: number; below: number; above: number; people: number; half: number };

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    limit: { type: 'string', default: '60' },
    model: { type: 'string', default: 'standard' },
  },
});
if (!values.data) throw new Error('Name the folder of labelled pictures: --data DIR');

const counter = await CrowdCounter.open(modelFolder('models', values.model), { provider: 'cpu', threads: 1 });
const rows = new Map<string, Row>();
const pictures = await readLabelled(values.data, Number(values.limit));
/** Places of the windows anywhere: the same in every run. */
const places = seededNormal(pictures.length * SIDES.length, 1);

for (const [at, picture] of pictures.entries()) {
  const decoded = await decodeLabelled(picture, counter.manifest.input);
  const estimate = await counter.estimate(decoded, { steps: 1, seed: 1 });
  const { map, blocks } = estimate;
  const shown = countPeople(map, blocks, counter.manifest.count.headWeight);
  const spread = spreadOf(
    estimate,
    intervalOfScene(counter.manifest.interval, shown, noiseShare(decoded.rgb, decoded, decoded.seen)),
  );
  const sum = map.people.reduce((total, people) => total + people, 0);
  const scale = sum > 0 ? shown / sum : 1;
  for (const [size, side] of SIDES.entries()) {
    const windows: Window[] = [];
    for (let x = 0; x + side <= 1.0001; x += side / 2) {
      for (let y = 0; y + side <= 1.0001; y += side / 2) {
        const [left, right] = [Math.round(x * map.width), Math.round((x + side) * map.width)];
        const [top, bottom] = [Math.round(y * map.height), Math.round((y + side) * map.height)];
        let [people, variance] = [0, 0];
        for (let row = top; row < bottom; row++) {
          for (let column = left; column < right; column++) {
            people += (map.people[row * map.width + column] as number) * scale;
            variance += spread.varianceAt(row * map.width + column);
          }
        }
        people = Math.max(0, people);
        const truth = picture.heads.filter(([headX, headY]) => {
          const [column, row] = [(headX / picture.widthPx) * map.width, (headY / picture.heightPx) * map.height];
          return column >= left && column < right && row >= top && row < bottom;
        }).length;
        windows.push({ people, half: spread.halfWidth(people, variance, (right - left) * (bottom - top)), truth });
      }
    }
    const fullest = windows.reduce((a, b) => (b.people > a.people ? b : a));
    const place = Math.abs(places[at * SIDES.length + size] as number) * 1000;
    const anywhere = windows[Math.floor(place) % windows.length] as Window;
    note(side, 'anywhere', anywhere, anywhere.truth);
    note(side, 'fullest, there', fullest, fullest.truth);
    note(side, 'fullest, true peak', fullest, Math.max(...windows.map((window) => window.truth)));
  }
}

function note(side: number, what: string, { people, half }: Window, truth: number): void {
  const key = `${side} ${what}`;
  const row = rows.get(key) ?? { n: 0, held: 0, below: 0, above: 0, people: 0, half: 0 };
  row.n += 1;
  if (truth < people - half) row.below += 1;
  else if (truth > people + half) row.above += 1;
  else row.held += 1;
  row.people += people;
  row.half += half;
  rows.set(key, row);
}

process.stdout.write(`${'window'.padEnd(26)}    n  covered  truth below  above   people  half width\n`);
for (const [key, { n, held, below, above, people, half }] of rows) {
  const cells = [n, `${((100 * held) / n).toFixed(0)} %`, below, above, (people / n).toFixed(1), (half / n).toFixed(1)];
  process.stdout.write(
    `${key.padEnd(26)}${cells.map((cell, i) => String(cell).padStart([5, 9, 13, 7, 9, 12][i] ?? 8)).join('')}\n`,
  );
}
