/** The models of the workers: what lies in the folder, what is loaded, what was refused. */
import { z } from 'zod';
import { EpochMs, Id } from './common.ts';

/** A model that cannot be used, while the one before goes on. */
export const ModelRefusal = z.object({
  /** Of the refused files, where their manifest can be read. */
  version: z.string().optional(),
  /** Plain words: what is wrong with it. */
  reason: z.string(),
  since: EpochMs,
});
export type ModelRefusal = z.infer<typeof ModelRefusal>;

/** How far a model's counts were off on one set of labelled pictures, as its manifest says. */
export const ModelFigure = z.object({
  data: z.string(),
  /** Pictures it was measured on. */
  images: z.number().nonnegative().optional(),
  /** People on one of them, mean. */
  people: z.number().nonnegative().optional(),
  /** Mean absolute error of the counts that are shown, people. */
  mae: z.number().nonnegative(),
});
export type ModelFigure = z.infer<typeof ModelFigure>;

/** One folder below `worker.modelsDir`, as one worker sees it. */
export const ModelState = z.object({
  /** Folder name, which is also the manifest's. */
  name: Id,
  /** Of the loaded model; of the folder where none is loaded. */
  version: z.string().optional(),
  description: z.string().optional(),
  figures: z.array(ModelFigure).optional(),
  loaded: z.boolean(),
  loadedAt: EpochMs.optional(),
  /** Memory of its sessions over all inference processes of the worker, bytes. */
  memoryBytes: z.number().nonnegative().optional(),
  /** Cameras counted by it. */
  cameraIds: z.array(Id),
  /** What lies in the folder now and is not used. */
  refused: ModelRefusal.optional(),
});
export type ModelState = z.infer<typeof ModelState>;

/** What a worker says of its models, every second. */
export const WorkerModels = z.object({ instance: z.string(), defaultModel: Id, models: z.array(ModelState) });
export type WorkerModels = z.infer<typeof WorkerModels>;

/** Keys of the state database. */
export const modelKeys = {
  /** String with expiry: WorkerModels. */
  worker: (instance: string) => `headroom:models:${instance}`,
  pattern: 'headroom:models:*',
};
/** A worker that has said nothing for so long is gone. */
export const MODELS_TTL_MS = 5000;
