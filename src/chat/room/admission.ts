/** Letting people in: answers to requests, invitations, and taking one up. */
import { isConclaveError } from '../../base/errors.ts'
import { knockId, knockNonceBytes, signKnock } from '../../protocol/knock.ts'
import { inboxId, sealNotice } from '../../protocol/notice.ts'
import { inboxKey } from '../../protocol/paths.ts'
import { headOf } from '../../protocol/room.ts'
import type { Confirm, Done, Which } from '../chat.ts'
import { changedKey, type Contact } from '../people/contacts.ts'
import type { OpenKnock } from '../people/knocks.ts'
import { knockOf } from '../people/people.ts'
import { knownOtherwise } from '../people/pins.ts'
import { requireMember, writeAs, writeChange, type RoomContext } from './room-context.ts'

/** @param open the requests that this room has */
export async function accept(
  room: RoomContext,
  open: readonly OpenKnock[],
  name: string,
  { fingerprint }: Which,
  signal?: AbortSignal,
): Promise<Done> {
  requireMember(room)
  const { key, bytes, knock } = knockOf(open, name, fingerprint)
  const known = fingerprint === undefined ? knownOtherwise(room.parts.identity, knock) : undefined
  if (known !== undefined) throw changedKey(knock, known)
  const along = [{ kind: 'delete', key }] as const
  return writeChange(room, () => ({ type: 'accept', knock: bytes }), { along, signal })
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
export async function invite(room: RoomContext, name: string, confirm: Confirm, signal?: AbortSignal): Promise<Done> {
  const contact = await room.parts.contact(name, confirm)
  const done = await writeChange(room, () => ({ type: 'invite', ...contact }), { signal })
  await notify(room, contact)
  return done
}

async function notify({ parts, state }: RoomContext, contact: Contact): Promise<void> {
  const { store, identity, roomId, clock, random } = parts
  const notice = { roomId, roomName: state?.name ?? '', from: identity.name, at: clock.now() }
  const value = await sealNotice(identity.signer, contact, notice)
  if (value === undefined) return
  const key = inboxKey(inboxId(contact.rootKey), random(16))
  await store.commit({ then: [{ kind: 'put', key, value }] })
}

/** Accepts an invitation: an accept record of this person's own. */
export async function enterInvited(room: RoomContext, signal?: AbortSignal): Promise<void> {
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
      const nonce = random(knockNonceBytes)
      const knock = signKnock(signer, { roomId, name, wrapKey, nonce, head: headOf(state).hash, at: clock.now() })
      return { type: 'accept', knock }
    },
    { signal },
  )
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
