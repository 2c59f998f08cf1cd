/** What the set-up pages ask of the server. Every answer is parsed; every failure comes back as what it means. */
import { z } from 'zod';
import {
  ConfigSaved,
  ConfigView,
  FieldIssue,
  ReadOnlyReason,
  ThresholdTrial,
} from '../../../../shared/contracts/config-api.ts';
import { WorkerModels } from '../../../../shared/contracts/models.ts';
import { ProbeAnswer } from '../../../../shared/contracts/probe.ts';

const TIMEOUT_MS = 10_000;
const PROBE_TIMEOUT_MS = 30_000;

export type Failure =
  | { kind: 'changed'; version: string }
  | { kind: 'invalid'; issues: FieldIssue[] }
  | { kind: 'read-only'; why: string; reason: ReadOnlyReason | undefined }
  /** Settings elsewhere in the file that name the camera to be removed. */
  | { kind: 'still-named'; fields: string[] }
  | { kind: 'busy' | 'nobody' | 'refused' | 'removed' | 'edited' };
export type Answer<T> = { ok: true; body: T } | { ok: false; failure: Failure };

const Refusal = z.object({
  detail: z.string().default(''),
  version: z.string().optional(),
  issues: z.array(FieldIssue).optional(),
  // A newer server may know more: its words stand then.
  readOnlyReason: ReadOnlyReason.optional().catch(undefined),
});

async function ask<T>(path: string, schema: z.ZodType<T>, init: RequestInit = {}): Promise<Answer<T>> {
  try {
    const response = await fetch(`./api/${path}`, { signal: AbortSignal.timeout(TIMEOUT_MS), ...init });
    const body: unknown = await response.json();
    if (!response.ok) return { ok: false, failure: failureOf(response.status, body) };
    const parsed = schema.safeParse(body);
    return parsed.success ? { ok: true, body: parsed.data } : { ok: false, failure: { kind: 'refused' } };
  } catch {
    return { ok: false, failure: { kind: 'nobody' } };
  }
}

function failureOf(status: number, body: unknown): Failure {
  const { detail, version, issues, readOnlyReason } = Refusal.catch({ detail: '' }).parse(body);
  if (status === 412 && version) return { kind: 'changed', version };
  if (status === 422 && issues) return { kind: 'invalid', issues };
  if (status === 403) return { kind: 'read-only', why: detail, reason: readOnlyReason };
  if (status === 429) return { kind: 'busy' };
  return { kind: status === 503 ? 'nobody' : 'refused' };
}

function send(method: string, body: object, version?: string): RequestInit {
  const headers = new Headers({ 'content-type': 'application/json' });
  if (version !== undefined) headers.set('if-match', `"${version}"`);
  return { method, headers, body: JSON.stringify(body) };
}

const cameraPath = (id: string) => `config/cameras/${encodeURIComponent(id)}`;

export const api = {
  models: () => ask('models', z.array(WorkerModels), { cache: 'no-store' }),
  view: () => ask('config', ConfigView, { cache: 'no-store' }),
  putCamera: (camera: { id: string }, actor: string, version: string) =>
    ask(cameraPath(camera.id), ConfigSaved, send('PUT', { actor, camera }, version)),
  removeCamera: (id: string, actor: string, version: string) =>
    ask(`${cameraPath(id)}?${new URLSearchParams({ actor })}`, ConfigSaved, {
      method: 'DELETE',
      headers: { 'if-match': `"${version}"` },
    }),
  tryThresholds: (camera: { id: string }, zoneId: string) =>
    ask(`${cameraPath(camera.id)}/trial`, ThresholdTrial, send('POST', { camera, zoneId })),
  probe: (url: string, cameraId: string | undefined) =>
    ask('probe', ProbeAnswer, {
      ...send('POST', { url, ...(cameraId ? { cameraId } : {}) }),
      signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
    }),
};
