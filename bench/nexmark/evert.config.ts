import { defineConfig } from 'evert'

/** The benchmark is a project of its own: `evert explain q4` in this folder tells how a query is kept. */
export default defineConfig({ pipelines: ['stream.ts'], views: ['views'] })
