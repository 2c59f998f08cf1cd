/** Opens a model folder: parses its manifest and proves that the files are the ones it speaks of. */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '../../../shared/config/schema.ts';
import { Id } from '../../../shared/contracts/common.ts';
import { ModelManifest } from '../../../shared/contracts/manifest.ts';
import { ModelFigure } from '../../../shared/contracts/models.ts';
import { HeadroomError } from '../../../shared/runtime/errors.ts';
import { Golden } from './golden.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** A model's folder; a relative `modelsDir` starts at Headroom's own folder, wherever it is run from. */
export const modelFolder = (modelsDir: string, name: string): string => join(resolve(ROOT, modelsDir), name);

export type ModelFolder = {
  folder: string;
  manifest: ModelManifest;
  encoder: Uint8Array;
  denoiser: Uint8Array;
  /** Vectors to prove it with; a model of one's own may have none. */
  golden?: Golden | undefined;
  /** Of the manifest's text, which names the sums of the files: the same model has the same. */
  fingerprint: string;
};

/** Settings that name models, by model. */
export function modelsInUse({ worker, cameras }: Config): Map<string, string[]> {
  const used = new Map<string, string[]>([[worker.model, ['worker.model']]]);
  const add = (name: string, by: string) => used.set(name, [...(used.get(name) ?? []), by]);
  for (const name of worker.models) add(name, 'worker.models');
  for (const { id, model } of cameras) if (model) add(model, `cameras[${id}].model`);
  return used;
}

/** Models that lie below a folder: names of the folders with a manifest that a setting can hold, sorted. */
export async function findModels(modelsDir: string): Promise<string[]> {
  const root = resolve(ROOT, modelsDir);
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const named = await Promise.all(
    entries.map(async ({ name }) =>
      Id.safeParse(name).success && (await stat(join(root, name, 'manifest.json')).catch(() => undefined))
        ? [name]
        : [],
    ),
  );
  return named.flat().sort();
}

/**
 * Opens one of the models below a folder by its name.
 * @param usedBy settings that name it, for the message
 * @throws HeadroomError MODEL_MISSING naming the models that are there; MODEL_INVALID
 */
export async function openModel(modelsDir: string, name: string, usedBy: string[] = []): Promise<ModelFolder> {
  const found = await findModels(modelsDir);
  if (!found.includes(name)) {
    const by = usedBy.length > 0 ? ` (${usedBy.join(', ')})` : '';
    throw new HeadroomError(
      'MODEL_MISSING',
      `There is no model "${name}"${by} in ${resolve(ROOT, modelsDir)}. Found: ${found.join(', ') || 'none'}.`,
    );
  }
  const model = await openModelFolder(modelFolder(modelsDir, name));
  if (model.manifest.name === name) return model;
  throw new HeadroomError(
    'MODEL_INVALID',
    `${model.folder}/manifest.json: name is "${model.manifest.name}", the folder's is "${name}"; readings tell models apart by it, so they must be the same.`,
  );
}

/**
 * @param folder `models/<name>`
 * @throws HeadroomError MODEL_MISSING or MODEL_INVALID naming the file and the field
 */
export async function openModelFolder(folder: string): Promise<ModelFolder> {
  const path = join(folder, 'manifest.json');
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw new HeadroomError(
      'MODEL_MISSING',
      `There is no model: ${path} cannot be read. Check worker.model and worker.modelsDir.`,
      { cause },
    );
  });
  const manifest = parseManifest(text, path);
  const [encoder, denoiser] = await Promise.all(
    [manifest.files.encoder, manifest.files.denoiser].map(async (file) => {
      const filePath = join(folder, file.file);
      const bytes = await readFile(filePath).catch((cause) => {
        throw new HeadroomError('MODEL_MISSING', `The model file ${filePath} cannot be read.`, { cause });
      });
      if (createHash('sha256').update(bytes).digest('hex') !== file.sha256) {
        throw new HeadroomError(
          'MODEL_INVALID',
          `${filePath} is damaged or of another version: its sha256 is not the manifest's.`,
        );
      }
      return bytes;
    }),
  );
  return {
    folder,
    manifest,
    encoder: encoder as Buffer,
    denoiser: denoiser as Buffer,
    golden: await readGolden(folder),
    fingerprint: createHash('sha256').update(text).digest('hex'),
  };
}

/** @throws HeadroomError MODEL_INVALID when there are vectors that cannot be read */
async function readGolden(folder: string): Promise<Golden | undefined> {
  const path = join(folder, 'golden', 'golden.json');
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return Golden.parse(JSON.parse(text));
  } catch (cause) {
    throw new HeadroomError('MODEL_INVALID', `${path} holds no golden vectors; make them again.`, { cause });
  }
}

/** How far the counts that are shown were off, by kind of pictures. The manifest also has those of other ways of reading. */
export function figuresOf({ evaluation }: Pick<ModelManifest, 'evaluation'>): ModelFigure[] {
  return evaluation
    .filter(({ reading }) => reading === undefined || reading === 'shown')
    .flatMap((one) => ModelFigure.safeParse(one).data ?? []);
}

/** @throws HeadroomError MODEL_INVALID with every wrong field and its rule */
export function parseManifest(text: string, path = 'manifest.json'): ModelManifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new HeadroomError('MODEL_INVALID', `${path} is no JSON.`, { cause });
  }
  const result = ModelManifest.safeParse(json);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => `  ${issue.path.join('.') || 'manifest'}: ${issue.message}`);
  throw new HeadroomError('MODEL_INVALID', `${path} cannot be used:\n${faults.join('\n')}`);
}
