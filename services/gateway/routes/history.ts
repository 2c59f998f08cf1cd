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
export const spanFields = {
  from: instant.describe('First instant, epoch ms.'),
  to: instant.describe('End, epoch ms; itself not part of it.'),
};
const Query = z
  .object({
    cameraId: Id,
    zoneId: Id.or(z.literal('')).default('').describe('A zone; empty for the whole picture.'),
    ...spanFields,
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

type Spans = { from: number; to: number; stepMs: number };

export const TOO_MANY_SPANS = `That is more than ${HISTORY_POINTS_MAX} spans: ask for a longer stepMs, bring from and to closer together, or take CSV.`;

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
          return sendProblem(reply, 400, 'Too many spans', TOO_MANY_SPANS);
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
          if (isTooLong(query)) return sendProblem(reply, 400, 'Too many spans', TOO_LONG);
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

export const TOO_LONG = 'Bring from and to closer together, or make stepMs longer: nothing is kept for that long.';
export const isTooLong = ({ from, to, stepMs }: Spans): boolean =>
  (to - from) / stepMs / HISTORY_POINTS_MAX > PARTS_MAX;

/** A query as several, none of which has too many spans. */
export function partsOf<Q extends Spans>(query: Q): Q[] {
  const partMs = HISTORY_POINTS_MAX * query.stepMs;
  const begin = Math.floor(query.from / query.stepMs) * query.stepMs;
  const parts: Q[] = [];
  for (let from = begin; from < query.to; from += partMs) {
    parts.push({ ...query, from, to: Math.min(query.to, from + partMs) });
  }
  return parts;
}
