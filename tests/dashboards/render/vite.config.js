import path from 'node:path';
import { defineConfig } from 'vite';

export default defineConfig({
  // Grafana's packages expect what webpack would give them.
  define: { 'process.env.NODE_ENV': '"production"', 'process.env': '{}', global: 'globalThis' },
  build: {
    target: 'esnext',
    minify: false,
    chunkSizeWarningLimit: 50_000,
    rollupOptions: { shimMissingExports: true },
  },
  resolve: {
    alias: { 'react-router-dom-v5-compat': path.resolve(import.meta.dirname, 'src/router-compat.js') },
    dedupe: ['react', 'react-dom', 'react-router-dom', 'rxjs', '@grafana/data', '@grafana/runtime', '@grafana/ui'],
  },
  logLevel: 'error',
});
