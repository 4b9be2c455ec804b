import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** The files with one of these endings among files and folders (not below them), in the order of their names. A folder that is not there has none. */
export function filesIn(places: readonly string[], endings: readonly string[]): string[] {
  const isWanted = (file: string): boolean => endings.some((ending) => file.endsWith(ending)) && !/\.(test|spec|d)\.[mc]?ts$/.test(file)
  return places.flatMap((place) => {
    if (!existsSync(place)) return []
    if (!statSync(place).isDirectory()) return [place]
    return readdirSync(place)
      .filter(isWanted)
      .sort()
      .map((file) => join(place, file))
  })
}
