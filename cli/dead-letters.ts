import { type Command, InvalidArgumentError } from 'commander'
import type { CommandSpec } from './command.ts'
import { withService } from './project/open-service.ts'
import { renderTable } from './terminal/table.ts'

const columns = [
  { name: 'place' },
  { name: 'type' },
  { name: 'key' },
  { name: 'consumer' },
  { name: 'reason' },
  { name: 'value' },
  { name: 'at' },
]
const limitDefault = 100
/** A dead letter may be megabytes; its beginning tells which it is, `--json` has it whole. */
const valueLengthMax = 120

/** `evert dead-letters`: events that could not be decoded or applied, with reason and place. */
export const deadLetters: CommandSpec = {
  usage: 'dead-letters',
  summary: 'lists events that could not be decoded or applied',
  example: 'evert dead-letters --stream shop --limit 20',
  options: (command: Command) => {
    command.option('--stream <name>', 'of this stream only')
    command.option('--consumer <name>', 'of this consumer only')
    command.option('--limit <count>', `at most so many (default: ${limitDefault})`, (text) => {
      if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
      throw new InvalidArgumentError('Wanted a positive whole number.')
    })
  },
  async run(context, _args, options) {
    const { terminal, signal } = context
    const limit = typeof options.limit === 'number' ? options.limit : limitDefault
    const filter = {
      limit,
      ...(typeof options.stream === 'string' && { stream: options.stream }),
      ...(typeof options.consumer === 'string' && { consumer: options.consumer }),
    }
    const found = await withService(context, (service) => service.deadLetters(filter, { signal }))
    if (terminal.json) {
      await terminal.print(found.map((one) => `${JSON.stringify(one)}\n`).join(''))
      return undefined
    }
    const rows = found.map((one) => [
      `${one.stream} ${one.partition}:${one.offset}`,
      one.type,
      one.key,
      one.consumer,
      one.reason,
      shorten(one.value),
      one.at,
    ])
    await terminal.print(found.length === 0 ? 'no dead letters\n' : renderTable(columns, rows, terminal.width))
    if (found.length === limit) terminal.note(`the first ${limit}: --limit shows more`)
    return undefined
  },
}

function shorten(value: string | null): string | null {
  return value === null || value.length <= valueLengthMax ? value : `${value.slice(0, valueLengthMax)}… (${value.length} characters)`
}
