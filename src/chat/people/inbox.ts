/** Invitations in a person's inbox: read once, they become rooms of their list. */
import { inboxNoticesMax, roomNameCharsMax } from '../../base/limits.ts'
import { inboxId, openNotice, type Notice } from '../../protocol/notice.ts'
import { inboxRange } from '../../protocol/paths.ts'
import type { Revision, Store } from '../../store/store.ts'
import type { Identity } from '../identity/identity.ts'

export const pairPolicy = { kind: 'pair', acceptBy: 'members', listed: false } as const

const pairPrefix = 'dm-'

/** The name of a direct message in its records; front ends show the other person's. */
export function pairName(a: string, b: string): string {
  return `${pairPrefix}${a}-${b}`.slice(0, roomNameCharsMax)
}

/** @returns the revision behind which notices may be new */
export async function readInbox(store: Store, identity: Identity, signal?: AbortSignal): Promise<Revision> {
  let first: Revision | undefined
  for (const { publicKey } of [identity.signer, ...identity.formerSigners]) {
    const { start, end } = inboxRange(inboxId(publicKey))
    const { entries, revision } = await store.range(start, end, { limit: inboxNoticesMax }, signal)
    first ??= revision
    for (const { key, value } of entries) {
      const notice = await openNotice(publicKey, identity.unwrappers, value)
      if (notice !== undefined) await noteInvitation(identity, notice)
      await store.commit({ then: [{ kind: 'delete', key }] }, signal)
    }
  }
  return first ?? 0
}

async function noteInvitation(identity: Identity, { roomId, roomName, from }: Notice): Promise<void> {
  const known = identity.room(roomId)
  if (known?.standing === 'member') return
  const name = roomName.startsWith(pairPrefix) ? `@${from}` : roomName
  const rest = { memberIndex: null, knockHash: null, head: known?.head ?? null }
  await identity.setRoom({ roomId, name, standing: 'invited', ...rest })
}
