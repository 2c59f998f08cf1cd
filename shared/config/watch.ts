/** Reloads the configuration file when it changes, without a restart. */
import { unwatchFile, watchFile } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import { keepGood } from './last-good.ts';
import { parseConfig, readConfigText, refuseEmpty, textAsLoaded } from './load.ts';
import type { Camera, Config } from './schema.ts';

export type CameraChanges = { added: Camera[]; changed: Camera[]; removed: Camera[] };

/**
 * Which cameras differ between two configurations. An unchanged camera is in no list.
 * @param of what of a camera matters to the caller; all by default
 */
export function cameraChanges(
  before: Camera[],
  after: Camera[],
  of: (camera: Camera) => unknown = (camera) => camera,
): CameraChanges {
  const old = new Map(before.map((camera) => [camera.id, JSON.stringify(of(camera))]));
  const kept = new Set(after.map((camera) => camera.id));
  return {
    added: after.filter((camera) => !old.has(camera.id)),
    changed: after.filter((camera) => old.has(camera.id) && old.get(camera.id) !== JSON.stringify(of(camera))),
    removed: before.filter((camera) => !kept.has(camera.id)),
  };
}

/** Between two looks at a file that is being written: longer than a writer's pause, shorter than anybody waits. */
const SETTLE_MS = 100;

/**
 * Calls `onChange` with every new valid configuration, one at a time: a change that comes while one is being taken up
 * waits. A broken one is logged and the running one stays. What was changed since this process loaded the file counts,
 * too: a service that loads a model is seconds from its first look to its first watch.
 * Polls: editors replace files, network mounts and containers send no events.
 * @returns stops watching
 */
export function watchConfig(
  file: string,
  logger: Logger,
  onChange: (config: Config) => unknown,
  pollMs = 500,
): () => void {
  let stopped = false;
  let turn = Promise.resolve();
  let inForce = textAsLoaded(file);
  const take = async (text: string): Promise<void> => {
    refuseEmpty(text, file);
    await onChange(parseConfig(text, file));
    inForce = text;
    logger.info({ file }, 'configuration reloaded');
    await keepGood(file, text, logger);
  };
  const inTurn = (work: () => Promise<void>): void => {
    turn = turn.then(async () => {
      if (stopped) return;
      try {
        await work();
      } catch (error) {
        logger.error({ file, reason: messageOf(error) }, 'new configuration refused, the running one stays');
      }
    });
  };
  const read = () => readConfigText(file);
  const onStat = (): void => inTurn(async () => take(await settled(read)));
  watchFile(file, { interval: pollMs, persistent: false }, onStat);
  if (inForce !== undefined) {
    inTurn(async () => {
      if ((await read()) !== inForce) await take(await settled(read));
    });
  }
  return () => {
    stopped = true;
    unwatchFile(file, onStat);
  };
}

/** What a file holds once it has stopped changing: half of one may well be a valid one that lacks some cameras. */
export async function settled(read: () => Promise<string>, pauseMs = SETTLE_MS): Promise<string> {
  let text = await read();
  for (;;) {
    await delay(pauseMs);
    const again = await read();
    if (again === text) return text;
    text = again;
  }
}
