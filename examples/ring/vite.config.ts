import { defineConfig } from 'vite'

/** A running Rollcall, while the page is developed. */
const SERVER = process.env['ROLLCALL_URL'] ?? 'http://127.0.0.1:8080'

export default defineConfig({
  // Where the server serves it; `npx vite examples/ring` does so too.
  base: '/examples/ring/',
  // The SDK from its sources, as everywhere in the workspace.
  resolve: { conditions: ['source', 'module', 'browser', 'development|production'] },
  build: {
    target: 'es2023',
    // Nothing inline: the page's policy allows neither scripts nor styles in it, nor data: fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: true,
    reportCompressedSize: false,
  },
  server: {
    host: '127.0.0.1',
    port: 5173,
    proxy: {
      '/rtc-api': SERVER,
      '/security': SERVER,
      // Rollcall takes WebSockets from pages of its own origin only.
      '/ws': { target: SERVER, ws: true, changeOrigin: true, rewriteWsOrigin: true },
    },
  },
})
