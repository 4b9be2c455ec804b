/** Vitest's own output, then the suites with their budgets, then the plain total as the very last line. */
import { writeSync } from 'node:fs'
import { DefaultReporter, type TestModule, type Vitest } from 'vitest/node'
import type { Suite } from '../budgets.ts'
import { report, type SuiteRun, totalLine } from './reporter-report.ts'

type RunEnd = Parameters<DefaultReporter['onTestRunEnd']>

export class SuiteReporter extends DefaultReporter {
  readonly #suites: readonly Suite[]
  readonly #long: boolean
  /** Wall clock per suite: from its first file's start to its last file's end. Suites run one after the other. */
  readonly #clock = new Map<string, { from: number; to: number }>()
  #totals = { passed: 0, failed: 0 }

  constructor(options: { suites: readonly Suite[]; long?: boolean }) {
    super()
    this.#suites = options.suites
    this.#long = options.long ?? false
  }

  override onInit(vitest: Vitest): void {
    super.onInit(vitest)
    // Whatever else is printed while the process ends, this line comes after it.
    process.once('exit', () => writeSync(1, `${totalLine(this.#totals)}\n`))
  }

  override onTestModuleQueued(module: TestModule): void {
    super.onTestModuleQueued(module)
    const now = performance.now()
    const name = module.project.name
    this.#clock.set(name, this.#clock.get(name) ?? { from: now, to: now })
  }

  override onTestModuleEnd(module: TestModule): void {
    super.onTestModuleEnd(module)
    const clock = this.#clock.get(module.project.name)
    if (clock !== undefined) clock.to = performance.now()
  }

  override onTestRunEnd(modules: RunEnd[0], strayErrors: RunEnd[1], reason: RunEnd[2]): void {
    super.onTestRunEnd(modules, strayErrors, reason)
    // With a name filter the rest is skipped by wish, in CI too.
    const strict = process.env.CI === 'true' && !this.ctx.config.testNamePattern
    const runs = [...new Set(modules.map((module) => module.project.name))].map((name) => this.#run(name, modules))
    const { lines, passed, failed } = report(runs, { suites: this.#suites, long: this.#long, strict, strayErrors: strayErrors.length })
    this.#totals = { passed, failed }
    for (const line of lines) this.log(line)
    if (failed > 0 || passed === 0) process.exitCode = 1
  }

  #run(name: string, modules: readonly TestModule[]): SuiteRun {
    const own = modules.filter((module) => module.project.name === name)
    const clock = this.#clock.get(name) ?? { from: 0, to: 0 }
    const tests = own.flatMap((module) => [...module.children.allTests()])
    const passed = tests.filter((test) => test.result().state === 'passed').length
    const skipped = tests.filter((test) => test.result().state === 'skipped').map((test) => test.fullName)
    // A file that cannot be loaded or a hook that throws has failed, even where its tests never ran.
    const broken = own.filter((module) => module.errors().length > 0).length
    const hooks = own.flatMap((module) => [...module.children.allSuites()]).filter((suite) => suite.errors().length > 0).length
    const failed = tests.length - passed - skipped.length + broken + hooks
    return { name, passed, failed, skipped, seconds: (clock.to - clock.from) / 1000 }
  }
}
