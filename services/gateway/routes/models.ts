/** Models: what can count, what does, and what was refused. */
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { WorkerModels } from '../../../shared/contracts/models.ts';
import { Problem } from './problem.ts';

/** @param known what every living worker says */
export const modelRoutes =
  (known: () => Promise<WorkerModels[]>): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      '/api/models',
      {
        schema: {
          summary: 'Models of every worker',
          description:
            'Found in the model folder, loaded, and refused with the reason. One entry for each worker; they may differ for seconds while a model changes.',
          tags: ['models'],
          response: { 200: z.array(WorkerModels), 503: Problem },
        },
      },
      async () => known(),
    );
  };
