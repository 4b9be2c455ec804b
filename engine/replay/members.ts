import type { Member } from '../run/member.ts'

/** Parts that no view keeps its rows by any more. */
export function orphansOf(members: readonly Member[]): Member[] {
  const orphans: Member[] = []
  for (;;) {
    const left = members.filter((member) => !orphans.includes(member))
    const read = new Set(left.flatMap((member) => member.derivation.reads))
    const more = left.filter(({ derivation }) => derivation.kind === 'part' && !read.has(derivation.id))
    if (more.length === 0) return orphans
    orphans.push(...more)
  }
}

/** As declared; those that run by an older declaration, which `order` does not name, after what they read as well. */
export function inOrder(members: readonly Member[], order: readonly string[]): Member[] {
  const at = (member: Member) => order.indexOf(member.derivation.id)
  const byId = new Map(members.map((member) => [member.derivation.id, member]))
  const placed = new Set<Member>()
  const place = (member: Member): void => {
    if (placed.has(member)) return
    for (const read of member.derivation.reads) {
      const input = byId.get(read)
      if (input) place(input)
    }
    placed.add(member)
  }
  for (const member of members.toSorted((a, b) => at(a) - at(b))) place(member)
  return [...placed]
}
