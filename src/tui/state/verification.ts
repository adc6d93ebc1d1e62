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
    ` ${records} records checked, including ${messages} messages and ${controls} room events.`,
    damage.length === 0
      ? ' Every hash, signature and rule checks out. Nothing is missing.'
      : ` DAMAGE: ${damage.length} records are missing or changed.`,
    ...list(damage),
    ...(putBack === 0
      ? []
      : [` ${putBack} records were missing from the store and have been restored from your copy.`]),
    ...(voids.length === 0 ? [] : ['', ` ${voids.length} records were ignored:`, ...list(voids)]),
    '',
    ' Room state hash. Anyone with the same hash sees the same room:',
    ` ${head.replace(/(.{8})(?=.)/g, '$1 ')}`,
  ]
}

export function safetySheet({ name, fingerprint, number, confirmed, known }: SafetyNumber): Sheet {
  const groups = number.split(' ')
  const rows = Array.from({ length: Math.ceil(groups.length / 4) }, (_, row) =>
    groups.slice(row * 4, row * 4 + 4).join(' '),
  )
  return {
    title: `You and ${name}`,
    top: 0,
    lines: [
      '',
      ' Your safety number:',
      '',
      ...rows.map((row) => `    ${row}`),
      '',
      ` Compare it with ${name} by phone or in person. If the numbers match, nobody is intercepting your chat.`,
      '',
      ` ${name}'s fingerprint: ${fingerprint}${confirmed ? ' (verified)' : ''}`,
      ...(known === undefined ? [] : ['', ` The key you know is ${known}: someone may be impersonating ${name}.`]),
    ],
  }
}
