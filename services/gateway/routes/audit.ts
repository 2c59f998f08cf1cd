/** Who ordered what, and when. */
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { AuditEntry, auditCsv } from '../../../shared/contracts/history.ts';
import type { AlertDesk } from '../alert-desk.ts';
import { askAlerts, orderFailures, sendOrder, sendRefusal } from './order.ts';

const instant = z.coerce.number().int().nonnegative();
const Query = z.object({
  from: instant.optional().describe('Not earlier than this, epoch ms.'),
  to: instant.optional().describe('Not later than this, epoch ms.'),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
});

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
          querystring: Query,
          response: { 200: z.array(AuditEntry), ...orderFailures },
        },
      },
      async ({ query }, reply) => sendOrder(desk, reply, { type: 'list-audit', actor: 'api', ...query }),
    );
    app.get(
      '/api/audit.csv',
      {
        schema: {
          summary: 'The same as CSV',
          tags,
          querystring: Query,
          produces: ['text/csv'],
          response: { 200: z.any(), ...orderFailures },
        },
      },
      async ({ query }, reply) => {
        const answer = await askAlerts(desk, { type: 'list-audit', actor: 'api', ...query });
        if (!answer?.ok) return sendRefusal(reply, answer);
        return reply.type('text/csv; charset=utf-8').send(auditCsv(z.array(AuditEntry).parse(answer.body)));
      },
    );
  };
