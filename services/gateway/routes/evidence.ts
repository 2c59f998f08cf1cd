/** Pictures and heat maps that changes of level were decided on. */
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { EvidencePart } from '../../../shared/contracts/alert-command.ts';
import { EVIDENCE_TYPES, Evidence, EvidenceContent } from '../../../shared/contracts/evidence.ts';
import type { AlertDesk } from '../alert-desk.ts';
import { askAlerts, orderFailures, sendOrder, sendRefusal } from './order.ts';

const FILES: Record<EvidencePart, { name: string; summary: string }> = {
  picture: { name: 'picture.jpg', summary: 'The picture an event was decided on, as far as it may be kept' },
  heat: { name: 'heat.png', summary: 'Its heat map, drawn to be laid over the picture' },
  map: { name: 'map.bin', summary: 'Its heat map’s figures; the form is that of the live socket’s heat maps' },
};

export const evidenceRoutes =
  (desk: AlertDesk): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ['alerts'];
    app.get(
      '/api/alerts/:alertId/evidence',
      {
        schema: {
          summary: 'What is kept of an alert’s changes of level, in their order',
          description: 'An entry without files says why. Alerts of long ago have none: it is deleted after some days.',
          tags,
          params: z.object({ alertId: z.string().min(1).max(200) }),
          response: { 200: z.array(Evidence), ...orderFailures },
        },
      },
      async ({ params }, reply) => sendOrder(desk, reply, { type: 'list-evidence', actor: 'api', ...params }),
    );
    for (const [part, { name, summary }] of Object.entries(FILES) as [EvidencePart, (typeof FILES)[EvidencePart]][]) {
      const description = 'Header etag: SHA-256 of the file, as recorded when it was written.';
      const content = { description: name, content: { [EVIDENCE_TYPES[part]]: { schema: z.any() } } };
      app.get(
        `/api/evidence/:eventId/${name}`,
        {
          schema: {
            summary,
            description,
            tags,
            params: z.object({ eventId: z.string().min(1).max(255) }),
            response: { 200: content, ...orderFailures },
          },
        },
        async ({ params }, reply) => {
          const answer = await askAlerts(desk, { type: 'read-evidence', actor: 'api', ...params, part });
          if (!answer?.ok) return sendRefusal(reply, answer);
          const { base64, sha256 } = EvidenceContent.parse(answer.body);
          return (
            reply
              .type(EVIDENCE_TYPES[part])
              // It never changes while it is there; but who may see it today may not tomorrow.
              .headers({ 'cache-control': 'private, max-age=600', etag: `"${sha256}"` })
              .send(Buffer.from(base64, 'base64'))
          );
        },
      );
    }
  };
