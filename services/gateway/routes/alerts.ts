/** Running alerts, their log, and what operators do about them. Orders go to the alerts service, which answers. */
import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ActiveAlert, AlertEvent, RaisedLevel, RuleKind, Silence } from '../../../shared/contracts/alert.ts';
import { Id } from '../../../shared/contracts/common.ts';
import type { AlertDesk } from '../alert-desk.ts';
import { eventsCsv } from './csv.ts';
import { PageRefusedError, sendExport } from './export.ts';
import { askAlerts, type Order, orderFailures, sendOrder } from './order.ts';
import { inOrder, instant } from './time-range.ts';

const AlertId = z.object({ alertId: z.string().min(1).max(200) });
/** Who acts. Users and roles come later; until then the name is the operator's word. */
const actor = z.string().trim().min(1).max(120).describe('Who acts: name or post of the operator.');
const note = z.string().trim().min(1).max(2000);
const EVENTS_PER_PAGE = 1000;
const EventQuery = z.object({
  afterOffset: z.coerce.number().int().nonnegative().default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
  cameraId: Id.optional(),
  zoneId: Id.optional(),
  alertId: z.string().optional(),
  from: instant.optional().describe('Not earlier than this, epoch ms.'),
  to: instant.optional().describe('Not later than this, epoch ms.'),
});

/** The log from an offset on, in pages. @throws PageRefusedError */
async function* eventPages(
  desk: AlertDesk,
  query: Omit<z.infer<typeof EventQuery>, 'limit'>,
): AsyncGenerator<AlertEvent[]> {
  for (let { afterOffset } = query; ; ) {
    const page = { ...query, afterOffset, limit: EVENTS_PER_PAGE };
    const answer = await askAlerts(desk, { type: 'list-events', actor: 'api', ...page });
    if (!answer?.ok) throw new PageRefusedError(answer);
    const events = z.array(AlertEvent).parse(answer.body);
    yield events;
    const last = events.at(-1);
    if (!last || events.length < EVENTS_PER_PAGE) return;
    afterOffset = last.offset;
  }
}

export const alertRoutes =
  (desk: AlertDesk): FastifyPluginAsyncZod =>
  async (app) => {
    const order = (reply: FastifyReply, what: Order, success?: number): Promise<FastifyReply> =>
      sendOrder(desk, reply, what, success);
    const tags = ['alerts'];

    app.get(
      '/api/alerts',
      { schema: { summary: 'Alerts that are on or not acknowledged', tags, response: { 200: z.array(ActiveAlert) } } },
      async () => desk.running().active,
    );
    app.get(
      '/api/alerts/events',
      {
        schema: {
          summary: 'The alert log, oldest first',
          tags,
          querystring: inOrder(EventQuery),
          response: { 200: z.array(AlertEvent), ...orderFailures },
        },
      },
      async ({ query }, reply) => order(reply, { type: 'list-events', actor: 'api', ...query }),
    );
    for (const format of ['csv', 'json'] as const) {
      app.get(
        `/api/alerts/events.${format}`,
        {
          schema: {
            summary: `The whole alert log as ${format.toUpperCase()}, of any length`,
            tags,
            querystring: inOrder(EventQuery.omit({ limit: true })),
            produces: [format === 'csv' ? 'text/csv' : 'application/json'],
            response: { 200: z.any(), ...orderFailures },
          },
        },
        async ({ query }, reply) =>
          sendExport(reply, { format, name: 'headroom_alerts', pages: eventPages(desk, query), csv: eventsCsv }),
      );
    }

    app.post(
      '/api/alerts/:alertId/acknowledge',
      {
        schema: {
          summary: 'Say that somebody has seen it; clears nothing',
          tags,
          params: AlertId,
          body: z.object({ actor, note: note.optional() }),
          response: { 200: z.any(), ...orderFailures },
        },
      },
      async ({ params, body }, reply) => order(reply, { type: 'acknowledge', ...params, ...body }),
    );
    app.post(
      '/api/alerts/:alertId/comment',
      {
        schema: {
          summary: 'Write into the alert’s log',
          tags,
          params: AlertId,
          body: z.object({ actor, note }),
          response: { 200: z.any(), ...orderFailures },
        },
      },
      async ({ params, body }, reply) => order(reply, { type: 'comment', ...params, ...body }),
    );
    app.post(
      '/api/alerts/:alertId/assign',
      {
        schema: {
          summary: 'Give the alert to somebody',
          tags,
          params: AlertId,
          body: z.object({ actor, assignee: z.string().trim().min(1).max(120) }),
          response: { 200: z.any(), ...orderFailures },
        },
      },
      async ({ params, body }, reply) => order(reply, { type: 'assign', ...params, ...body }),
    );
    app.post(
      '/api/alerts/:alertId/escalate',
      {
        schema: {
          summary: 'Pass it one step up the chain now',
          tags,
          params: AlertId,
          body: z.object({ actor, note: note.optional() }),
          response: { 200: z.any(), ...orderFailures },
        },
      },
      async ({ params, body }, reply) => order(reply, { type: 'escalate', ...params, ...body }),
    );

    // Strict: without its misspelt camera a silence would be one of the whole site.
    const NewSilence = z.strictObject({
      actor,
      cameraId: Id.optional(),
      zoneId: Id.optional(),
      rule: RuleKind.optional(),
      upToLevel: RaisedLevel.describe('Anything above breaks through.'),
      reason: z.string().trim().min(1).max(500),
      durationMs: z.number().int().min(1000).max(86_400_000),
    });
    app.get(
      '/api/silences',
      { schema: { summary: 'Silences in force', tags, response: { 200: z.array(Silence), ...orderFailures } } },
      async (_request, reply) => order(reply, { type: 'list-silences', actor: 'api' }),
    );
    app.post(
      '/api/silences',
      {
        schema: {
          summary: 'Mute for a time, with a reason',
          description: '400 for a field that is unknown here, and for a place or rule of which no alert can come.',
          tags,
          body: NewSilence,
          response: { 201: z.any(), ...orderFailures },
        },
      },
      async ({ body }, reply) => order(reply, { type: 'silence', ...body }, 201),
    );
    app.delete(
      '/api/silences/:silenceId',
      {
        schema: {
          summary: 'End a silence',
          tags,
          params: z.object({ silenceId: z.string() }),
          querystring: z.object({ actor }),
          response: { 200: z.any(), ...orderFailures },
        },
      },
      async ({ params, query }, reply) => order(reply, { type: 'end-silence', ...params, ...query }),
    );

    app.get(
      '/api/deliveries',
      {
        schema: {
          summary: 'What was sent to whom, and what came of it',
          tags,
          querystring: z.object({ endpoint: Id.optional(), eventId: z.string().optional() }),
          response: { 200: z.any(), ...orderFailures },
        },
      },
      async ({ query }, reply) => order(reply, { type: 'list-deliveries', actor: 'api', ...query }),
    );
    app.post(
      '/api/deliveries/:deliveryId/replay',
      {
        schema: {
          summary: 'Send a given-up delivery again',
          tags,
          params: z.object({ deliveryId: z.string() }),
          body: z.object({ actor }),
          response: { 200: z.any(), ...orderFailures },
        },
      },
      async ({ params, body }, reply) => order(reply, { type: 'replay-delivery', ...params, ...body }),
    );
    app.post(
      '/api/endpoints/:endpoint/test',
      {
        schema: {
          summary: 'Send a test message',
          tags,
          params: z.object({ endpoint: Id }),
          body: z.object({ actor }),
          response: { 200: z.any(), ...orderFailures },
        },
      },
      async ({ params, body }, reply) => order(reply, { type: 'test-endpoint', ...params, ...body }),
    );
    app.post(
      '/api/endpoints/:endpoint/enable',
      {
        schema: {
          summary: 'Send to an endpoint again that was disabled',
          tags,
          params: z.object({ endpoint: Id }),
          body: z.object({ actor }),
          response: { 200: z.any(), ...orderFailures },
        },
      },
      async ({ params, body }, reply) => order(reply, { type: 'enable-endpoint', ...params, ...body }),
    );
  };
