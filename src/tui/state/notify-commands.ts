/** `/notify` and `/dnd`: what this terminal calls its person for. Pure. */
import { changedNotify, notifyLevels, type NotifyChange, type NotifyLevel } from '../../chat/attention.ts'
import type { Handlers, Typed } from './commands.ts'
import { needsMore } from './commands.ts'
import { info, next } from './next.ts'
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

  dnd: (typed) => {
    const { state, argument } = typed
    const word = argument.toLowerCase()
    if (word !== '' && word !== 'on' && word !== 'off') return needsMore(typed)
    return changed(state, { doNotDisturb: word === '' ? !state.notify.doNotDisturb : word === 'on' })
  },
}

function changed(state: State, change: NotifyChange): Next {
  const after = { ...state, notify: changedNotify(state.notify, change) }
  return next(info(after, notifyText(after)), { do: 'save-notify', change })
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
