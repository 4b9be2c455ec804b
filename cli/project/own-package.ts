/** This package's own name, version and dependencies, as installed. */
import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'

const packageSchema = z.object({ name: z.string(), version: z.string(), dependencies: z.record(z.string(), z.string()) })

/** Reads `package.json`: two folders up from the sources, three from `dist/`. */
export function ownPackage(): z.infer<typeof packageSchema> {
  const places = ['../../package.json', '../../../package.json'].map((path) => new URL(path, import.meta.url))
  const place = places.find((one) => existsSync(one))
  if (place === undefined) throw new Error(`no package.json beside ${import.meta.url}`)
  return packageSchema.parse(JSON.parse(readFileSync(place, 'utf8')))
}
