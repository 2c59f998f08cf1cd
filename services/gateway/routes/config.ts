/** The configuration, read: as it is, and who changed it when. */
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { parseConfig } from '../../../shared/config/load.ts';
import { CAMERA_SCHEMES } from '../../../shared/config/schema.ts';
import { plainOrNone } from '../../../shared/config/yaml.ts';
import { ConfigChange, ConfigView } from '../../../shared/contracts/config-api.ts';
import { maskedCameras } from '../camera-edit.ts';
import { type ConfigFile, judge } from '../config-file.ts';
import { ReadOnlyProblem, refuse } from './config-refusals.ts';

const HISTORY_LIMIT = 200;

export const configRoutes =
  (config: ConfigFile): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ['configuration'];

    app.get(
      '/api/config',
      {
        schema: {
          summary: 'The configuration, its secrets masked',
          tags,
          response: { 200: ConfigView, 403: ReadOnlyProblem },
        },
      },
      async (_request, reply) => {
        try {
          const seen = await viewOf(config);
          return await reply.header('etag', `"${seen.version}"`).header('cache-control', 'no-store').send(seen);
        } catch (error) {
          return refuse(reply, error);
        }
      },
    );
    app.get(
      '/api/config/history',
      {
        schema: {
          summary: 'Who changed the configuration when, the newest first',
          tags,
          response: { 200: z.array(ConfigChange) },
        },
      },
      async () => config.history(HISTORY_LIMIT),
    );
  };

async function viewOf(config: ConfigFile): Promise<z.infer<typeof ConfigView>> {
  const { text, version } = await config.read();
  const readOnly = await config.readOnlyBecause();
  const judged = judge(text);
  const inForce = 'config' in judged ? judged.config : parseConfig('');
  const issues = 'issues' in judged ? judged.issues : [];
  const faults = issues.map(({ line, field, rule }) => ({ field: field || `line ${line}`, rule }));
  return {
    version,
    file: config.name,
    ...(readOnly ? { readOnlyBecause: readOnly.text, readOnlyReason: readOnly.reason } : {}),
    ...(faults.length > 0 ? { faults } : {}),
    cameras: maskedCameras(plainOrNone(text)),
    alerts: inForce.alerts,
    schemes: [...CAMERA_SCHEMES, ...inForce.ingest.trialSchemes],
  };
}
