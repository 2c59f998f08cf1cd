/** What went on over time, in spans: so many of them at once, and CSV and JSON of any length. One such list is one route. */
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { TimeZone } from '../../../shared/contracts/common.ts';
import { HISTORY_POINTS_MAX } from '../../../shared/contracts/history.ts';
import { localIso, spanBegin } from '../../../shared/readings/local-day.ts';
import type { AlertDesk } from '../alert-desk.ts';
import type { CsvPart } from './csv.ts';
import { PageRefusedError, sendExport } from './export.ts';
import { askAlerts, type Order, orderFailures, sendOrder } from './order.ts';
import { sendProblem } from './problem.ts';
import { instant, LAST_INSTANT } from './time-range.ts';

export type Spans = { from: number; to: number; stepMs: number; timeZone?: string | undefined };

export type HistoryRoute<Query extends Spans, Point> = {
  /** Of the route that answers at once; exports are at this path with `.csv` and `.json`. */
  path: string;
  summary: string;
  /** What it means where time is missing from the answer. */
  gaps: string;
  query: z.ZodType<Query>;
  point: z.ZodType<Point>;
  /** What the alerts service is asked for. */
  order: (query: Query) => Order;
  csv: (points: Point[], part: CsvPart, timeZone?: string) => string;
  /** Parts of an export's name that tell what it is about; empty ones are left out. */
  about: (query: Query) => string[];
};

/** Fields of a query for spans. @param smallestStepMs spans are whole multiples of it */
export const spanFields = (smallestStepMs: number, description: string) => ({
  from: instant.describe('First instant, epoch ms.'),
  to: instant.describe('End, epoch ms; itself not part of it.'),
  stepMs: z.coerce
    .number()
    .int()
    .min(smallestStepMs)
    .max(86_400_000)
    .multipleOf(smallestStepMs)
    .default(60_000)
    .describe(description),
  timeZone: TimeZone.optional().describe(
    'IANA name such as Asia/Seoul: spans of a whole day (stepMs 86400000) begin at its midnights, and CSV writes its time. UTC by default.',
  ),
});

const TOO_MANY_SPANS = `That is more than ${HISTORY_POINTS_MAX} spans: ask for a longer stepMs, bring from and to closer together, or take CSV.`;
const TOO_LONG = 'Bring from and to closer together, or make stepMs longer: nothing is kept for that long.';

/** So that the end of a part, of the longest spans, is still an instant in every time zone. */
const LATEST = LAST_INSTANT - (HISTORY_POINTS_MAX + 1) * 86_400_000;

/** @returns the routes of one list, for the alerts service that has it */
export const historyRoute =
  <Query extends Spans, Point>(o: HistoryRoute<Query, Point>) =>
  (desk: AlertDesk): FastifyPluginAsyncZod =>
  async (app) => {
    const points = z.array(o.point);
    const querystring = o.query
      .refine(({ from, to }) => from < to, { path: ['to'], message: 'must be later than from' })
      .refine(({ to }) => to <= LATEST, { path: ['to'], message: 'is further away than any date can be told' });

    app.get(
      o.path,
      {
        schema: {
          summary: o.summary,
          description: `At most ${HISTORY_POINTS_MAX} spans. ${o.gaps}`,
          tags: ['readings'],
          querystring,
          response: { 200: points, ...orderFailures },
        },
      },
      async (request, reply) => {
        // Parsed by the schema above: fastify's types do not see through a generic one.
        const query = request.query as Query;
        if ((query.to - query.from) / query.stepMs > HISTORY_POINTS_MAX) {
          return sendProblem(reply, 400, 'Too many spans', TOO_MANY_SPANS);
        }
        return sendOrder(desk, reply, o.order(query));
      },
    );

    /** @throws PageRefusedError */
    async function* pages(query: Query): AsyncGenerator<Point[]> {
      for (const part of partsOf(query)) {
        const answer = await askAlerts(desk, o.order(part));
        if (!answer?.ok) throw new PageRefusedError(answer);
        yield points.parse(answer.body);
      }
    }

    for (const format of ['csv', 'json'] as const) {
      app.get(
        `${o.path}.${format}`,
        {
          schema: {
            summary: `The same as ${format.toUpperCase()}, of any length`,
            tags: ['readings'],
            querystring,
            produces: [format === 'csv' ? 'text/csv' : 'application/json'],
            response: { 200: z.any(), ...orderFailures },
          },
        },
        async (request, reply) => {
          const query = request.query as Query;
          if (isTooLong(query)) return sendProblem(reply, 400, 'Too many spans', TOO_LONG);
          const name = ['headroom', ...o.about(query), localIso(query.from, query.timeZone ?? 'UTC').slice(0, 10)];
          return sendExport(reply, {
            ...{ format, name: name.filter(Boolean).join('_'), pages: pages(query) },
            csv: (points, part) => o.csv(points, part, query.timeZone),
          });
        },
      );
    }
  };

/** A year and a half in ten-second spans: more is asked for by mistake. */
const PARTS_MAX = 1000;

const isTooLong = ({ from, to, stepMs }: Spans): boolean => (to - from) / stepMs / HISTORY_POINTS_MAX > PARTS_MAX;

/** A query as several, none of which has too many spans. */
function partsOf<Query extends Spans>(query: Query): Query[] {
  const partMs = HISTORY_POINTS_MAX * query.stepMs;
  const parts: Query[] = [];
  for (let from = spanBegin(query.from, query); from < query.to; ) {
    const to = Math.min(query.to, spanBegin(from + partMs, query));
    parts.push({ ...query, from, to });
    from = to;
  }
  return parts;
}
