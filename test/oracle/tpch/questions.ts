import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type TableName, tableNames } from './tables.ts'

const folder = fileURLToPath(new URL('./views/', import.meta.url))

/** The 22 questions: view name to its SELECT. */
export const questions: Readonly<Record<string, string>> = Object.fromEntries(
  readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => [file.slice(0, -'.sql'.length), readFileSync(`${folder}${file}`, 'utf8').trim()]),
)

/** The tables that each question names, in its remarks perhaps: its answer follows from them alone. */
export const tablesOf: ReadonlyMap<string, readonly TableName[]> = new Map(
  Object.entries(questions).map(([name, select]) => [name, tableNames.filter((table) => new RegExp(`\\b${table}\\b`).test(select))]),
)
