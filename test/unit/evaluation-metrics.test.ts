import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { labelsBelow, readJudged } from '../../models/evaluation/judged-part.ts';
import { readLabelled } from '../../models/evaluation/labelled-data.ts';
import { countFigures, flicker, headFigures, matchHeads } from '../../models/evaluation/metrics.ts';
import { parseManifest } from '../../services/worker/model/manifest.ts';

test('figures of three pictures worked out by hand', () => {
  const figures = countFigures([
    { truth: 10, count: 12, interval: [9, 15] },
    { truth: 0, count: 1, interval: [0.5, 2] },
    { truth: 20, count: 16, interval: [14, 18] },
  ]);
  assert.equal(figures.images, 3);
  assert.equal(figures.mae, 7 / 3);
  assert.equal(figures.rmse, Math.sqrt(21 / 3));
  assert.equal(figures.bias, -1 / 3);
  assert.equal(figures.nae, (0.2 + 0.2) / 2);
  assert.equal(figures.coverage, 1 / 3);
  assert.equal(figures.intervalWidth, (6 + 1.5 + 4) / 3);
});

test('flicker is the change of the error, not of the crowd', () => {
  const frame = (truth: number, count: number) => ({ truth, count });
  assert.equal(flicker([frame(10, 12), frame(20, 22), frame(5, 7)]), 0);
  assert.equal(flicker([frame(10, 12), frame(10, 9), frame(10, 9)]), 1.5);
  assert.equal(flicker([frame(10, 12)]), 0);
});

test('each head is matched once, the nearest first', () => {
  const matches = matchHeads(
    [
      [0, 0],
      [3, 0],
      [50, 50],
    ],
    [
      [1, 0],
      [100, 100],
    ],
    8,
  );
  assert.deepEqual(matches, { found: 3, labelled: 2, matched: 1 });
  assert.deepEqual(headFigures([matches]), { precision: 1 / 3, recall: 1 / 2, f1: 0.4 });
  assert.deepEqual(headFigures([{ found: 0, labelled: 0, matched: 0 }]), { precision: 0, recall: 0, f1: 0 });
});

test('a labelled folder is read, and a wrong line is named', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'hr-data-'));
  t.after(() => rm(dir, { recursive: true }));
  const line = (i: number) => JSON.stringify({ image: `images/${i}.jpg`, width: 10, height: 10, points: [[1, 2]] });
  await writeFile(join(dir, 'labels.jsonl'), Array.from({ length: 10 }, (_, i) => line(i)).join('\n'));
  assert.equal((await readLabelled(dir)).length, 10);
  for (const limit of [1, 3, 7, 9, 10, 60]) {
    assert.equal((await readLabelled(dir, limit)).length, Math.min(limit, 10));
  }
  const led = { ...JSON.parse(line(0)), before: ['images/a.jpg', 'images/b.jpg'] };
  await writeFile(join(dir, 'labels.jsonl'), `${JSON.stringify(led)}\n${line(1)}\n`);
  const [first, second] = await readLabelled(dir);
  assert.deepEqual(first?.before, [join(dir, 'images/a.jpg'), join(dir, 'images/b.jpg')]);
  assert.equal(second?.before, undefined);
  await writeFile(join(dir, 'labels.jsonl'), `${line(0)}\n{"image":"x.jpg","width":0,"height":1,"points":[]}\n`);
  await assert.rejects(readLabelled(dir), /labels\.jsonl:2 width/);
  await assert.rejects(readLabelled(join(dir, 'nowhere')), /no labels\.jsonl/);
});

test('what is above the judged part counts neither as truth nor as counted', () => {
  const manifest = parseManifest(readFileSync('models/standard/manifest.json', 'utf8'));
  const map = { width: 32, height: 16, people: new Float32Array(32 * 16).fill(40 / (32 * 16)) };
  const blocks = { width: 4, height: 2, mean: new Float32Array(8).fill(5), variance: new Float32Array(8).fill(5) };
  const heads: [number, number][] = [
    [0.5, 0.1],
    [0.5, 0.3],
  ];
  const labelled = (y: number): [number, number] => [320, y];
  const picture = { folder: 'f', file: 'p.jpg', widthPx: 640, heightPx: 400, heads: [labelled(99), labelled(100)] };
  const estimate = { map, blocks, heads, noise: 0 };

  const whole = readJudged(estimate, manifest, picture, 0);
  const part = readJudged(estimate, manifest, picture, 0.25);
  assert.ok(Math.abs(whole.count - 40) < 1e-3 && Math.abs(part.count - 30) < 1e-3);
  assert.ok(part.interval[1] - part.interval[0] < whole.interval[1] - whole.interval[0]);
  assert.equal(whole.found.length, 2);
  assert.deepEqual(part.found, [[320, 120]]);
  assert.deepEqual(labelsBelow([picture], 0.25)[0]?.heads, [labelled(100)]);
});
