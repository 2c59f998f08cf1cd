/** Builds the dashboard into `dist/`, which the gateway serves. Asset addresses are relative, so any path prefix works. */
import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { compressed } from './compressed-plugin.ts';
import { shell } from './shell-plugin.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Where a running gateway answers while the dashboard is developed with `vite services/dashboard`. */
const gateway = process.env.HEADROOM_GATEWAY ?? 'http://127.0.0.1:8080';

export default defineConfig({
  root: here('.'),
  base: './',
  plugins: [svelte({ configFile: false }), shell(), compressed()],
  build: {
    outDir: here('./dist'),
    emptyOutDir: true,
    target: 'es2023',
    // No data: addresses: every asset is a file that the content security policy's 'self' covers.
    assetsInlineLimit: 0,
    rolldownOptions: {
      output: {
        codeSplitting: {
          // zod with its setting in one piece: pages that are fetched later share contracts, and a contract made before
          // the setting would try out what the content security policy forbids.
          groups: [{ name: 'zod', test: /node_modules\/zod\/|src\/zod-setup/ }],
        },
      },
    },
  },
  server: {
    proxy: { '/api': gateway, '/ws': { target: gateway, ws: true } },
  },
});
