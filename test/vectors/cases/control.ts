/** C1 to C8 and G1 to G3: what every control record is, and the first one. */
import { fromHex } from '../../../src/base/bytes.ts'
import { decodeRecord, encodeControlOuter, type ControlHeader } from '../../../src/protocol/record.ts'
import { craftedSigner, smallPoints, type Point } from '../../crypto/edwards25519.ts'
import { longer, seedOf, type Stage } from '../stage.ts'
import { rule, type RuleCase } from './case.ts'

const topic = { type: 'topic', topic: 'tea' } as const
const rotate = { type: 'rotate' } as const
const { type } = rotate

/** The record as it was sealed, with another field in the clear. */
async function altered(stage: Stage, change: Partial<ControlHeader>): Promise<unknown> {
  const { bytes } = await stage.forge(stage.people.ada, rotate, { wrapFor: [stage.people.ada] })
  const record = decodeRecord(bytes)
  if (record.kind !== 'control') throw new Error('a control record')
  const { outer } = record
  return stage.append(encodeControlOuter({ ...outer, header: { ...outer.header, ...change } }))
}

export const controlCases: readonly RuleCase[] = [
  rule('C1', { what: 'a record as it is encoded', play: (stage, { bob }) => stage.topic(bob, 'tea') }, [
    {
      what: 'one byte more behind it',
      play: async (stage, { bob }) => stage.append(longer((await stage.forge(bob, topic)).bytes)),
      reason: /behind the end/,
    },
    {
      what: 'one byte more than a record may have',
      play: async (stage, { bob }) => {
        const { bytes } = await stage.forge(bob, topic)
        const record = decodeRecord(bytes)
        if (record.kind !== 'control') throw new Error('a control record')
        const missing = 65_537 - bytes.length
        const ciphertext = new Uint8Array(record.outer.ciphertext.length + missing)
        return stage.append(encodeControlOuter({ ...record.outer, ciphertext }))
      },
      reason: /too long/,
    },
    { what: 'no record at all', play: (stage) => void stage.append(fromHex('c0ffee')), reason: /not used/ },
  ]),
  rule(
    'C2',
    {
      what: 'made for its place, behind the record that stands there',
      play: (stage, { bob }) => stage.topic(bob, 'tea'),
    },
    [
      {
        what: 'made for the next index',
        play: (stage, { bob }) => stage.forged(bob, topic, { header: { i: stage.log.length + 1 } }),
        reason: /another index/,
      },
      {
        what: 'made behind another record',
        play: (stage, { bob }) => stage.forged(bob, topic, { header: { previousHash: seedOf('other') } }),
        reason: /another record/,
      },
      {
        what: 'an earlier record again',
        play: (stage) => void stage.append(stage.log[1] as Uint8Array<ArrayBuffer>),
        reason: /another index/,
      },
      {
        what: 'another suite',
        play: (stage, { bob }) => stage.forged(bob, topic, { header: { suite: 2 } }),
        reason: /suite/,
      },
    ],
  ),
  rule('C3', { what: 'the version in force', play: (stage, { bob }) => stage.topic(bob, 'tea') }, [
    {
      what: 'a later version than the room has',
      play: (stage, { bob }) => stage.forged(bob, topic, { header: { version: 2 } }),
      reason: /version/,
    },
    {
      what: 'version 1 in a room that has gone on to version 2',
      play: async (stage, { ada, bob }) => {
        await stage.policy(ada, 'members', true, 2)
        return stage.forged(bob, topic)
      },
      reason: /version/,
    },
    {
      what: 'version 2 in a room of version 2, for a reader of version 1',
      play: async (stage, { ada, bob }) => {
        await stage.policy(ada, 'members', true, 2)
        return stage.forged(bob, topic, { header: { version: 2 } })
      },
      reason: /version/,
    },
  ]),
  rule(
    'C4',
    {
      what: 'follows the newest valid control record, with messages and void records between',
      play: async (stage, { bob, cyd }) => {
        stage.say(cyd, 'in between')
        stage.append(fromHex('c0ffee'))
        return stage.topic(bob, 'tea')
      },
    },
    [
      {
        what: 'the second of two that were made at once',
        play: async (stage, { ada, bob }) => {
          const { header } = await stage.forge(bob, topic)
          await stage.topic(ada, 'coffee')
          return stage.forged(bob, topic, { header: { ...header, ...stage.place() } })
        },
        reason: /does not follow the head/,
      },
      ...(
        [
          ['an n too high', { n: 4 }],
          ['another head', { previousHead: seedOf('other') }],
          ['another index of the head', { previousHeadIndex: 0 }],
          ['an epoch that has not begun', { under: 1 }],
        ] as const
      ).map(([what, header]) => ({
        what,
        play: (stage: Stage, { bob }: Stage['people']) => stage.forged(bob, topic, { header }),
        reason: /does not follow the head/,
      })),
    ],
  ),
  rule('C5', { what: 'opens with its own fields', play: (stage, { ada }) => stage.rotate(ada) }, [
    { what: 'other wrap pages named', play: (stage) => altered(stage, { wraps: seedOf('other') }), reason: /open/ },
    { what: 'another confirm', play: (stage) => altered(stage, { confirm: seedOf('other') }), reason: /open/ },
    {
      what: 'sealed under a key of the author’s own making',
      play: (stage, { ada }) => stage.forged(ada, topic, { under: { ...stage.keys, body: stage.keys.message } }),
      reason: /open/,
    },
  ]),
  rule('C6', { what: 'signed by its author', play: (stage, { ada }) => stage.topic(ada, 'tea') }, [
    {
      what: 'bob as ada: both have the keys',
      play: (stage, { ada, bob }) => stage.forged(ada, topic, { signature: bob.signer.sign }),
      reason: /signature/,
    },
    {
      what: 'a room made by a key of small order, for which anyone can sign',
      start: 'empty',
      play: (stage, { ada }) => stage.genesis({ ...ada, signer: craftedSigner(smallPoints[1] as Point) }),
      reason: /not a public key/,
    },
  ]),
  rule('C7', { what: 'a member', play: (stage, { cyd }) => stage.topic(cyd, 'tea') }, [
    { what: 'a stranger', play: (stage, { eve }) => stage.forged(eve, topic), reason: /not a member/ },
    {
      what: 'someone who was kicked',
      play: async (stage, { ada, cyd }) => {
        await stage.kick(ada, cyd)
        return stage.forged(cyd, topic)
      },
      reason: /not a member/,
    },
    {
      what: 'a guest, who may do nothing but enter',
      play: async (stage, { bob, eve }) => {
        await stage.invite(bob, eve)
        return stage.forged(eve, topic)
      },
      reason: /not a member/,
    },
  ]),
  rule(
    'C8',
    { what: 'an epoch with its confirm, its pages and its link', play: (stage, { ada }) => stage.rotate(ada) },
    [
      {
        what: 'an epoch without a link',
        play: (stage, { ada }) => stage.forged(ada, { type }, { header: { links: [] } }),
        reason: /links/,
      },
      {
        what: 'an epoch with two links',
        play: async (stage, { ada }) => {
          const { header } = await stage.forge(ada, rotate)
          return stage.forged(ada, rotate, { header: { links: [...header.links, ...header.links] } })
        },
        reason: /links/,
      },
      {
        what: 'an epoch whose link leads elsewhere',
        play: async (stage, { ada }) => {
          const secret = seedOf('secret')
          const { header } = await stage.forge(ada, rotate, { secret })
          const links = header.links.map((link) => ({ ...link, to: 1 }))
          return stage.forged(ada, rotate, { secret, header: { links } })
        },
        reason: /link/,
      },
      {
        what: 'an epoch whose link starts elsewhere',
        play: async (stage, { ada }) => {
          const { header } = await stage.forge(ada, rotate)
          return stage.forged(ada, rotate, { header: { links: header.links } })
        },
        reason: /link/,
      },
      {
        what: 'an epoch that names other pages than its own',
        play: (stage, { ada }) => stage.forged(ada, rotate, { header: { wraps: seedOf('wraps') } }),
        reason: /wraps/,
      },
      {
        what: 'an epoch without a confirm',
        play: (stage, { ada }) => stage.forged(ada, rotate, { header: { confirm: null } }),
        reason: /epoch/,
      },
      {
        what: 'an epoch without pages',
        play: (stage, { ada }) => stage.forged(ada, rotate, { header: { wraps: null } }),
        reason: /epoch/,
      },
      {
        what: 'an epoch hidden in a topic',
        play: async (stage, { bob }) => {
          const { header } = await stage.forge(bob, rotate)
          const { confirm, wraps, links, epoch } = header
          return stage.forged(bob, topic, { header: { confirm, wraps, links, epoch } })
        },
        reason: /epoch/,
      },
      {
        what: 'an epoch left out',
        play: async (stage, { ada }) => {
          const secret = seedOf('secret')
          const { header } = await stage.forge(ada, rotate, { secret })
          return stage.forged(ada, rotate, { secret, header: { epoch: 2, links: header.links } })
        },
        reason: /epoch/,
      },
      {
        what: 'an entry where none belongs',
        play: (stage, { bob }) =>
          stage.forged(bob, topic, { header: { entry: { tag: new Uint8Array(16), wrapped: null } } }),
        reason: /entry/,
      },
      {
        what: 'an accept without an entry',
        play: (stage, { bob, eve }) =>
          stage.forged(bob, { type: 'accept', knock: stage.knock(eve) }, { header: { entry: null } }),
        reason: /entry/,
      },
    ],
  ),
  rule('G1', { what: 'the first record', start: 'empty', play: (stage, { ada }) => stage.genesis(ada) }, [
    { what: 'not n 0', start: 'empty', play: (stage, { ada }) => stage.genesis(ada, { n: 1 }), reason: /first/ },
    {
      what: 'behind something',
      start: 'empty',
      play: (stage, { ada }) => stage.genesis(ada, { previousHead: seedOf('other') }),
      reason: /follows nothing/,
    },
    { what: 'epoch 1', start: 'empty', play: (stage, { ada }) => stage.genesis(ada, { epoch: 1 }), reason: /epoch 0/ },
    {
      what: 'no epoch',
      start: 'empty',
      play: (stage, { ada }) => stage.genesis(ada, { confirm: null }),
      reason: /epoch 0/,
    },
  ]),
  rule(
    'G2',
    { what: 'the record whose core gives the room’s id', start: 'empty', play: (stage, { ada }) => stage.genesis(ada) },
    [
      {
        what: 'another room under this id',
        start: 'empty',
        play: (stage, { ada }) => stage.genesis(ada, {}, seedOf('another room')),
        reason: /not the genesis/,
      },
      {
        what: 'another operation',
        start: 'empty',
        play: (stage, { ada }) => stage.genesis(ada, {}, seedOf('another room'), rotate),
        reason: /creates the room/,
      },
    ],
  ),
  rule(
    'G3',
    {
      what: 'who made the room is its admin',
      start: 'empty',
      play: async (stage, { ada }) => {
        await stage.create(ada)
        return stage.rotate(ada)
      },
    },
    {
      what: 'the room made once more, by its admin',
      play: (stage, { ada }) => {
        const { policy } = stage.room
        const create = {
          type: 'create',
          name: 'ada',
          wrapKey: ada.unwrapper.publicKey,
          policy,
          nonce: seedOf('nonce'),
          roomName: 'demo',
        } as const
        return stage.forged(ada, create, { header: { links: [] } })
      },
      reason: /created only once/,
    },
  ),
]
