/** Opens a model folder: parses its manifest and proves that the files are the ones it speaks of. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ModelManifest } from '../../../shared/contracts/manifest.ts';
import { HeadroomError } from '../../../shared/runtime/errors.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** A model's folder; a relative `modelsDir` starts at Headroom's own folder, wherever it is run from. */
export const modelFolder = (modelsDir: string, name: string): string => join(resolve(ROOT, modelsDir), name);

export type ModelFolder = { manifest: ModelManifest; encoder: Buffer; denoiser: Buffer };

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
  return { manifest, encoder: encoder as Buffer, denoiser: denoiser as Buffer };
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
