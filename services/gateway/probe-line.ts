/** Has ingest look at a camera that is not configured yet. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { PROBE_LIMIT_MS, type ProbeAnswer, ProbeResult, probeKeys } from '../../shared/contracts/probe.ts';

/** Cameras looked at at the same time on behalf of browsers; each costs an ffmpeg. */
const AT_ONCE = 4;
/** Time for a node to take the question up. */
const TAKE_UP_MS = 3000;
const LOOK_FOR_REPLY_MS = 50;

export type ProbeOutcome = ProbeAnswer | 'busy' | 'nobody';

export class ProbeLine {
  readonly #frames: Redis;
  #asked = 0;

  /** @param frames fail-fast connection to the frames database: what is asked holds passwords and must not be kept */
  constructor(frames: Redis) {
    this.#frames = frames;
  }

  /**
   * @param url full address
   * @returns `busy` when too many are being looked at, `nobody` when no ingest answers in time
   * @throws when Redis does not answer
   */
  async ask(url: string): Promise<ProbeOutcome> {
    if (this.#asked >= AT_ONCE) return 'busy';
    this.#asked += 1;
    try {
      return await this.#ask(url);
    } finally {
      this.#asked -= 1;
    }
  }

  async #ask(url: string): Promise<ProbeOutcome> {
    const probeId = randomUUID();
    const waitMs = TAKE_UP_MS + PROBE_LIMIT_MS;
    const request = JSON.stringify({ probeId, url, until: Date.now() + waitMs });
    await this.#frames.multi().lpush(probeKeys.requests, request).pexpire(probeKeys.requests, waitMs).exec();
    const key = probeKeys.reply(probeId);
    const giveUpAt = performance.now() + waitMs;
    try {
      while (performance.now() < giveUpAt) {
        const [body, picture] = await this.#frames.lrangeBuffer(key, 0, 1);
        if (body) {
          const result = ProbeResult.parse(JSON.parse(body.toString('utf8')));
          return { result, ...(picture ? { pictureBase64: picture.toString('base64') } : {}) };
        }
        await delay(LOOK_FOR_REPLY_MS);
      }
      return 'nobody';
    } finally {
      // The question holds a password: nobody shall find it later.
      await this.#frames
        .multi()
        .lrem(probeKeys.requests, 0, request)
        .del(key)
        .exec()
        .catch(() => undefined);
    }
  }
}
