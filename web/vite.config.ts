import { defineConfig } from 'vite'

// The console's address is here and in src/api/pages/console.rs.
export default defineConfig({
  base: '/console/',
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
