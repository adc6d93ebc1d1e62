/** W1 to W7: recovery of an epoch that nobody, or not everyone, can open. */
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
        return stage.recover(people.ada, { type: 'kick', rootKey: people.bob.signer.publicKey })
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
          await stage.recover(people.ada, rotate, base)
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
        return stage.recover(people.ada, rotate)
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
        return stage.recover(bob, rotate, base)
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
          return stage.recover(bob, { type: 'kick', rootKey: ada.signer.publicKey }, base)
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
          return stage.recover(bob, rotate, base)
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
          return stage.recover(bob, { type: 'kick', rootKey: ada.signer.publicKey }, base)
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
        return stage.recover(bob, rotate)
      },
    },
    {
      what: 'who became one since, through another admin (which breaks W5 too: nobody becomes one alone)',
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
        return stage.recover(bob, rotate, base)
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
          return stage.recover(bob, rotate, base)
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
          return stage.recover(bob, rotate, base)
        },
        reason: /undoes another admin's change/,
      },
    ],
  ),
  rule(
    'W6',
    {
      what: 'the only admin recovers their own epoch',
      play: async (stage, { ada }) => {
        await stage.forged(ada, rotate)
        return stage.recover(ada, rotate)
      },
    },
    {
      what: 'one of two does',
      start: 'two admins',
      play: async (stage, people) => {
        await garbage(stage, people)
        return stage.forged(people.bob, rotate, { under: stage.keysOf(0), wrapFor: [people.bob] })
      },
      reason: /can't recover it/,
    },
  ),
  rule(
    'W7',
    {
      what: 'what was said by someone who was let in meanwhile stays valid',
      start: 'two admins',
      play: async (stage, { ada, bob, cyd, eve }) => {
        await stage.rotate(ada)
        const base = stage.room
        await stage.join(cyd, eve)
        stage.say(eve, 'cyd let me in')
        return stage.recover(bob, rotate, base)
      },
      at: -2,
    },
    {
      what: 'and they are out from the recovery on',
      start: 'two admins',
      play: async (stage, { ada, bob, cyd, eve }) => {
        await stage.rotate(ada)
        const base = stage.room
        await stage.join(cyd, eve)
        stage.say(eve, 'cyd let me in')
        await stage.recover(bob, rotate, base)
        stage.postForged(eve, { inside: { contents: [['text', 'and now?']] } })
      },
      reason: /not a member/,
    },
  ),
]
