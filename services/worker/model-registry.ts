/**
 * Which models a worker has loaded, and which camera is counted by which. Follows configuration and model folders: a new
 * or changed model is read, loaded and proved beside the running ones, then takes over between two pictures; one that
 * cannot be used is refused with its reason, and the model before goes on.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Camera, Config } from '../../shared/config/schema.ts';
import type { ModelFigure, ModelRefusal, ModelState } from '../../shared/contracts/models.ts';
import { HeadroomError, messageOf } from '../../shared/runtime/errors.ts';
import type { Lifecycle } from '../../shared/runtime/lifecycle.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { InferencePool } from './inference-pool.ts';
import {
  figuresOf,
  findModels,
  type ModelFolder,
  modelFolder,
  modelsInUse,
  openModel,
  parseManifest,
} from './model/manifest.ts';
import type { WorkerMetrics } from './worker-metrics.ts';

/** Polled, as the configuration is: copies, network mounts and containers send no events. */
const LOOK_EVERY_MS = 1000;

type Loaded = ModelFolder & { stamp: string; loadedAt: number };
type Refused = ModelRefusal & { stamp: string };

export type RegistryOptions = { config: Config; logger: Logger; metrics: WorkerMetrics };

export class ModelRegistry {
  readonly #logger: Logger;
  readonly #metrics: WorkerMetrics;
  readonly #loaded = new Map<string, Loaded>();
  readonly #refused = new Map<string, Refused>();
  /** Models a camera was last counted by: it stays with one until the next is ready. */
  readonly #assigned = new Map<string, string>();
  /** A folder that is being written changes between two looks. */
  readonly #settling = new Map<string, string>();
  #found: (About & { name: string })[] = [];
  #config: Config;
  #pool: InferencePool | undefined;
  #busy = false;
  #stopped = false;

  private constructor({ config, logger, metrics }: RegistryOptions) {
    this.#config = config;
    this.#logger = logger;
    this.#metrics = metrics;
  }

  /**
   * Reads all models the configuration names.
   * @throws HeadroomError MODEL_MISSING naming setting and models found; MODEL_INVALID naming file and field
   */
  static async open(options: RegistryOptions): Promise<ModelRegistry> {
    const registry = new ModelRegistry(options);
    const { modelsDir } = options.config.worker;
    for (const [name, usedBy] of modelsInUse(options.config)) {
      const stamp = (await folderStamp(modelFolder(modelsDir, name))) ?? '';
      registry.#loaded.set(name, { ...(await openModel(modelsDir, name, usedBy)), stamp, loadedAt: Date.now() });
    }
    registry.#assign();
    return registry;
  }

  /** The loaded models by name: what inference processes are set up with. */
  models(): Record<string, ModelFolder> {
    return Object.fromEntries(this.#loaded);
  }

  /** The loaded model that counts a camera now. */
  modelOf(camera: Pick<Camera, 'id' | 'model'>): string {
    const wanted = camera.model ?? this.#config.worker.model;
    return this.#assigned.get(camera.id) ?? (this.#loaded.has(wanted) ? wanted : this.#anyLoaded());
  }

  /** A loaded model, or one read from its folder: for trials. @throws HeadroomError MODEL_MISSING, MODEL_INVALID */
  async read(name = this.#config.worker.model): Promise<ModelFolder> {
    return this.#loaded.get(name) ?? openModel(this.#config.worker.modelsDir, name);
  }

  /** Keeps the processes at what configuration and folders say until the lifecycle closes. */
  async serve(pool: InferencePool, lifecycle: Lifecycle): Promise<void> {
    this.#pool = pool;
    for (const { manifest } of this.#loaded.values()) this.#tell(manifest.name);
    await this.#lookAround();
    const timer = setInterval(() => void this.#look(), LOOK_EVERY_MS);
    lifecycle.add('model registry', timer, () => {
      this.#stopped = true;
      clearInterval(timer);
    });
  }

  configure(config: Config): void {
    this.#config = config;
    void this.#look();
  }

  states(): ModelState[] {
    const names = new Set([...this.#loaded.keys(), ...this.#refused.keys(), ...this.#found.map(({ name }) => name)]);
    return [...names].sort().map((name) => {
      const loaded = this.#loaded.get(name);
      const inFolder = this.#found.find((one) => one.name === name);
      const refused = this.#refused.get(name);
      return {
        name,
        version: loaded?.manifest.version ?? inFolder?.version,
        description: loaded?.manifest.description ?? inFolder?.description,
        figures: loaded ? figuresOf(loaded.manifest) : inFolder?.figures,
        loaded: loaded !== undefined,
        ...(loaded ? { loadedAt: loaded.loadedAt, memoryBytes: this.#pool?.memoryBytes(name) ?? 0 } : {}),
        cameraIds: this.#config.cameras.filter((camera) => this.modelOf(camera) === name).map(({ id }) => id),
        ...(refused ? { refused: { version: refused.version, reason: refused.reason, since: refused.since } } : {}),
      };
    });
  }

  async #look(): Promise<void> {
    if (this.#busy || this.#stopped || !this.#pool) return;
    this.#busy = true;
    try {
      await this.#lookAround();
      for (const [name, usedBy] of modelsInUse(this.#config)) await this.#lookAt(name, usedBy);
      this.#assign();
      this.#dropUnused();
    } catch (error) {
      this.#logger.error({ reason: messageOf(error) }, 'looking at the model folders failed');
    } finally {
      this.#busy = false;
    }
  }

  async #lookAround(): Promise<void> {
    const { modelsDir } = this.#config.worker;
    const names = await findModels(modelsDir);
    this.#found = await Promise.all(
      names.map(async (name) => ({
        name,
        ...(this.#loaded.has(name) ? {} : await aboutModel(modelFolder(modelsDir, name))),
      })),
    );
  }

  async #lookAt(name: string, usedBy: string[]): Promise<void> {
    const stamp = (await folderStamp(modelFolder(this.#config.worker.modelsDir, name))) ?? '';
    const loaded = this.#loaded.get(name);
    if (loaded?.stamp === stamp) {
      this.#refused.delete(name);
      this.#metrics.modelRefused.set({ model: name }, 0);
      return;
    }
    if (this.#refused.get(name)?.stamp === stamp) return;
    if (this.#settling.get(name) !== stamp) {
      this.#settling.set(name, stamp);
      return;
    }
    this.#settling.delete(name);
    await this.#take(name, stamp, usedBy);
  }

  /** Loads a model beside the running ones and goes over to it, or says why not. */
  async #take(name: string, stamp: string, usedBy: string[]): Promise<void> {
    const before = this.#loaded.get(name);
    const { modelsDir } = this.#config.worker;
    try {
      const model = await openModel(modelsDir, name, usedBy);
      if (model.fingerprint !== before?.fingerprint) {
        if (model.manifest.version === before?.manifest.version) {
          throw new HeadroomError(
            'MODEL_INVALID',
            `${name}: the files have changed and the version is still ${model.manifest.version}. Readings name the version: raise it in manifest.json.`,
          );
        }
        await (this.#pool as InferencePool).exchange({ ...this.models(), [name]: model });
      }
      this.#loaded.set(name, { ...model, stamp, loadedAt: Date.now() });
      this.#refused.delete(name);
      if (model.fingerprint === before?.fingerprint) return;
      this.#tell(name, before?.manifest.version);
    } catch (error) {
      if (this.#stopped) return;
      const reason = messageOf(error);
      const version = (await aboutModel(modelFolder(modelsDir, name))).version;
      this.#refused.set(name, { version, reason, since: Date.now(), stamp });
      this.#metrics.modelChanges.inc({ model: name, result: 'refused' });
      this.#metrics.modelRefused.set({ model: name }, 1);
      const goesOn = before ? `${name} ${before.manifest.version}` : 'the camera’s model before, or the default';
      this.#logger.error({ model: name, version, reason, goesOn }, 'model refused, the one before goes on');
    }
  }

  #tell(name: string, replaced?: string): void {
    const version = this.#loaded.get(name)?.manifest.version as string;
    const memoryBytes = this.#pool?.memoryBytes(name) ?? 0;
    this.#metrics.modelChanges.inc({ model: name, result: 'loaded' });
    this.#metrics.modelRefused.set({ model: name }, 0);
    if (replaced) this.#metrics.modelInfo.remove({ model: name, version: replaced });
    this.#metrics.modelInfo.set({ model: name, version }, 1);
    for (const one of this.#loaded.keys()) {
      this.#metrics.modelMemory.set({ model: one }, this.#pool?.memoryBytes(one) ?? 0);
    }
    this.#logger.info({ model: name, version, replaced, memoryBytes }, 'model loaded');
  }

  /** Gives every camera the model it asks for, where that is loaded. */
  #assign(): void {
    const { worker, cameras } = this.#config;
    const known = new Set(cameras.map(({ id }) => id));
    for (const id of this.#assigned.keys()) if (!known.has(id)) this.#assigned.delete(id);
    for (const { id, model = worker.model } of cameras) {
      const before = this.#assigned.get(id);
      if (model === before) continue;
      if (this.#loaded.has(model)) this.#assigned.set(id, model);
      else if (before === undefined || !this.#loaded.has(before)) this.#assigned.set(id, this.#anyLoaded());
    }
  }

  /** Where the wanted model cannot be had, another one counts: the reading says which. */
  #anyLoaded(): string {
    const { model } = this.#config.worker;
    return this.#loaded.has(model) ? model : (this.#loaded.keys().next().value as string);
  }

  #dropUnused(): void {
    const wanted = new Set([...modelsInUse(this.#config).keys(), ...this.#assigned.values()]);
    for (const name of this.#refused.keys()) {
      if (wanted.has(name)) continue;
      this.#refused.delete(name);
      this.#metrics.modelRefused.set({ model: name }, 0);
    }
    for (const [name, { manifest }] of this.#loaded) {
      if (wanted.has(name)) continue;
      this.#loaded.delete(name);
      this.#pool?.forget(name);
      this.#metrics.modelInfo.remove({ model: name, version: manifest.version });
      this.#metrics.modelMemory.remove({ model: name });
      this.#logger.info({ model: name, version: manifest.version }, 'model no longer used, given up');
    }
  }
}

/** Changes whenever a file of the model does; undefined when there is no manifest. */
async function folderStamp(folder: string): Promise<string | undefined> {
  const names = await readdir(folder).catch((): string[] => []);
  if (!names.includes('manifest.json')) return undefined;
  const paths = [...names.sort(), 'golden/golden.json'];
  const stats = await Promise.all(paths.map((path) => stat(join(folder, path)).catch(() => undefined)));
  return stats.map((one, i) => (one?.isFile() ? `${paths[i]}:${one.ino}:${one.size}:${one.mtimeMs}` : '')).join(' ');
}

type About = { version?: string; description?: string; figures?: ModelFigure[] };

/** What a folder's manifest says of itself, as far as it can be read. */
async function aboutModel(folder: string): Promise<About> {
  try {
    const manifest = parseManifest(await readFile(join(folder, 'manifest.json'), 'utf8'));
    const { version, description } = manifest;
    return { version, description, figures: figuresOf(manifest) };
  } catch {
    return {};
  }
}
