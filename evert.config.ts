import { defineConfig } from 'evert'

/** Everything has a default; see docs/config.md. Environment variables (EVERT_…) win over what is written here. */
export default defineConfig({})
