import { openDuckdb } from '../../connectors/store/duckdb/open.ts'

/** Holds a DuckDB file open until it is killed. */
const file = process.argv[2]
if (file === undefined) throw new Error('the file is missing')
const store = await openDuckdb(file)
await store.script(['CREATE TABLE IF NOT EXISTS held (a INTEGER)', 'INSERT INTO held VALUES (1)'])
console.log('open')
process.stdin.resume()
