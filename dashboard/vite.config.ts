import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import type { Plugin } from 'vite';

import { readSizes, writeSizesOut } from './src/styles/size-tokens.ts';

/** `OFFHOOK_HUB=http://127.0.0.1:8080 npx vite` in this folder: pages from here, everything else from that hub. */
const hub = process.env['OFFHOOK_HUB'] ?? 'http://127.0.0.1:8080';

/**
 * What is loaded later needs nothing loaded beside it: there is one style sheet, and each part imports only the page that
 * asks for it. Vite's helper would look for such things all the same, in 0.6 kB.
 */
function leaveOutPreloading(): Plugin {
  return {
    name: 'leave-out-preloading',
    enforce: 'pre',
    load(id) {
      return id.includes('vite/preload-helper') ? 'export const __vitePreload = (load) => load();' : null;
    },
  };
}

/** Compressed, names of sizes weigh 0.3 kB more than the figures they stand for. */
function replaceSizes(): Plugin {
  const file = fileURLToPath(new URL('src/styles/tokens.css', import.meta.url));
  const sizes = readSizes(readFileSync(file, 'utf8'));
  return {
    name: 'replace-sizes',
    apply: 'build',
    enforce: 'pre',
    transform: {
      filter: { id: /\.css$/ },
      handler: (code, id) => ({ code: writeSizesOut(code, sizes, id === file), map: null }),
    },
  };
}

export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  plugins: [leaveOutPreloading(), replaceSizes()],
  // Calls of h() weigh a hundredth less than those of the automatic runtime.
  oxc: {
    jsx: { runtime: 'classic', pragma: 'h', pragmaFrag: 'Fragment' },
    jsxInject: "import { Fragment, h } from 'preact';",
  },
  build: {
    outDir: '../hub/dashboard',
    emptyOutDir: true,
    assetsDir: 'assets',
    // img-src allows data:, but what is inlined cannot be kept by the browser's cache.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: ['chrome123', 'edge123', 'firefox121', 'safari17.5'],
    cssMinify: true,
    // Compressed apart, a style sheet per part of the page repeats itself: 7 kB in all.
    cssCodeSplit: false,
    // Text that is measured compressed; the hub serves it compressed too.
    reportCompressedSize: true,
  },
  server: {
    proxy: {
      // Same-origin rules look at Origin, which must be the hub's own.
      '/v1': { target: hub, changeOrigin: true, headers: { origin: hub } },
      '/openapi.json': { target: hub, changeOrigin: true },
    },
  },
});
