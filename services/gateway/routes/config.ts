/** The configuration: read, and changed camera by camera with a version that guards against lost work. */
import { randomUUID } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { dropCamera, putCamera, putSection } from '../../../shared/config/edit.ts';
import { ConfigError, parseConfig } from '../../../shared/config/load.ts';
import { ruleOf } from '../../../shared/config/rule-words.ts';
import { CAMERA_SCHEMES } from '../../../shared/config/schema.ts';
import { plainOf, plainOrNone } from '../../../shared/config/yaml.ts';
import { AlertCommand } from '../../../shared/contracts/alert-command.ts';
import { Id } from '../../../shared/contracts/common.ts';
import {
  CameraSettings,
  ConfigChange,
  ConfigSaved,
  ConfigView,
  FieldIssue,
  ReadOnlyReason,
  ThresholdTrial,
} from '../../../shared/contracts/config-api.ts';
import { ProbeAnswer, ProbeQuestion } from '../../../shared/contracts/probe.ts';
import type { AlertDesk } from '../alert-desk.ts';
import { fullUrl, issuesOf, maskedCameras, storedCameras } from '../camera-edit.ts';
import { ConfigChangedError, type ConfigFile, ConfigReadOnlyError, judge } from '../config-file.ts';
import type { ProbeLine } from '../probe-line.ts';
import { Problem, problem, sendProblem } from './problem.ts';

/** A camera with 64 zones of 64 corners is larger than other orders. */
const BODY_LIMIT_BYTES = 1024 * 1024;
const HISTORY_LIMIT = 200;

export type ConfigOptions = { config: ConfigFile; probes: ProbeLine; alerts: AlertDesk };

const actor = z.string().min(1).max(120).describe('Who changes it: name or post of the operator.');
const settings = CameraSettings.describe('As in headroom.yaml: see docs/headroom.schema.json. `***` keeps a secret.');
const Params = z.object({ id: Id });
const Version = z.looseObject({
  'if-match': z.string().max(100).optional().describe('The version the change was made from. Needed.'),
});

/** A fault of the configuration by its field; or, with 412, the version in force. */
const ConfigProblem = Problem.extend({ issues: z.array(FieldIssue).optional(), version: z.string().optional() });
/** Why nothing is written; absent where something else forbids it. */
const ReadOnlyProblem = Problem.extend({ readOnlyReason: ReadOnlyReason.optional() });
const failures = {
  400: Problem,
  403: ReadOnlyProblem,
  404: Problem,
  412: ConfigProblem,
  422: ConfigProblem,
  428: Problem,
};

/** A change that cannot even be tried, told like a fault of the file. */
class Refused extends Error {
  readonly issues: FieldIssue[];
  constructor(issues: FieldIssue[]) {
    super('refused');
    this.issues = issues;
  }
}
class UnknownCamera extends Error {}

export const configRoutes =
  ({ config, probes, alerts }: ConfigOptions): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ['configuration'];

    const view = async (): Promise<z.infer<typeof ConfigView>> => {
      const { text, version } = await config.read();
      const readOnly = await config.readOnlyBecause();
      const judged = judge(text);
      const inForce = 'config' in judged ? judged.config : parseConfig('');
      const issues = 'issues' in judged ? judged.issues : [];
      const faults = issues.map(({ line, field, rule }) => ({ field: field || `line ${line}`, rule }));
      return {
        version,
        file: config.name,
        ...(readOnly ? { readOnlyBecause: readOnly.text, readOnlyReason: readOnly.reason } : {}),
        ...(faults.length > 0 ? { faults } : {}),
        cameras: maskedCameras(plainOrNone(text)),
        alerts: inForce.alerts,
        schemes: [...CAMERA_SCHEMES, ...inForce.ingest.trialSchemes],
      };
    };

    /** Says why a change was not made; anything unforeseen goes on to the server's own handler. */
    const refuse = (reply: FastifyReply, error: unknown, cameraIndex?: number): FastifyReply => {
      const send = (status: number, title: string, detail: string, more: object = {}) =>
        reply
          .code(status)
          .type('application/problem+json')
          .send({ ...problem(status, title, detail), ...more });
      if (error instanceof UnknownCamera) return send(404, 'Unknown camera', 'No camera with this id is configured.');
      if (error instanceof ConfigReadOnlyError)
        return send(403, 'Read only', error.message, { readOnlyReason: error.reason });
      if (error instanceof ConfigChangedError)
        return send(412, 'Changed since', error.message, { version: error.version });
      if (error instanceof ConfigError || error instanceof Refused) {
        const plain = error.issues.map(({ field, rule }) => ({ field, rule }));
        const issues = cameraIndex === undefined ? plain : issuesOf(plain, cameraIndex);
        const detail = issues.map(({ field, rule }) => `${field || 'It'} ${rule}`).join('; ');
        return send(422, 'Not a valid configuration', detail, { issues });
      }
      throw error;
    };

    const versionOf = (headers: z.infer<typeof Version>): string | undefined =>
      headers['if-match']?.replace(/^W\//, '').replace(/^"|"$/g, '');
    const noVersion = (reply: FastifyReply) =>
      sendProblem(reply, 428, 'Version missing', 'Send the version the change was made from as If-Match.');

    app.get(
      '/api/config',
      {
        schema: {
          summary: 'The configuration, its secrets masked',
          tags,
          response: { 200: ConfigView, 403: ReadOnlyProblem },
        },
      },
      async (_request, reply) => {
        try {
          const seen = await view();
          return await reply.header('etag', `"${seen.version}"`).header('cache-control', 'no-store').send(seen);
        } catch (error) {
          return refuse(reply, error);
        }
      },
    );
    app.get(
      '/api/config/history',
      {
        schema: {
          summary: 'Who changed the configuration when, the newest first',
          tags,
          response: { 200: z.array(ConfigChange) },
        },
      },
      async () => config.history(HISTORY_LIMIT),
    );

    /** Makes a change of one camera and answers with the camera as it now stands. */
    const changeCamera = async (
      reply: FastifyReply,
      o: { id: string; version: string; actor: string; next(before: CameraSettings | undefined): CameraSettings },
    ): Promise<FastifyReply> => {
      let at: number | undefined;
      let created = false;
      try {
        const stored = storedCameras(plainOrNone((await config.read()).text));
        const found = stored.findIndex(({ id }) => id === o.id);
        created = found < 0;
        at = created ? stored.length : found;
        const wanted = o.next(stored[found]);
        if (wanted.id !== o.id) throw new Refused([{ field: 'id', rule: 'cannot be changed; add another camera' }]);
        const full = fullUrl(wanted.url, stored, o.id);
        if ('fault' in full) throw new Refused([{ field: 'url', rule: full.fault }]);
        const camera = { ...wanted, url: full.url };
        const version = await config.change({
          version: o.version,
          actor: o.actor,
          what: `camera ${o.id} ${created ? 'added' : 'changed'}`,
          edit: (document) => putCamera(document, camera),
        });
        const [masked] = maskedCameras({ cameras: [camera] });
        return reply.code(created ? 201 : 200).send({ version, ...(masked ? { camera: masked } : {}) });
      } catch (error) {
        return refuse(reply, error, at);
      }
    };

    app.put(
      '/api/config/cameras/:id',
      {
        bodyLimit: BODY_LIMIT_BYTES,
        schema: {
          summary: 'Add or replace a camera',
          tags,
          params: Params,
          headers: Version,
          body: z.object({ actor, camera: settings }),
          response: { 200: ConfigSaved, 201: ConfigSaved, ...failures },
        },
      },
      async ({ params, headers, body }, reply) => {
        const version = versionOf(headers);
        if (!version) return noVersion(reply);
        return changeCamera(reply, { id: params.id, version, actor: body.actor, next: () => body.camera });
      },
    );
    app.patch(
      '/api/config/cameras/:id',
      {
        bodyLimit: BODY_LIMIT_BYTES,
        schema: {
          summary: 'Change settings of a camera',
          description: 'The settings given replace those of the camera; null takes one out.',
          tags,
          params: Params,
          headers: Version,
          body: z.object({ actor, change: z.record(z.string(), z.unknown()) }),
          response: { 200: ConfigSaved, ...failures },
        },
      },
      async ({ params, headers, body }, reply) => {
        const version = versionOf(headers);
        if (!version) return noVersion(reply);
        const next = (before: CameraSettings | undefined): CameraSettings => {
          if (!before) throw new UnknownCamera();
          const after = CameraSettings.safeParse(changed(before, body.change));
          if (after.success) return after.data;
          throw new Refused(
            after.error.issues.map((issue) => ({ field: issue.path.join('.'), rule: ruleOf(issue, false) })),
          );
        };
        return changeCamera(reply, { id: params.id, version, actor: body.actor, next });
      },
    );
    app.delete(
      '/api/config/cameras/:id',
      {
        schema: {
          summary: 'Remove a camera',
          tags,
          params: Params,
          headers: Version,
          querystring: z.object({ actor }),
          response: { 200: ConfigSaved, ...failures },
        },
      },
      async ({ params, headers, query }, reply) => {
        const version = versionOf(headers);
        if (!version) return noVersion(reply);
        try {
          const edit = (document: Parameters<typeof dropCamera>[0]): void => {
            if (!dropCamera(document, params.id)) throw new UnknownCamera();
          };
          const what = `camera ${params.id} removed`;
          return await reply.send({ version: await config.change({ version, actor: query.actor, what, edit }) });
        } catch (error) {
          return refuse(reply, error);
        }
      },
    );
    app.patch(
      '/api/config/alerts',
      {
        schema: {
          summary: 'Change thresholds and times of all zones',
          description: 'The settings given replace those of the section alerts; null returns one to its default.',
          tags,
          headers: Version,
          body: z.object({ actor, change: z.record(z.string(), z.unknown()) }),
          response: { 200: ConfigSaved, ...failures },
        },
      },
      async ({ headers, body }, reply) => {
        const version = versionOf(headers);
        if (!version) return noVersion(reply);
        try {
          const edit = (document: Parameters<typeof putSection>[0]): void => {
            const before = (plainOf(document) as { alerts?: Record<string, unknown> } | null)?.alerts ?? {};
            const after = changed(before, body.change);
            putSection(document, 'alerts', Object.keys(after).length > 0 ? after : undefined);
          };
          const what = `alerts changed: ${Object.keys(body.change).join(', ')}`;
          return await reply.send({ version: await config.change({ version, actor: body.actor, what, edit }) });
        } catch (error) {
          return refuse(reply, error);
        }
      },
    );

    app.post(
      '/api/config/cameras/:id/trial',
      {
        bodyLimit: BODY_LIMIT_BYTES,
        schema: {
          summary: 'When a zone’s thresholds would have raised alerts in the last hour',
          description: 'Nothing is saved. Judged by the rules of the alerts service on the ten-second history.',
          tags,
          params: Params,
          body: z.object({ camera: settings, zoneId: Id }),
          response: { 200: ThresholdTrial, ...failures, 503: Problem },
        },
      },
      async ({ params, body }, reply) => {
        // The address has no part in it, and may be masked; nor have neighbours, which are looked for in the whole file.
        const camera = { ...body.camera, id: params.id, url: 'rtsp://trial.invalid/', neighbours: [] };
        try {
          parseConfig(JSON.stringify({ cameras: [camera] }));
        } catch (error) {
          return refuse(reply, error, 0);
        }
        const command = { type: 'try-thresholds', actor: 'api', commandId: randomUUID(), zoneId: body.zoneId };
        const answer = await alerts.order(AlertCommand.parse({ ...command, camera }));
        if (!answer?.ok) return sendProblem(reply, 503, 'Nobody answers', 'The alerts service does not answer now.');
        return reply.send(ThresholdTrial.parse(answer.body));
      },
    );

    app.post(
      '/api/probe',
      {
        schema: {
          summary: 'Look at a camera: what it sends, or why it does not',
          description:
            'Answers with 200 also when the camera gives no picture: `result.ok` is false then. Takes up to 20 s.',
          tags,
          body: ProbeQuestion,
          response: { 200: ProbeAnswer, 403: ReadOnlyProblem, 422: ConfigProblem, 429: Problem, 503: Problem },
        },
      },
      async ({ body }, reply) => {
        try {
          const why = await config.readOnlyBecause();
          if (why) throw new ConfigReadOnlyError(why);
          const stored = storedCameras(plainOrNone((await config.read()).text));
          const full = fullUrl(body.url, stored, body.cameraId);
          if ('fault' in full) throw new Refused([{ field: 'url', rule: full.fault }]);
          const outcome = await probes.ask(full.url);
          if (outcome === 'busy')
            return sendProblem(reply, 429, 'Busy', 'Other cameras are being looked at; try again in some seconds.');
          if (outcome === 'nobody')
            return sendProblem(reply, 503, 'Nobody answers', 'The ingest service does not answer now.');
          return await reply.header('cache-control', 'no-store').send(outcome);
        } catch (error) {
          return refuse(reply, error);
        }
      },
    );
  };

/** Settings replaced one by one; null takes one out. */
function changed(before: Record<string, unknown>, change: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value !== null));
}
