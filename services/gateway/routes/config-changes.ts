/** The configuration, changed: a camera, or the section alerts, with a version that guards against lost work. */
import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { dropCamera, putCamera, putSection } from '../../../shared/config/edit.ts';
import { ruleOf } from '../../../shared/config/rule-words.ts';
import { plainOf, plainOrNone } from '../../../shared/config/yaml.ts';
import { Id } from '../../../shared/contracts/common.ts';
import { CameraSettings, ConfigSaved } from '../../../shared/contracts/config-api.ts';
import { fullUrl, maskedCameras, storedCameras } from '../camera-edit.ts';
import type { ConfigEdit, ConfigFile } from '../config-file.ts';
import { changeFailures, NoVersionError, RefusedError, refuse, UnknownCameraError } from './config-refusals.ts';

/** A camera with 64 zones of 64 corners is larger than other orders. */
export const CAMERA_LIMIT_BYTES = 1024 * 1024;
/** A camera as it is sent. */
export const settings = CameraSettings.describe(
  'As in headroom.yaml: see docs/headroom.schema.json. `***` keeps a secret.',
);

const actor = z.string().min(1).max(120).describe('Who changes it: name or post of the operator.');
const Params = z.object({ id: Id });
const Version = z.looseObject({
  'if-match': z.string().max(100).optional().describe('The version the change was made from. Needed.'),
});
type Version = z.infer<typeof Version>;

export const configChangeRoutes =
  (config: ConfigFile): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ['configuration'];

    /** Makes a change and answers with the new version. */
    const save = async (
      reply: FastifyReply,
      headers: Version,
      change: Omit<ConfigEdit, 'version'>,
    ): Promise<FastifyReply> => {
      try {
        return await reply.send({ version: await config.change({ version: versionOf(headers), ...change }) });
      } catch (error) {
        return refuse(reply, error);
      }
    };

    /** Makes a change of one camera and answers with the camera as it now stands. */
    const saveCamera = async (
      reply: FastifyReply,
      headers: Version,
      o: { id: string; actor: string; next(before: CameraSettings | undefined): CameraSettings },
    ): Promise<FastifyReply> => {
      let at: number | undefined;
      try {
        const version = versionOf(headers);
        const stored = storedCameras(plainOrNone((await config.read()).text));
        const found = stored.findIndex(({ id }) => id === o.id);
        const created = found < 0;
        at = created ? stored.length : found;
        const wanted = o.next(stored[found]);
        if (wanted.id !== o.id)
          throw new RefusedError([{ field: 'id', rule: 'cannot be changed; add another camera' }]);
        const full = fullUrl(wanted.url, stored, o.id);
        if ('fault' in full) throw new RefusedError([{ field: 'url', rule: full.fault }]);
        const camera = { ...wanted, url: full.url };
        const saved = await config.change({
          version,
          actor: o.actor,
          what: `camera ${o.id} ${created ? 'added' : 'changed'}`,
          edit: (document) => putCamera(document, camera),
        });
        const [masked] = maskedCameras({ cameras: [camera] });
        return reply.code(created ? 201 : 200).send({ version: saved, ...(masked ? { camera: masked } : {}) });
      } catch (error) {
        return refuse(reply, error, at);
      }
    };

    app.put(
      '/api/config/cameras/:id',
      {
        bodyLimit: CAMERA_LIMIT_BYTES,
        schema: {
          summary: 'Add or replace a camera',
          tags,
          params: Params,
          headers: Version,
          body: z.object({ actor, camera: settings }),
          response: { 200: ConfigSaved, 201: ConfigSaved, ...changeFailures },
        },
      },
      async ({ params, headers, body }, reply) =>
        saveCamera(reply, headers, { id: params.id, actor: body.actor, next: () => body.camera }),
    );
    app.patch(
      '/api/config/cameras/:id',
      {
        bodyLimit: CAMERA_LIMIT_BYTES,
        schema: {
          summary: 'Change settings of a camera',
          description: 'The settings given replace those of the camera; null takes one out.',
          tags,
          params: Params,
          headers: Version,
          body: z.object({ actor, change: z.record(z.string(), z.unknown()) }),
          response: { 200: ConfigSaved, ...changeFailures },
        },
      },
      async ({ params, headers, body }, reply) => {
        const next = (before: CameraSettings | undefined): CameraSettings => {
          if (!before) throw new UnknownCameraError();
          const after = CameraSettings.safeParse(changed(before, body.change));
          if (after.success) return after.data;
          throw new RefusedError(
            after.error.issues.map((issue) => ({ field: issue.path.join('.'), rule: ruleOf(issue, false) })),
          );
        };
        return saveCamera(reply, headers, { id: params.id, actor: body.actor, next });
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
          response: { 200: ConfigSaved, ...changeFailures },
        },
      },
      async ({ params, headers, query }, reply) =>
        save(reply, headers, {
          actor: query.actor,
          what: `camera ${params.id} removed`,
          edit: (document) => {
            if (!dropCamera(document, params.id)) throw new UnknownCameraError();
          },
        }),
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
          response: { 200: ConfigSaved, ...changeFailures },
        },
      },
      async ({ headers, body }, reply) =>
        save(reply, headers, {
          actor: body.actor,
          what: `alerts changed: ${Object.keys(body.change).join(', ')}`,
          edit: (document) => {
            const before = (plainOf(document) as { alerts?: Record<string, unknown> } | null)?.alerts ?? {};
            const after = changed(before, body.change);
            putSection(document, 'alerts', Object.keys(after).length > 0 ? after : undefined);
          },
        }),
    );
  };

/** The version a change was made from. @throws NoVersionError */
function versionOf(headers: Version): string {
  const version = headers['if-match']?.replace(/^W\//, '').replace(/^"|"$/g, '');
  if (!version) throw new NoVersionError();
  return version;
}

/** Settings replaced one by one; null takes one out. */
function changed(before: Record<string, unknown>, change: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value !== null));
}
