import fc from 'fast-check'

/** A source of choices that shrinks: an array of small numbers, read one by one; when it is used up every choice is the first. */
export class Chooser {
  readonly #tape: readonly number[]
  #at = 0

  constructor(tape: readonly number[]) {
    this.#tape = tape
  }

  below(n: number): number {
    return (this.#tape[this.#at++] ?? 0) % n
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new Error('nothing to pick from')
    return items[this.below(items.length)] as T
  }

  chance(oneIn: number): boolean {
    return this.below(oneIn) === oneIn - 1
  }
}

export function tape(length: number): fc.Arbitrary<number[]> {
  return fc.array(fc.nat(999), { minLength: 0, maxLength: length, size: 'max' })
}
