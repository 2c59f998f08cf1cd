/** Writes every text of the build a second and third time, compressed: the gateway hands those out as they are. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

const TEXTS = /\.(js|css|html)$/;
/** Below this the header costs what is saved. */
const SMALLEST_BYTES = 1000;

export function compressed(): Plugin {
  return {
    name: 'headroom-compressed',
    apply: 'build',
    // From what stands on the disk: until then other plugins go on changing the chunks.
    writeBundle({ dir = '' }, bundle) {
      for (const fileName of Object.keys(bundle).filter((name) => TEXTS.test(name))) {
        const file = join(dir, fileName);
        const text = readFileSync(file);
        if (text.length < SMALLEST_BYTES) continue;
        writeFileSync(`${file}.gz`, gzipSync(text, { level: 9 }));
        writeFileSync(`${file}.br`, brotliCompressSync(text));
      }
    },
  };
}
