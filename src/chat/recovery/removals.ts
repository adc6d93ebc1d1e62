/**
 * Which membership changes a rolled-back store has lost, and which an admin has to repeat. Pure functions of the room
 * as it was at the fork, as this home last knew it, and as it is now.
 *
 * A kick is a promise: a client that remembers it sends nothing that the removed member could read until it is
 * repeated.
 */
import { equalBytes, fromHex, hex, type Bytes } from '../../base/bytes.ts'
import { encode } from '../../base/codec.ts'
import type { ControlBody } from '../../protocol/control.ts'
import { decodeKnock } from '../../protocol/knock.ts'
import { policyValue, type Operation } from '../../protocol/operation.ts'
import { memberByKey, type Departure, type Room } from '../../protocol/room.ts'
import type { DivergedBranch } from '../reconcile/diverged-records.ts'

export interface Removal {
  readonly rootKey: Bytes
  /** Empty for someone who had only been invited. */
  readonly name: string
  /** Whether there is someone to kick, or only keys to rotate. */
  readonly isIn: boolean
}

/** Kicks that this home remembers and that the current room lacks. */
export function missingRemovals(branches: readonly DivergedBranch[], room: Room): readonly Removal[] {
  const missing = new Map<string, Removal>()
  for (const { room: before, from } of branches) {
    for (const [key, departure] of before?.departures ?? []) {
      if (before === undefined || !isKick(before, departure, from) || before.members.has(key)) continue
      if (stands(room, key, from)) continue
      const rootKey = fromHex(key)
      const name = nameOf(before, key)
      missing.set(key, { rootKey, name, isIn: room.members.has(key) || room.invitations.has(key) })
    }
  }
  return [...missing.values()]
}

function isKick(room: Room, { kind, n }: Departure, from: number): boolean {
  return kind === 'kicked' && (room.marks.get(n)?.i ?? 0) >= from
}

/** Kicked again since; or neither a member nor holding the current keys. */
function stands(room: Room, key: string, from: number): boolean {
  const departure = room.departures.get(key)
  if (departure !== undefined && isKick(room, departure, from)) return true
  if (room.members.has(key) || room.invitations.has(key)) return false
  const openedAt = room.marks.get(room.openings.get(room.epoch)?.n ?? 0)?.i ?? 0
  return openedAt >= from && (room.tenures.get(key) ?? []).every(({ until }) => until <= openedAt)
}

function nameOf(room: Room, key: string): string {
  return room.tenures.get(key)?.last()?.member.name ?? ''
}

export interface LostChange {
  readonly operation: Operation
  /** Of its target. */
  readonly rootKey: Bytes | undefined
  readonly name: string
}

/** What an admin repeats, removals first; never what has been decided differently since. */
export function changesToRepeat(branches: readonly DivergedBranch[], room: Room): readonly LostChange[] {
  const removals = missingRemovals(branches, room)
  const kicks = removals.filter(({ isIn }) => isIn)
  const changes = kicks.map(({ rootKey, name }): LostChange => {
    return { operation: { type: 'kick', rootKey }, rootKey, name }
  })
  // One kick changes the keys for all of them.
  if (kicks.length === 0 && removals.length > 0) changes.push(rotation)
  const others = branches.flatMap((branch) => branch.changes.flatMap((change) => repeated(branch, change, room) ?? []))
  const demotions = others.filter(({ operation }) => operation.type === 'demote')
  const rest = others.filter(({ operation }) => operation.type !== 'demote')
  return distinct([...changes, ...demotions, ...rest])
}

const rotation: LostChange = { operation: { type: 'rotate' }, rootKey: undefined, name: '' }

function repeated(branch: DivergedBranch, { operation }: ControlBody, room: Room): LostChange | undefined {
  const { base, room: before } = branch
  if (base === undefined || before === undefined) return undefined
  switch (operation.type) {
    case 'promote':
    case 'demote': {
      const admin = operation.type === 'promote'
      const [was, now] = [memberByKey(before, operation.rootKey), memberByKey(room, operation.rootKey)]
      if (was?.admin !== admin || now === undefined || now.admin === admin) return undefined
      return { operation, rootKey: operation.rootKey, name: now.name }
    }
    case 'accept': {
      const { rootKey, name } = decodeKnock(operation.knock)
      if (memberByKey(before, rootKey) === undefined || memberByKey(room, rootKey) !== undefined) return undefined
      // It has been decided differently since.
      const decided = room.departures.get(hex(rootKey))?.n !== base.departures.get(hex(rootKey))?.n
      return decided ? undefined : { operation, rootKey, name }
    }
    case 'reject':
      if (room.answered.has(hex(operation.knockId))) return undefined
      return { operation, rootKey: operation.rootKey, name: operation.name }
    case 'invite': {
      const key = hex(operation.rootKey)
      if (!before.invitations.has(key) || room.invitations.has(key) || room.members.has(key)) return undefined
      return { operation, rootKey: operation.rootKey, name: operation.name }
    }
    case 'policy': {
      const same = (a: Room, b: Room) => equalBytes(encode(policyValue(a.policy)), encode(policyValue(b.policy)))
      if (same(before, room) || !same(base, room)) return undefined
      const { kind: _, ...rules } = before.policy
      return { operation: { type: 'policy', ...rules, version: room.version }, rootKey: undefined, name: '' }
    }
    case 'topic':
      if (before.topic === room.topic || base.topic !== room.topic) return undefined
      return { operation: { type: 'topic', topic: before.topic }, rootKey: undefined, name: '' }
    case 'rotate':
      return room.epoch === base.epoch ? rotation : undefined
    case 'create':
    case 'kick':
    case 'leave':
    case 'rekey':
    case 'repair':
      return undefined
  }
}

export interface LeftToDo {
  readonly type: 'leave' | 'rekey'
  readonly rootKey: Bytes
  readonly name: string
}

/** Changes that only their author can repeat. */
export function leftToOthers(branches: readonly DivergedBranch[], room: Room): readonly LeftToDo[] {
  const left = branches.flatMap(({ changes }) => {
    return changes.flatMap(({ operation: { type }, author }): LeftToDo[] => {
      const member = memberByKey(room, author)
      if ((type !== 'leave' && type !== 'rekey') || member === undefined) return []
      return [{ type, rootKey: author, name: member.name }]
    })
  })
  return [...new Map(left.map((one) => [`${one.type} ${hex(one.rootKey)}`, one])).values()]
}

/** Each change once: a policy may have been changed several times. */
function distinct(changes: readonly LostChange[]): readonly LostChange[] {
  const named = changes.map((change) => [nameOfChange(change), change] as const)
  return [...new Map(named.toReversed()).values()].toReversed()
}

/** Equal for equal changes, whatever else has happened. */
export function nameOfChange({ operation, rootKey }: LostChange): string {
  const id = operation.type === 'reject' ? operation.knockId : (rootKey ?? new Uint8Array(0))
  return `${operation.type} ${hex(id)}`
}
