import { any, columns, is, type Known, type Scope } from './relation.ts'

/** A scalar expression over the columns of `of`, which never raises. */
export function scalar({ c, from }: Scope, prefix = '', of: Known = from): string {
  const pick = (type?: RegExp) => {
    const all = columns(of, type)
    return all.length > 0 ? prefix + c.pick(all) : undefined
  }
  const own = prefix + c.pick(columns(of))
  const options = [own, own, own, own]
  const number = pick(is.number)
  const text = pick(is.text)
  const time = pick(is.time)
  const flag = pick(is.flag)
  const list = pick(is.texts)
  if (number !== undefined)
    options.push(
      `CAST(${number} AS DOUBLE) / 4`,
      `CASE WHEN ${number} > 1 THEN 'big' WHEN ${number} IS NULL THEN NULL ELSE 'small' END`,
      `coalesce(CAST(${number} AS HUGEINT), 0) + 1`,
      `nullif(${number}, 1)`,
      `CAST(${number} AS HUGEINT) % 3`,
      `{'v': ${number}, 'known': ${number} IS NOT NULL}`,
    )
  if (text !== undefined)
    options.push(
      `upper(${text})`,
      `coalesce(${text}, '?') || '!'`,
      `TRY_CAST(${text} AS INTEGER)`,
      `length(${text})`,
      `substr(${text}, 1, 1)`,
      `[${text}, 'end']`,
      `CASE ${text} WHEN 'a' THEN 1 WHEN 'b' THEN NULL ELSE 2 END`,
    )
  if (time !== undefined) options.push(`date_trunc('month', ${time})`, `extract(year FROM ${time})`, `strftime(${time}, '%d %H')`)
  if (flag !== undefined) options.push(`NOT ${flag}`, `${flag} IS DISTINCT FROM TRUE`)
  if (list !== undefined) options.push(`len(${list})`, `list_transform(${list}, lambda e: e || '+')`, `list_contains(${list}, 'p')`)
  if (of.kind === 'stream') options.push(`${prefix}_type`, `${prefix}_offset % 3`, `${prefix}_partition`, `${prefix}_key`)
  return c.pick(options)
}

/** A condition over the columns of `of`, with AND, OR and NOT, which NULL may meet anywhere. */
export function condition(x: Scope, prefix = '', deep = 2, of: Known = x.from): string {
  const { c } = x
  if (deep > 0 && c.chance(3))
    return `(${condition(x, prefix, deep - 1, of)} ${c.pick(['AND', 'OR'])} ${condition(x, prefix, deep - 1, of)})`
  if (deep > 0 && c.chance(6)) return `NOT (${condition(x, prefix, deep - 1, of)})`
  const own = any(x, of, prefix)
  const numbers = columns(of, is.number).map((name) => prefix + name)
  const texts = columns(of, is.text).map((name) => prefix + name)
  const flags = columns(of, is.flag).map((name) => prefix + name)
  const options = [`${own} IS NOT NULL`, `${own} IS NULL`, 'TRUE']
  if (numbers.length > 0)
    options.push(
      `${c.pick(numbers)} > ${c.pick(['0', '1', '-6', '1.5'])}`,
      `${c.pick(numbers)} BETWEEN 0 AND 5`,
      `${c.pick(numbers)} IS DISTINCT FROM 1`,
      `${c.pick(numbers)} NOT IN (0, 3)`,
      `${c.pick(numbers)} <> ${c.pick(numbers)}`,
    )
  if (texts.length > 0)
    options.push(
      `${c.pick(texts)} IN ('a', 'b', 'x')`,
      `${c.pick(texts)} <> ''`,
      `${c.pick(texts)} LIKE '%a%'`,
      `${c.pick(texts)} = ${c.pick(texts)}`,
    )
  if (flags.length > 0) options.push(c.pick(flags), `${c.pick(flags)} IS NOT TRUE`)
  if (of.kind === 'stream') options.push(`${prefix}_offset < 9`, `${prefix}_type = 'Made'`, `${prefix}_offset % 2 = 0`)
  return c.pick(options)
}

export function where(x: Scope, prefix = ''): string {
  return x.c.chance(2) ? ` WHERE ${condition(x, prefix)}` : ''
}
