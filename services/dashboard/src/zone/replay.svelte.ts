/** Kept heat maps of a camera, a stretch of an hour or so at a time: fetching them, and which of them is shown. */
import { untrack } from 'svelte';
import type { ReplayRecord } from '../../../../shared/contracts/replay.ts';
import type { CameraLive } from '../live/camera-live.svelte.ts';
import type { Live } from '../live/live.svelte.ts';
import { fetchReplay } from './replay-api.ts';
import { isOfAnotherTime, type Speed, waitMs } from './replay-time.ts';
import { type Kept, nearestMap, nextStretch, type ReplayMove } from './replay-window.ts';
import type { Stretch } from './window.ts';

export class Replay {
  phase: 'idle' | 'loading' | 'ready' | 'failed' = $state('idle');
  everyMs = $state(0);
  /** How long maps are kept; 0 where none are. */
  keepMs: number | undefined = $state();
  records: ReplayRecord[] = $state.raw([]);
  index = $state(0);
  /** Whether there is more before and after what is shown. */
  further = $state.raw({ earlier: false, later: false });
  playing = $state(false);
  speed: Speed = $state(30);
  /** How often something was fetched: the picture under the maps is then asked for again. */
  loads = $state(0);
  /** A time of day that was asked for and has no map. */
  missed: number | undefined = $state();
  readonly times = $derived(this.records.map(({ summary }) => summary.capturedAt));
  readonly #camera: () => CameraLive;
  readonly #live: Live;
  readonly #life = new AbortController();
  #shown: Stretch | undefined;

  constructor(camera: () => CameraLive, live: Live) {
    this.#camera = camera;
    this.#live = live;
  }

  close(): void {
    this.#life.abort();
  }

  /** Fetches the next stretch that way that has maps; one without any is stepped over. */
  async load(move: ReplayMove): Promise<void> {
    if (this.phase === 'loading') return;
    const goOn = this.playing && move === 'later';
    this.stop();
    this.phase = 'loading';
    try {
      const kept = await this.#lookUp();
      let next = nextStretch(move, this.#shown, kept);
      let all: ReplayRecord[] = [];
      while (next) {
        for await (const part of fetchReplay(this.#camera().id, next, this.#life.signal))
          all = [...all, ...part.records];
        if (all.length > 0) break;
        next = nextStretch(move === 'later' ? move : 'earlier', next, kept);
      }
      if (next) {
        this.#shown = next;
        this.records = all;
        if (typeof move === 'object') this.#show(move.at);
        else this.index = move === 'later' ? 0 : all.length - 1;
      } else if (this.records.every(({ summary }) => summary.capturedAt < kept.oldestAt)) {
        this.#shown = undefined;
        this.records = [];
      }
      this.further = {
        earlier: this.#shown !== undefined && this.#shown.from > kept.oldestAt,
        later: next !== undefined && next.to < kept.newestAt,
      };
      this.phase = 'ready';
      this.playing = goOn && next !== undefined;
      this.loads += 1;
    } catch {
      if (!this.#life.signal.aborted) this.phase = 'failed';
    }
  }

  /** The map nearest to an instant. What is there already needs no server. */
  jump(at: number): void {
    this.stop();
    if (this.#shown && this.#shown.from <= at && at <= this.#shown.to) this.#show(at);
    else void this.load({ at });
  }

  play(): void {
    this.missed = undefined;
    if (this.index >= this.records.length - 1 && !this.further.later) this.index = 0;
    this.playing = true;
  }

  stop(): void {
    this.playing = false;
    this.missed = undefined;
  }

  /** Goes on to the next map when its time has come, over the end of what was fetched. @returns what takes that back */
  goOn(): (() => void) | undefined {
    const [at, next] = [this.times[this.index], this.times[this.index + 1]];
    if (at !== undefined && next !== undefined) {
      const timer = setTimeout(
        () => {
          this.index += 1;
        },
        waitMs(at, next, this.speed),
      );
      return () => clearTimeout(timer);
    }
    untrack(() => {
      if (this.further.later) void this.load('later');
      else this.playing = false;
    });
    return undefined;
  }

  /** What was fetched lies nearest to that instant; said when it is of another time all the same. */
  #show(at: number): void {
    this.index = nearestMap(this.times, at);
    this.missed = isOfAnotherTime(this.times[this.index] ?? Number.NaN, at, this.everyMs) ? at : undefined;
  }

  /** What is kept, asked for one map: its answer tells the interval, and the oldest there is. */
  async #lookUp(): Promise<Kept> {
    const now = this.#live.now ?? Date.now();
    const { id, reading } = this.#camera();
    // Of a camera that is dark the newest map is from before it went dark.
    const newestAt = reading && reading.status !== 'ok' ? Math.min(now, reading.since) : now;
    for await (const part of fetchReplay(id, { from: 0, to: now }, this.#life.signal, 1)) {
      this.everyMs = part.everyMs;
      this.keepMs = part.keepMs;
      return {
        everyMs: part.everyMs,
        newestAt,
        oldestAt: part.records[0]?.summary.capturedAt ?? Number.POSITIVE_INFINITY,
      };
    }
    throw new Error('no answer');
  }
}
