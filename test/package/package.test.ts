/**
 * The package as a stranger uses it: packed, installed in an empty folder, `evert init`, install, run, append, query. The
 * tarball stands in for the registry; its dependencies come from npm's cache where they are there.
 */
import { mkdir, mkdtemp, readdir, readFile, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Finished, repository, run } from '../cli/support/built-cli.ts'
import { jsonLines } from '../cli/support/project.ts'

let folder: string
let tarball: string
let shop: string

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'evert-package-')))
  await succeed('npm', ['pack', '--pack-destination', folder], repository)
  tarball = join(folder, (await readdir(folder)).find((name) => name.endsWith('.tgz')) ?? 'none')
  const stranger = join(folder, 'stranger')
  await mkdir(stranger)
  await install(stranger)
  await succeed('npx', ['--no', 'evert', 'init', 'shop'], stranger)
  shop = join(stranger, 'shop')
  await install(shop)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** npm and npx pass on what the test run was started with; a stranger's shell has none of it. */
function strangersEnv(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      !/^(npm_(lifecycle|package|command|execpath|node_execpath|config_local_prefix)|EVERT_|VITEST|NODE_(OPTIONS|ENV|PATH)$|INIT_CWD)/.test(
        name,
      ),
  )
  return Object.fromEntries(kept)
}

async function succeed(program: string, args: readonly string[], cwd: string): Promise<Finished> {
  const finished = await run(program, args, { cwd, exactEnv: strangersEnv() })
  expect(finished.code, `${program} ${args.join(' ')}\n${finished.out}${finished.err}`).toBe(0)
  return finished
}

function install(cwd: string): Promise<Finished> {
  return succeed('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball], cwd)
}

const evert = (...args: string[]): Promise<Finished> => succeed('npx', ['--no', 'evert', ...args], shop)

test('runs an empty shop, takes events, answers', async () => {
  await evert('run', '--until-caught-up')
  await evert('append', 'shop', 'events/shop.ndjson')
  const ran = await evert('run', '--until-caught-up', '--json')
  expect(jsonLines(ran.out)).toMatchObject([
    { event: 'ready', streams: ['shop'], processors: ['validate_orders'] },
    { event: 'caught-up' },
    { event: 'stopped' },
  ])
  const orders = await evert('query', 'SELECT orderId, status FROM order_view ORDER BY orderId', '--csv')
  expect(orders.out).toBe('orderId,status\no-1,validated\no-2,rejected\no-3,validated\no-4,rejected\n')
  const counts = await evert('query', 'FROM orders_by_status ORDER BY status', '--json')
  expect(jsonLines(counts.out)).toMatchObject([
    { status: 'rejected', orders: '2' },
    { status: 'validated', orders: '2' },
  ])
  expect((await evert('verify')).out).toMatch(/order_view: equal/)
  expect((await evert('doctor')).out).toMatch(/all is well/)
})

test('its types are right for the project that init writes', async () => {
  await succeed(process.execPath, [join(repository, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', '.'], shop)
})

test('holds what is needed and no more', async () => {
  const root = join(shop, 'node_modules', 'evert')
  const files = await readdir(root, { recursive: true })
  expect(files).toEqual(expect.arrayContaining(['LICENSE', 'package.json', join('dist', 'index.js'), join('dist', 'index.d.ts')]))
  expect(files.filter((file) => /\.test\.|(?<!\.d)\.ts$|^test/.test(file))).toEqual([])
  const { bin, dependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  expect(await readFile(join(root, bin.evert), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
  for (const [name, version] of Object.entries(dependencies)) expect(version, name).toMatch(/^\d/)
})
