/** What routes ask of the alerts service, and its answer or refusal over HTTP. */
import { randomUUID } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { AlertCommand, type AlertReply } from '../../../shared/contracts/alert-command.ts';
import type { AlertDesk } from '../alert-desk.ts';
import { Problem, sendProblem } from './problem.ts';

type Refusal = Extract<AlertReply, { ok: false }>;

/** What is asked is right, and cannot be done as things are. */
const CONFLICTS: ReadonlySet<Refusal['code']> = new Set([
  'not-replayable',
  'other-version',
  'drill-running',
  'real-alert',
]);

/** A command without what is added to it here. */
export type Order = AlertCommand extends infer C ? (C extends AlertCommand ? Omit<C, 'commandId'> : never) : never;

/** Responses of a route that gives an order, besides its success. */
export const orderFailures = { 400: Problem, 404: Problem, 409: Problem, 503: Problem };

/** @returns undefined when no alerts service answers in time. @throws when Redis does not answer */
export const askAlerts = (desk: AlertDesk, what: Order): Promise<AlertReply | undefined> =>
  desk.order(AlertCommand.parse({ ...what, commandId: randomUUID() }));

/** Gives an order and sends its answer. */
export async function sendOrder(
  desk: AlertDesk,
  reply: FastifyReply,
  what: Order,
  success = 200,
): Promise<FastifyReply> {
  const answer = await askAlerts(desk, what);
  return answer?.ok ? reply.code(success).send(answer.body) : sendRefusal(reply, answer);
}

/** @param answer undefined when nobody answered */
export function sendRefusal(reply: FastifyReply, answer: Refusal | undefined): FastifyReply {
  if (!answer) {
    const detail = 'The alerts service does not answer now; nothing is known to be done.';
    return sendProblem(reply, 503, 'Nobody answers', detail);
  }
  if (answer.code === 'unavailable') return sendProblem(reply, 503, 'Not available now', answer.message);
  const status = answer.code.startsWith('unknown-') ? 404 : CONFLICTS.has(answer.code) ? 409 : 400;
  return sendProblem(reply, status, answer.code, answer.message);
}
