/** Commands that open a room, or change the open one. Pure. */
import type { CreateOptions, Policy } from '../../chat/chat.ts'
import { parseRotate } from '../../chat/rotation.ts'
import { policyText } from '../../chat/wording.ts'
import { adminsOnly, groupsOnly } from './members.ts'
import type { Handlers, Typed, TypedInRoom } from './commands.ts'
import { helpLines, needsMore } from './commands.ts'
import { createRoom, enterRoom, joinRoom, toRooms } from './navigation.ts'
import { roomLabel } from '../../chat/room-label.ts'
import type { Next } from './state.ts'
import { ask, busy, info, next, problem, sheet } from './next.ts'
import { emptyTimeline } from './timeline.ts'

export const goingCommands: Handlers<Typed> = {
  help: ({ state }) => next(sheet(state, 'Help', helpLines(state.preferences))),
  quit: ({ state }) => next(state, { do: 'quit' }),
  rooms: ({ state }) => toRooms(state),
  join,
  create: (typed) => {
    const [name = '', ...words] = typed.argument.split(/\s+/)
    let options: CreateOptions = {}
    for (const word of words) {
      const rotateDays = parseRotate(word)
      if (rotateDays !== undefined) options = { ...options, rotateDays }
      else if (word === 'unlisted') options = { ...options, unlisted: true }
      else return needsMore(typed)
    }
    return name === '' ? needsMore(typed) : createRoom(typed.state, name, options)
  },
}

export const roomCommands: Handlers<TypedInRoom> = {
  topic,

  policy,

  rotate: ({ state, page }) =>
    adminsOnly(state, page, () => {
      const question = `Rotate the keys of ${page.room.name}? New messages are encrypted with a new key that every member gets.`
      return next(ask(state, question, 'rotating the keys…', { do: 'rotate' }))
    }),

  repair: ({ state }) => next(busy(state, 'replaying room changes the store lost…'), { do: 'repair' }),

  leave: ({ state, page }) => {
    const alone = page.room.members.length === 1
    const question = alone
      ? `Leave ${page.room.name}? You're the last member: the room will be closed for good.`
      : `Leave ${page.room.name}? Someone in the room must let you back in.`
    return next(ask(state, question, 'leaving…', { do: 'leave' }))
  },

  clear: ({ state, page }) => {
    const timeline = { ...emptyTimeline, moreBefore: true, aside: page.timeline.aside }
    return next({ ...state, page: { ...page, timeline, pick: undefined } })
  },
}

function topic(typed: TypedInRoom): Next {
  const { state, argument } = typed
  const { name, topic: now } = typed.page.room
  const shown = now === '' ? `${name} has no topic.` : `The topic of ${name}: ${now}`
  if (argument === '') return next(info(state, shown, `To change it: ${typed.command.usage}`))
  if (argument === '-clear') {
    if (now === '') return next(info(state, shown))
    return next(ask(state, `Clear the topic of ${name}, "${now}"?`, 'clearing the topic…', { do: 'topic', text: '' }))
  }
  // A slip of the option is not a topic.
  if (/^-[a-z]+$/i.test(argument)) return needsMore(typed)
  return next(busy(state, 'setting the topic…'), { do: 'topic', text: argument })
}

function join({ state, argument }: Typed): Next {
  if (argument === '') {
    // In a read-only room: ask to be let in again.
    if (state.page.kind !== 'chat' || state.page.room.standing === 'member') {
      return next(problem(state, 'Which room? Usage: /join ROOM', '/rooms lists them.'))
    }
    const { id, name } = state.page.room
    return joinRoom(state, id, name)
  }
  const [name = ''] = argument.split(/\s+/)
  const known = state.rooms.filter((room) => roomLabel(room, state.rooms).toLowerCase() === name.toLowerCase())
  const [only] = known
  // After a removal, this command asks to join again.
  if (only !== undefined && known.length === 1 && only.standing === 'member') return enterRoom(state, only)
  return joinRoom(state, name)
}

function policy(typed: TypedInRoom): Next {
  const { state, page, argument } = typed
  const direct = page.room.name.startsWith('@')
  if (argument === '') {
    const how = direct ? 'Change this: /policy 7d' : `Admins can change this: ${typed.command.usage}`
    return next(info(state, policyText(page.room.policy, direct), how))
  }
  let wanted: Partial<Policy> = {}
  for (const word of argument.toLowerCase().split(/\s+/)) {
    if (word === 'members' || word === 'admins') wanted = { ...wanted, acceptBy: word }
    else if (word === 'listed' || word === 'unlisted') wanted = { ...wanted, listed: word === 'listed' }
    else if (parseRotate(word) !== undefined) wanted = { ...wanted, rotateDays: parseRotate(word) ?? 0 }
    else if (word !== 'accept-by') return needsMore(typed)
  }
  const others = wanted.acceptBy !== undefined || wanted.listed !== undefined
  return (others ? groupsOnly : adminsOnly)(state, page, () =>
    next(busy(state, 'changing the rules…'), { do: 'policy', policy: wanted }),
  )
}
