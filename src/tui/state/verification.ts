/** The result of checking a room, for a person. */
import type { Verification } from '../../chat/chat.ts'

const shownMax = 200

export function verificationLines(found: Verification): readonly string[] {
  const { records, messages, controls, voids, damage, head } = found
  const list = (items: Verification['voids']) =>
    items.slice(0, shownMax).map(({ i, reason }) => `   record ${i}: ${reason}`)
  return [
    '',
    ` ${records} records checked: ${messages} with messages, ${controls} about the room itself.`,
    damage.length === 0
      ? ' Every hash, signature and rule holds. Nothing is missing.'
      : ` DAMAGE: ${damage.length} records are missing or changed.`,
    ...list(damage),
    ...(voids.length === 0 ? [] : ['', ` ${voids.length} records were passed over:`, ...list(voids)]),
    '',
    ' The newest record about the room itself has this hash. Whoever sees the same one sees the same room:',
    ` ${head.replace(/(.{8})(?=.)/g, '$1 ')}`,
  ]
}
