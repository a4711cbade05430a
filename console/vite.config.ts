import { defineConfig } from 'vite'

export default defineConfig({
  // Where the server serves it; `npx vite console` does so too.
  base: '/console/',
  // The SDK from its sources, as everywhere in the workspace.
  resolve: { conditions: ['source', 'module', 'browser', 'development|production'] },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2023',
    // Nothing inline: the page's policy allows neither scripts nor styles in it, nor data: fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: true,
    reportCompressedSize: false,
  },
  server: {
    port: 5173,
    proxy: { '/rtc-api': 'http://127.0.0.1:8080', '/security': 'http://127.0.0.1:8080' },
  },
})
