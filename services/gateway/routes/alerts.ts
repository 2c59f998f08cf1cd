/** Running alerts, their log, and what operators do about them. Orders go to the alerts service, which answers. */
import { randomUUID } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  ActiveAlert,
  AlertCommand,
  AlertEvent,
  RaisedLevel,
  RuleKind,
  Silence,
} from '../../../shared/contracts/alert.ts';
import { Id } from '../../../shared/contracts/common.ts';
import type { AlertDesk } from '../alert-desk.ts';
import { Problem, sendProblem } from './problem.ts';

const AlertId = z.object({ alertId: z.string().min(1).max(200) });
/** Who acts. Users and roles come later; until then the name is the operator's word. */
const actor = z.string().min(1).max(120).describe('Who acts: name or post of the operator.');
const note = z.string().min(1).max(2000);
const failures = { 400: Problem, 404: Problem, 409: Problem, 503: Problem };
const EventQuery = z.object({
  afterOffset: z.coerce.number().int().nonnegative().default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
  cameraId: Id.optional(),
  alertId: z.string().optional(),
});

/** A command without what the route adds to it. */
type Order = AlertCommand extends infer C ? (C extends AlertCommand ? Omit<C, 'commandId'> : never) : never;

export const alertRoutes =
  (desk: AlertDesk): FastifyPluginAsyncZod =>
  async (app) => {
    const order = async (reply: FastifyReply, what: Order, success = 200): Promise<FastifyReply> => {
      const answer = await desk.order(AlertCommand.parse({ ...what, commandId: randomUUID() }));
      if (!answer) {
        return sendProblem(
          reply,
          503,
          'Nobody answers',
          'The alerts service does not answer now; nothing is known to be done.',
        );
      }
      if (answer.ok) return reply.code(success).send(answer.body);
      const status = answer.code.startsWith('unknown-') ? 404 : answer.code === 'not-replayable' ? 409 : 400;
      return sendProblem(reply, status, answer.code, answer.message);
    };
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
          querystring: EventQuery,
          response: { 200: z.array(AlertEvent), ...failures },
        },
      },
      async ({ query }, reply) => order(reply, { type: 'list-events', actor: 'api', ...query }),
    );
    app.get(
      '/api/alerts/events.csv',
      {
        schema: {
          summary: 'The alert log as CSV',
          tags,
          querystring: EventQuery,
          produces: ['text/csv'],
          response: { 200: z.any(), ...failures },
        },
      },
      async ({ query }, reply) => {
        const answer = await desk.order({ type: 'list-events', actor: 'api', commandId: randomUUID(), ...query });
        if (!answer?.ok) return sendProblem(reply, 503, 'Nobody answers', 'The alerts service does not answer now.');
        return reply.type('text/csv; charset=utf-8').send(eventsCsv(z.array(AlertEvent).parse(answer.body)));
      },
    );

    app.post(
      '/api/alerts/:alertId/acknowledge',
      {
        schema: {
          summary: 'Say that somebody has seen it; clears nothing',
          tags,
          params: AlertId,
          body: z.object({ actor, note: note.optional() }),
          response: { 200: z.any(), ...failures },
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
          response: { 200: z.any(), ...failures },
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
          body: z.object({ actor, assignee: z.string().min(1).max(120) }),
          response: { 200: z.any(), ...failures },
        },
      },
      async ({ params, body }, reply) => order(reply, { type: 'assign', ...params, ...body }),
    );

    const NewSilence = z.object({
      actor,
      cameraId: Id.optional(),
      zoneId: Id.optional(),
      rule: RuleKind.optional(),
      upToLevel: RaisedLevel.describe('Anything above breaks through.'),
      reason: z.string().min(1).max(500),
      durationMs: z.number().int().min(1000).max(86_400_000),
    });
    app.get(
      '/api/silences',
      { schema: { summary: 'Silences in force', tags, response: { 200: z.array(Silence), ...failures } } },
      async (_request, reply) => order(reply, { type: 'list-silences', actor: 'api' }),
    );
    app.post(
      '/api/silences',
      {
        schema: {
          summary: 'Mute for a time, with a reason',
          tags,
          body: NewSilence,
          response: { 201: z.any(), ...failures },
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
          response: { 200: z.any(), ...failures },
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
          response: { 200: z.any(), ...failures },
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
          response: { 200: z.any(), ...failures },
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
          response: { 200: z.any(), ...failures },
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
          response: { 200: z.any(), ...failures },
        },
      },
      async ({ params, body }, reply) => order(reply, { type: 'enable-endpoint', ...params, ...body }),
    );
  };

const CSV_COLUMNS = [
  'offset',
  'at',
  'type',
  'mode',
  'alertId',
  'rule',
  'cameraId',
  'zoneId',
  'value',
  'threshold',
  'unit',
  'reason',
  'cause',
  'actor',
  'note',
  'model',
  'configVersion',
  'capturedAt',
] as const;

/** RFC 4180. A cell that a spreadsheet would run as a formula is defused. */
export function eventsCsv(events: AlertEvent[]): string {
  const cell = (value: unknown): string => {
    const text = value === undefined ? '' : String(value);
    const safe = /^[=+@\t\r]/.test(text) || /^-\D/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const head = [...CSV_COLUMNS, 'fromLevel', 'toLevel', 'condition'];
  const rows = events.map((event) => [
    ...CSV_COLUMNS.map((column) => event[column]),
    event.from.level,
    event.to.level,
    event.to.condition,
  ]);
  return [head, ...rows]
    .map((row) => row.map(cell).join(','))
    .join('\r\n')
    .concat('\r\n');
}
