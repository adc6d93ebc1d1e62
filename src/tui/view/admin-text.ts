/** What an `<admin>` line says. */
import type { AdminItem } from '../../chat/item.ts'

export function adminText(item: AdminItem): string {
  const { event, by, detail = '' } = item
  const target = item.target?.name ?? 'someone'
  switch (event) {
    case 'create':
      return `${by.name} created this room.`
    case 'knock': {
      const { name, fingerprint } = item.target ?? by
      return `User ${name} would like to join! Please type "!${name}" to accept\nfingerprint ${fingerprint}`
    }
    case 'accept':
      return `User ${target} accepted by ${by.name}.`
    case 'reject':
      return `User ${target} rejected by ${by.name}.`
    case 'invite':
      return `User ${target} invited by ${by.name}.`
    case 'kick':
      return `User ${target} kicked by ${by.name}.`
    case 'leave':
      return `User ${by.name} left.`
    case 'rotate':
      return `${by.name} changed the room's keys.`
    case 'rekey':
      return `User ${by.name} has new keys.\nfingerprint ${by.fingerprint}`
    case 'promote':
      return `User ${target} made an admin by ${by.name}.`
    case 'demote':
      return `User ${target} is no longer an admin, says ${by.name}.`
    case 'policy':
      return `${by.name} changed the rules: ${detail}`
    case 'topic':
      return detail === '' ? `${by.name} removed the topic.` : `${by.name} set the topic: ${detail}`
    case 'repair':
      return `${by.name} repaired the room's keys.`
  }
}
