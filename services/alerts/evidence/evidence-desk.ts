/**
 * Keeps the picture and heat map of every change of level. Works beside the loop that judges readings and is never
 * waited for: whatever goes wrong here is written into the evidence's own entry.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Config } from '../../../shared/config/schema.ts';
import type { AlertEvent } from '../../../shared/contracts/alert.ts';
import type { AlertReply, EvidencePart } from '../../../shared/contracts/alert-command.ts';
import type { Evidence, EvidenceGap } from '../../../shared/contracts/evidence.ts';
import { decodeHeatmap, type Heatmap } from '../../../shared/contracts/heatmap.ts';
import { messageOf } from '../../../shared/runtime/errors.ts';
import type { Logger } from '../../../shared/runtime/logger.ts';
import type { AlertMetrics } from '../alert-metrics.ts';
import { anonymise } from './anonymise.ts';
import { type EvidenceFiles, sha256 } from './evidence-files.ts';
import { planEvidence } from './evidence-plan.ts';
import type { EvidenceStore } from './evidence-store.ts';
import { drawHeat } from './heat-picture.ts';
import { findRecentPicture, type RecentPicture } from './recent-picture.ts';

/** What a stop waits for; the successor marks what was not finished. */
const CLOSE_WITHIN_MS = 2000;
const PRUNE_AT_ONCE = 200;
const RECORD_AGAIN_MS = 500;

export type EvidenceDeskOptions = {
  /** Frames database; may be away at any time. */
  frames: Redis;
  store: EvidenceStore;
  files: EvidenceFiles;
  metrics: Pick<AlertMetrics, 'evidence'>;
  logger: Logger;
};

type EvidenceConfig = Pick<Config, 'alerts' | 'cameras'>;

/** Something is missing, for a reason that has a name. */
class Gap extends Error {
  readonly gap: EvidenceGap;
  constructor(gap: EvidenceGap, cause?: unknown) {
    super(gap, { cause });
    this.gap = gap;
  }
}

export class EvidenceDesk {
  readonly #o: EvidenceDeskOptions;
  #config: EvidenceConfig;
  /** One after the other: a surge of alerts must not take the machine from counting. */
  #work: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(o: EvidenceDeskOptions, config: EvidenceConfig) {
    this.#o = o;
    this.#config = config;
  }

  configure(config: EvidenceConfig): void {
    this.#config = config;
  }

  /** Entries to be stored with the events. */
  plan(events: readonly AlertEvent[]): Evidence[] {
    return planEvidence(events, this.#config.alerts.evidence.mode);
  }

  /**
   * Begins to fill stored entries; returns at once.
   * @param whenGone what to say where the picture is no longer there
   */
  take(entries: readonly Evidence[], whenGone: EvidenceGap = 'picture-gone'): void {
    for (const entry of entries) {
      // The picture is fetched now, for it does not live long; the rest waits for its turn.
      const found = findRecentPicture(this.#o.frames, entry.cameraId, entry.capturedAt).catch((cause) => {
        throw new Gap('picture-store-away', cause);
      });
      found.catch(() => undefined);
      this.#work = this.#work.then(() => this.#keep(entry, found, whenGone));
    }
  }

  /** Entries a predecessor did not finish: their pictures may still be there. */
  async resume(): Promise<void> {
    const unfinished = await this.#o.store.pending();
    this.take(unfinished, 'interrupted');
  }

  /** Deletes what is older than it may be kept. Called now and then; returns at once. */
  prune(now: number): void {
    this.#work = this.#work.then(() => this.#prune(now)).catch((error) => this.#complain(error));
  }

  list(alertId: string): Promise<Evidence[]> {
    return this.#o.store.ofAlert(alertId);
  }

  /** The answer to `read-evidence`: the file as base64, proven to be what was written. */
  async read(commandId: string, eventId: string, part: EvidencePart): Promise<AlertReply> {
    const refuse = (message: string): AlertReply => ({ commandId, ok: false, code: 'unknown-evidence', message });
    const entry = await this.#o.store.find(eventId);
    if (!entry) return refuse('There is no evidence of this event, or not any more.');
    const file = entry.files[part];
    if (!file) return refuse(`No ${part} is kept of this event${entry.gap ? `: ${entry.gap}` : ''}.`);
    const bytes = await this.#o.files.read(entry, part).catch(() => undefined);
    if (!bytes) return refuse('The file is gone from the disk: file-missing.');
    if (sha256(bytes) !== file.sha256) return refuse('The file is not the one that was written: file-altered.');
    return { commandId, ok: true, body: { part, base64: bytes.toString('base64'), sha256: file.sha256 } };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.race([this.#work, new Promise((resolve) => setTimeout(resolve, CLOSE_WITHIN_MS).unref())]);
  }

  async #keep(entry: Evidence, found: Promise<RecentPicture | undefined>, whenGone: EvidenceGap): Promise<void> {
    let done: Evidence;
    try {
      const picture = await found;
      if (!picture) throw new Gap(whenGone);
      done = { ...entry, ...(await this.#write(entry, picture)), state: 'kept' };
    } catch (error) {
      const gap = error instanceof Gap ? error.gap : 'disk-failed';
      done = { ...entry, files: {}, state: 'missing', gap };
      this.#o.logger.warn({ eventId: entry.eventId, gap, reason: reasonOf(error) }, 'evidence is missing');
      await this.#o.files.delete(entry).catch(() => undefined);
    }
    this.#o.metrics.evidence.inc({ outcome: done.gap ?? 'kept' });
    await this.#record(done);
  }

  /** Until the database takes it: what it holds as unfinished, a successor gives up and deletes. */
  async #record(done: Evidence): Promise<void> {
    for (let told = false; ; told = true) {
      try {
        return await this.#o.store.update(done);
      } catch (error) {
        if (!told) this.#complain(error);
      }
      if (this.#closed) return;
      await delay(RECORD_AGAIN_MS, undefined, { ref: false });
    }
  }

  async #write(entry: Evidence, found: RecentPicture): Promise<Partial<Evidence>> {
    const { files } = this.#o;
    if ((await files.freeMb()) < this.#config.alerts.evidence.minFreeMb) throw new Gap('disk-low');
    const map = readMap(found.heatmap);
    const zone = this.#config.cameras
      .find(({ id }) => id === entry.cameraId)
      ?.zones.find(({ id }) => id === entry.zoneId);
    const heat = await drawHeat(map, zone?.polygon ?? [], found.widthPx / found.heightPx);
    const picture = await pictureOf(entry, found, map);
    return {
      widthPx: found.widthPx,
      heightPx: found.heightPx,
      files: {
        ...(picture ? { picture: await files.write(entry, 'picture', picture) } : {}),
        heat: await files.write(entry, 'heat', heat),
        map: await files.write(entry, 'map', found.heatmap),
      },
    };
  }

  async #prune(now: number): Promise<void> {
    const { store, files, logger } = this.#o;
    const { keepDays } = this.#config.alerts.evidence;
    for (;;) {
      const old = await store.olderThan(now - keepDays * 86_400_000, PRUNE_AT_ONCE);
      if (old.length === 0) return;
      for (const entry of old) await files.delete(entry);
      await store.forget(old, now, keepDays);
      logger.info({ entries: old.length, keepDays }, 'old evidence deleted');
    }
  }

  #complain(error: unknown): void {
    this.#o.logger.warn({ reason: messageOf(error) }, 'evidence cannot be recorded');
  }
}

function readMap(bytes: Uint8Array): Heatmap {
  try {
    return decodeHeatmap(bytes);
  } catch (cause) {
    throw new Gap('picture-unreadable', cause);
  }
}

/** The picture as far as it may be kept; undefined where none may. */
async function pictureOf(entry: Evidence, { jpeg }: RecentPicture, map: Heatmap): Promise<Uint8Array | undefined> {
  if (entry.privacy === 'heatmap') return undefined;
  if (!jpeg) throw new Gap('picture-gone');
  if (entry.privacy === 'picture') return jpeg;
  // Anything that fails here leaves no picture at all: never the unblurred one.
  return anonymise(jpeg, map).catch((cause) => {
    throw new Gap('picture-unreadable', cause);
  });
}

const reasonOf = (error: unknown): string => messageOf(error instanceof Gap && error.cause ? error.cause : error);
