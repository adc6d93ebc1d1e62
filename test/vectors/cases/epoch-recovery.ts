/** W1 to W7: ways out of an epoch that nobody, or not everybody, can open. */
import { rule, type RuleCase } from './case.ts'
import type { ControlMark } from '../../../src/protocol/room.ts'
import type { Stage } from '../stage.ts'

type People = Stage['people']
const rotate = { type: 'rotate' } as const
const topic = { type: 'topic', topic: 'tea' } as const

/** Bob, an admin too, opens an epoch and gives its secret to nobody. */
const garbage = (stage: Stage, { bob }: People) => stage.forged(bob, rotate)

export const epochRecoveryCases: readonly RuleCase[] = [
  rule(
    'W1',
    {
      what: 'follows the record that opened the epoch, under the epoch before it',
      start: 'two admins',
      play: async (stage, people) => {
        await garbage(stage, people)
        return stage.wayOut(people.ada, { type: 'kick', rootKey: people.bob.signer.publicKey })
      },
    },
    [
      {
        what: 'follows a record that opened nothing',
        start: 'two admins',
        play: async (stage, { ada, bob }) => {
          const under = stage.keys
          const room = stage.room
          await stage.rotate(ada)
          await stage.rotate(ada)
          return stage.forged(bob, rotate, { room, under, wrapFor: [bob] })
        },
        reason: /does not follow the head/,
      },
      {
        what: 'before genesis',
        start: 'two admins',
        play: async (stage, { ada, bob }) => {
          await stage.rotate(ada)
          const { i, hash } = stage.room.marks.get(0) as ControlMark
          const header = { n: 1, previousHead: hash, previousHeadIndex: i }
          return stage.forged(bob, rotate, { under: stage.keysOf(0), header })
        },
        reason: /does not follow the head/,
      },
      {
        what: 'the second of two: the epoch is skipped already',
        start: 'two admins',
        play: async (stage, people) => {
          await stage.promote(people.ada, people.cyd)
          await garbage(stage, people)
          const base = stage.room
          await stage.wayOut(people.ada, rotate, base)
          return stage.forged(people.cyd, rotate, { room: base, under: stage.keysOf(0), wrapFor: [people.cyd] })
        },
        reason: /does not follow the head/,
      },
    ],
  ),
  rule(
    'W2',
    {
      what: 'a rotation',
      start: 'two admins',
      play: async (stage, people) => {
        await garbage(stage, people)
        return stage.wayOut(people.ada, rotate)
      },
    },
    [
      {
        what: 'a topic',
        start: 'two admins',
        play: async (stage, people) => {
          await garbage(stage, people)
          return stage.forged(people.ada, topic, { under: stage.keysOf(0) })
        },
        reason: /not an epoch recovery/,
      },
      {
        what: 'a rekey',
        start: 'two admins',
        play: async (stage, people) => {
          await garbage(stage, people)
          const { operation } = await stage.rekeyOf(people.ada)
          return stage.forged(people.ada, operation, { under: stage.keysOf(0), wrapFor: [people.ada] })
        },
        reason: /not an epoch recovery/,
      },
    ],
  ),
  rule(
    'W3',
    {
      what: 'an admin, who is one still',
      start: 'two admins',
      play: async (stage, { ada, bob, cyd }) => {
        await stage.rotate(ada)
        const base = stage.room
        await stage.topic(cyd, 'a member was here')
        return stage.wayOut(bob, rotate, base)
      },
    },
    [
      {
        what: 'an admin who was demoted since goes back to before that',
        start: 'two admins',
        play: async (stage, { ada, bob }) => {
          await stage.rotate(ada)
          const base = stage.room
          await stage.demote(ada, bob)
          return stage.wayOut(bob, { type: 'kick', rootKey: ada.signer.publicKey }, base)
        },
        reason: /not an epoch recovery/,
      },
      {
        what: 'an admin who has stepped down since',
        start: 'two admins',
        play: async (stage, { ada, bob }) => {
          await stage.rotate(ada)
          const base = stage.room
          await stage.demote(bob, bob)
          return stage.wayOut(bob, rotate, base)
        },
        reason: /not an epoch recovery/,
      },
      {
        what: 'an admin who was kicked since does',
        start: 'two admins',
        play: async (stage, { ada, bob }) => {
          await stage.rotate(ada)
          const base = stage.room
          await stage.kick(ada, bob)
          return stage.wayOut(bob, { type: 'kick', rootKey: ada.signer.publicKey }, base)
        },
        reason: /not a member/,
      },
      {
        what: 'a member',
        start: 'two admins',
        play: async (stage, people) => {
          await garbage(stage, people)
          return stage.forged(people.cyd, rotate, { under: stage.keysOf(0), wrapFor: [people.cyd] })
        },
        reason: /not an epoch recovery/,
      },
    ],
  ),
  rule(
    'W4',
    {
      what: 'who was an admin right after the epoch was opened',
      start: 'two admins',
      play: async (stage, { ada, bob }) => {
        await stage.rotate(ada)
        return stage.wayOut(bob, rotate)
      },
    },
    {
      what: 'who became one since, by another admin’s act (which breaks W5 too: nobody becomes one by himself)',
      play: async (stage, { ada, bob }) => {
        await stage.rotate(ada)
        const base = stage.room
        await stage.promote(ada, bob)
        return stage.forged(bob, rotate, { room: base, under: stage.keysOf(0), wrapFor: [bob] })
      },
      reason: /undoes another admin's change/,
    },
  ),
  rule(
    'W5',
    {
      what: 'what members did is passed over',
      start: 'two admins',
      play: async (stage, { ada, bob, cyd }) => {
        await stage.rotate(ada)
        const base = stage.room
        await stage.rekey(cyd)
        await stage.topic(cyd, 'a member was here')
        return stage.wayOut(bob, rotate, base)
      },
    },
    [
      {
        what: 'another admin’s kick undone',
        start: 'two admins',
        play: async (stage, { ada, bob, cyd }) => {
          await stage.rotate(ada)
          const base = stage.room
          await stage.kick(ada, cyd)
          return stage.wayOut(bob, rotate, base)
        },
        reason: /undoes another admin's change/,
      },
      {
        what: 'another admin’s topic undone',
        start: 'two admins',
        play: async (stage, { ada, bob }) => {
          await stage.rotate(ada)
          const base = stage.room
          await stage.topic(ada, 'an admin was here')
          return stage.wayOut(bob, rotate, base)
        },
        reason: /undoes another admin's change/,
      },
    ],
  ),
  rule(
    'W6',
    {
      what: 'the only admin leads out of his own epoch',
      play: async (stage, { ada }) => {
        await stage.forged(ada, rotate)
        return stage.wayOut(ada, rotate)
      },
    },
    {
      what: 'one of two does',
      start: 'two admins',
      play: async (stage, people) => {
        await garbage(stage, people)
        return stage.forged(people.bob, rotate, { under: stage.keysOf(0), wrapFor: [people.bob] })
      },
      reason: /finds no way out of it himself/,
    },
  ),
  rule(
    'W7',
    {
      what: 'what was said by somebody who was let in meanwhile stays valid',
      start: 'two admins',
      play: async (stage, { ada, bob, cyd, eve }) => {
        await stage.rotate(ada)
        const base = stage.room
        await stage.join(cyd, eve)
        stage.say(eve, 'cyd let me in')
        return stage.wayOut(bob, rotate, base)
      },
      at: -2,
    },
    {
      what: 'and he is out from the way out on',
      start: 'two admins',
      play: async (stage, { ada, bob, cyd, eve }) => {
        await stage.rotate(ada)
        const base = stage.room
        await stage.join(cyd, eve)
        stage.say(eve, 'cyd let me in')
        await stage.wayOut(bob, rotate, base)
        stage.postForged(eve, { inside: { contents: [['text', 'and now?']] } })
      },
      reason: /not a member/,
    },
  ),
]
