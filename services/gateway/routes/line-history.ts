/** People over a line, over time: so many points at once, and CSV and JSON of any length. */
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { Id } from '../../../shared/contracts/common.ts';
import { HISTORY_POINTS_MAX, LineHistoryPoint, lineHistoryCsv } from '../../../shared/contracts/history.ts';
import type { AlertDesk } from '../alert-desk.ts';
import { PageRefusedError, sendExport } from './export.ts';
import { isTooLong, partsOf, spanFields, TOO_LONG, TOO_MANY_SPANS } from './history.ts';
import { askAlerts, orderFailures, sendOrder } from './order.ts';
import { sendProblem } from './problem.ts';

const Query = z
  .object({
    cameraId: Id,
    lineId: Id,
    ...spanFields,
    stepMs: z.coerce
      .number()
      .int()
      .min(60_000)
      .max(86_400_000)
      .multipleOf(60_000)
      .default(60_000)
      .describe('Length of a span, whole minutes.'),
  })
  .refine(({ from, to }) => from < to, { path: ['to'], message: 'must be later than from' });
type Query = z.infer<typeof Query>;

export const lineHistoryRoutes =
  (desk: AlertDesk): FastifyPluginAsyncZod =>
  async (app) => {
    /** @throws PageRefusedError */
    const points = async (query: Query): Promise<LineHistoryPoint[]> => {
      const answer = await askAlerts(desk, { type: 'list-line-history', actor: 'api', ...query });
      if (!answer?.ok) throw new PageRefusedError(answer);
      return z.array(LineHistoryPoint).parse(answer.body);
    };

    app.get(
      '/api/history/lines',
      {
        schema: {
          summary: 'People in and out over a line, oldest first',
          description: `At most ${HISTORY_POINTS_MAX} spans. A span without a counted picture is missing, not zero.`,
          tags: ['readings'],
          querystring: Query,
          response: { 200: z.array(LineHistoryPoint), ...orderFailures },
        },
      },
      async ({ query }, reply) => {
        if ((query.to - query.from) / query.stepMs > HISTORY_POINTS_MAX) {
          return sendProblem(reply, 400, 'Too many spans', TOO_MANY_SPANS);
        }
        return sendOrder(desk, reply, { type: 'list-line-history', actor: 'api', ...query });
      },
    );

    for (const format of ['csv', 'json'] as const) {
      app.get(
        `/api/history/lines.${format}`,
        {
          schema: {
            summary: `The same as ${format.toUpperCase()}, of any length`,
            tags: ['readings'],
            querystring: Query,
            produces: [format === 'csv' ? 'text/csv' : 'application/json'],
            response: { 200: z.any(), ...orderFailures },
          },
        },
        async ({ query }, reply) => {
          if (isTooLong(query)) return sendProblem(reply, 400, 'Too many spans', TOO_LONG);
          async function* pages(): AsyncGenerator<LineHistoryPoint[]> {
            for (const part of partsOf(query)) yield await points(part);
          }
          const name = ['headroom', query.cameraId, query.lineId, new Date(query.from).toISOString().slice(0, 10)];
          return sendExport(reply, { format, name: name.join('_'), pages: pages(), csv: lineHistoryCsv });
        },
      );
    }
  };
