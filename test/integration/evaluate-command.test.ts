/** What `evaluate` refuses, and in which words: figures of the wrong picture or model would be believed. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { type EvaluateCommand, runEvaluate } from '../../models/evaluation/run.ts';

let dir: string;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hr-evaluate-'));
  const folders: [name: string, width: number, point: [number, number], orientation: number][] = [
    ['right', 96, [1, 1], 1],
    ['wrong', 100, [1, 1], 1],
    ['lying', 96, [1, 1], 3],
    ['outside', 96, [1, 65], 1],
  ];
  for (const [name, width, point, orientation] of folders) {
    await mkdir(join(dir, name, 'images'), { recursive: true });
    const grey = { create: { width: 96, height: 64, channels: 3 as const, background: '#808080' } };
    await sharp(grey)
      .withMetadata({ orientation })
      .jpeg()
      .toFile(join(dir, name, 'images', 'a.jpg'));
    const label = { image: 'images/a.jpg', width, height: 64, points: [point] };
    await writeFile(join(dir, name, 'labels.jsonl'), JSON.stringify(label));
  }
});
after(() => rm(dir, { recursive: true, force: true }));

const REFUSED: [name: string, command: Partial<EvaluateCommand>, rule: RegExp][] = [
  ['a picture of another size than its labels', { data: 'wrong' }, /a\.jpg is 96×64, but labelled as 100×64/],
  ['the same, way by way', { data: 'wrong', compare: true }, /a\.jpg is 96×64, but labelled as 100×64/],
  ['a picture that EXIF turns', { data: 'lying' }, /a\.jpg lies on its side/],
  ['a point outside the picture', { data: 'outside' }, /labels\.jsonl:1 the point \[1, 65\] is outside .* 96×64/],
  ['a model that is not there', { model: 'nope' }, /no model "nope".*Found: .*standard/],
  ['a width no camera may have', { width: 10 }, /--width must be whole pixels, 128 to 1920/],
  ['a far width without a far field', { farWidth: 2048 }, /--far-width needs --far-field/],
  ['a far field beyond its bounds', { farField: 0.95 }, /--far-field must be at most 0\.9/],
  ['steps that are none', { steps: 3 }, /--steps must be 1, 2 or 4/],
];
for (const [name, { data = 'right', ...command }, rule] of REFUSED) {
  test(`refuses ${name}`, () =>
    assert.rejects(runEvaluate({ model: 'standard', ...command, data: join(dir, data) }), rule));
}
