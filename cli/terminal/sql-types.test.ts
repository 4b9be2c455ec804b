import { expect, test } from 'vitest'
import { isNumberType } from './sql-types.ts'

test('numbers are told from the rest', () => {
  for (const type of ['BIGINT', 'UTINYINT', 'HUGEINT', 'INTEGER', 'UINTEGER', 'DECIMAL(18,2)', 'DOUBLE', 'FLOAT'])
    expect(isNumberType(type), type).toBe(true)
  for (const type of ['VARCHAR', 'DATE', 'INTEGER[]', 'STRUCT(a INTEGER)', 'INTERVAL']) expect(isNumberType(type), type).toBe(false)
})
