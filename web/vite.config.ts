import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const noParser = fileURLToPath(new URL('src/editor/no-parser.ts', import.meta.url))

// No browser of this name runs any of the console: what the editor does for it is left out.
const noExplorer = { name: 'no-explorer', transform: (code: string, id: string) => (id.includes('@codemirror/view') ? code.replace(/browser\.ie\b/g, 'false') : null) }

// The editor's chunk needs no other: there is nothing to be loaded beside it.
const noPreload = { name: 'no-preload', enforce: 'pre' as const, load: (id: string) => (id.includes('vite/preload-helper') ? 'export const __vitePreload = (load) => load()' : null) }

// Elements are calls with their children behind them, which is a kilobyte less than a list of `children` in each.
const elements = { name: 'elements', enforce: 'pre' as const, transform: (code: string, id: string) => (id.endsWith('.tsx') ? `import { h as _h, Fragment as _F } from 'preact';${code}` : null) }

// The console's address is here and in src/api/pages/console.rs.
export default defineConfig({
  base: '/console/',
  resolve: { alias: { '@codemirror/language': noParser, '@lezer/common': noParser, 'w3c-keyname': noParser } },
  // An editor of Android alone, which the console's needs not: it reads what is typed as other browsers do.
  define: { 'window.EditContext': 'undefined' },
  oxc: { jsx: { runtime: 'classic', pragma: '_h', pragmaFrag: '_F' } },
  plugins: [noExplorer, noPreload, elements],
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
