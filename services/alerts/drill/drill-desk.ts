/** Drills of the leading process: at most one at a time, over by itself, by order, or when a real alert comes. */
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Redis } from 'ioredis';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Camera, Config } from '../../../shared/config/schema.ts';
import { type ActiveAlert, type AlertEvent, type AlertLevel, levelRank } from '../../../shared/contracts/alert.ts';
import type { AlertCommand, AlertReply } from '../../../shared/contracts/alert-command.ts';
import {
  DRILL_KEY,
  Drill,
  type DrillClip,
  type DrillEnd,
  DrillScenario,
  isDrillCamera,
} from '../../../shared/contracts/drill.ts';
import { drillCameras } from '../../../shared/readings/drill-cameras.ts';
import type { Logger } from '../../../shared/runtime/logger.ts';
import { clipFault, clipWords, knownClips } from './clips-known.ts';
import { clearDrill, DrillPlayer } from './drill-player.ts';

const SCENARIOS = fileURLToPath(new URL('./scenarios/', import.meta.url));

export type DrillCommand = Extract<AlertCommand, { type: 'start-drill' | 'stop-drill' }>;
type Code = Extract<AlertReply, { ok: false }>['code'];
type Running = { drill: Drill; player: DrillPlayer };
type DrillConfig = Pick<Config, 'alerts' | 'cameras'>;

export class DrillDesk {
  readonly #o: { redis: Redis; frames: Redis; logger: Logger };
  #running: Running | undefined;
  #changed = false;
  /** Of the last player. */
  #tidied: Promise<void> = Promise.resolve();

  constructor(o: { redis: Redis; frames: Redis; logger: Logger }) {
    this.#o = o;
  }

  /** A drill of a predecessor is over: its player died with it. @throws when Redis does not answer */
  async resume(): Promise<void> {
    const left = await this.#o.redis.get(DRILL_KEY);
    // Also where its key has run out: what it published has not.
    await clearDrill(this.#o.redis, this.#o.frames);
    const drill = left === null ? undefined : Drill.safeParse(JSON.parse(left)).data;
    if (drill) this.#log(drill, 'interrupted');
  }

  /** Cameras that exist for the drill under way. */
  get cameras(): Camera[] {
    return this.#running?.player.cameras.map(({ camera }) => camera) ?? [];
  }

  /** Whether {@link cameras} are others than when it was asked last. */
  takeChange(): boolean {
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }

  /** The drill's cameras follow the configuration, as in every service. A drill that does not fit it any more is over. */
  configure({ cameras, alerts }: DrillConfig): void {
    const running = this.#running;
    if (!running) return;
    const made = drillCameras(running.drill.scenario, cameras);
    if (made.fault === undefined) running.player.configure(made.cameras, alerts);
    else this.#end(running, 'interrupted');
  }

  /** @throws when Redis does not answer */
  async list(): Promise<{
    running?: Drill;
    scenarios: { name: string; scenario: DrillScenario }[];
    clips: DrillClip[];
  }> {
    const names = (await readdir(SCENARIOS)).filter((file) => file.endsWith('.yaml')).map((file) => file.slice(0, -5));
    const scenarios = await Promise.all(names.sort().map(async (name) => ({ name, scenario: await shipped(name) })));
    const clips = knownClips(await clipWords(this.#o.redis));
    return { ...(this.#running ? { running: this.#running.drill } : {}), scenarios, clips };
  }

  /** @param listed alerts that are on or not acknowledged */
  async carryOut(
    command: DrillCommand,
    config: DrillConfig,
    listed: Iterable<ActiveAlert>,
    now: number,
  ): Promise<AlertReply> {
    const { commandId } = command;
    const refuse = (code: Code, message: string): AlertReply => ({ commandId, ok: false, code, message });
    if (command.type === 'stop-drill') {
      const running = this.#running;
      if (!running) return refuse('unknown-drill', 'No drill is under way.');
      this.#end(running, 'stopped');
      return { commandId, ok: true, body: running.drill };
    }
    if (this.#running) return refuse('drill-running', 'Another drill is under way: stop it first.');
    const real = [...listed].find(
      (alert) => alert.resolvedAt === undefined && isEmergency(alert.cameraId, alert.level),
    );
    if (real) {
      const where = [real.cameraId, real.zoneId ?? real.lineId].filter((id) => id !== undefined).join(', ');
      return refuse('real-alert', `A real alert is on (${where || real.rule}: ${real.level}): see to that first.`);
    }
    let given: unknown = command.scenario;
    if (command.name !== undefined) {
      given = await shipped(command.name).catch(() => undefined);
      if (!given) return refuse('unknown-scenario', `There is no scenario ${command.name}.`);
    }
    const scenario = DrillScenario.safeParse(given);
    if (!scenario.success) return refuse('invalid', `The scenario is not valid: ${z.prettifyError(scenario.error)}`);
    const made = drillCameras(scenario.data, config.cameras);
    if (made.fault !== undefined) return refuse('invalid', `The scenario does not fit this site: ${made.fault}.`);
    const unplayable = clipFault(scenario.data, await clipWords(this.#o.redis));
    if (unplayable !== undefined) return refuse('invalid', `The scenario cannot be played here: ${unplayable}.`);
    const drill: Drill = {
      drillId: commandId,
      exercise: true,
      by: command.actor,
      startedAt: now,
      endsAt: now + scenario.data.durationSeconds * 1000,
      ...(command.name === undefined ? {} : { name: command.name }),
      scenario: scenario.data,
    };
    const { cameras } = made;
    const player = new DrillPlayer({ ...this.#o, drill, cameras, alerts: config.alerts, after: this.#tidied });
    this.#tidied = player.done;
    const running = { drill, player };
    this.#running = running;
    this.#changed = true;
    this.#o.logger.info({ drillId: drill.drillId, by: drill.by, endsAt: drill.endsAt }, 'drill started');
    void player.done.then(() => this.#end(running, 'over'));
    return { commandId, ok: true, body: drill };
  }

  /** A real alert comes before any drill. */
  heed(events: readonly AlertEvent[]): void {
    const real = events.some(
      ({ cameraId, from, to }) => levelRank(to.level) > levelRank(from.level) && isEmergency(cameraId, to.level),
    );
    if (real && this.#running) this.#end(this.#running, 'real-alert');
  }

  async close(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    this.#end(running, 'interrupted');
    await running.player.done;
  }

  #end(running: Running, why: DrillEnd): void {
    if (this.#running !== running) return;
    this.#running = undefined;
    this.#changed = true;
    running.player.stop();
    this.#log(running.drill, why);
  }

  #log({ drillId }: Drill, why: DrillEnd): void {
    this.#o.logger.info({ drillId, why }, 'drill ended');
  }
}

/** What no drill may run beside. */
const isEmergency = (cameraId: string | undefined, level: AlertLevel): boolean =>
  !isDrillCamera(cameraId) && levelRank(level) >= levelRank('alert');

/** @throws when there is no such file */
async function shipped(name: string): Promise<DrillScenario> {
  if (!/^[a-z0-9-]+$/.test(name)) throw new Error('no name of a scenario');
  return DrillScenario.parse(parse(await readFile(`${SCENARIOS}${name}.yaml`, 'utf8')));
}
