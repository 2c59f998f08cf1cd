/** What is known of this installation, and the cards of its models. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { Id } from '../../../shared/contracts/common.ts';
import { SystemReport } from '../../../shared/contracts/system.ts';
import { Problem, sendProblem } from './problem.ts';

export type SystemOptions = {
  report: () => Promise<SystemReport>;
  /** Folder of the models, absolute. */
  modelsDir: string;
};

export const systemRoutes =
  ({ report, modelsDir }: SystemOptions): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      '/api/system',
      {
        schema: {
          summary: 'Services, workers, queue, latency, drops, cameras, memory and disk',
          description: 'Rates and percentiles are over the last minute. What cannot be known now is absent, not zero.',
          tags: ['operations'],
          response: { 200: SystemReport, 503: Problem },
        },
      },
      async () => report(),
    );

    app.get(
      '/api/models/:name/card',
      {
        schema: {
          summary: 'A model’s card: what it was made of, how good it is, where it fails',
          tags: ['models'],
          params: z.object({ name: Id }),
          produces: ['text/markdown'],
          response: { 200: z.any().describe('Markdown'), 404: Problem },
        },
      },
      async ({ params }, reply) => {
        const card = await readFile(join(modelsDir, params.name, 'MODEL_CARD.md'), 'utf8').catch(() => undefined);
        if (card === undefined)
          return sendProblem(reply, 404, 'No card', 'There is no model of this name with a card here.');
        return reply.type('text/markdown; charset=utf-8').header('cache-control', 'no-cache').send(card);
      },
    );
  };
