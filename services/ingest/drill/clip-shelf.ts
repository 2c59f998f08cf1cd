/**
 * The video files that drills may play: those of `ingest.clipsDir`, and the one that comes with Headroom. Each is looked at
 * once, and again when it changes; what was found is told in Redis, so that a drill whose clip cannot be played is refused
 * by whoever leads. A clip is named, never addressed: nothing outside the two folders can be opened.
 */
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Redis } from 'ioredis';
import { CLIPS_TTL_MS, ClipName, clipKeys, type DrillClip, type IngestClips } from '../../../shared/contracts/drill.ts';
import { messageOf } from '../../../shared/runtime/errors.ts';
import type { Lifecycle } from '../../../shared/runtime/lifecycle.ts';
import type { Logger } from '../../../shared/runtime/logger.ts';
import { SecretUrl, scrub } from '../../../shared/runtime/secrets.ts';
import { keepTelling } from '../../../shared/runtime/words.ts';
import { lookAtCamera } from '../look-at-camera.ts';

/** What a relative `ingest.clipsDir` starts at. */
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const SHIPPED = join(ROOT, 'infra/demo');
/** Files of one folder that are looked at. */
const MOST = 100;

type Found = { path: string; version: string; state: 'new' | 'looking' | 'looked'; fault?: string | undefined };

export type ClipShelfOptions = {
  instance: string;
  /** State database. */
  redis: Redis;
  folder: () => string | undefined;
  logger: Logger;
};

export class ClipShelf {
  readonly #o: ClipShelfOptions;
  #found = new Map<string, Found>();
  /** One file at a time: cameras come first. */
  #looking: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(o: ClipShelfOptions) {
    this.#o = o;
  }

  /** Keeps telling what there is, until the lifecycle closes. */
  announce(lifecycle: Lifecycle): void {
    const { instance, redis } = this.#o;
    keepTelling({
      ...{ name: 'drill clips', redis, lifecycle },
      ...{ key: clipKeys.ingest(instance), everyMs: 1000, ttlMs: CLIPS_TTL_MS },
      word: async (): Promise<IngestClips> => {
        await this.refresh();
        return { instance, clips: this.clips() };
      },
    });
    lifecycle.add('looking at clips', this, () => {
      this.#closed = true;
    });
  }

  /** Clips that were looked at, by name. */
  clips(): DrillClip[] {
    return [...this.#found].flatMap(([name, { state, fault }]) =>
      state === 'looked' ? [{ name, ...(fault === undefined ? {} : { fault }) }] : [],
    );
  }

  /** Where a clip is read from; undefined for one that is not here, or cannot be played. */
  source(name: string): SecretUrl | undefined {
    const clip = this.#found.get(name);
    return clip?.state === 'looked' && clip.fault === undefined ? sourceOf(clip.path) : undefined;
  }

  /** Takes the folders as they are now. New files are looked at beside it. */
  async refresh(): Promise<void> {
    const own = this.#o.folder();
    const next = new Map<string, Found>();
    // A site's own file stands before the shipped one of the same name.
    for (const folder of [SHIPPED, ...(own === undefined ? [] : [resolve(ROOT, own)])]) {
      const names = (await readdir(folder).catch(() => [])).filter((name) => ClipName.safeParse(name).success);
      for (const name of names.sort().slice(0, MOST)) {
        const path = join(folder, name);
        const about = await stat(path).catch(() => undefined);
        if (!about?.isFile()) continue;
        const version = `${path} ${about.size} ${about.mtimeMs}`;
        const known = this.#found.get(name);
        next.set(name, known?.version === version ? known : { path, version, state: 'new' });
      }
    }
    this.#found = next;
    for (const [name, clip] of next) {
      if (clip.state !== 'new') continue;
      clip.state = 'looking';
      this.#looking = this.#looking.then(() => this.#look(name, clip));
    }
  }

  async #look(name: string, clip: Found): Promise<void> {
    if (this.#closed) return;
    try {
      const { result } = await lookAtCamera(sourceOf(clip.path), 0);
      clip.fault = result.ok ? undefined : result.detail;
    } catch (error) {
      clip.fault = scrub(messageOf(error));
    }
    clip.state = 'looked';
    if (clip.fault !== undefined)
      this.#o.logger.warn({ clip: name, reason: clip.fault }, 'drill clip cannot be played');
  }
}

/** ffmpeg reads the path of a file as it stands, without percent signs. */
const sourceOf = (path: string): SecretUrl => new SecretUrl(`file:${path}`);
