/** What clients are told of a drill under way, and its cameras beside the configured ones. */
import { EventEmitter } from 'node:events';
import type { Redis } from 'ioredis';
import type { Config } from '../../shared/config/schema.ts';
import type { Drill } from '../../shared/contracts/drill.ts';
import type { ServerMessage } from '../../shared/contracts/socket.ts';
import { camerasOf } from '../../shared/readings/drill-cameras.ts';
import { followDrill } from '../../shared/readings/drill-follower.ts';
import type { Lifecycle } from '../../shared/runtime/lifecycle.ts';
import type { CameraBoard } from './camera-board.ts';

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
    this.#tell();
    await followDrill({
      redis: this.#redis,
      lifecycle,
      onDrill: (drill) => {
        this.#drill = drill;
        this.#tell();
      },
    });
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

  #tell(): void {
    this.#board.setDrillCameras(camerasOf(this.#drill, this.#config.cameras).map(({ camera }) => camera));
    const notice = this.notice();
    const text = JSON.stringify(notice);
    if (text === this.#told) return;
    this.#told = text;
    this.emit('notice', notice);
  }
}
