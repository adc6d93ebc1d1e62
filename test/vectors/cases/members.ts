/** K, L, R, Y, D, V, S and F: what members and admins do. */
import { signerFromSeed } from '../../../src/crypto/sign.ts'
import { sealLink } from '../../../src/protocol/epoch.ts'
import type { Operation } from '../../../src/protocol/operation.ts'
import { craftedSigner, smallPoints, type Point } from '../../crypto/edwards25519.ts'
import type { User } from '../../protocol/room-builder.ts'
import { seedOf, type Stage } from '../stage.ts'
import { rule, type RuleCase } from './case.ts'

type People = Stage['people']
const of = ({ signer }: User) => ({ rootKey: signer.publicKey })
const text = (said: string) => ({ inside: { contents: [['text', said]] } }) as const

async function rekeyWith(stage: Stage, by: User, change: Partial<Operation & { type: 'rekey' }>): Promise<unknown> {
  const { operation } = await stage.rekeyOf(by)
  return stage.forged(by, { ...operation, ...change })
}

export const memberCases: readonly RuleCase[] = [
  rule('K1', { what: 'an admin kicks', play: (stage, { ada, cyd }) => stage.kick(ada, cyd) }, [
    {
      what: 'a member does',
      play: (stage, { bob, cyd }) => stage.forged(bob, { type: 'kick', ...of(cyd) }),
      reason: /not an admin/,
    },
    {
      what: 'themselves',
      play: (stage, { ada }) => stage.forged(ada, { type: 'kick', ...of(ada) }),
      reason: /kick themselves/,
    },
    {
      what: 'in a two-person chat',
      start: 'pair',
      play: async (stage, { ada, bob }) => {
        await stage.join(ada, bob)
        return stage.forged(ada, { type: 'kick', ...of(bob) })
      },
      reason: /has no kick/,
    },
  ]),
  rule(
    'K2',
    {
      what: 'an invitation is withdrawn',
      play: async (stage, { ada, bob, eve }) => {
        await stage.invite(bob, eve)
        return stage.kick(ada, eve)
      },
    },
    [
      {
        what: 'someone who is not there',
        play: (stage, { ada, eve }) => stage.forged(ada, { type: 'kick', ...of(eve) }),
        reason: /no such member/,
      },
      {
        what: 'a member invites again whose invitation an admin withdrew',
        play: async (stage, { ada, bob, eve }) => {
          await stage.invite(bob, eve)
          await stage.kick(ada, eve)
          const { signer, unwrapper, name } = eve
          return stage.forged(bob, { type: 'invite', rootKey: signer.publicKey, wrapKey: unwrapper.publicKey, name })
        },
        reason: /only an admin/,
      },
    ],
  ),
  rule(
    'K3',
    {
      what: 'the others go on',
      play: async (stage, { ada, bob, cyd }) => {
        await stage.kick(ada, cyd)
        stage.say(bob, 'without cyd')
      },
    },
    [
      {
        what: 'who was kicked writes, with the new key from an accomplice',
        play: async (stage, { ada, cyd }) => {
          await stage.kick(ada, cyd)
          stage.postForged(cyd, text('still here'))
        },
        reason: /not a member/,
      },
    ],
  ),
  rule(
    'L1',
    { what: 'a member leaves', play: (stage, { cyd }) => stage.leave(cyd) },
    {
      what: 'a stranger does',
      play: (stage, { eve }) => stage.forged(eve, { type: 'leave' }),
      reason: /not a member/,
    },
  ),
  rule(
    'L2',
    {
      what: 'the last admin leaves, and the member of lowest index is admin',
      play: async (stage, { ada, bob }) => {
        await stage.leave(ada)
        return stage.rotate(bob)
      },
      reader: 'bob',
    },
    [
      {
        what: 'another member is not',
        play: async (stage, { ada, cyd }) => {
          await stage.leave(ada)
          return stage.forged(cyd, { type: 'rotate' })
        },
        reader: 'bob',
        reason: /not an admin/,
      },
      {
        what: 'nobody inherits while another admin is there',
        start: 'two admins',
        play: async (stage, { ada, cyd }) => {
          await stage.leave(ada)
          return stage.forged(cyd, { type: 'rotate' })
        },
        reader: 'bob',
        reason: /not an admin/,
      },
    ],
  ),
  rule(
    'R1',
    { what: 'an admin rotates', play: (stage, { ada }) => stage.rotate(ada) },
    { what: 'a member does', play: (stage, { bob }) => stage.forged(bob, { type: 'rotate' }), reason: /not an admin/ },
  ),
  rule('Y1', { what: 'keys that are new here', play: (stage, { cyd }) => stage.rekey(cyd), reader: 'cyd' }, [
    {
      what: 'a member’s root key: two in one',
      play: async (stage, { bob, cyd }) => {
        const { operation, keys } = await stage.rekeyOf(bob)
        const [rootKey, wrapKey] = [cyd.signer.publicKey, keys.unwrapper.publicKey]
        const proof = cyd.signer.sign('conclave/1 rekey', [stage.roomId, bob.signer.publicKey, rootKey, wrapKey])
        return stage.forged(bob, { ...operation, rootKey, wrapKey, proof })
      },
      reason: /root key used before/,
    },
    {
      what: 'the root key of someone who has left',
      play: async (stage, { bob, cyd }) => {
        await stage.leave(cyd)
        const { operation, keys } = await stage.rekeyOf(bob)
        const [rootKey, wrapKey] = [cyd.signer.publicKey, keys.unwrapper.publicKey]
        const proof = cyd.signer.sign('conclave/1 rekey', [stage.roomId, bob.signer.publicKey, rootKey, wrapKey])
        return stage.forged(bob, { ...operation, rootKey, wrapKey, proof })
      },
      reason: /root key used before/,
    },
  ]),
  rule(
    'Y2',
    { what: 'a wrap key that is new here', play: (stage, { cyd }) => stage.rekey(cyd) },
    (
      [
        ['their present one', 'cyd', /wrap key used before/],
        ['another member’s', 'bob', /someone else/],
      ] as const
    ).map(([what, whose, reason]) => ({
      what,
      play: async (stage: Stage, people: People) => {
        const { operation, keys } = await stage.rekeyOf(people.cyd)
        const { publicKey: wrapKey } = people[whose].unwrapper
        const proved = [stage.roomId, people.cyd.signer.publicKey, operation.rootKey, wrapKey]
        return stage.forged(people.cyd, { ...operation, wrapKey, proof: keys.signer.sign('conclave/1 rekey', proved) })
      },
      reason,
    })),
  ),
  rule('Y3', { what: 'proven by the new root key', play: (stage, { cyd }) => stage.rekey(cyd) }, [
    {
      what: 'proven by another',
      play: (stage, { cyd }) => {
        const proof = cyd.signer.sign('conclave/1 rekey', [stage.roomId, cyd.signer.publicKey])
        return rekeyWith(stage, cyd, { proof })
      },
      reason: /proof is invalid/,
    },
    {
      what: 'a key of small order, for which anyone can sign',
      play: (stage, { cyd, eve }) => {
        const { publicKey: rootKey, sign } = craftedSigner(smallPoints[1] as Point)
        const wrapKey = eve.unwrapper.publicKey
        const proof = sign('conclave/1 rekey', [stage.roomId, cyd.signer.publicKey, rootKey, wrapKey])
        return rekeyWith(stage, cyd, { rootKey, wrapKey, proof })
      },
      reason: /not a public key/,
    },
    {
      what: 'someone else’s key',
      play: (stage, { cyd }) => rekeyWith(stage, cyd, { rootKey: signerFromSeed(seedOf('not one’s own')).publicKey }),
      reason: /proof is invalid/,
    },
  ]),
  rule(
    'Y4',
    {
      what: 'index, name and rank stay; messages count under the new key',
      play: async (stage, { ada }) => {
        await stage.rekey(ada)
        await stage.rotate(ada)
        stage.say(ada, 'with new keys')
      },
      reader: 'bob',
    },
    [
      {
        what: 'the old key writes',
        play: async (stage, { cyd }) => {
          const old = { ...cyd }
          await stage.rekey(cyd)
          stage.postForged(old, text('with the old key'))
        },
        reader: 'bob',
        reason: /not a member/,
      },
      {
        what: 'the old key changes the room',
        play: async (stage, { cyd }) => {
          const old = { ...cyd }
          await stage.rekey(cyd)
          return stage.forged(old, { type: 'topic', topic: 'tea' })
        },
        reader: 'bob',
        reason: /not a member/,
      },
    ],
  ),
  rule('D1', { what: 'an admin promotes a member', play: (stage, { ada, bob }) => stage.promote(ada, bob) }, [
    {
      what: 'a member promotes themselves',
      play: (stage, { bob }) => stage.forged(bob, { type: 'promote', ...of(bob) }),
      reason: /not an admin/,
    },
    {
      what: 'a stranger',
      play: (stage, { ada, eve }) => stage.forged(ada, { type: 'promote', ...of(eve) }),
      reason: /no such member/,
    },
    {
      what: 'who is an admin already',
      play: (stage, { ada }) => stage.forged(ada, { type: 'promote', ...of(ada) }),
      reason: /already an admin/,
    },
    {
      what: 'who is none is not demoted',
      play: (stage, { ada, bob }) => stage.forged(ada, { type: 'demote', ...of(bob) }),
      reason: /not an admin/,
    },
  ]),
  rule(
    'D2',
    { what: 'one of two admins steps down', start: 'two admins', play: (stage, { ada }) => stage.demote(ada, ada) },
    {
      what: 'the only one does',
      play: (stage, { ada }) => stage.forged(ada, { type: 'demote', ...of(ada) }),
      reason: /needs an admin/,
    },
  ),
  rule(
    'V1',
    { what: 'an admin', play: (stage, { ada }) => stage.policy(ada, 'admins', false) },
    {
      what: 'a member',
      play: (stage, { bob }) =>
        stage.forged(bob, { type: 'policy', acceptBy: 'members', listed: true, rotateDays: 30, version: 1 }),
      reason: /not an admin/,
    },
  ),
  rule(
    'V2',
    { what: 'the version raised', play: (stage, { ada }) => stage.policy(ada, 'members', true, 2) },
    {
      what: 'the version lowered',
      play: (stage, { ada }) =>
        stage.forged(ada, { type: 'policy', acceptBy: 'members', listed: true, rotateDays: 30, version: 0 }),
      reason: /can't go back/,
    },
  ),
  rule(
    'S1',
    { what: 'any member', play: (stage, { cyd }) => stage.topic(cyd, 'tea') },
    {
      what: 'a stranger',
      play: (stage, { eve }) => stage.forged(eve, { type: 'topic', topic: 'tea' }),
      reason: /not a member/,
    },
  ),
  rule(
    'F1',
    {
      what: 'a link for an epoch that has none which leads back',
      play: async (stage, { ada, bob, cyd }) => {
        await stage.forgedKnown(ada, { type: 'rotate' }, { wrapFor: [ada, bob, cyd], badLink: true })
        return stage.repair(bob, 1)
      },
    },
    [
      {
        what: 'genesis has none',
        play: (stage, { bob }) =>
          stage.forged(
            bob,
            { type: 'repair', epoch: 0 },
            { header: { links: [sealLink(stage.roomId, stage.keys, stage.keys, stage.dice.random)] } },
          ),
        reason: /no such link/,
      },
      {
        what: 'a link of another epoch',
        play: async (stage, { ada, bob }) => {
          await stage.rotate(ada)
          await stage.rotate(ada)
          const links = [sealLink(stage.roomId, stage.keysOf(2), stage.keysOf(1), stage.dice.random)]
          return stage.forged(bob, { type: 'repair', epoch: 1 }, { header: { links } })
        },
        reason: /does not fit/,
      },
    ],
  ),
]
