/** Tried before it is saved: thresholds on the last hour, and a camera's address. */
import { randomUUID } from 'node:crypto';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { parseConfig } from '../../../shared/config/load.ts';
import { plainOrNone } from '../../../shared/config/yaml.ts';
import { AlertCommand } from '../../../shared/contracts/alert-command.ts';
import { Id } from '../../../shared/contracts/common.ts';
import { ThresholdTrial } from '../../../shared/contracts/config-api.ts';
import { ProbeAnswer, ProbeQuestion } from '../../../shared/contracts/probe.ts';
import type { AlertDesk } from '../alert-desk.ts';
import { fullUrl, storedCameras } from '../camera-edit.ts';
import { type ConfigFile, ConfigReadOnlyError } from '../config-file.ts';
import type { ProbeLine } from '../probe-line.ts';
import { CAMERA_LIMIT_BYTES, settings } from './config-changes.ts';
import { ConfigProblem, changeFailures, ReadOnlyProblem, RefusedError, refuse } from './config-refusals.ts';
import { Problem, sendProblem } from './problem.ts';

type TrialOptions = { config: ConfigFile; probes: ProbeLine; alerts: AlertDesk };

export const configTrialRoutes =
  ({ config, probes, alerts }: TrialOptions): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ['configuration'];

    app.post(
      '/api/config/cameras/:id/trial',
      {
        bodyLimit: CAMERA_LIMIT_BYTES,
        schema: {
          summary: 'When a zone’s thresholds would have raised alerts in the last hour',
          description: 'Nothing is saved. Judged by the rules of the alerts service on the ten-second history.',
          tags,
          params: z.object({ id: Id }),
          body: z.object({ camera: settings, zoneId: Id }),
          response: { 200: ThresholdTrial, ...changeFailures, 503: Problem },
        },
      },
      async ({ params, body }, reply) => {
        // The address has no part in it, and may be masked; nor have neighbours, which are looked for in the whole file.
        const camera = { ...body.camera, id: params.id, url: 'rtsp://trial.invalid/', neighbours: [] };
        try {
          parseConfig(JSON.stringify({ cameras: [camera] }));
        } catch (error) {
          return refuse(reply, error, 0);
        }
        const command = { type: 'try-thresholds', actor: 'api', commandId: randomUUID(), zoneId: body.zoneId };
        const answer = await alerts.order(AlertCommand.parse({ ...command, camera }));
        if (!answer?.ok) return sendProblem(reply, 503, 'Nobody answers', 'The alerts service does not answer now.');
        return reply.send(ThresholdTrial.parse(answer.body));
      },
    );

    app.post(
      '/api/probe',
      {
        schema: {
          summary: 'Look at a camera: what it sends, or why it does not',
          description:
            'Answers with 200 also when the camera gives no picture: `result.ok` is false then. Takes up to 20 s.',
          tags,
          body: ProbeQuestion,
          response: { 200: ProbeAnswer, 403: ReadOnlyProblem, 422: ConfigProblem, 429: Problem, 503: Problem },
        },
      },
      async ({ body }, reply) => {
        try {
          const why = await config.readOnlyBecause();
          if (why) throw new ConfigReadOnlyError(why);
          const stored = storedCameras(plainOrNone((await config.read()).text));
          const full = fullUrl(body.url, stored, body.cameraId);
          if ('fault' in full) throw new RefusedError([{ field: 'url', rule: full.fault }]);
          const outcome = await probes.ask(full.url);
          if (outcome === 'busy')
            return sendProblem(reply, 429, 'Busy', 'Other cameras are being looked at; try again in some seconds.');
          if (outcome === 'nobody')
            return sendProblem(reply, 503, 'Nobody answers', 'The ingest service does not answer now.');
          return await reply.header('cache-control', 'no-store').send(outcome);
        } catch (error) {
          return refuse(reply, error);
        }
      },
    );
  };
