import type { Config, Project } from '../engine/model/types.ts'
import { exitCodes } from '../errors.ts'
import type { CommandSpec, Context } from './command.ts'
import { type Check, examine, type Finding } from './diagnose/check.ts'
import { clock, logOpens, socketAnswers, storeOpens } from './diagnose/data.ts'
import { dataDirectory, nativeModules, nodeVersion } from './diagnose/machine.ts'
import { loadConfig, loadProject } from './project/load.ts'
import { formatMany } from './terminal/format.ts'

/** `evert doctor`: what stands in the way, each with its remedy. */
export const doctor: CommandSpec = {
  usage: 'doctor',
  summary: 'looks at the machine, the project and its data, and names remedies',
  description: 'Changes nothing. Exit code 1 when something is wrong.',
  example: 'evert doctor',
  async run(context) {
    const { terminal } = context
    const findings: Finding[] = []
    const look = async (check: Check): Promise<void> => {
      context.signal.throwIfAborted()
      const finding = await examine(check)
      findings.push(finding)
      await (terminal.json ? terminal.printJson(finding) : terminal.print(findingText(finding)))
    }
    await lookAtAll(context, look)
    const failed = findings.filter((finding) => finding.state === 'failed').length
    if (!terminal.json) await terminal.print(failed === 0 ? '\nall is well\n' : `\n${formatMany(failed, 'check')} failed\n`)
    return failed === 0 ? undefined : exitCodes.failed
  },
}

async function lookAtAll(context: Context, look: (check: Check) => Promise<void>): Promise<void> {
  await look(nodeVersion)
  await look(nativeModules)
  let config: Config | undefined
  let project: Project | undefined
  await look({
    check: 'settings',
    remedy: 'Mend evert.config.ts or the variable that is named; --project DIR names another project.',
    async look() {
      config = await loadConfig(context.root())
      return `${config.root}, log: ${config.log}`
    },
  })
  if (config === undefined) return
  const { root } = config
  await look({
    check: 'project',
    remedy: 'Mend the declaration that is named.',
    async look() {
      project = await loadProject(root)
      const { streams, tables, folds, sqlViews, processors } = project
      return `${formatMany(streams.size, 'stream')}, ${formatMany(tables.size, 'table')}, ${formatMany(folds.size + sqlViews.length, 'view')}, ${formatMany(processors.size, 'processor')}`
    },
  })
  for (const check of [dataDirectory(config.dataDir), logOpens(config), clock(config), socketAnswers(config), storeOpens(config, project)])
    await look(check)
}

function findingText({ check, state, found, remedy }: Finding): string {
  const mark = { ok: 'ok', failed: 'FAILED', 'not there yet': '-' }[state]
  return `${mark.padEnd(6)} ${check.padEnd(15)} ${found}\n${remedy === undefined ? '' : `${' '.repeat(23)}remedy: ${remedy}\n`}`
}
