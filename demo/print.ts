/** Plain lines on standard output; a check that fails ends the demo. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

export async function stage(number: number, title: string, work: () => Promise<void>): Promise<void> {
  say(`\n${number}. ${title}`)
  const begin = performance.now()
  await work()
  say(`   ${((performance.now() - begin) / 1000).toFixed(1)} s`)
}

/** Ends the demo with exit code 1 when it does not hold. */
export function check(holds: boolean, text: string): void {
  if (!holds) throw new Error(`It does not hold: ${text}`)
  say(`   ✓ ${text}`)
}
