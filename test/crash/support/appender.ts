/** The appending process, and the record of what it was told. */
import { type Child, nextLine, spawnTs } from '../../support/child.ts'
import { Acknowledged, type Burst } from './traffic.ts'

export class AppenderProcess {
  readonly acknowledged = new Acknowledged()
  readonly #child: Child

  private constructor(child: Child) {
    this.#child = child
  }

  static async start(root: string, seed: number): Promise<AppenderProcess> {
    const child = await spawnTs('test/crash/support/appender-child.ts', [root, String(seed)])
    await nextLine(child)
    return new AppenderProcess(child)
  }

  /** Appends so many bursts, one after the other; resolves when the last is acknowledged. `each` runs after each one. */
  async append(bursts: number, each?: () => Promise<void> | void): Promise<void> {
    this.#child.send(`more ${bursts}`)
    for (let i = 0; i < bursts; i++) {
      this.acknowledged.add(JSON.parse(await nextLine(this.#child)) as Burst)
      await each?.()
    }
  }

  async stop(): Promise<void> {
    await this.#child.kill()
  }
}
