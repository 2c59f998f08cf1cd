/** Child process: the model alone, picture after picture, as fast as it goes. Prints pictures counted a second. */
import { readFile } from 'node:fs/promises';
import { CrowdCounter } from '../../services/worker/model/crowd-counter.ts';
import { decodePicture } from '../../services/worker/model/picture.ts';

const [folder, picturePath, seconds] = process.argv.slice(2) as [string, string, string];
const counter = await CrowdCounter.open(folder, { provider: 'cpu', threads: 1 });
const picture = await decodePicture(await readFile(picturePath), counter.manifest.input, 'native');
const steps = counter.manifest.schedule.defaultSteps;
for (let i = 0; i < 3; i++) await counter.estimate(picture, { steps, seed: 1 });

const startedAt = performance.now();
const until = startedAt + Number(seconds) * 1000;
let counted = 0;
for (; performance.now() < until; counted++) await counter.estimate(picture, { steps, seed: 1 });
process.stdout.write(`${(counted * 1000) / (performance.now() - startedAt)}\n`);
