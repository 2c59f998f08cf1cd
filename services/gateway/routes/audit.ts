/** Who ordered what, and when. */
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { AuditEntry } from '../../../shared/contracts/history.ts';
import type { AlertDesk } from '../alert-desk.ts';
import { auditCsv } from './csv.ts';
import { PageRefusedError, sendExport } from './export.ts';
import { askAlerts, orderFailures, sendOrder } from './order.ts';
import { inOrder, instant } from './time-range.ts';

const ENTRIES_PER_PAGE = 1000;
const Time = z.object({
  from: instant.optional().describe('Not earlier than this, epoch ms.'),
  to: instant.optional().describe('Not later than this, epoch ms.'),
});
const Query = Time.extend({ limit: z.coerce.number().int().min(1).max(ENTRIES_PER_PAGE).default(200) });

/** The log from its newest entry on, in pages. @throws PageRefusedError */
async function* auditPages(desk: AlertDesk, time: z.infer<typeof Time>): AsyncGenerator<AuditEntry[]> {
  for (let after: { at: number; commandId: string } | undefined; ; ) {
    const page = { ...time, limit: ENTRIES_PER_PAGE, ...(after ? { after } : {}) };
    const answer = await askAlerts(desk, { type: 'list-audit', actor: 'api', ...page });
    if (!answer?.ok) throw new PageRefusedError(answer);
    const entries = z.array(AuditEntry).parse(answer.body);
    yield entries;
    const last = entries.at(-1);
    if (!last || entries.length < ENTRIES_PER_PAGE) return;
    after = { at: last.at, commandId: last.commandId };
  }
}

export const auditRoutes =
  (desk: AlertDesk): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ['alerts'];
    app.get(
      '/api/audit',
      {
        schema: {
          summary: 'Every order that was carried out, the newest first',
          description: 'Acknowledgements, comments, silences, assignments, drills, confirmations, deletions.',
          tags,
          querystring: inOrder(Query),
          response: { 200: z.array(AuditEntry), ...orderFailures },
        },
      },
      async ({ query }, reply) => sendOrder(desk, reply, { type: 'list-audit', actor: 'api', ...query }),
    );
    for (const format of ['csv', 'json'] as const) {
      app.get(
        `/api/audit.${format}`,
        {
          schema: {
            summary: `The same as ${format.toUpperCase()}, of any length`,
            tags,
            querystring: inOrder(Time),
            produces: [format === 'csv' ? 'text/csv' : 'application/json'],
            response: { 200: z.any(), ...orderFailures },
          },
        },
        async ({ query }, reply) =>
          sendExport(reply, { format, name: 'headroom_audit', pages: auditPages(desk, query), csv: auditCsv }),
      );
    }
  };
