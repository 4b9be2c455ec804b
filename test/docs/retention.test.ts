import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { repository } from '../cli/support/built-cli.ts'
import { caughtUp } from '../crash/support/engine-child.ts'
import { append, rows, startHere } from '../crash/support/here.ts'
import { tempProject } from '../crash/support/project.ts'
import { snippetsOf } from './snippets.ts'

test('docs/retention.md: its files are a project that does what the page says', async () => {
  const snippets = snippetsOf(await readFile(join(repository, 'docs/retention.md'), 'utf8'))
  const project = tempProject(Object.fromEntries(snippets.map(({ path, text }) => [path, text])))
  try {
    const bid = (auction: number, price: number, dateTime: string) => ({ data: { auction, price, dateTime } })
    await append(project, 'bids', [bid(1, 10, '2024-01-01T00:00:00'), bid(2, 20, '2024-02-01T00:00:00'), bid(2, 5, '2024-03-31T00:00:00')])
    const here = await startHere(project)
    try {
      await caughtUp(here.service)
      expect(await rows(here.service, 'auctions')).toEqual(['1 1 10', '2 2 20'])
      expect(await rows(here.service, 'latest')).toEqual(['2 5'])
      await append(project, 'bids', [bid(3, 7, '2024-03-31T00:00:01'), bid(1, 9, '2024-01-01T00:00:00')])
      await caughtUp(here.service)
      expect(await rows(here.service, 'auctions')).toEqual(['2 2 20', '3 1 7'])
      expect(await rows(here.service, 'latest')).toEqual(['2 5', '3 7'])
    } finally {
      await here.stop()
    }
  } finally {
    project.destroy()
  }
})
