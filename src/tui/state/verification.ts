/** The result of checking a room, for a person. */
import type { SafetyNumber, Verification } from '../../chat/chat.ts'
import type { Sheet } from './state.ts'

const shownMax = 200

export function verificationLines(found: Verification): readonly string[] {
  const { records, messages, controls, voids, damage, putBack, head } = found
  const list = (items: Verification['voids']) =>
    items.slice(0, shownMax).map(({ i, reason }) => `   record ${i}: ${reason}`)
  return [
    '',
    ` ${records} records checked, with ${messages} messages; ${controls} of them are about the room itself.`,
    damage.length === 0
      ? ' Every hash, signature and rule holds. Nothing is missing.'
      : ` DAMAGE: ${damage.length} records are missing or changed.`,
    ...list(damage),
    ...(putBack === 0
      ? []
      : [` ${putBack} records were missing from the store and were put back from this machine’s copy.`]),
    ...(voids.length === 0 ? [] : ['', ` ${voids.length} records were passed over:`, ...list(voids)]),
    '',
    ' The newest record about the room itself has this hash. Whoever sees the same one sees the same room:',
    ` ${head.replace(/(.{8})(?=.)/g, '$1 ')}`,
  ]
}

export function safetySheet({ name, fingerprint, number, confirmed, known }: SafetyNumber): Sheet {
  const groups = number.split(' ')
  const rows = Array.from({ length: Math.ceil(groups.length / 4) }, (_, row) =>
    groups.slice(row * 4, row * 4 + 4).join(' '),
  )
  return {
    title: `you and ${name}`,
    top: 0,
    lines: [
      '',
      ' Your safety number:',
      '',
      ...rows.map((row) => `    ${row}`),
      '',
      ` Compare it with ${name}'s, by telephone or face to face. If both are the same, nobody stands between you.`,
      '',
      ` The fingerprint of ${name} is ${fingerprint}${confirmed ? ', which was confirmed before.' : '.'}`,
      ...(known === undefined ? [] : ['', ` The one that you know is ${known}: somebody may pass for ${name}.`]),
    ],
  }
}
