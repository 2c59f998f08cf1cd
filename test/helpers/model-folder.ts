/** Model folders for tests: copies of the standard model that differ in what a test says. */
import { cp, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelManifest } from '../../shared/contracts/manifest.ts';

const STANDARD = 'models/standard';

/** Copies the standard model to `dir/name`, under that name. @returns the folder */
export async function copyModel(
  dir: string,
  name: string,
  change: (manifest: ModelManifest) => unknown = () => undefined,
): Promise<string> {
  const folder = join(dir, name);
  await mkdir(folder, { recursive: true });
  for (const part of ['encoder.onnx', 'denoiser.onnx', 'golden']) {
    await cp(join(STANDARD, part), join(folder, part), { recursive: true });
  }
  await cp(join(STANDARD, 'manifest.json'), join(folder, 'manifest.json'));
  await changeManifest(folder, (manifest) => {
    manifest.name = name;
    change(manifest);
  });
  return folder;
}

/** Rewrites a folder's manifest in one go. */
export async function changeManifest(folder: string, change: (manifest: ModelManifest) => unknown): Promise<void> {
  const path = join(folder, 'manifest.json');
  const manifest = JSON.parse(await readFile(path, 'utf8')) as ModelManifest;
  change(manifest);
  await writeFile(`${path}.new`, JSON.stringify(manifest));
  await rename(`${path}.new`, path);
}
