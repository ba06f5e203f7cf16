// How the explorer is built: static files in ui/dist, served by the product from its own origin.
// Nothing is inlined as a data: address, because the Content-Security-Policy allows 'self' only.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  plugins: [svelte()],
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
