/** A, J and I: accept, reject, invite. */
import type { Bytes } from '../../../src/base/bytes.ts'
import { knockId } from '../../../src/protocol/knock.ts'
import type { Entry } from '../../../src/protocol/record.ts'
import { invitationTag } from '../../../src/protocol/rules.ts'
import { craftedSigner, smallPoints, type Point } from '../../crypto/edwards25519.ts'
import type { User } from '../../protocol/room-builder.ts'
import { seedOf, type Stage } from '../stage.ts'
import { rule, type RuleCase } from './case.ts'

type People = Stage['people']
const acceptOf = (knock: Bytes) => ({ type: 'accept', knock }) as const
const inviteOf = ({ signer, unwrapper, name }: User) =>
  ({ type: 'invite', rootKey: signer.publicKey, wrapKey: unwrapper.publicKey, name }) as const
const rejectOf = (knock: Bytes, { signer, name }: User) =>
  ({ type: 'reject', knockId: knockId(knock), rootKey: signer.publicKey, name }) as const

/** The entry that an honest accept of this knock would carry. */
async function entryFor(stage: Stage, by: User, knock: Bytes): Promise<Entry> {
  return (await stage.forge(by, acceptOf(knock))).header.entry as Entry
}

const [, eighth] = smallPoints as [Point, Point]
/** The point with u = 0 behind an honest ML-KEM key. */
const smallUnwrapper = ({ unwrapper }: User) => ({ ...unwrapper, publicKey: unwrapper.publicKey.slice().fill(0, 1184) })

const evesJoin = (stage: Stage, { bob, eve }: People) => stage.join(bob, eve)

/** Cyd was kicked, and keeps his keys. */
async function withoutCyd(stage: Stage, { ada, cyd }: People): Promise<void> {
  await stage.kick(ada, cyd)
}

export const admissionCases: readonly RuleCase[] = [
  rule('A1', { what: 'signed by who knocks, for this room', play: evesJoin }, [
    {
      what: 'signed by someone else: a key swapped in transit',
      play: async (stage, { bob, eve }) => {
        const entry = await entryFor(stage, bob, stage.knock(eve))
        const knock = stage.knock({ ...eve, signer: { ...eve.signer, sign: bob.signer.sign } })
        return stage.forged(bob, acceptOf(knock), {
          header: { entry: { ...entry, tag: knockId(knock).slice(0, 16) } },
        })
      },
      reason: /not signed/,
    },
    {
      what: 'for another room',
      play: (stage, { bob, eve }) => stage.forged(bob, acceptOf(stage.knock(eve, { roomId: seedOf('another room') }))),
      reason: /another room/,
    },
    {
      what: 'in a reserved name',
      play: async (stage, { bob, eve }) => {
        const entry = await entryFor(stage, bob, stage.knock(eve))
        return stage.forged(bob, acceptOf(stage.knock({ ...eve, name: 'Adm1n' })), { header: { entry } })
      },
      reason: /not a name/,
    },
    {
      what: 'a root key of small order, for which anyone can sign',
      play: async (stage, { bob, eve }) => {
        const entry = await entryFor(stage, bob, stage.knock(eve))
        const knock = stage.knock({ ...eve, signer: craftedSigner(eighth) })
        const tag = knockId(knock).slice(0, 16)
        return stage.forged(bob, acceptOf(knock), { header: { entry: { ...entry, tag } } })
      },
      reason: /not a public key/,
    },
    {
      what: 'a wrap key of small order, to which nothing could be sealed',
      play: async (stage, { bob, eve }) => {
        const entry = await entryFor(stage, bob, stage.knock(eve))
        const knock = stage.knock({ ...eve, unwrapper: smallUnwrapper(eve) })
        const tag = knockId(knock).slice(0, 16)
        return stage.forged(bob, acceptOf(knock), { header: { entry: { ...entry, tag } } })
      },
      reason: /not a wrap key/,
    },
  ]),
  rule(
    'A2',
    { what: 'a knock that was not answered yet', play: evesJoin },
    {
      what: 'one that was rejected',
      play: async (stage, { bob, eve }) => {
        const knock = stage.knock(eve)
        await stage.reject(bob, knock, eve)
        return stage.forged(bob, acceptOf(knock))
      },
      reason: /already answered/,
    },
  ),
  rule('A3', { what: 'the entry for this knock, with a wrap', play: evesJoin }, [
    {
      what: 'an entry for someone else',
      play: async (stage, { bob, eve, dan }) => {
        const entry = await entryFor(stage, bob, stage.knock(dan))
        return stage.forged(bob, acceptOf(stage.knock(eve)), { header: { entry } })
      },
      reason: /entry does not fit/,
    },
    {
      what: 'no wrap',
      play: async (stage, { bob, eve }) => {
        const knock = stage.knock(eve)
        const entry = { tag: knockId(knock).slice(0, 16), wrapped: null }
        return stage.forged(bob, acceptOf(knock), { header: { entry } })
      },
      reason: /entry does not fit/,
    },
  ]),
  rule(
    'A4',
    {
      what: 'a member wraps the secret once more for another, whatever the policy says',
      play: async (stage, { ada, bob, cyd }) => {
        await stage.policy(ada, 'admins')
        return stage.join(bob, cyd)
      },
    },
    [
      {
        what: 'for another wrap key than the member has',
        play: (stage, { bob, cyd, eve }) =>
          stage.forged(bob, acceptOf(stage.knock({ ...cyd, unwrapper: eve.unwrapper }))),
        reason: /requires a rekey/,
      },
      {
        what: 'by a guest',
        play: async (stage, { bob, cyd, eve }) => {
          await stage.invite(bob, eve)
          return stage.forged(eve, acceptOf(stage.knock(cyd)))
        },
        reason: /not a member/,
      },
    ],
  ),
  rule(
    'A5',
    [
      { what: 'a member lets in, where members may', play: evesJoin },
      {
        what: 'a guest lets themselves in',
        play: async (stage, { bob, eve }) => {
          await stage.invite(bob, eve)
          return stage.enter(eve)
        },
      },
    ],
    [
      {
        what: 'a member, where admins may',
        play: async (stage, { ada, bob, eve }) => {
          await stage.policy(ada, 'admins')
          return stage.forged(bob, acceptOf(stage.knock(eve)))
        },
        reason: /may not accept/,
      },
      {
        what: 'a guest lets someone else in',
        play: async (stage, { bob, dan, eve }) => {
          await stage.invite(bob, eve)
          return stage.forged(eve, acceptOf(stage.knock(dan)))
        },
        reason: /may not accept/,
      },
      {
        what: 'a guest with another wrap key than the invited one',
        play: async (stage, { bob, dan, eve }) => {
          await stage.invite(bob, eve)
          return stage.forged(eve, acceptOf(stage.knock({ ...eve, unwrapper: dan.unwrapper })))
        },
        reason: /not the invited key/,
      },
    ],
  ),
  rule(
    'A6',
    {
      what: 'an admin readmits someone after a kick',
      play: async (stage, people) => {
        await withoutCyd(stage, people)
        return stage.join(people.ada, people.cyd)
      },
    },
    [
      {
        what: 'a member does',
        play: async (stage, people) => {
          await withoutCyd(stage, people)
          return stage.forged(people.bob, acceptOf(stage.knock(people.cyd)))
        },
        reason: /only an admin/,
      },
      {
        what: 'a key that its owner has replaced',
        play: async (stage, { ada, cyd }) => {
          const old = { ...cyd }
          await stage.rekey(cyd)
          return stage.forged(ada, acceptOf(stage.knock(old)))
        },
        reason: /replaced by its owner/,
      },
    ],
  ),
  rule(
    'A7',
    {
      what: 'a knock from after the leave',
      play: async (stage, { bob, cyd }) => {
        await stage.leave(cyd)
        return stage.join(bob, cyd)
      },
    },
    [
      {
        what: 'one from before it',
        play: async (stage, { bob, cyd }) => {
          const knock = stage.knock(cyd)
          await stage.leave(cyd)
          return stage.forged(bob, acceptOf(knock))
        },
        reason: /older than the departure/,
      },
      {
        what: 'one whose head this room never had',
        play: (stage, { bob, eve }) => stage.forged(bob, acceptOf(stage.knock(eve, { head: seedOf('other') }))),
        reason: /older than the departure/,
      },
    ],
  ),
  rule('A8', { what: 'their own wrap key', play: evesJoin }, [
    {
      what: 'a member’s wrap key',
      play: (stage, { bob, ada, eve }) =>
        stage.forged(bob, acceptOf(stage.knock({ ...eve, unwrapper: ada.unwrapper }))),
      reason: /someone else/,
    },
    {
      what: 'a guest’s wrap key',
      play: async (stage, { bob, dan, eve }) => {
        await stage.invite(bob, dan)
        return stage.forged(bob, acceptOf(stage.knock({ ...eve, unwrapper: dan.unwrapper })))
      },
      reason: /someone else/,
    },
  ]),
  rule(
    'A9',
    { what: 'the second of a two-person chat', start: 'pair', play: (stage, { ada, bob }) => stage.join(ada, bob) },
    [
      {
        what: 'a third',
        start: 'pair',
        play: async (stage, { ada, bob, cyd }) => {
          await stage.join(ada, bob)
          return stage.forged(ada, acceptOf(stage.knock(cyd)))
        },
        reason: /full/,
      },
      {
        what: 'a second invitation: both would hold the secrets',
        start: 'pair',
        play: async (stage, { ada, bob, cyd }) => {
          await stage.invite(ada, bob)
          return stage.forged(ada, inviteOf(cyd))
        },
        reason: /full/,
      },
    ],
  ),
  rule(
    'A10',
    {
      what: 'the second comes back',
      start: 'pair',
      play: async (stage, { ada, bob }) => {
        await stage.join(ada, bob)
        await stage.leave(bob)
        return stage.join(ada, bob)
      },
    },
    {
      what: 'a third person in their place',
      start: 'pair',
      play: async (stage, { ada, bob, cyd }) => {
        await stage.join(ada, bob)
        await stage.leave(bob)
        return stage.forged(ada, acceptOf(stage.knock(cyd)))
      },
      reason: /two members/,
    },
  ),
  rule(
    'A11',
    [
      {
        what: 'the next index, also for someone who comes back',
        play: async (stage, people) => {
          await evesJoin(stage, people)
          await stage.leave(people.eve)
          return evesJoin(stage, people)
        },
      },
      {
        what: 'both of two are admins',
        start: 'pair',
        play: async (stage, { ada, bob }) => {
          await stage.invite(ada, bob)
          await stage.enter(bob)
          return stage.rotate(bob)
        },
      },
    ],
    [
      {
        what: 'a newcomer is no admin',
        play: async (stage, people) => {
          await evesJoin(stage, people)
          return stage.forged(people.eve, { type: 'rotate' })
        },
        reason: /not an admin/,
      },
      {
        what: 'an invitation is used once',
        play: async (stage, { bob, eve }) => {
          await stage.invite(bob, eve)
          await stage.enter(eve)
          await stage.leave(eve)
          return stage.forged(eve, acceptOf(stage.knock(eve)))
        },
        reason: /not a member/,
      },
    ],
  ),
  rule(
    'J1',
    { what: 'a member, where members accept', play: (stage, { bob, eve }) => stage.reject(bob, stage.knock(eve), eve) },
    {
      what: 'a member, where admins do',
      play: async (stage, { ada, bob, eve }) => {
        await stage.policy(ada, 'admins')
        return stage.forged(bob, rejectOf(stage.knock(eve), eve))
      },
      reason: /may not reject/,
    },
  ),
  rule(
    'J2',
    {
      what: 'a knock that was not answered yet',
      play: (stage, { bob, eve }) => stage.reject(bob, stage.knock(eve), eve),
    },
    {
      what: 'one that was accepted',
      play: async (stage, { bob, eve }) => {
        const knock = stage.knock(eve)
        await stage.accept(bob, knock)
        return stage.forged(bob, rejectOf(knock, eve))
      },
      reason: /already answered/,
    },
  ),
  rule(
    'J3',
    { what: 'the knock’s tag, and no wrap', play: (stage, { bob, eve }) => stage.reject(bob, stage.knock(eve), eve) },
    [
      {
        what: 'another tag',
        play: (stage, { bob, eve }) =>
          stage.forged(bob, rejectOf(stage.knock(eve), eve), {
            header: { entry: { tag: new Uint8Array(16), wrapped: null } },
          }),
        reason: /entry does not fit/,
      },
      {
        what: 'a wrap',
        play: async (stage, { bob, eve }) => {
          const knock = stage.knock(eve)
          return stage.forged(bob, rejectOf(knock, eve), { header: { entry: await entryFor(stage, bob, knock) } })
        },
        reason: /entry does not fit/,
      },
    ],
  ),
  rule('I1', { what: 'a member invites a stranger', play: (stage, { bob, eve }) => stage.invite(bob, eve) }, [
    {
      what: 'a member',
      play: (stage, { bob, cyd }) => stage.forged(bob, inviteOf(cyd)),
      reason: /already a member/,
    },
    {
      what: 'a member, where admins accept',
      play: async (stage, { ada, bob, eve }) => {
        await stage.policy(ada, 'admins')
        return stage.forged(bob, inviteOf(eve))
      },
      reason: /may not invite/,
    },
  ]),
  rule(
    'I2',
    {
      what: 'an admin invites whom an admin kicked',
      play: async (stage, people) => {
        await withoutCyd(stage, people)
        return stage.invite(people.ada, people.cyd)
      },
    },
    [
      {
        what: 'a member does',
        play: async (stage, people) => {
          await withoutCyd(stage, people)
          return stage.forged(people.bob, inviteOf(people.cyd))
        },
        reason: /only an admin/,
      },
      {
        what: 'with a member’s wrap key',
        play: (stage, { bob, cyd, eve }) => stage.forged(bob, inviteOf({ ...eve, unwrapper: cyd.unwrapper })),
        reason: /someone else/,
      },
    ],
  ),
  rule(
    'I3',
    [
      {
        what: 'the inviter invites again',
        play: async (stage, { bob, eve }) => {
          await stage.invite(bob, eve)
          return stage.invite(bob, eve)
        },
      },
      {
        what: 'an admin does',
        play: async (stage, { ada, bob, eve }) => {
          await stage.invite(bob, eve)
          return stage.invite(ada, eve)
        },
      },
    ],
    {
      what: 'another member, with a wrap key of their choice',
      play: async (stage, { bob, cyd, dan, eve }) => {
        await stage.invite(bob, eve)
        return stage.forged(cyd, inviteOf({ ...eve, unwrapper: dan.unwrapper }))
      },
      reason: /invited by another member/,
    },
  ),
  rule('I4', { what: 'the invitation’s tag, and a wrap', play: (stage, { bob, eve }) => stage.invite(bob, eve) }, [
    {
      what: 'another’s tag',
      play: async (stage, { bob, dan, eve }) => {
        const { header } = await stage.forge(bob, inviteOf(dan))
        return stage.forged(bob, inviteOf(eve), { header: { entry: header.entry } })
      },
      reason: /entry does not fit/,
    },
    {
      what: 'for a root key of small order',
      play: async (stage, { bob, eve }) => {
        const { publicKey } = craftedSigner(eighth)
        const { header } = await stage.forge(bob, inviteOf(eve))
        const entry = { ...(header.entry as Entry), tag: invitationTag(stage.roomId, publicKey) }
        return stage.forged(bob, { ...inviteOf(eve), rootKey: publicKey }, { header: { entry } })
      },
      reason: /not a public key/,
    },
    {
      what: 'no wrap',
      play: async (stage, { bob, eve }) => {
        const { header } = await stage.forge(bob, inviteOf(eve))
        const { tag } = header.entry as Entry
        return stage.forged(bob, inviteOf(eve), { header: { entry: { tag, wrapped: null } } })
      },
      reason: /without a key/,
    },
  ]),
  rule(
    'I5',
    {
      what: 'survives new keys of the inviter',
      play: async (stage, { cyd, eve }) => {
        await stage.invite(cyd, eve)
        await stage.rekey(cyd)
        return stage.enter(eve)
      },
    },
    (['kick', 'leave'] as const).map((goes) => ({
      what: goes === 'kick' ? 'the inviter was kicked' : 'the inviter left',
      play: async (stage: Stage, { ada, cyd, eve }: People) => {
        await stage.invite(cyd, eve)
        await (goes === 'kick' ? stage.kick(ada, cyd) : stage.leave(cyd))
        return stage.forged(eve, acceptOf(stage.knock(eve)))
      },
      reason: /not a member/,
    })),
  ),
]
