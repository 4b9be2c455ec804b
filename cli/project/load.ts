/** The project as the commands need it: its settings alone, or all of it. */
import type { Config, Project } from '../../engine/model/types.ts'

/** The settings only: a command that an engine answers works also while a declaration of the project is broken. */
export async function loadConfig(root: string): Promise<Config> {
  const { createImporter } = await import('../../engine/model/load/importer.ts')
  const { readConfig } = await import('../../engine/model/load/read-config.ts')
  return readConfig(root, process.env, await createImporter(root))
}

/** Everything that is declared, checked. */
export async function loadProject(root: string): Promise<Project> {
  const load = await import('../../engine/model/load/load-project.ts')
  return load.loadProject(root)
}
