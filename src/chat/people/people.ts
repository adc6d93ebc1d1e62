/** People of a room, by the names and fingerprints that others know them by. */
import { hex, type Bytes } from '../../base/bytes.ts'
import { ConclaveError } from '../../base/errors.ts'
import { command } from '../../base/hint.ts'
import { fingerprint, matchesFingerprint } from '../../crypto/fingerprint.ts'
import { skeleton } from '../../crypto/skeleton.ts'
import type { Pin, VaultStanding } from '../../crypto/vault-body.ts'
import { allTenures, memberByKey, stillIn, type Invitation, type Member, type Room } from '../../protocol/room.ts'
import type { Invitation as ShownInvitation, Knock as ShownKnock, Member as ShownMember } from '../chat.ts'
import type { Identity } from '../identity/identity.ts'
import type { AdminItem, Person } from '../item.ts'
import { personOf } from '../timeline/items.ts'
import { otherFingerprint } from './contacts.ts'
import type { OpenKnock } from './knocks.ts'
import { isVerified, knownOtherwise, type NamedKey } from './pins.ts'
import { returningAt } from '../timeline/items.ts'

/** From the room's chain or, for a pending or declined request, from the vault. */
export function standingOf(room: Room | undefined, self: Bytes, remembered: VaultStanding): VaultStanding {
  if (room === undefined) return remembered
  if (memberByKey(room, self) !== undefined) return 'member'
  const departure = room.departures.get(hex(self))
  if (departure === undefined || remembered === 'waiting') return remembered
  return departure.kind === 'kicked' ? 'kicked' : 'left'
}

/** Who removed this person. */
export function kickedBy(room: Room | undefined, self: Bytes): Person | undefined {
  const departure = room?.departures.get(hex(self))
  if (room === undefined || departure?.kind !== 'kicked') return undefined
  const author = room.marks.get(departure.n)?.author
  const tenure = allTenures(room).find(({ member }) => member.index === author)
  return tenure ? personOf(tenure.member) : { name: departure.by, fingerprint: '' }
}

/** @throws no-such-user; unconfirmed-key when several knock under one name and no fingerprint says which. */
export function knockOf(knocks: readonly OpenKnock[], name: string, wanted: string | undefined): OpenKnock {
  const named = knocks.filter(({ knock }) => skeleton(knock.name) === skeleton(name))
  const matching = wanted === undefined ? named : named.filter(({ knock }) => matchesFingerprint(wanted, knock.rootKey))
  const [knock] = matching
  if (knock === undefined && named[0] !== undefined) throw otherFingerprint(named[0].knock)
  if (knock === undefined) {
    throw new ConclaveError('no-such-user', `No join request from "${name}"`, {
      hint: ['To list requests: ', command('knocks')],
    })
  }
  if (matching.length > 1) {
    throw new ConclaveError('unconfirmed-key', `${matching.length} people ask to join as ${name}`, {
      hint: `Give the fingerprint of the right one: ${matching.map((other) => fingerprint(other.knock.rootKey)).join(', ')}`,
    })
  }
  return knock
}

/** The member of exactly this name, else of a lookalike. @throws no-such-user, unconfirmed-key */
export function memberNamed(room: Room, name: string, wanted?: string): Member {
  const found = oneNamed([...room.members.values()], name, wanted)
  if (found !== undefined) return found
  throw new ConclaveError('no-such-user', `${name} is not a member of ${room.name}`, {
    hint: ['To list the members: ', command('members')],
  })
}

/** A member, or someone whose invitation is to be withdrawn. @throws no-such-user, unconfirmed-key */
export function memberOrInvited(room: Room, name: string, wanted?: string): Member | Invitation {
  const found = oneNamed([...room.members.values(), ...room.invitations.values()], name, wanted)
  return found ?? memberNamed(room, name, wanted)
}

function oneNamed<T extends NamedKey>(people: readonly T[], name: string, wanted: string | undefined): T | undefined {
  const alike = people.filter((person) => skeleton(person.name) === skeleton(name))
  const exact = alike.filter((person) => person.name === name)
  const named = exact.length > 0 ? exact : alike
  const fitting = wanted === undefined ? named : named.filter(({ rootKey }) => matchesFingerprint(wanted, rootKey))
  if (fitting.length === 0 && named[0] !== undefined) throw otherFingerprint(named[0])
  if (fitting.length < 2) return fitting[0]
  // Two keys under one name: don't hit the wrong one.
  throw new ConclaveError('unconfirmed-key', `${fitting.length} people in this room are called ${name}`, {
    hint: `Give the fingerprint of the right one: ${fitting.map(({ rootKey }) => fingerprint(rootKey)).join(', ')}`,
  })
}

/** @param here root keys of those who have the room open; undefined: unknown */
export function membersOf(
  identity: Identity,
  room: Room | undefined,
  here?: ReadonlySet<string>,
): readonly ShownMember[] {
  if (room === undefined) return []
  const { pins } = identity.body
  const last = listedMembers.get(room)
  if (last?.pins === pins && last.here === here) return last.members
  const members = [...room.members.values()].map((member): ShownMember => {
    const role = member.admin ? 'admin' : 'member'
    const presence = here === undefined ? {} : { here: here.has(hex(member.rootKey)) }
    return {
      ...personOf(member),
      id: hex(member.firstRootKey),
      role,
      ...(isVerified(identity, member) && { verified: true }),
      ...presence,
    }
  })
  listedMembers.set(room, { pins, here, members })
  return members
}

interface Listed {
  readonly pins: readonly Pin[]
  readonly here: ReadonlySet<string> | undefined
  readonly members: readonly ShownMember[]
}

/** Asked for at every change of a room. */
const listedMembers = new WeakMap<Room, Listed>()

export function invitationsOf(room: Room | undefined): readonly ShownInvitation[] {
  const names = new Map([...(room?.members.values() ?? [])].map(({ index, name }) => [index, name]))
  return [...(room?.invitations.values() ?? [])].map((invitation) => {
    return { ...personOf(invitation), by: names.get(invitation.by) ?? '?' }
  })
}

export function shownKnocks(
  identity: Identity,
  room: Room | undefined,
  open: readonly OpenKnock[],
): readonly ShownKnock[] {
  return open.map((one) => ({ ...personOf(one.knock), at: one.knock.at, ...whatToKnow(identity, room, one) }))
}

export function knockItem(identity: Identity, room: Room | undefined, open: OpenKnock): AdminItem {
  const { knock } = open
  const person = personOf(knock)
  const about = whatToKnow(identity, room, open)
  return { kind: 'admin', at: knock.at, event: 'knock', by: person, target: person, ...about }
}

/** What to know before accepting a request. */
function whatToKnow(
  identity: Identity,
  room: Room | undefined,
  { knock, elsewhere }: OpenKnock,
): Pick<ShownKnock, 'returning' | 'known' | 'elsewhere'> {
  // Takes everything that has arrived into account.
  const returning = room && returningAt(room, knock.rootKey, stillIn)
  const known = knownOtherwise(identity, knock)
  return {
    ...(returning && { returning }),
    ...(known && { known: fingerprint(known) }),
    ...(elsewhere && { elsewhere }),
  }
}

/** The name of the other person in a direct message, who may not have joined yet. */
export function otherOf(room: Room, self: Bytes): string | undefined {
  const key = hex(self)
  const invited = [...room.invitations.values()][0]?.name
  const member = [...room.members].find(([other]) => other !== key)?.[1].name
  const gone = [...room.tenures].find(([other]) => other !== key)?.[1].first()?.member.name
  return member ?? invited ?? gone
}
