/** What config.json of a home may say. Its errors name the place and what may stand there. Loads zod, which takes 30 ms. */
import * as z from 'zod'
import { ConclaveError } from '../base/errors.ts'
import { notifyRoomsMax, preferenceEntriesMax, roomPlacesMax } from '../base/limits.ts'
import { similar } from '../base/similar.ts'
import { notifyDefaults, notifyLevels, type NotifySettings } from '../chat/attention.ts'
import { chordProblem, parseChord } from '../chat/chord.ts'
import { preferenceDefaults, themes, type Preferences } from '../chat/preferences.ts'
import type { RoomPlaces } from '../chat/room-places.ts'

export interface HomeConfig {
  /** The store's URL; the home's embedded store when absent. */
  readonly store?: string | undefined
  readonly notify?: NotifySettings | undefined
  readonly rooms?: RoomPlaces | undefined
  readonly terminal?: Preferences | undefined
}

const roomId = z.string().regex(/^[0-9a-f]{64}$/, 'a room ID: 64 digits and letters a to f')
const line = z.string().min(1).max(1024)

function few<T>(entriesMax: number): [(all: Readonly<Record<string, T>>) => boolean, string] {
  return [(all) => Object.keys(all).length <= entriesMax, `at most ${entriesMax} entries`]
}

const notify = z.strictObject({
  level: z.enum(notifyLevels).default(notifyDefaults.level),
  doNotDisturb: z.boolean().default(notifyDefaults.doNotDisturb),
  rooms: z
    .record(roomId, z.enum(notifyLevels))
    .refine(...few(notifyRoomsMax))
    .default({}),
})

const alias = z.string().regex(/^[^\s/]{1,64}$/, 'a name of 1 to 64 characters, without spaces and /')
const fingerprint = z.string().regex(/^\d{4}(?: \d{4}){5}$/, 'a fingerprint: six groups of four digits')
const chord = z.string().superRefine((text, context) => {
  const parsed = text === 'ctrl+x ctrl+e' ? text : parseChord(text)
  const problem = parsed === undefined ? 'a key such as alt+s, ctrl+o or f5' : chordProblem(parsed)
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem })
})

const terminal = z.strictObject({
  theme: z.enum(themes).default(preferenceDefaults.theme),
  mouse: z.boolean().default(preferenceDefaults.mouse),
  aliases: z
    .record(alias, line)
    .refine(...few(preferenceEntriesMax))
    .default({}),
  keys: z
    .record(chord, line)
    .refine(...few(preferenceEntriesMax))
    .default({}),
  ignored: z
    .record(fingerprint, z.string().min(1).max(64))
    .refine(...few(preferenceEntriesMax))
    .default({}),
})

const place = z.strictObject({
  number: z.number().int().min(1).max(roomPlacesMax),
  pinned: z.boolean().default(false),
})

const schema = z.strictObject({
  store: z.string().min(1).max(4096).optional(),
  notify: notify.optional(),
  rooms: z
    .record(roomId, place)
    .refine(...few(roomPlacesMax))
    .optional(),
  terminal: terminal.optional(),
})

/** The objects of the schema by their places, for naming what may stand in them. */
const objects: Readonly<Record<string, z.ZodObject>> = { '': schema, notify, terminal }

/** @throws usage, with every place that is wrong */
export function parseConfig(file: string, text: string): HomeConfig {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    const where = /line \d+ column \d+/.exec(String(cause))?.[0].replace(' column', ', column')
    throw invalid(file, `not JSON${where === undefined ? '' : ` (${where})`}`, cause)
  }
  const { success, data, error } = schema.safeParse(value)
  if (!success) throw invalid(file, error.issues.flatMap(issueText).slice(0, issuesShown).join('; '), error)
  if (data.terminal === undefined) return data
  const keys = Object.entries(data.terminal.keys).map(([key, does]) => [parseChord(key) ?? key, does] as const)
  return { ...data, terminal: { ...data.terminal, keys: Object.fromEntries(keys) } }
}

const issuesShown = 3

function issueText(issue: z.core.$ZodIssue): readonly string[] {
  const path = issue.path.map(String)
  const at = path.join('.')
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => `${[...path, key].join('.')}: unknown; ${knownText(path, key)}`)
    case 'invalid_value':
      return [`${at}: one of ${issue.values.map(String).join(', ')}`]
    case 'invalid_type':
      return [`${at === '' ? 'it' : at}: ${typeNames[issue.expected] ?? issue.expected}`]
    case 'invalid_key':
      return [`${at}: ${issue.issues[0]?.message ?? 'no such key'}`]
    case 'too_small':
      return [`${at}: ${issue.origin === 'string' ? 'not empty' : `at least ${issue.minimum}`}`]
    case 'too_big':
      return [`${at}: at most ${issue.maximum}${issue.origin === 'string' ? ' characters' : ''}`]
    default:
      return [`${at}: ${issue.message}`]
  }
}

const typeNames: Readonly<Record<string, string>> = {
  boolean: 'true or false',
  string: 'a text in quotes',
  object: 'an object, {…}',
  record: 'an object, {…}',
  number: 'a number',
  int: 'a whole number',
}

function knownText(path: readonly string[], key: string): string {
  const known = Object.keys(objects[path.join('.')]?.shape ?? place.shape)
  const near = similar(key, known)
  return near === undefined ? `known are ${known.join(', ')}` : `did you mean ${[...path, near].join('.')}?`
}

function invalid(file: string, what: string, cause: unknown): ConclaveError {
  return new ConclaveError('usage', `${file} is invalid: ${what}`, {
    hint: 'Correct it, or move it away; docs/configuration.md describes it.',
    cause,
  })
}
