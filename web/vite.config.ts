import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const noParser = fileURLToPath(new URL('src/editor/no-parser.ts', import.meta.url))

// The console's address is here and in src/api/pages/console.rs.
export default defineConfig({
  base: '/console/',
  resolve: { alias: { '@codemirror/language': noParser, '@lezer/common': noParser } },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
  },
  worker: { format: 'es' },
  server: {
    port: Number(process.env.PORT ?? 5173),
    proxy: Object.fromEntries(
      ['/api', '/console/session', '/sign-in', '/sign-out', '/docs'].map((path) => [path, { target: process.env.ADE_URL ?? 'http://127.0.0.1:8000', changeOrigin: false }]),
    ),
  },
})
