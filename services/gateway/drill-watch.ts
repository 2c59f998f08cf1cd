/** Whether a drill is under way, as all of Headroom knows it: from a key in Redis that runs out with its player. */
import { EventEmitter } from 'node:events';
import type { Redis } from 'ioredis';
import type { Config } from '../../shared/config/schema.ts';
import { DRILL_KEY, Drill } from '../../shared/contracts/drill.ts';
import type { ServerMessage } from '../../shared/contracts/socket.ts';
import { drillCameras } from '../../shared/readings/drill-cameras.ts';
import type { Lifecycle } from '../../shared/runtime/lifecycle.ts';
import type { CameraBoard } from './camera-board.ts';

const LOOK_EVERY_MS = 300;

export type DrillNotice = Extract<ServerMessage, { type: 'drill' }>;

export class DrillWatch extends EventEmitter<{ notice: [DrillNotice] }> {
  readonly #redis: Redis;
  readonly #board: CameraBoard;
  #config: Pick<Config, 'alerts' | 'cameras'>;
  #drill: Drill | undefined;
  #told = '';

  /** @param redis fail-fast connection to the state database */
  constructor(redis: Redis, board: CameraBoard, config: Pick<Config, 'alerts' | 'cameras'>) {
    super();
    this.#redis = redis;
    this.#board = board;
    this.#config = config;
  }

  async follow(lifecycle: Lifecycle): Promise<void> {
    await this.#look();
    const timer = setInterval(() => void this.#look(), LOOK_EVERY_MS);
    lifecycle.add('drill watch', timer, clearInterval);
  }

  configure(config: Pick<Config, 'alerts' | 'cameras'>): void {
    this.#config = config;
    this.#tell();
  }

  notice(): DrillNotice {
    const { mode } = this.#config.alerts;
    if (!this.#drill) return { type: 'drill', mode };
    const { drillId, by, startedAt, endsAt, scenario } = this.#drill;
    const { title } = scenario;
    const words = typeof title === 'string' ? { en: title, ko: title } : title;
    return { type: 'drill', mode, drill: { drillId, title: words, by, startedAt, endsAt } };
  }

  async #look(): Promise<void> {
    const body = await this.#redis.get(DRILL_KEY).catch(() => null);
    this.#drill = body === null ? undefined : Drill.safeParse(JSON.parse(body)).data;
    this.#tell();
  }

  #tell(): void {
    const made = this.#drill && drillCameras(this.#drill.scenario, this.#config.cameras);
    this.#board.setDrillCameras(made?.fault === undefined ? (made?.cameras.map(({ camera }) => camera) ?? []) : []);
    const notice = this.notice();
    const text = JSON.stringify(notice);
    if (text === this.#told) return;
    this.#told = text;
    this.emit('notice', notice);
  }
}
