import { expect, test } from 'vitest'
import { adviceFor, statementsOf } from './statements.ts'

test.each<[string, readonly string[]]>([
  ['SELECT 1', ['SELECT 1']],
  [' SELECT 1 ; ; ', ['SELECT 1']],
  ['SELECT 1; DROP VIEW v', ['SELECT 1', 'DROP VIEW v']],
  [`SELECT ';', "a;b", 'it''s;' -- ;\n/* ; */`, [`SELECT ';', "a;b", 'it''s;'`]],
  ["SELECT e'a\\';', $$;$$, $x$ $$; $x$; SELECT 2", ["SELECT e'a\\';', $$;$$, $x$ $$; $x$", 'SELECT 2']],
  ['-- nothing; at all', []],
])('%s', (sql, statements) => {
  expect(statementsOf(sql)).toEqual(statements)
})

test('says what to use instead', () => {
  expect(adviceFor('SELECT 1; DROP VIEW v')).toContain('one statement is allowed')
  expect(adviceFor('-- how?\nexplain analyze SELECT 1')).toContain('evert explain VIEW')
  expect(adviceFor('DROP VIEW v')).toBeUndefined()
  expect(adviceFor("SELECT ';'")).toBeUndefined()
})
