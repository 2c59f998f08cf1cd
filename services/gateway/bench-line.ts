/** Has a worker look at what somebody dropped in, and hands on what it answers. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import {
  BENCH_LIFE_MS,
  BENCH_PIECE_BYTES,
  BENCH_WANTED_MS,
  BenchAnswer,
  type BenchJob,
  benchKeys,
  LOOK_LIMIT_MS,
} from '../../shared/contracts/bench.ts';

/** Looks that may be sent in, wait or run at a time: a worker does one after the other, and each is held in memory. */
const AT_ONCE = 4;
/** Time for a worker to come to a job: others may be before it. */
const TAKE_UP_MS = 60_000;
const LOOK_FOR_ANSWER_MS = 50;
const SAY_WANTED_EVERY_MS = 5000;

export type BenchQuestion = Pick<BenchJob, 'options' | 'clip'>;

/** What is on its way to the bench. */
export type Upload = {
  /** Whether it comes too slowly to be whole in time. */
  isHopeless(): boolean;
  end(): void;
};

export class BenchLine {
  readonly #frames: Redis;
  readonly #enqueue: (job: BenchJob) => Promise<unknown>;
  readonly #inside = new Set<Upload>();

  /** @param o.frames fail-fast connection to the frames database: what is dropped in must not be kept */
  constructor(o: { frames: Redis; enqueue: (job: BenchJob) => Promise<unknown> }) {
    this.#frames = o.frames;
    this.#enqueue = o.enqueue;
  }

  /**
   * Takes a place in the line, before anything of a look has come in; where none is free, that of one who comes too
   * slowly to be whole in time.
   * @returns what gives the place back; undefined where none is free
   */
  enter(upload: Upload): (() => void) | undefined {
    if (this.#inside.size >= AT_ONCE) {
      const hopeless = [...this.#inside].find((other) => other.isHopeless());
      if (!hopeless) return undefined;
      this.#inside.delete(hopeless);
      hopeless.end();
    }
    this.#inside.add(upload);
    return () => void this.#inside.delete(upload);
  }

  /**
   * Asks, and gives the answers as they come; ends after the last one, or without one when no worker answers in time.
   * @param signal nobody waits any more: the worker then need not look either
   * @throws when Redis does not answer
   */
  async *ask(input: Buffer, question: BenchQuestion, signal: AbortSignal): AsyncGenerator<BenchAnswer> {
    const lookId = randomUUID();
    try {
      await this.#lay(lookId, input, question);
      yield* this.#answers(lookId, signal);
    } finally {
      await this.#frames
        .del(benchKeys.input(lookId), benchKeys.answers(lookId), benchKeys.wanted(lookId))
        .catch(() => undefined);
    }
  }

  async #lay(lookId: string, input: Buffer, question: BenchQuestion): Promise<void> {
    const key = benchKeys.input(lookId);
    for (let at = 0; at < input.length; at += BENCH_PIECE_BYTES) {
      const piece = input.subarray(at, at + BENCH_PIECE_BYTES);
      const results = await this.#frames.multi().rpush(key, piece).pexpire(key, BENCH_LIFE_MS).exec();
      const refused = results?.find(([error]) => error)?.[0];
      if (refused) throw refused;
    }
    await this.#sayWanted(lookId);
    await this.#enqueue({ lookId, ...question, until: Date.now() + BENCH_LIFE_MS });
  }

  async *#answers(lookId: string, signal: AbortSignal): AsyncGenerator<BenchAnswer> {
    const key = benchKeys.answers(lookId);
    let patientUntil = performance.now() + TAKE_UP_MS + LOOK_LIMIT_MS;
    let wantedAt = performance.now();
    while (performance.now() < patientUntil && !signal.aborted) {
      const body = await this.#frames.lpop(key);
      if (body) {
        const answer = BenchAnswer.parse(JSON.parse(body));
        yield answer;
        if (answer.type === 'look' || answer.type === 'done' || answer.type === 'refused') return;
        patientUntil = performance.now() + LOOK_LIMIT_MS;
        continue;
      }
      if (performance.now() - wantedAt > SAY_WANTED_EVERY_MS) {
        wantedAt = performance.now();
        await this.#sayWanted(lookId);
      }
      await delay(LOOK_FOR_ANSWER_MS);
    }
  }

  async #sayWanted(lookId: string): Promise<void> {
    await this.#frames.set(benchKeys.wanted(lookId), '1', 'PX', BENCH_WANTED_MS);
  }
}
