/** Readings over time, as JSON and as CSV of any length. */
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { AlertCommand } from '../../../shared/contracts/alert.ts';
import { Id } from '../../../shared/contracts/common.ts';
import { HISTORY_POINTS_MAX, HistoryPoint, historyCsv } from '../../../shared/contracts/history.ts';
import type { AlertDesk } from '../alert-desk.ts';
import { Problem, sendProblem } from './problem.ts';

const instant = z.coerce.number().int().nonnegative();
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

const failures = { 400: Problem, 503: Problem };

export const historyRoutes =
  (desk: AlertDesk): FastifyPluginAsyncZod =>
  async (app) => {
    /** @returns undefined when the alerts service does not answer */
    const points = async (query: Query): Promise<HistoryPoint[] | undefined> => {
      const order = { type: 'list-history', actor: 'api', commandId: randomUUID(), ...query };
      const answer = await desk.order(AlertCommand.parse(order));
      return answer?.ok ? z.array(HistoryPoint).parse(answer.body) : undefined;
    };

    app.get(
      '/api/history',
      {
        schema: {
          summary: 'Counts and densities over time, oldest first',
          description: `At most ${HISTORY_POINTS_MAX} spans. A span without a counted picture is missing, not zero.`,
          tags: ['readings'],
          querystring: Query,
          response: { 200: z.array(HistoryPoint), ...failures },
        },
      },
      async ({ query }, reply) => {
        if ((query.to - query.from) / query.stepMs > HISTORY_POINTS_MAX) {
          const detail = `That is more than ${HISTORY_POINTS_MAX} spans: ask for a longer stepMs, a shorter time, or CSV.`;
          return sendProblem(reply, 400, 'Too many spans', detail);
        }
        return (await points(query)) ?? sendProblem(reply, 503, 'Nobody answers', NOBODY);
      },
    );

    app.get(
      '/api/history.csv',
      {
        schema: {
          summary: 'The same as CSV, of any length',
          tags: ['readings'],
          querystring: Query,
          produces: ['text/csv'],
          response: { 200: z.any(), ...failures },
        },
      },
      async ({ query }, reply) => {
        const parts = partsOf(query);
        const first = await points(parts[0] as Query);
        if (!first) return sendProblem(reply, 503, 'Nobody answers', NOBODY);
        async function* text() {
          yield historyCsv(first as HistoryPoint[]);
          for (const part of parts.slice(1)) {
            const more = await points(part);
            // Cut off rather than ended: a client must not take half a table for the whole.
            if (!more) throw new Error(NOBODY);
            if (more.length > 0) yield historyCsv(more, 'rows');
          }
        }
        const name = ['headroom', query.cameraId, query.zoneId, new Date(query.from).toISOString().slice(0, 10)];
        return reply
          .type('text/csv; charset=utf-8')
          .header('content-disposition', `attachment; filename="${name.filter(Boolean).join('_')}.csv"`)
          .send(Readable.from(text()));
      },
    );
  };

const NOBODY = 'The alerts service, which keeps the history, does not answer now.';

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
