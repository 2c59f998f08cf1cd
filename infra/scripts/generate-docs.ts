/**
 * `npm run docs`: writes the documents that are made from the schemas. A test regenerates them in memory, so that a
 * schema and its document cannot part.
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { z } from 'zod';
import { AlertDesk } from '../../services/gateway/alert-desk.ts';
import { BenchLine } from '../../services/gateway/bench-line.ts';
import { CameraBoard } from '../../services/gateway/camera-board.ts';
import { ConfigFile } from '../../services/gateway/config-file.ts';
import { createHttpApp } from '../../services/gateway/http-app.ts';
import { Config } from '../../shared/config/schema.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { createRegistry } from '../../shared/runtime/metrics.ts';
import { asyncapiYaml } from './asyncapi-document.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Every generated file, by its path from Headroom's folder. */
export async function generatedDocuments(): Promise<Record<string, string>> {
  return {
    'docs/headroom.schema.json': json(configSchema()),
    'docs/openapi.json': json(await openapi()),
    'docs/asyncapi.yaml': asyncapiYaml(),
  };
}

/** What an editor knows of `headroom.yaml`. Draft 7, since that is what YAML editors speak best. */
function configSchema(): object {
  const { $schema, ...schema } = z.toJSONSchema(Config, { io: 'input', target: 'draft-7' });
  return { $schema, title: 'headroom.yaml', ...schema };
}

/** Asks the gateway's own web server, which needs neither Redis nor a port for that. */
async function openapi(): Promise<object> {
  const redis = new Redis({ lazyConnect: true });
  const board = new CameraBoard(redis);
  const app = await createHttpApp({
    board,
    alerts: new AlertDesk(redis),
    frames: redis,
    replay: () => ({ everyMs: 0, keepMs: 0 }),
    logger: createLogger('docs', 'silent'),
    isOurHost: () => true,
    isOurPage: () => true,
    config: new ConfigFile(undefined, () => undefined, createLogger('docs', 'silent')),
    bench: new BenchLine({ frames: redis, enqueue: async () => undefined }),
    models: async () => [],
    system: { report: () => Promise.reject(new Error('no system here')), modelsDir: '' },
    operations: {
      registry: createRegistry('gateway', 'docs'),
      ready: () => false,
      system: () => board.system(),
      otherMetrics: async () => [],
    },
  });
  try {
    await app.ready();
    return app.swagger();
  } finally {
    await app.close();
    redis.disconnect();
  }
}

const json = (document: object): string => `${JSON.stringify(document, null, 2)}\n`;

if (import.meta.main) {
  for (const [path, text] of Object.entries(await generatedDocuments())) {
    await writeFile(`${ROOT}/${path}`, text);
    process.stdout.write(`${path}\n`);
  }
}
