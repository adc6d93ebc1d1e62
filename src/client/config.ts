/** A home's configuration: config.json, written by `connect`, `node` and the terminal, and by hand. */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ConclaveError } from '../base/errors.ts'
import { notifyRoomsMax, preferenceEntriesMax, roomPlacesMax } from '../base/limits.ts'
import {
  changedNotify,
  notifyDefaults,
  notifyLevels,
  type NotifyChange,
  type NotifySettings,
  type NotifyStore,
} from '../chat/attention.ts'
import { preferenceDefaults, themes, type Preferences, type PreferencesStore } from '../chat/preferences.ts'
import { changedPlaces, type RoomPlaces, type RoomPlacesStore } from '../chat/room-places.ts'

export interface HomeConfig {
  /** The store's URL; the home's embedded store when absent. */
  readonly store?: string | undefined
  readonly notify?: NotifySettings | undefined
  readonly rooms?: RoomPlaces | undefined
  readonly terminal?: Preferences | undefined
}

/** Empty when there is none. @throws usage for an invalid file */
export async function readConfig(home: string): Promise<HomeConfig> {
  const file = configFile(home)
  let text
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw unreadable(file, error)
  }
  // Loaded only if there is something to check: it takes 30 ms.
  const { z } = await import('zod')
  const level = z.enum(notifyLevels)
  const roomId = z.string().regex(/^[0-9a-f]{64}$/)
  const levels = z.record(roomId, level)
  const notify = z.strictObject({
    level: level.default(notifyDefaults.level),
    doNotDisturb: z.boolean().default(notifyDefaults.doNotDisturb),
    rooms: levels.refine((all) => Object.keys(all).length <= notifyRoomsMax).default({}),
  })
  const texts = z.record(z.string().min(1).max(64), z.string().max(1024))
  const few = texts.refine((all) => Object.keys(all).length <= preferenceEntriesMax)
  const terminal = z.strictObject({
    theme: z.enum(themes).default(preferenceDefaults.theme),
    mouse: z.boolean().default(preferenceDefaults.mouse),
    aliases: few.default({}),
    keys: few.default({}),
    ignored: few.default({}),
  })
  const number = z.number().int().min(1).max(roomPlacesMax)
  const places = z.record(roomId, z.strictObject({ number, pinned: z.boolean().default(false) }))
  const schema = z.strictObject({
    store: z.string().min(1).max(4096).optional(),
    notify: notify.optional(),
    rooms: places.refine((all) => Object.keys(all).length <= roomPlacesMax).optional(),
    terminal: terminal.optional(),
  })
  try {
    return schema.parse(JSON.parse(text))
  } catch (error) {
    throw unreadable(file, error)
  }
}

/** Atomic: the file appears whole or not at all. */
async function writeConfig(home: string, config: HomeConfig): Promise<void> {
  const file = configFile(home)
  const half = `${file}.${process.pid}`
  await writeFile(half, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 })
  await rename(half, file)
}

/** By home: the last change of this process that was begun. */
const changing = new Map<string, Promise<void>>()

/** One change after the other: each goes into the file as it is then. @param change undefined: nothing is written */
function changeConfig(home: string, change: (config: HomeConfig) => HomeConfig | undefined): Promise<void> {
  const changed = (changing.get(home) ?? Promise.resolve())
    .catch(() => undefined)
    .then(async () => {
      const config = change(await readConfig(home))
      if (config !== undefined) await writeConfig(home, config)
    })
  changing.set(home, changed)
  return changed
}

/** What this home's terminals announce. A change goes into the file as it is then. */
export function notifyStore(home: string): NotifyStore {
  const read = async (): Promise<NotifySettings> => (await readConfig(home)).notify ?? notifyDefaults
  const save = (change: NotifyChange): Promise<void> =>
    changeConfig(home, (config) => ({ ...config, notify: changedNotify(config.notify ?? notifyDefaults, change) }))
  return { read, save }
}

/** Where rooms stand in this home's terminals. */
export function roomPlacesStore(home: string): RoomPlacesStore {
  const read = async (): Promise<RoomPlaces> => (await readConfig(home)).rooms ?? {}
  const save = (change: RoomPlaces): Promise<void> =>
    changeConfig(home, (config) => ({ ...config, rooms: changedPlaces(config.rooms ?? {}, change) }))
  return { read, save }
}

/** How this home's terminals look and behave. */
export function preferencesStore(home: string): PreferencesStore {
  return {
    read: async () => (await readConfig(home)).terminal ?? preferenceDefaults,
    save: (change) =>
      changeConfig(home, (config) => ({
        ...config,
        terminal: { ...(config.terminal ?? preferenceDefaults), ...change },
      })),
  }
}

export function clusterUrl(endpoints: readonly string[]): string {
  return `etcds://${endpoints.join()}`
}

/** Makes the cluster the store of this home. A store that a person configured there is left alone. */
export async function rememberCluster(home: string, endpoints: readonly string[]): Promise<void> {
  const url = clusterUrl(endpoints)
  await changeConfig(home, (config) => {
    const ours = config.store === undefined || /^etcds:[^?]*$/.test(config.store)
    // Order doesn't matter: the node of this home and its clients must not keep rewriting it.
    return ours && sorted(config.store) !== sorted(url) ? { ...config, store: url } : undefined
  })
}

function sorted(url: string | undefined): string | undefined {
  return url
    ?.replace(/^etcds:\/\//, '')
    .split(',')
    .sort()
    .join()
}

function configFile(home: string): string {
  return join(home, 'config.json')
}

function unreadable(file: string, cause: unknown): ConclaveError {
  return new ConclaveError('usage', `${file} can't be read as this home's configuration`, {
    hint: 'It is {"store": "URL", "notify": {…}, "rooms": {…}, "terminal": {…}} or absent: mend it, or move it away.',
    cause,
  })
}
