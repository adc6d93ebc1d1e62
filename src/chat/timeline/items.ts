/** Turns judged records into timeline items. */
import { equalBytes, hex, type Bytes } from '../../base/bytes.ts'
import { fingerprint } from '../../crypto/fingerprint.ts'
import type { ControlBody } from '../../protocol/control.ts'
import { decodeKnock } from '../../protocol/knock.ts'
import { idsOf } from '../../protocol/message.ts'
import { markBefore, memberAt, memberByKey, roomJudging, type Member, type Room } from '../../protocol/room.ts'
import { protocolVersion } from '../../protocol/version.ts'
import { shownContent } from './content.ts'
import type { AdminItem, Author, MessageItem, Person, Returning, TimelineItem, WarningItem } from '../item.ts'
import type { AppliedRecord, Judgement } from '../replay/log-state.ts'
import { beyond } from '../replay/room-version.ts'
import { rotateText } from '../rotation.ts'

export function personOf({ name, rootKey }: { readonly name: string; readonly rootKey: Bytes }): Person {
  return { name, fingerprint: fingerprint(rootKey) }
}

/** The person for whom a timeline is made. */
export interface Viewer {
  /** This person's root key. */
  readonly self: Bytes
  /** The warning for a name whose key differs from the one that this person knows. */
  warningOf(room: Room, name: string, rootKey: Bytes): string | undefined
}

export function itemsOf(room: Room, applied: AppliedRecord, viewer: Viewer): readonly TimelineItem[] {
  const { row, judgement } = applied
  switch (judgement.kind) {
    case 'message':
      return messagesOf(room, applied, judgement, viewer.self)
    case 'control':
      return [adminItem(room, row.i, judgement), ...keyWarnings(room, row.i, judgement.body, viewer)]
    case 'void':
      // A newer program's records are not damage: the line that raised the version explains them.
      if (beyond(room, row.i)) return []
      return [{ kind: 'warning', i: row.i, reason: `a record was ignored: ${judgement.reason}` }]
    case 'locked':
      return [{ kind: 'warning', i: row.i, reason: 'sealed under a key that this identity was not given' }]
  }
}

/** Someone comes in with a key that differs from the one known under their name. */
function keyWarnings(
  room: Room,
  i: number,
  { operation, author }: ControlBody,
  viewer: Viewer,
): readonly WarningItem[] {
  if (operation.type !== 'accept' && operation.type !== 'create') return []
  const { name, rootKey } =
    operation.type === 'accept' ? decodeKnock(operation.knock, true) : { name: operation.name, rootKey: author }
  const reason = viewer.warningOf(room, name, rootKey)
  return reason === undefined ? [] : [{ kind: 'warning', i, reason }]
}

function messagesOf(
  room: Room,
  { row }: AppliedRecord,
  { inside, author }: Judgement & { kind: 'message' },
  self: Bytes,
): readonly MessageItem[] {
  const from = authorOf(author)
  const own = isSelf(room, author, self)
  const ids = idsOf(room.id, inside, author)
  const numbered = row.seq > 0
  let seq = row.seq - 1
  return inside.contents.flatMap((content, k) => {
    if (row.repeats.includes(k)) return []
    seq = numbered ? seq + 1 : 0
    const base = { kind: 'message', i: row.i, seq, id: ids[k] as string, at: inside.at, from, own } as const
    return [{ ...base, ...shownContent(content) }]
  })
}

function authorOf(author: Member): Author {
  return { ...personOf(author), id: hex(author.firstRootKey), admin: author.admin }
}

/** Also before a change of keys. */
function isSelf(room: Room, author: Member, self: Bytes): boolean {
  const first = room.members.get(hex(self))?.firstRootKey ?? self
  return equalBytes(author.rootKey, self) || equalBytes(author.firstRootKey, first)
}

function adminItem(room: Room, i: number, { body, author }: { body: ControlBody; author: Member }): AdminItem {
  const { operation, at } = body
  const base = { kind: 'admin', i, at, event: operation.type, by: personOf(author) } as const
  const was = (rootKey: Bytes): Person => {
    const after = roomJudging(room, i + 1)
    const member = memberAt(room, rootKey, i) ?? memberByKey(after, rootKey)
    // Otherwise only an invitation is withdrawn.
    return personOf(member ?? { name: after.departures.get(hex(rootKey))?.name ?? '?', rootKey })
  }
  const returning = (rootKey: Bytes): Pick<AdminItem, 'returning'> => {
    const before = returningAt(room, rootKey, i)
    return before === undefined ? {} : { returning: before }
  }
  switch (operation.type) {
    case 'accept': {
      const knock = decodeKnock(operation.knock, true)
      return { ...base, target: personOf(knock), ...returning(knock.rootKey) }
    }
    case 'reject':
      return { ...base, target: personOf(operation) }
    case 'invite':
      return { ...base, target: personOf(operation), ...returning(operation.rootKey) }
    case 'kick':
    case 'promote':
    case 'demote':
      return { ...base, target: was(operation.rootKey) }
    case 'rekey':
      return { ...base, target: personOf({ name: author.name, rootKey: operation.rootKey }) }
    case 'create':
      return { ...base, detail: operation.roomName }
    case 'topic':
      return { ...base, detail: operation.topic }
    case 'policy':
      return { ...base, detail: policyWords(room, operation) }
    case 'leave':
    case 'rotate':
    case 'repair':
      return base
  }
}

function policyWords(room: Room, operation: Extract<ControlBody['operation'], { type: 'policy' }>): string {
  const { acceptBy, listed, rotateDays, version } = operation
  const entry = room.policy.kind === 'pair' ? '' : `${acceptBy} accept, ${listed ? 'listed' : 'unlisted'}, `
  const rules = `${entry}rotate ${rotateText(rotateDays)}`
  return version > protocolVersion ? `${rules}, version ${version}` : rules
}

/**
 * Whether someone who is let in before log index i was a member once: they will read what was said in their absence,
 * and people are told so. Undefined: they never were.
 */
export function returningAt(room: Room, rootKey: Bytes, i: number): Returning | undefined {
  const judge = roomJudging(room, i)
  if (memberByKey(judge, rootKey) !== undefined) return 'present'
  const last = judge.tenures.get(hex(rootKey))?.last()
  if (last === undefined) return undefined
  // Named after the author of the record that ended it.
  return markBefore(judge, last.until + 1)?.author === last.member.index ? 'left' : 'kicked'
}
