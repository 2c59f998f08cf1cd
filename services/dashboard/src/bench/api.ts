/** What the bench asks of the server. Every answer is parsed; every failure comes back in the server's own words. */
import { z } from 'zod';
import { BenchAnswer, Look } from '../../../../shared/contracts/bench.ts';
import { type ModelState, WorkerModels } from '../../../../shared/contracts/models.ts';

/** `status` 0: the server cannot be reached, or its answer not be read. */
export type Failure = { status: number; detail: string | undefined };
export type Asked<T> = { ok: true; body: T } | { ok: false; failure: Failure };

export type LookQuery = {
  steps?: number[] | undefined;
  seeds: number;
  model?: string | undefined;
  width?: number | undefined;
  farField?: number | undefined;
  farWidth?: number | undefined;
};
export type ClipQuery = Omit<LookQuery, 'seeds'> & { fps: number; frames: number };

const Problem = z.object({ detail: z.string() });
/** Other pictures are before ours: asked again after the time the server names. */
const BUSY = 429;
const AGAIN_MS = 3000;

export async function look(picture: Blob, query: LookQuery, signal: AbortSignal): Promise<Asked<Look>> {
  for (;;) {
    const asked = await post('look', picture, parametersOf(query), signal);
    if (!asked.ok && asked.failure.status === BUSY && !signal.aborted) {
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      continue;
    }
    if (!asked.ok) return asked;
    const parsed = Look.safeParse(await asked.body.json().catch(() => undefined));
    return parsed.success ? { ok: true, body: parsed.data } : unreadable;
  }
}

/** Hands every answer to `onAnswer` as it comes. */
export async function lookAtClip(
  clip: Blob,
  query: ClipQuery,
  signal: AbortSignal,
  onAnswer: (answer: BenchAnswer) => Promise<void>,
): Promise<Failure | undefined> {
  const asked = await post('clip', clip, parametersOf(query), signal);
  if (!asked.ok) return asked.failure;
  try {
    for await (const line of linesOf(asked.body)) await onAnswer(BenchAnswer.parse(JSON.parse(line)));
    return undefined;
  } catch {
    return { status: 0, detail: undefined };
  }
}

/** Every model that any worker knows, loaded ones first. */
export async function models(): Promise<ModelState[]> {
  const response = await fetch('./api/models', { cache: 'no-store' }).catch(() => undefined);
  const parsed = z.array(WorkerModels).safeParse(await response?.json().catch(() => undefined));
  const byName = new Map((parsed.data ?? []).flatMap((worker) => worker.models).map((model) => [model.name, model]));
  return [...byName.values()].filter(({ version }) => version).sort((a, b) => Number(b.loaded) - Number(a.loaded));
}

/** A camera's newest picture. */
export async function newestPicture(cameraId: string): Promise<Blob | undefined> {
  const response = await fetch(`./api/cameras/${cameraId}/frame.jpg`, { cache: 'no-store' }).catch(() => undefined);
  if (response?.ok) return response.blob();
  await response?.body?.cancel();
  return undefined;
}

const unreadable: Asked<never> = { ok: false, failure: { status: 0, detail: undefined } };

function parametersOf(query: LookQuery | ClipQuery): URLSearchParams {
  const set = Object.entries(query).filter(([, value]) => value !== undefined);
  return new URLSearchParams(set.map(([key, value]) => [key, String(value)]));
}

async function post(what: string, file: Blob, query: URLSearchParams, signal: AbortSignal): Promise<Asked<Response>> {
  const init = { method: 'POST', body: file, headers: { 'content-type': file.type }, signal };
  const response = await fetch(`./api/bench/${what}?${query}`, init).catch(() => undefined);
  if (!response) return unreadable;
  if (response.ok) return { ok: true, body: response };
  const problem = Problem.safeParse(await response.json().catch(() => undefined));
  return { ok: false, failure: { status: response.status, detail: problem.data?.detail } };
}

async function* linesOf(response: Response): AsyncGenerator<string> {
  let rest = '';
  const text = response.body?.pipeThrough(new TextDecoderStream());
  if (!text) return;
  const reader = text.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    const lines = (rest + (value ?? '')).split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter((line) => line !== '');
    if (done) return;
  }
}
