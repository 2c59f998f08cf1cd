/** One inference process: its start, its death, and that nobody waits for either for ever. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { HeadroomError } from '../../shared/runtime/errors.ts';
import type { FromChild, InferenceRequest, InferenceResult, InferenceSetup, ToChild } from './inference-messages.ts';

const entry = fileURLToPath(new URL('./inference-process.ts', import.meta.url));

const TERM_GRACE_MS = 1500;

/**
 * A process that sleeps in a driver does not even go when it is killed. Nobody waits longer than this for its end, ms:
 * its picture is lost, and another process takes its place.
 */
const KILL_GRACE_MS = 1000;

export type Task = {
  request: InferenceRequest;
  /** Whether it is being counted, not only decoded. */
  begun?: boolean;
  settle: (result: InferenceResult) => void;
};

export type Member = {
  child: ChildProcess;
  tasks: Task[];
  ready: boolean;
  deadline: NodeJS.Timeout | undefined;
  /** Bytes that each model took when it was loaded. */
  memoryBytes: Record<string, number>;
  /** Whether its end leaves a place that must be filled. */
  retired: boolean;
  /** Kills it. It counts no more from then on. */
  kill(): void;
  /** Settles when it is gone, or given up. */
  over: Promise<void>;
};

export type MemberEvents = {
  ready(): void;
  /** It is gone or given up, and its pictures are answered; told once. `crashed`: it was at work. */
  over(of: {
    crashed: boolean;
    cameraId: string | undefined;
    signal: NodeJS.Signals | null;
    code: number | null;
  }): void;
  /** It was killed and does not go. */
  undead(child: ChildProcess): void;
};

/**
 * Starts a process, which is ready when its models are loaded and proved.
 * @param o.retired not yet in the pool: its end leaves no place to fill
 * @returns `started` rejects with MODEL_INVALID or PROVIDER_UNAVAILABLE
 */
export function startMember(
  setup: InferenceSetup,
  o: { deadlineMs: number; retired: boolean },
  on: MemberEvents,
): { member: Member; started: Promise<void> } {
  const child = fork(entry, [], { serialization: 'advanced', env: { ...process.env, MALLOC_ARENA_MAX: '2' } });
  const over = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  // Whoever waits for the start hears of it; a respawn is tried again instead.
  started.promise.catch(() => undefined);
  let isOver = false;

  const ended = (code: number | null, signal: NodeJS.Signals | null): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(loading);
    clearTimeout(member.deadline);
    const last = signal ?? code;
    started.reject(new HeadroomError('MODEL_INVALID', `An inference process ended while loading the model (${last}).`));
    const crashed = member.ready;
    const cameraId = suspectOf(member);
    member.ready = false;
    for (const task of [...member.tasks]) {
      task.settle({ ok: false, reason: 'inference-failed', detail: 'the inference process ended' });
    }
    over.resolve();
    on.over({ crashed, cameraId, signal, code });
  };
  const kill = (): void => {
    member.ready = false;
    child.kill('SIGKILL');
    setTimeout(() => {
      if (isOver) return;
      on.undead(child);
      // When it wakes, it finds nobody and ends.
      if (child.connected) child.disconnect();
      child.unref();
      ended(null, 'SIGKILL');
    }, KILL_GRACE_MS);
  };
  const { retired } = o;
  const member: Member = {
    ...{ child, tasks: [], ready: false, deadline: undefined, memoryBytes: {}, retired },
    ...{ kill, over: over.promise },
  };
  const loading = setTimeout(() => {
    started.reject(new HeadroomError('MODEL_INVALID', 'The model did not load within a minute.'));
    kill();
  }, o.deadlineMs);

  child.on('message', (message: FromChild) => {
    if (message.type === 'ready') {
      // Killed a moment ago, it may have said so before.
      if (isOver || child.killed) return;
      clearTimeout(loading);
      member.ready = true;
      member.memoryBytes = message.memoryBytes;
      started.resolve();
      on.ready();
    } else if (message.type === 'unusable') {
      clearTimeout(loading);
      started.reject(new HeadroomError(message.code, message.message));
      void end(member);
    } else {
      const task = member.tasks.find(({ request }) => request?.id === message.id);
      if (message.type === 'result') task?.settle(message.result);
      else if (task) task.begun = true;
    }
  });
  child.once('exit', ended);
  // What could not even be started, for want of process numbers or memory, never exits.
  child.on('error', () => {
    if (child.pid === undefined) ended(child.exitCode, null);
  });
  child.send({ type: 'setup', setup } satisfies ToChild, () => undefined);
  return { member, started: started.promise };
}

/** Whose picture a process is at: the one it counts, else the first that was given to it. */
export const suspectOf = ({ tasks }: Pick<Member, 'tasks'>): string | undefined =>
  (tasks.find(({ begun }) => begun) ?? tasks.find(({ request }) => request))?.request.cameraId;

export const isGone = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

/** SIGTERM, after a while SIGKILL. Comes back within some seconds, whatever becomes of the process. */
export async function end({ child, kill, over }: Member): Promise<void> {
  if (isGone(child)) return;
  child.kill('SIGTERM');
  const force = setTimeout(kill, TERM_GRACE_MS);
  await over;
  clearTimeout(force);
}
