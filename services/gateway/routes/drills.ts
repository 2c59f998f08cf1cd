/** Drills: a scenario replayed through the real path, every message marked. */
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { Drill, DrillClip, DrillScenario } from '../../../shared/contracts/drill.ts';
import type { AlertDesk } from '../alert-desk.ts';
import { orderFailures, sendOrder } from './order.ts';

const actor = z.string().trim().min(1).max(120).describe('Who starts or stops it: name or post.');

export const drillRoutes =
  (desk: AlertDesk): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ['drills'];
    app.get(
      '/api/drills',
      {
        schema: {
          summary: 'The drill under way, the scenarios that come with Headroom, and the clips a scenario may name',
          tags,
          response: {
            200: z.object({
              running: Drill.optional(),
              scenarios: z.array(z.object({ name: z.string(), scenario: DrillScenario })),
              clips: z.array(DrillClip),
            }),
            ...orderFailures,
          },
        },
      },
      async (_request, reply) => sendOrder(desk, reply, { type: 'list-drills', actor: 'api' }),
    );
    app.post(
      '/api/drills',
      {
        schema: {
          summary: 'Start a drill',
          description:
            '409 while another is under way or a real `alert` or `severe` is on; 400 for a scenario that does not fit here, or a clip that cannot be played. It ends by itself, and at once when a real alert is raised.',
          tags,
          body: z.union([
            z.strictObject({ actor, name: z.string().min(1).max(63).describe('A scenario that comes with Headroom.') }),
            z.strictObject({ actor, scenario: DrillScenario }),
          ]),
          response: { 201: Drill, ...orderFailures },
        },
      },
      async ({ body }, reply) => sendOrder(desk, reply, { type: 'start-drill', ...body }, 201),
    );
    app.delete(
      '/api/drills/current',
      {
        schema: {
          summary: 'End the drill under way',
          tags,
          querystring: z.object({ actor }),
          response: { 200: Drill, ...orderFailures },
        },
      },
      async ({ query }, reply) => sendOrder(desk, reply, { type: 'stop-drill', ...query }),
    );
  };
