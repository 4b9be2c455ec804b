import { expect, test } from 'vitest'
import { csvLine } from './csv.ts'

test('quotes what needs it, and tells NULL from an empty text', () => {
  expect(csvLine(['a', 1, null, '', true])).toBe('a,1,,"",true')
  expect(csvLine(['a,b', 'say "hi"', 'two\nlines', 'cr\r'])).toBe('"a,b","say ""hi""","two\nlines","cr\r"')
  expect(csvLine([{ a: 1 }, [1, 2]])).toBe('"{""a"":1}","[1,2]"')
})
