/** `/notify` and `/dnd`: what this terminal calls its person for. Pure. */
import { isMuted, notifyLevels, type NotifyChange, type NotifyLevel } from '../../chat/attention.ts'
import type { Handlers, Typed } from './commands.ts'
import { needsMore } from './commands.ts'
import { info, next, problem } from './next.ts'
import { withNotify } from './settings-table.ts'
import type { Next, State } from './state.ts'

export const notifyWords = [...notifyLevels, 'default', 'everywhere'] as const

export const notifyCommands: Handlers<Typed> = {
  notify: (typed) => {
    const { state, argument } = typed
    if (argument === '') return next(info(state, notifyText(state), `To change it: ${typed.command.usage}`))
    const [word = '', where, ...rest] = argument.toLowerCase().split(/\s+/)
    const level = notifyLevels.find((one) => one === word)
    const room = state.page.kind === 'chat' && where === undefined ? state.page.room : undefined
    const isWrong = rest.length > 0 || (where !== undefined && where !== 'everywhere')
    if (isWrong || (level === undefined && (word !== 'default' || room === undefined))) return needsMore(typed)
    return changed(state, room === undefined ? { level } : { room: { id: room.id, level } })
  },

  mute: (typed) => {
    const { state, argument } = typed
    const word = argument.toLowerCase()
    if (word !== '' && word !== 'on' && word !== 'off') return needsMore(typed)
    const { page } = state
    if (page.kind !== 'chat') return next(problem(state, '/mute only works in a room.', 'Open one first.'))
    const { id, name } = page.room
    const muted = word === '' ? !isMuted(state.notify, id) : word === 'on'
    const done = withNotify(state, { room: { id, level: muted ? 'none' : undefined } })
    const text = muted
      ? `${name} is muted: nothing is announced, and only what is for you counts as unread.`
      : `${name} is not muted.`
    return { ...done, state: info(done.state, text) }
  },

  dnd: (typed) => {
    const { state, argument } = typed
    const word = argument.toLowerCase()
    if (word !== '' && word !== 'on' && word !== 'off') return needsMore(typed)
    return changed(state, { doNotDisturb: word === '' ? !state.notify.doNotDisturb : word === 'on' })
  },
}

function changed(state: State, change: NotifyChange): Next {
  const done = withNotify(state, change)
  return { ...done, state: info(done.state, notifyText(done.state)) }
}

const texts: Readonly<Record<NotifyLevel, string>> = {
  all: 'every message',
  mentions: 'mentions, direct messages, requests and invitations',
  none: 'nothing',
}

function notifyText({ notify, page }: State): string {
  const { level, doNotDisturb, rooms } = notify
  const own = page.kind === 'chat' ? rooms[page.room.id] : undefined
  const here = own === undefined || page.kind !== 'chat' ? '' : ` In ${page.room.name}: ${texts[own]}.`
  const quiet = doNotDisturb ? ' Do not disturb is on: nothing is announced.' : ''
  return `You are notified of ${texts[level]}.${here}${quiet}`
}
