/** Letting people in: answers to requests, invitations, and taking one up. */
import { equalBytes, hex } from '../../base/bytes.ts'
import { ConclaveError, isConclaveError } from '../../base/errors.ts'
import { knockId, knockNonceBytes, signKnock } from '../../protocol/knock.ts'
import { inboxId, sealNotice } from '../../protocol/notice.ts'
import { inboxKey } from '../../protocol/paths.ts'
import { allTenures, headOf, type Room as RoomState } from '../../protocol/room.ts'
import type { Confirm, Done, Which } from '../chat.ts'
import type { Identity } from '../identity/identity.ts'
import { checkKey, type Contact } from '../people/contacts.ts'
import type { Invited } from '../people/invitations.ts'
import { branchOf, type OpenKnock } from '../people/knocks.ts'
import { knockOf } from '../people/people.ts'
import { followRegistered } from '../people/pins.ts'
import { requireMember, writeAs, writeChange, type RoomContext } from './room-context.ts'

/** @param open the requests that this room has */
export async function accept(
  room: RoomContext,
  open: readonly OpenKnock[],
  name: string,
  confirm: Confirm,
  signal?: AbortSignal,
): Promise<Done> {
  requireMember(room)
  const { key, bytes, knock } = knockOf(open, name, confirm.fingerprint)
  await room.log.catchUp(signal)
  if ((await branchOf(room.log, knock)) !== 'this') throw onAnotherBranch(knock.name)
  await followRegistered(room.parts, knock)
  checkKey(room.parts.identity, knock, confirm, { trust: '--trust-name' })
  const along = [{ kind: 'delete', key }] as const
  return writeChange(room, () => ({ type: 'accept', knock: bytes }), { along, signal })
}

function onAnotherBranch(name: string): ConclaveError {
  return new ConclaveError('tampering', `${name} asks to join another copy of this room than the one here`, {
    hint: `The store shows ${name} other records than you. Compare the head phrase with the members by phone or in person. If the store was rolled back, ${name} withdraws the request and asks again.`,
  })
}

export async function reject(
  room: RoomContext,
  open: readonly OpenKnock[],
  name: string,
  { fingerprint }: Which,
  signal?: AbortSignal,
): Promise<Done> {
  requireMember(room)
  const { key, bytes, knock } = knockOf(open, name, fingerprint)
  const { rootKey } = knock
  const along = [{ kind: 'delete', key }] as const
  return writeChange(room, () => ({ type: 'reject', knockId: knockId(bytes), rootKey, name: knock.name }), {
    along,
    signal,
  })
}

/** The offer is recorded in the log; a notice in the person's inbox tells them of it. */
export async function invite(room: RoomContext, contact: Contact, signal?: AbortSignal): Promise<Done> {
  const done = await writeChange(room, () => ({ type: 'invite', ...contact }), { signal })
  await notify(room, contact)
  return done
}

async function notify({ parts, state }: RoomContext, contact: Contact): Promise<void> {
  const { store, identity, roomId, clock, random } = parts
  const direct = state?.policy.kind === 'pair'
  const notice = { roomId, roomName: state?.name ?? '', direct, from: identity.name, at: clock.now() }
  const value = await sealNotice(identity.signer, contact, notice)
  if (value === undefined) return
  const key = inboxKey(inboxId(contact.rootKey), random(16))
  await store.commit({ then: [{ kind: 'put', key, value }] })
}

/**
 * Accepts an invitation: an accept record of this person's own.
 * @throws tampering when the room is not what the invitation says
 */
export async function enterInvited(room: RoomContext, invited: Invited, signal?: AbortSignal): Promise<void> {
  const { parts, log } = room
  const { identity, roomId, random, clock } = parts
  log.keys.search.lookAgain()
  await log.catchUp(signal)
  if (room.standing === 'member') return
  const { signer, name, wrapKey } = identity
  await writeAs(
    room,
    signer,
    (state) => {
      checkInvitation(state, identity, invited)
      const nonce = random(knockNonceBytes)
      const { next: end, hash: last } = log.state.checkpoint
      const knock = signKnock(signer, {
        roomId,
        name,
        wrapKey,
        nonce,
        head: headOf(state).hash,
        end,
        last,
        at: clock.now(),
      })
      return { type: 'accept', knock }
    },
    { signal },
  )
}

/** A notice proves nothing: who invited, into what, is in the room's log. */
function checkInvitation(state: RoomState, { signer }: Identity, invited: Invited): void {
  const own = state.invitations.get(hex(signer.publicKey))
  const inviters = allTenures(state).filter(({ member }) => own?.by === member.index)
  const isTheirs = inviters.some(({ member }) => equalBytes(member.rootKey, invited.by.rootKey))
  const isThat = (state.policy.kind === 'pair') === invited.direct && state.name === invited.roomName
  if (isTheirs && isThat) return
  const { name: from } = invited.by
  if (own === undefined) {
    throw new ConclaveError('not-member', `The invitation from ${from} no longer stands`, {
      hint: `Ask ${from} to invite you again.`,
    })
  }
  throw new ConclaveError('tampering', `The invitation from ${from} is not what the room's log says`, {
    hint: `Someone may be impersonating ${from}: ask them by phone or in person.`,
  })
}

/** False for a member who has no key to the current epoch: they ask again. True while the store is unreachable. */
export async function hasKeys({ log }: RoomContext, signal?: AbortSignal): Promise<boolean> {
  try {
    return (await log.currentKeys(signal)) !== undefined
  } catch (error) {
    if (isConclaveError(error, 'unavailable')) return true
    throw error
  }
}
