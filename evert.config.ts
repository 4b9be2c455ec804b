import { defineConfig } from 'evert'

/** Everything has a default. Environment variables (EVERT_…) win over what is written here. */
export default defineConfig({})
