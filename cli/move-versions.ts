import type { Command } from 'commander'
import type { Service } from '../engine/serve/service.ts'
import type { Moved } from '../engine/serve/versions-answer.ts'
import { EvertError } from '../errors.ts'
import type { CommandSpec, Context } from './command.ts'
import { withService } from './project/open-service.ts'

/** `evert promote`: names point at the versions that are ready. */
export const promote: CommandSpec = {
  usage: 'promote [views...]',
  summary: 'points views’ names at the versions that are ready, all at once',
  description: 'Without names: every view that has one. Readers see the old rows until then, and the old versions are kept.',
  example: 'evert promote order_view',
  run: (context, [views]) => moved(context, (service, signal) => service.promote(named(views), { signal })),
}

/** `evert rollback`: names point at the previous versions again. */
export const rollback: CommandSpec = {
  usage: 'rollback [views...]',
  summary: 'points views’ names back at the previous versions, all at once',
  description:
    'Without names: every view that was promoted together last. The previous versions were kept up to date, so nothing is built; ' +
    'what one came back from is kept as well, and `evert promote` goes forward again. The project’s files stay as they are.',
  example: 'evert rollback\nevert rollback order_view',
  run: (context, [views]) => moved(context, (service, signal) => service.rollback(named(views), { signal })),
}

/** `evert discard`: versions that no name points at are kept no more. */
export const discard: CommandSpec = {
  usage: 'discard [versions...]',
  summary: 'takes versions away that no name points at, with all that is kept for them',
  description: 'A view stands for all of its versions but the public one. One on which another version is built is refused.',
  example: 'evert discard order_view@1f9c\nevert discard order_view\nevert discard --all',
  options: (command: Command) => command.option('--all', 'every version that is not public; those that others are built on stay'),
  async run(context, [targets], options) {
    const { terminal, signal } = context
    const versions = named(targets)
    if ((versions === undefined) === (options.all !== true))
      throw new EvertError('usage', 'Name the versions to discard, as `evert versions` lists them, or give --all.')
    const gone = await withService(context, (service) => service.discard(versions, { signal }))
    if (terminal.json) await terminal.printJson(gone)
    else if (gone.length === 0) await terminal.print('There is nothing to discard.\n')
    else await terminal.print(gone.map(({ view, version }) => `${view}: ${version} is discarded\n`).join(''))
    return undefined
  },
}

async function moved(
  context: Context,
  move: (service: Service, signal: AbortSignal) => Promise<readonly Moved[]>,
): Promise<number | undefined> {
  const { terminal, signal } = context
  const found = await withService(context, (service) => move(service, signal))
  if (terminal.json) await terminal.printJson(found)
  else
    await terminal.print(
      found.map(({ view, version, before }) => `${view}: ${version}${before === null ? '' : `, was ${before}`}\n`).join(''),
    )
  return undefined
}

function named(names: string | readonly string[] | undefined): readonly string[] | undefined {
  return Array.isArray(names) && names.length > 0 ? (names as readonly string[]) : undefined
}
