/** M1 to M8, and X1 to X4: which messages count, and what a reader can't judge. */
import { fromHex } from '../../../src/base/bytes.ts'
import { encode, type Value } from '../../../src/base/codec.ts'
import { headOf } from '../../../src/protocol/room.ts'
import { craft, craftedSigner, smallPoints, type Point } from '../../crypto/edwards25519.ts'
import type { User } from '../../protocol/room-builder.ts'
import { longer, seedOf, type Stage } from '../stage.ts'
import { rule, type RuleCase, type Scene } from './case.ts'

const eighth = smallPoints[1] as Point
const secret = 77n
type People = Stage['people']
const topic = { type: 'topic', topic: 'tea' } as const
const said: Scene = { what: 'a message', play: (stage, { bob }) => void stage.say(bob, 'hi') }

/** Ada opens an epoch that bob gets a wrap of, and cyd none; they go on in it. */
async function withoutCyd(stage: Stage, { ada, bob }: People): Promise<void> {
  await stage.forgedKnown(ada, { type: 'rotate' }, { wrapFor: [ada, bob] })
}

/** By a key with a part of small order: an R of small order takes away what k leaves of it. */
function postWithSmallR(stage: Stage, by: User): void {
  const signer = {
    publicKey: by.signer.publicKey,
    sign(label: string, values: readonly Value[]) {
      const made = smallPoints
        .map((smallPartOfR) => craft(encode([label, ...values]), { secret, smallPart: eighth, smallPartOfR }))
        .find(({ equation }) => equation === 'cofactorless')
      if (made === undefined) throw new RangeError('not for this message')
      return made.signature
    },
  }
  for (let n = 0; ; n += 1) {
    try {
      stage.postForged(by, { signer, inside: { contents: [['text', `forged ${n}`]] } })
      return
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
    }
  }
}

export const messageCases: readonly RuleCase[] = [
  rule('M1', said, [
    {
      what: 'another suite',
      play: (stage, { bob }) => void stage.postForged(bob, { header: { suite: 2 } }),
      reason: /version/,
    },
    {
      what: 'another version',
      play: (stage, { bob }) => void stage.postForged(bob, { header: { version: 2 } }),
      reason: /version/,
    },
    {
      what: 'the version that was in force before',
      play: async (stage, { ada, bob }) => {
        await stage.policy(ada, 'members', true, 2)
        stage.postForged(bob)
      },
      reason: /version in force/,
    },
    {
      what: 'a byte behind it',
      play: (stage, { bob }) =>
        void stage.append(longer(stage.message(bob, { contents: [{ type: 'text', text: 'hi' }] }))),
      reason: /behind the end/,
    },
  ]),
  rule(
    'M2',
    {
      what: 'under the epoch in force',
      play: async (stage, { ada, bob }) => {
        await stage.rotate(ada)
        stage.say(bob, 'hi')
      },
    },
    [
      {
        what: 'under the one before: sealed before the kick was seen',
        play: async (stage, { ada, bob, cyd }) => {
          const { keys } = stage
          await stage.kick(ada, cyd)
          stage.postForged(bob, { keys })
        },
        reason: /epoch in force/,
      },
      {
        what: 'under one that has not begun',
        play: (stage, { bob }) => void stage.postForged(bob, { header: { epoch: 1 } }),
        reason: /epoch in force/,
      },
    ],
  ),
  rule('M3', said, [
    {
      what: 'sealed for another place',
      play: (stage, { bob }) => void stage.postForged(bob, { i: stage.log.length + 1 }),
      reason: /open/,
    },
    {
      what: 'an earlier record again',
      play: (stage) => void stage.append(stage.log.at(-1) as Uint8Array<ArrayBuffer>),
      reason: /open/,
    },
    {
      what: 'a bit altered',
      play: (stage, { bob }) =>
        void stage.append(stage.flipped(stage.message(bob, { contents: [{ type: 'text', text: 'hi' }] }), -20)),
      reason: /open/,
    },
  ]),
  rule(
    'M4',
    {
      what: 'a member from the record after their acceptance on',
      play: async (stage, { bob, eve }) => {
        await stage.join(bob, eve)
        stage.say(eve, 'hi')
      },
    },
    [
      {
        what: 'a stranger who was given the key',
        play: (stage, { eve }) => void stage.postForged(eve),
        reason: /not a member/,
      },
      {
        what: 'someone who has left',
        play: async (stage, { cyd }) => {
          await stage.leave(cyd)
          stage.postForged(cyd)
        },
        reason: /not a member/,
      },
    ],
  ),
  rule('M5', said, {
    what: 'the head before',
    play: async (stage, { ada, bob }) => {
      const { hash: head } = headOf(stage.room)
      await stage.topic(ada, 'tea')
      stage.postForged(bob, { inside: { head } })
    },
    reason: /head in force/,
  }),
  rule('M6', said, {
    what: 'behind another record',
    play: (stage, { bob }) => void stage.postForged(bob, { inside: { previousHash: seedOf('other') } }),
    reason: /another record/,
  }),
  rule(
    'M7',
    {
      what: 'its own signature counts, also behind a record whose signature is wrong',
      play: (stage, { bob, cyd }) => {
        stage.postForged(bob, { inside: { author: cyd.signer.publicKey } })
        stage.say(cyd, 'I said nothing')
      },
    },
    [
      {
        what: 'cyd’s name under bob’s signature',
        play: (stage, { bob, cyd }) => void stage.postForged(bob, { inside: { author: cyd.signer.publicKey } }),
        reason: /signature/,
      },
      {
        what: 'an R of small order, where the equation holds',
        play: async (stage, { bob, eve }) => {
          const mixed = { ...eve, signer: craftedSigner(eighth, secret) }
          await stage.join(bob, mixed)
          stage.say(mixed, 'under a key with a part of small order, which is a key like others')
          postWithSmallR(stage, mixed)
        },
        reason: /signature/,
      },
    ],
  ),
  rule(
    'M8',
    {
      what: 'every type, one that nobody knows, and a message once more: it is shown once',
      play: (stage, { bob }) => {
        const id = new Uint8Array(16).fill(7)
        const { counter } = bob
        stage.post(
          bob,
          { type: 'text', text: '\ufeff\u0000 hi' },
          { type: 'emote', text: 'waves' },
          { type: 'reply', to: id, text: 'yes' },
          { type: 'edit', to: id, text: 'no' },
          { type: 'delete', to: id },
          { type: 'react', to: id, emoji: '👍', on: true },
          {
            type: 'file',
            name: 'a.txt',
            mediaType: 'text/plain',
            size: 2 ** 40,
            digest: seedOf('digest'),
            key: seedOf('key'),
          },
          { type: 'unknown', name: 'poll', value: ['poll', ['tea', 'coffee'], null, -1] },
        )
        bob.counter = counter
        stage.say(bob, 'the first counter again')
      },
    },
    (
      [
        ['an empty text', [['text', '']]],
        ['a text of more than 16,384 bytes', [['text', 'x'.repeat(16_385)]]],
        ['a field more', [['text', 'hi', null]]],
        ['a type without an array', ['text']],
        ['a type too long', [['a type of 17 chars']]],
        ['no type', [[]]],
        ['no content', []],
        ['65 contents', Array.from({ length: 65 }, () => ['text', 'hi'])],
        [
          'a good content and a bad one',
          [
            ['text', 'hi'],
            ['delete', 'everything'],
          ],
        ],
        ['a size that is negative', [['file', 'a', 'b', -1, new Uint8Array(32), new Uint8Array(32)]]],
      ] as const
    ).map(([what, contents]) => ({
      what,
      play: (stage: Stage, { bob }: People) => void stage.postForged(bob, { inside: { contents } }),
      reason: /./,
    })),
  ),
]

export const lockedCases: readonly RuleCase[] = [
  rule(
    'X1',
    {
      what: 'in its place, under an epoch that the reader was not given',
      play: async (stage, people) => {
        await withoutCyd(stage, people)
        return stage.topic(people.bob, 'tea')
      },
      reader: 'cyd',
      verdict: 'locked',
    },
    [
      {
        what: 'not in its place: anyone sees that',
        play: async (stage, people) => {
          await withoutCyd(stage, people)
          return stage.forged(people.bob, topic, { header: { previousHash: seedOf('other') } })
        },
        reader: 'cyd',
        reason: /another record/,
      },
      {
        what: 'of another version',
        play: async (stage, people) => {
          await withoutCyd(stage, people)
          return stage.forged(people.bob, topic, { header: { version: 2 } })
        },
        reader: 'cyd',
        reason: /version/,
      },
    ],
  ),
  rule(
    'X2',
    {
      what: 'it may follow what the reader can’t open',
      play: async (stage, people) => {
        await withoutCyd(stage, people)
        await stage.topic(people.bob, 'tea')
        return stage.topic(people.bob, 'coffee')
      },
      reader: 'cyd',
      verdict: 'locked',
    },
    {
      what: 'who holds the secret knows that it follows nothing',
      play: async (stage, people) => {
        await withoutCyd(stage, people)
        return stage.forged(people.bob, topic, { header: { n: 9 } })
      },
      reader: 'bob',
      reason: /does not follow the head/,
    },
  ),
  rule(
    'X3',
    {
      what: 'a message under an epoch that the reader was not given',
      play: async (stage, people) => {
        await withoutCyd(stage, people)
        stage.say(people.bob, 'cyd can’t read this')
      },
      reader: 'cyd',
      verdict: 'locked',
    },
    {
      what: 'under a lower one: it is too late for that, whatever was said since',
      play: async (stage, people) => {
        const { keys } = stage
        await withoutCyd(stage, people)
        stage.postForged(people.bob, { keys })
      },
      reader: 'cyd',
      reason: /epoch in force/,
    },
  ),
  rule(
    'X4',
    {
      what: 'who has no key of the room',
      play: (stage, { bob }) => void stage.say(bob, 'hi'),
      reader: 'eve',
      verdict: 'locked',
    },
    {
      what: 'what is no record is none for them either',
      play: (stage) => void stage.append(fromHex('c0ffee')),
      reader: 'eve',
      reason: /./,
    },
  ),
]
