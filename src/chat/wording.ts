/** What the terminal interface and the command line both say, so that they say it alike. Pure. */
import { reactionsShownMax } from '../base/limits.ts'
import type { Attention } from './attention.ts'
import type { HeadComparison, LastHeard, Policy, Repair } from './chat.ts'
import type { AdminItem, MessageItem, Person } from './item.ts'
import { parseRotate } from './rotation.ts'
import type { Changed } from './timeline/changes.ts'

/** Beside an item that the store has lost and this machine still has. */
export const lostNote = 'missing from the store; restored from your copy'

export function impersonation(name: string): string {
  return `someone may be impersonating ${name}`
}

/** Where a request was answered no, as the room's log says. */
export function declined(room: string): { readonly text: string; readonly hint: string } {
  return { text: `Your request to join ${room} was declined`, hint: 'Ask someone in the room, then ask to join again.' }
}

/** The same as seen from outside, where no one can tell whether the member who answered may do that. */
export function seeminglyDeclined(room: string): { readonly text: string; readonly hint: string } {
  return {
    text: `A member of ${room} declined your request to join; you can't check from outside whether they are allowed to`,
    hint: 'Anyone who can accept requests may still accept yours. Ask a member you know, or ask to join again.',
  }
}

/** In lists of rooms. */
export const declinedLabel = 'declined (unconfirmed)'

/**
 * Lines of a message. A `text` is its author's, of any number of lines. A `mark` is the program's, on one line; what it
 * quotes of others stands at its end. Front ends print the two behind different bars, so that no text passes for a mark.
 */
export interface Part {
  readonly kind: 'text' | 'mark'
  readonly text: string
}

/** What stands between the columns of time and name and a part. */
export const bars = { text: '│', mark: '·' } as const

export const mark = (text: string): Part => ({ kind: 'mark', text })
const said = (text: string): Part => ({ kind: 'text', text })

/** A message as it reads now. A change to another message has no text of its own. */
export function messageParts(item: MessageItem, { text, deleted }: Pick<Changed, 'text' | 'deleted'>): readonly Part[] {
  if (deleted) return [mark('(deleted)')]
  switch (item.type) {
    case 'text':
    case 'reply':
      return [said(text ?? item.text)]
    case 'emote': {
      const [first = '', ...more] = (text ?? item.text).split('\n')
      return [mark(`* ${item.from.name} ${first}`), ...(more.length === 0 ? [] : [said(more.join('\n'))])]
    }
    case 'file':
      return [mark(`(file, ${item.bytes} bytes) ${item.name}`)]
    case 'unknown':
      return [mark(`(unsupported type of message: update Conclave to read it) ${item.name}`)]
    case 'edit':
    case 'delete':
    case 'react':
      return [mark(`(${item.type})`)]
  }
}

/** `ada: How is everyone?`: the beginning of a message on one line. Where the words are the program's, no colon follows. */
export function quoteText(item: MessageItem, changed: Pick<Changed, 'text' | 'deleted'>): string {
  const [first = mark(''), more] = messageParts(item, changed)
  const [line = '', next] = first.text.split('\n', 2)
  const shown = next === undefined && more === undefined ? line : `${line}…`
  if (first.kind === 'text') return `${item.from.name}: ${shown}`
  return item.type === 'emote' && !changed.deleted ? shown : `${item.from.name} ${shown}`
}

/** 👍 2  🎉  "ok": more than one space apart, with a star on your own. */
export function reactionText({ reactions }: Pick<Changed, 'reactions'>): string {
  const shown = reactions.slice(0, reactionsShownMax)
  const more = reactions.length > shown.length ? [`+${reactions.length - shown.length} more`] : []
  const words = shown.map(({ emoji, count, own }) => {
    return `${reactionLabel(emoji)}${count > 1 ? ` ${count}` : ''}${own ? '*' : ''}`
  })
  return [...words, ...more].join('  ')
}

/** An emoji as it is. Anything else is quoted, without blanks, so that it is no count, star, or mark of the program. */
export function reactionLabel(emoji: string): string {
  if (/^(?:\p{RGI_Emoji}|\p{Extended_Pictographic})$/v.test(emoji)) return emoji
  return `"${emoji.replace(/\s/g, '␠').replaceAll('"', "'")}"`
}

const agoSteps = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
] as const

/** 3 days ago */
export function agoText(at: number, now: number): string {
  for (const [ms, unit] of agoSteps) {
    const n = Math.floor((now - at) / ms)
    if (n >= 1) return `${count(n, unit)} ago`
  }
  return 'just now'
}

/** Last heard from bob: 3 days ago */
export function heardLine({ name, at }: LastHeard, now: number): string {
  return at === undefined ? `Never heard from ${name}` : `Last heard from ${name}: ${agoText(at, now)}`
}

export const headComparisons: Readonly<Record<HeadComparison, string>> = {
  same: 'The heads are the same: you see the same room.',
  past: 'That head is older than yours: you see the same room, and more of it.',
  'other-branch':
    'TAMPERING: that head is on another branch. The store shows the two of you different copies of this room.',
  unknown:
    'That head is not known here. If it came with its number of records, the other side is ahead: compare again once you have as many. Otherwise ask for the number.',
}

/** What an `<admin>` line says. Each line of it is the program's; a topic stands at the end of one. */
export function adminText(item: AdminItem): string {
  const { event } = item
  const detail = (item.detail ?? '').replace(/[\n\v\f\r\u0085\u2028\u2029]+/g, ' ')
  const by = item.by.name
  const { name, fingerprint } = item.target ?? item.by
  switch (event) {
    case 'create':
      return `${by} created this room.`
    case 'knock':
      return [
        `${name} asks to join (${fingerprint}) — !${name} to accept, /reject ${name}`,
        ...requestWarnings({ ...item, name }),
      ].join('\n')
    case 'accept':
      if (item.returning === 'present') return `${by} gave ${name} the room's keys again.`
      // People who accept an invitation let themselves in.
      if (item.by.fingerprint === item.target?.fingerprint) return `${name} joined (invited).${past(item)}`
      return `${by} let ${name} in.${past(item)}`
    case 'reject':
      return `${by} declined ${name}'s request to join.`
    case 'invite':
      return `${by} invited ${name}.${past(item)}`
    case 'kick':
      return `${by} removed ${name}.`
    case 'leave':
      return `${by} left.`
    case 'rotate':
      return `${by} changed the room's keys.`
    case 'rekey':
      return `${name} has new keys (${fingerprint}).`
    case 'promote':
      return `${by} made ${name} an admin.`
    case 'demote':
      return `${by} removed ${name} as admin.`
    case 'policy':
      return `${by} changed the rules: ${describedPolicy(detail)}`
    case 'topic':
      return detail === '' ? `${by} removed the topic.` : `${by} set the topic: ${detail}`
    case 'repair':
      return `${by} restored access to the room's earlier keys.`
  }
}

/** 1 room, 2 rooms */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}

/** What has come into a room, in one line. Unless the key is known, a name of an invitation is only claimed. */
export function attentionText(room: string, { kind, count, by, known }: Attention): string {
  const one = count === 1
  const name = known === false ? `someone calling themselves ${by.name}` : by.name
  switch (kind) {
    case 'request':
      return one ? `${name} asks to join ${room}` : `${count} ask to join ${room}`
    case 'invitation':
      return `invitation to ${room} from ${name}`
    case 'first-direct':
      return `first direct message from ${name}`
    case 'mention':
      return one ? `${name} mentions you in ${room}` : `${count} mentions in ${room}`
    case 'direct':
      return one ? `direct message from ${name}` : `${count} direct messages from ${name}`
    case 'message':
      return one ? `${name} wrote in ${room}` : `${count} new messages in ${room}`
  }
}

const otherCopy = 'the store shows them other records than you'

type Request = Pick<Person, 'name'> & Pick<AdminItem, 'known' | 'elsewhere' | 'returning'>

/** What to know before accepting it. */
export function requestWarnings({ name, known, elsewhere, returning }: Request): readonly string[] {
  const lines = known === undefined ? [] : [`WARNING: this is NOT the key you know (${known}): ${impersonation(name)}.`]
  if (elsewhere) lines.push(`WARNING: ${name} asks to join another copy of this room: ${otherCopy}.`)
  if (returning === 'kicked') {
    lines.push(`${name} was removed before. Only an admin can let them back in; they can then read what they missed.`)
  } else if (returning === 'left') lines.push(`${name} was a member before, and left.`)
  else if (returning === 'present') lines.push(`${name} is a member, and asks for the room's keys again.`)
  return lines
}

function past({ returning }: AdminItem): string {
  if (returning === 'kicked') return ' They were removed before, and can read what they missed.'
  return returning === 'left' ? ' They had left, and can read what they missed.' : ''
}

const daysText = (days: number): string => (days === 1 ? 'day' : `${days} days`)

export function policyText({ acceptBy, listed, rotateDays }: Policy, direct: boolean): string {
  const age = rotateDays === 0 ? 'never replaced because of their age' : `replaced every ${daysText(rotateDays)}`
  if (direct) return `The keys of this direct message are ${age}.`
  const who = acceptBy === 'admins' ? 'Only admins' : 'Any member'
  return `${who} can let people in; the room is ${listed ? 'listed' : 'unlisted'}. Its keys are ${age}.`
}

/** The engine's short form ("members accept, listed, rotate 30d, version 2"; directly: "rotate 30d"), as a sentence. */
function describedPolicy(detail: string): string {
  const parts = /^(?:(members|admins) accept, (listed|unlisted), )?rotate (\S+?)(?:, version (\d+))?$/.exec(detail)
  if (parts === null) return detail
  const [, who, listed, rotate = '', version] = parts
  const acceptBy = who === 'admins' ? 'admins' : 'members'
  const policy = { acceptBy, listed: listed === 'listed', rotateDays: parseRotate(rotate) ?? 0 } as const
  const rules = policyText(policy, who === undefined)
  const newer = `\nThe room now uses version ${version}: update Conclave to keep reading.`
  return `${rules.charAt(0).toLowerCase()}${rules.slice(1)}${version === undefined ? '' : newer}`
}

export function repairLines({ again, left, corrected }: Repair): readonly string[] {
  const act = ({ event, target }: Repair['again'][number]): string => {
    return target === undefined || target.name === '' ? event : `${event} ${target.name}`
  }
  const lines = [
    ...again.map((one) => `repeated: ${act(one)}`),
    ...corrected.map((i) => `corrected in the store: record ${i}`),
    ...left.map((one) => `not repeated: ${act(one)}: ${one.reason}`),
  ]
  return lines.length === 0 ? ['Nothing to repair.'] : lines
}
