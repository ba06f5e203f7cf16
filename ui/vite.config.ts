// How the explorer is built: static files in ui/dist, served by the product from its own origin.
// Nothing is inlined as a data: address, because the Content-Security-Policy allows 'self' only.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

/** Beside each script and style its compressed forms, so that the server compresses nothing while it serves. */
const compress = (): Plugin => ({
  name: 'compress',
  apply: 'build',
  closeBundle: () => {
    const folder = join(import.meta.dirname, 'dist/assets');
    for (const name of readdirSync(folder))
      if (/\.(js|css)$/.test(name)) {
        const file = readFileSync(join(folder, name));
        writeFileSync(join(folder, `${name}.gz`), gzipSync(file, { level: 9 }));
        writeFileSync(join(folder, `${name}.br`), brotliCompressSync(file));
      }
  },
});

export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  plugins: [svelte(), compress()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // The editor comes in a chunk of its own, after the first paint.
    chunkSizeWarningLimit: 800,
  },
  server: { proxy: { '/graphql': process.env.INFRAMIRROR_SERVER ?? 'http://127.0.0.1:8080' } },
});
