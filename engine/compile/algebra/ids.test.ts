import { expect, test } from 'vitest'
import { openCompiler } from '../../../test/support/compiler.ts'
import { renameIn } from './ids.ts'

test('columns are numbered by their first appearance, and nothing else is touched', () => {
  const rename = renameIn(['SELECT "#7", "#3" FROM t'], '#')
  expect(rename('SELECT "#3" + "#7" AS "c0", "7"')).toBe('SELECT "#2" + "#1" AS "c0", "7"')
  expect(() => rename('"#9"')).toThrow(/not of this part/)
  expect(renameIn(['"#_7"'], '#_')('SELECT \'"#7"\' AS "#7", "#_7"')).toBe('SELECT \'"#7"\' AS "#7", "#1"')
})

test('what two views keep of the same stream has one name and one form, however each was bound', async () => {
  const compiler = await openCompiler()
  try {
    const one = await compiler.plan('SELECT origin, median(delay) AS m FROM flights GROUP BY origin')
    const other = await compiler.plan(
      'SELECT day, n, m FROM (SELECT origin AS o, median(delay) AS m FROM flights GROUP BY origin) AS a JOIN (SELECT origin, count(*) AS n, min(day) AS day FROM flights GROUP BY origin) AS b ON a.o = b.origin',
    )
    const kept = one.parts[0]
    const same = other.parts.find((part) => part.name === kept?.name)
    const ddl = (part: typeof kept) => part?.rule.create({ table: 't', side: (side) => side }).map(part.rename)
    expect(kept).toBeDefined()
    expect(same).toBeDefined()
    expect(ddl(same)).toEqual(ddl(kept))
  } finally {
    await compiler.close()
  }
})

test('a text or a name of the view that looks like an id is left alone', async () => {
  const compiler = await openCompiler()
  try {
    const plan = await compiler.plan(`SELECT origin AS "#1", '"#2"' AS quoted FROM flights`)
    const names = { table: 't', side: (side: string) => side }
    expect(plan.root.rename(plan.root.rule.rows(names))).not.toContain('"#_')
    expect(plan.root.names).toEqual(['#1', 'quoted'])
    expect(JSON.stringify(plan.root.op)).toContain('"#2\\"')
  } finally {
    await compiler.close()
  }
})
