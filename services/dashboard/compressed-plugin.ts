/** Writes every text of the build a second and third time, compressed: the gateway hands those out as they are. */
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

const TEXTS = /\.(js|css|html)$/;
/** Below this the header costs what is saved. */
const SMALLEST_BYTES = 1000;

export function compressed(): Plugin {
  return {
    name: 'headroom-compressed',
    apply: 'build',
    // After the page and the service worker have been written into the bundle.
    enforce: 'post',
    generateBundle(_options, bundle) {
      for (const [fileName, file] of Object.entries(bundle)) {
        const text = Buffer.from(file.type === 'chunk' ? file.code : file.source);
        if (!TEXTS.test(fileName) || text.length < SMALLEST_BYTES) continue;
        this.emitFile({ type: 'asset', fileName: `${fileName}.gz`, source: gzipSync(text, { level: 9 }) });
        const brotli = brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: text.length } });
        this.emitFile({ type: 'asset', fileName: `${fileName}.br`, source: brotli });
      }
    },
  };
}
