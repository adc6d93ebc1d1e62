/** What an `<admin>` line says. */
import type { AdminItem } from '../../chat/item.ts'

export function adminText(item: AdminItem): string {
  const { event, detail = '' } = item
  const by = item.by.name
  const target = (item.target ?? item.by).name
  switch (event) {
    case 'create':
      return `${by} created this room.`
    case 'knock':
      return knockText(item, target)
    case 'accept':
      return acceptText(item, target)
    case 'reject':
      return `User ${target} rejected by ${by}.`
    case 'invite':
      return `User ${target} invited by ${by}.${pastOf(item, target)}`
    case 'kick':
      return `User ${target} kicked by ${by}.`
    case 'leave':
      return `User ${by} left.`
    case 'rotate':
      return `${by} changed the room's keys.`
    case 'rekey':
      return `User ${target} has new keys.\nfingerprint ${(item.target ?? item.by).fingerprint}`
    case 'promote':
      return `User ${target} made an admin by ${by}.`
    case 'demote':
      return `User ${target} is no longer an admin, says ${by}.`
    case 'policy':
      return `${by} changed the rules: ${policyText(detail)}`
    case 'topic':
      return detail === '' ? `${by} removed the topic.` : `${by} set the topic: ${detail}`
    case 'repair':
      return `${by} repaired the way back to the room's earlier keys.`
  }
}

function knockText(item: AdminItem, name: string): string {
  const lines = [
    `User ${name} would like to join! Please type "!${name}" to accept`,
    `fingerprint ${(item.target ?? item.by).fingerprint}`,
  ]
  if (item.known !== undefined) {
    lines.push(`This is NOT the key that you know as ${name}'s (${item.known}): somebody may pass for ${name}.`)
  }
  if (item.returning === 'kicked') {
    lines.push(`${name} was kicked before. Let in again by an admin, ${name} reads what was said meanwhile too.`)
  } else if (item.returning === 'left') lines.push(`${name} was in before, and left.`)
  else if (item.returning === 'present') lines.push(`${name} is in, and asks for the room's keys once more.`)
  return lines.join('\n')
}

function acceptText(item: AdminItem, name: string): string {
  if (item.returning === 'present') return `User ${name} was given the room's keys once more by ${item.by.name}.`
  // Who takes up an invitation writes the line himself.
  const invited = item.by.fingerprint === item.target?.fingerprint
  return `User ${name} ${invited ? 'took up the invitation' : `accepted by ${item.by.name}`}.${pastOf(item, name)}`
}

function pastOf({ returning }: AdminItem, name: string): string {
  if (returning === 'kicked') return ` ${name} was kicked before, and reads what was said meanwhile too.`
  return returning === 'left' ? ` ${name} had left, and reads what was said meanwhile too.` : ''
}

/** The engine's words, as a sentence. */
function policyText(detail: string): string {
  const parts = /^(members|admins) accept, (listed|unlisted)(?:, version (\d+))?$/.exec(detail)
  if (parts === null) return detail
  const [, who, listed = '', version] = parts
  const rules = `${who === 'admins' ? 'only admins' : 'all members'} let people in, the room is ${listed}.`
  if (version === undefined) return rules
  return `${rules}\nIt is of version ${version} now, which this Conclave does not know: update it to read on.`
}
