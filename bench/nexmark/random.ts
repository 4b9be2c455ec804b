/** Random numbers that begin anew for each event, from (seed, n) alone: events can be made in any order, and made again. */
export class Random {
  #state = 0

  restart(seed: number, n: number): void {
    const low = n >>> 0
    const high = Math.floor(n / 2 ** 32)
    this.#state = scramble(scramble(scramble(seed ^ 0x2545f491) ^ low) + high)
  }

  /** In [0, 1): 32 bits of a Weyl sequence, scrambled. */
  unit(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0
    return scramble(this.#state) / 2 ** 32
  }

  /** A whole number in [0, count). */
  below(count: number): number {
    return Math.floor(this.unit() * count)
  }

  /** True but for one in `among`: the published hot ratios are given so. */
  mostly(among: number): boolean {
    return this.below(among) > 0
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T
  }

  /** 3 to `most` - 1 letters, one in thirteen of them `gap`. */
  word(most: number, gap: string): string {
    let text = ''
    for (let left = 3 + this.below(most - 3); left > 0; left--) text += this.below(13) === 0 ? gap : letters[this.below(26)]
    return text.trim()
  }
}

const letters = 'abcdefghijklmnopqrstuvwxyz'

/** The finaliser of a 32-bit hash: every input bit changes half of the output bits. */
function scramble(value: number): number {
  let x = value | 0
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad)
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97)
  return (x ^ (x >>> 15)) >>> 0
}
