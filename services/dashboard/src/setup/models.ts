/** What a camera can be counted by, over all workers. Pure. */
import type { ModelFigure, WorkerModels } from '../../../../shared/contracts/models.ts';

export type ModelChoice = {
  name: string;
  version: string | undefined;
  description: string | undefined;
  /** `found`: it lies in the folder and is loaded once a camera needs it. `unknown`: no worker has it. */
  state: 'loaded' | 'found' | 'refused' | 'unknown';
  /** Why a worker does not take it as it lies there. */
  refused: string | undefined;
  figures: readonly ModelFigure[];
};

/** The model of cameras that name none. */
export const usualModel = (workers: readonly WorkerModels[]): string | undefined => workers[0]?.defaultModel;

/** By name; a model that workers see differently is told as the worst of it. The chosen one is always among them. */
export function choicesOf(workers: readonly WorkerModels[], chosen: string | undefined): ModelChoice[] {
  const all = Map.groupBy(
    workers.flatMap(({ models }) => models),
    ({ name }) => name,
  );
  const choices = [...all].map(([name, seen]): ModelChoice => {
    const refused = seen.find((one) => one.refused)?.refused?.reason;
    const loaded = seen.find((one) => one.loaded) ?? seen[0];
    const state = loaded?.loaded ? 'loaded' : refused !== undefined ? 'refused' : 'found';
    return {
      name,
      version: loaded?.version,
      description: loaded?.description,
      state,
      refused,
      figures: loaded?.figures ?? [],
    };
  });
  if (chosen !== undefined && !all.has(chosen)) {
    const nothing = { version: undefined, description: undefined, refused: undefined, figures: [] };
    choices.push({ name: chosen, state: 'unknown', ...nothing });
  }
  return choices.sort((a, b) => a.name.localeCompare(b.name));
}
