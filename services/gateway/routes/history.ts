/** Readings over time: so many points at once, and CSV and JSON of any length. */
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { Id } from '../../../shared/contracts/common.ts';
import { HISTORY_POINTS_MAX, HistoryPoint, historyCsv } from '../../../shared/contracts/history.ts';
import type { AlertDesk } from '../alert-desk.ts';
import { PageRefusedError, sendExport } from './export.ts';
import { askAlerts, orderFailures, sendOrder } from './order.ts';
import { sendProblem } from './problem.ts';

/** Up to the last instant a date can tell. */
const instant = z.coerce.number().int().nonnegative().max(8_640_000_000_000_000);
const Query = z
  .object({
    cameraId: Id,
    zoneId: Id.or(z.literal('')).default('').describe('A zone; empty for the whole picture.'),
    from: instant.describe('First instant, epoch ms.'),
    to: instant.describe('End, epoch ms; itself not part of it.'),
    stepMs: z.coerce
      .number()
      .int()
      .min(10_000)
      .max(86_400_000)
      .multipleOf(10_000)
      .default(60_000)
      .describe('Length of a span. Whole minutes reach back months, shorter ones hours.'),
  })
  .refine(({ from, to }) => from < to, { path: ['to'], message: 'must be later than from' });
type Query = z.infer<typeof Query>;

export const historyRoutes =
  (desk: AlertDesk): FastifyPluginAsyncZod =>
  async (app) => {
    /** @throws PageRefusedError */
    const points = async (query: Query): Promise<HistoryPoint[]> => {
      const answer = await askAlerts(desk, { type: 'list-history', actor: 'api', ...query });
      if (!answer?.ok) throw new PageRefusedError(answer);
      return z.array(HistoryPoint).parse(answer.body);
    };

    app.get(
      '/api/history',
      {
        schema: {
          summary: 'Counts and densities over time, oldest first',
          description: `At most ${HISTORY_POINTS_MAX} spans. A span without a counted picture is missing, not zero.`,
          tags: ['readings'],
          querystring: Query,
          response: { 200: z.array(HistoryPoint), ...orderFailures },
        },
      },
      async ({ query }, reply) => {
        if ((query.to - query.from) / query.stepMs > HISTORY_POINTS_MAX) {
          const detail = `That is more than ${HISTORY_POINTS_MAX} spans: ask for a longer stepMs, bring from and to closer together, or take CSV.`;
          return sendProblem(reply, 400, 'Too many spans', detail);
        }
        return sendOrder(desk, reply, { type: 'list-history', actor: 'api', ...query });
      },
    );

    for (const format of ['csv', 'json'] as const) {
      app.get(
        `/api/history.${format}`,
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
          const parts = (query.to - query.from) / query.stepMs / HISTORY_POINTS_MAX;
          if (parts > PARTS_MAX) {
            const detail = 'Bring from and to closer together, or make stepMs longer: nothing is kept for that long.';
            return sendProblem(reply, 400, 'Too many spans', detail);
          }
          async function* pages(): AsyncGenerator<HistoryPoint[]> {
            for (const part of partsOf(query)) yield await points(part);
          }
          const name = ['headroom', query.cameraId, query.zoneId, new Date(query.from).toISOString().slice(0, 10)];
          return sendExport(reply, { format, name: name.filter(Boolean).join('_'), pages: pages(), csv: historyCsv });
        },
      );
    }
  };

/** A year and a half in ten-second spans: more is asked for by mistake. */
const PARTS_MAX = 1000;

/** A query as several, none of which has too many spans. */
export function partsOf(query: Query): Query[] {
  const partMs = HISTORY_POINTS_MAX * query.stepMs;
  const begin = Math.floor(query.from / query.stepMs) * query.stepMs;
  const parts: Query[] = [];
  for (let from = begin; from < query.to; from += partMs) {
    parts.push({ ...query, from, to: Math.min(query.to, from + partMs) });
  }
  return parts;
}
