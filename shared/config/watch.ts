/** Reloads the configuration file when it changes, without a restart. */
import { unwatchFile, watchFile } from 'node:fs';
import { messageOf } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import { loadConfig } from './load.ts';
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

/**
 * Calls `onChange` with every new valid configuration, one at a time: a change that comes while one is being taken up
 * waits. A broken one is logged and the running one stays.
 * Polls: editors replace files, network mounts and containers send no events.
 * @returns stops watching
 */
export function watchConfig(
  file: string,
  logger: Logger,
  onChange: (config: Config) => unknown,
  pollMs = 500,
): () => void {
  const listener = async () => {
    try {
      const config = await loadConfig(file);
      await onChange(config);
      logger.info({ file }, 'configuration reloaded');
    } catch (error) {
      logger.error({ file, reason: messageOf(error) }, 'new configuration refused, the running one stays');
    }
  };
  let turn = Promise.resolve();
  const onStat = () => {
    turn = turn.then(listener);
  };
  watchFile(file, { interval: pollMs, persistent: false }, onStat);
  return () => unwatchFile(file, onStat);
}
