/** Writes `sw.js` with the list of the build's own files, and a version that changes exactly when one of them does. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export function shell(): Plugin {
  return {
    name: 'headroom-shell',
    apply: 'build',
    // After the page itself has been written into the bundle.
    enforce: 'post',
    generateBundle(_options, bundle) {
      const worker = readFileSync(here('./service-worker.js'), 'utf8');
      const hash = createHash('sha256').update(worker);
      const own = Object.entries(bundle).toSorted(([a], [b]) => a.localeCompare(b));
      for (const [name, file] of own) hash.update(name).update(file.type === 'chunk' ? file.code : file.source);
      const still = readdirSync(here('./public')).toSorted();
      for (const name of still) hash.update(name).update(readFileSync(here(`./public/${name}`)));
      const files = ['./', ...own.map(([name]) => `./${name}`), ...still.map((name) => `./${name}`)];
      const list = { version: hash.digest('hex').slice(0, 12), files: files.filter((name) => name !== './index.html') };
      this.emitFile({
        type: 'asset',
        fileName: 'sw.js',
        source: worker.replace('__SHELL__', () => JSON.stringify(list)),
      });
    },
  };
}
