/**
 * `bench replay`: memory of the heat maps kept for looking back, an hour of the given number of cameras at the default
 * interval, in a real Redis. The maps are the model's own, of the fixture pictures. Prints, never judges.
 */
import { readdir, readFile } from 'node:fs/promises';
import { heatmapOf } from '../../services/worker/density/picture-reading.ts';
import { CrowdCounter } from '../../services/worker/model/crowd-counter.ts';
import { modelFolder } from '../../services/worker/model/manifest.ts';
import { decodePicture } from '../../services/worker/model/picture.ts';
import { ReplayWriter } from '../../services/worker/replay-writer.ts';
import { Config } from '../../shared/config/schema.ts';
import { encodeHeatmap, type Heatmap } from '../../shared/contracts/heatmap.ts';
import { startRedis } from '../helpers/redis.ts';

const PICTURES = 'test/fixtures/labelled/images';

export async function benchReplay({ cameras, json }: { cameras: number; json?: boolean }): Promise<void> {
  const { everyMs, keepMs } = Config.parse({}).replay;
  const counter = await CrowdCounter.open(modelFolder('models', 'standard'), { provider: 'cpu', threads: 1 });
  const maps: Heatmap[] = [];
  for (const name of await readdir(PICTURES)) {
    const picture = await decodePicture(await readFile(`${PICTURES}/${name}`), counter.manifest.input, 'native');
    const { map, heads } = await counter.estimate(picture, { steps: 1, seed: 1 });
    maps.push(heatmapOf(map, heads, { cameraId: 'c', seq: 1, capturedAt: 0 }));
  }

  const redis = await startRedis(['--appendonly', 'no']);
  const client = redis.client();
  const used = async () => Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
  const writer = new ReplayWriter(client, () => ({ everyMs, keepMs }));
  const before = await used();
  const begin = Date.now() - keepMs;
  const startedAt = performance.now();
  for (let turn = 0; turn * everyMs < keepMs; turn++) {
    for (let camera = 0; camera < cameras; camera++) {
      const cameraId = `camera-${camera}`;
      const capturedAt = begin + turn * everyMs;
      const map = { ...(maps[(turn + camera) % maps.length] as Heatmap), cameraId, seq: turn + 1, capturedAt };
      const count = map.heads.length;
      const range: [number, number] = [count * 0.8, count * 1.2];
      const zones = ['front', 'middle', 'back'].map((zoneId) => ({
        ...{ zoneId, name: zoneId, count: count / 3, interval: range, calibrated: true },
        ...{ peoplePerSqm: 1.234_567_891, peakPeoplePerSqm: 2.345_678_912 },
      }));
      const model = { name: 'standard', version: '1', steps: 1, warmStart: true };
      const said = { cameraId, seq: turn + 1, capturedAt, status: 'ok' as const, count, interval: range };
      await writer.offer({ ...said, heads: count, zones, model, publishedAt: capturedAt }, encodeHeatmap(map));
    }
  }
  const records = (keepMs / everyMs) * cameras;
  const writeMs = (performance.now() - startedAt) / records;
  const bytes = (await used()) - before;
  await redis.stop();

  const round = (value: number) => Math.round(value * 10) / 10;
  const result = {
    ...{ cameras, everyMs, keepMs, records },
    headsAMap: round(maps.reduce((sum, map) => sum + map.heads.length, 0) / maps.length),
    bytesARecord: Math.round(bytes / records),
    mib: round(bytes / 1024 / 1024),
    writeMs: Math.round(writeMs * 100) / 100,
  };
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else console.table([result]);
}
