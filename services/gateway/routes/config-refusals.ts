/** Why the configuration is not shown, changed or tried, in words and codes for clients. */
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { ConfigError } from '../../../shared/config/load.ts';
import { FieldIssue, ReadOnlyReason } from '../../../shared/contracts/config-api.ts';
import { issuesOf } from '../camera-edit.ts';
import { ConfigChangedError, ConfigReadOnlyError } from '../config-file.ts';
import { Problem, problem } from './problem.ts';

/** A fault of the configuration by its field; or, with 412, the version in force. */
export const ConfigProblem = Problem.extend({ issues: z.array(FieldIssue).optional(), version: z.string().optional() });
/** Why nothing is written; absent where something else forbids it. */
export const ReadOnlyProblem = Problem.extend({ readOnlyReason: ReadOnlyReason.optional() });
export const changeFailures = {
  400: Problem,
  403: ReadOnlyProblem,
  404: Problem,
  412: ConfigProblem,
  422: ConfigProblem,
  428: Problem,
};

/** A change that cannot even be tried, told like a fault of the file. */
export class RefusedError extends Error {
  readonly issues: FieldIssue[];
  constructor(issues: FieldIssue[]) {
    super('refused');
    this.issues = issues;
  }
}
export class UnknownCameraError extends Error {}
/** A change without the version it was made from. */
export class NoVersionError extends Error {}

/**
 * Says why something was not done; anything unforeseen goes on to the server's own handler.
 * @param cameraIndex the camera of the file that the request is about: faults are told as seen from it
 */
export function refuse(reply: FastifyReply, error: unknown, cameraIndex?: number): FastifyReply {
  const send = (status: number, title: string, detail: string, more: object = {}) =>
    reply
      .code(status)
      .type('application/problem+json')
      .send({ ...problem(status, title, detail), ...more });
  if (error instanceof NoVersionError)
    return send(428, 'Version missing', 'Send the version the change was made from as If-Match.');
  if (error instanceof UnknownCameraError) return send(404, 'Unknown camera', 'No camera with this id is configured.');
  if (error instanceof ConfigReadOnlyError)
    return send(403, 'Read only', error.message, { readOnlyReason: error.reason });
  if (error instanceof ConfigChangedError) return send(412, 'Changed since', error.message, { version: error.version });
  if (error instanceof ConfigError || error instanceof RefusedError) {
    const plain = error.issues.map(({ field, rule }) => ({ field, rule }));
    const issues = cameraIndex === undefined ? plain : issuesOf(plain, cameraIndex);
    const detail = issues.map(({ field, rule }) => `${field || 'It'} ${rule}`).join('; ');
    return send(422, 'Not a valid configuration', detail, { issues });
  }
  throw error;
}
