/** The thresholds in force, for people to read, print and confirm. */
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ThresholdSignature, ThresholdsInForce } from '../../../shared/contracts/thresholds.ts';
import type { AlertDesk } from '../alert-desk.ts';
import type { ConfigFile } from '../config-file.ts';
import { askAlerts, orderFailures, sendOrder, sendRefusal } from './order.ts';

/** A change is taken up by the services within about a second. */
const TAKEN_UP_WITHIN_MS = 15_000;
const CHANGES_READ = 200;

export const thresholdRoutes =
  ({ alerts, config }: { alerts: AlertDesk; config: ConfigFile }): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ['alerts'];
    /** Who brought the version in force, as far as the history of changes over REST tells. */
    const changedBy = async (since: number | undefined): Promise<string | undefined> => {
      if (since === undefined) return undefined;
      const changes = await config.history(CHANGES_READ).catch(() => []);
      return changes.find(({ at }) => at <= since && since - at <= TAKEN_UP_WITHIN_MS)?.actor;
    };

    app.get(
      '/api/thresholds',
      {
        schema: {
          summary: 'Every threshold in force, and who confirmed them',
          description: 'Told by the leading alerts process from the very rules it judges by. No address, no secret.',
          tags,
          response: { 200: ThresholdsInForce, ...orderFailures },
        },
      },
      async (_request, reply) => {
        const answer = await askAlerts(alerts, { type: 'list-thresholds', actor: 'api' });
        if (!answer?.ok) return sendRefusal(reply, answer);
        const told = ThresholdsInForce.parse(answer.body);
        const by = await changedBy(told.since);
        return reply.header('cache-control', 'no-store').send({ ...told, ...(by ? { changedBy: by } : {}) });
      },
    );
    app.post(
      '/api/thresholds/signatures',
      {
        schema: {
          summary: 'Confirm the thresholds in force',
          description: '409 when another version is in force by now. Confirmations are only ever added to.',
          tags,
          body: z.object({
            actor: z.string().trim().min(1).max(120).describe('Who confirms: the name in full.'),
            role: z.string().trim().min(1).max(120).optional().describe('As what: safety officer, for example.'),
            configVersion: z.string().min(1).max(64).describe('The version that was read.'),
            note: z.string().trim().min(1).max(2000).optional(),
          }),
          response: { 201: ThresholdSignature, ...orderFailures },
        },
      },
      async ({ body }, reply) => sendOrder(alerts, reply, { type: 'sign-thresholds', ...body }, 201),
    );
    // An address to write on paper.
    app.get('/thresholds', { schema: { hide: true } }, async (_request, reply) => reply.redirect('./#/thresholds'));
  };
