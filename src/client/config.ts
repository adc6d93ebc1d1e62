/** A home's configuration: config.json, written by `connect`, `node` and the terminal, and by hand. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConclaveError } from '../base/errors.ts'
import {
  changedNotify,
  notifyDefaults,
  type NotifyChange,
  type NotifySettings,
  type NotifyStore,
} from '../chat/attention.ts'
import { changedPreferences, preferenceDefaults, type PreferencesStore } from '../chat/preferences.ts'
import { changedPlaces, type RoomPlaces, type RoomPlacesStore } from '../chat/room-places.ts'
import type { HomeConfig } from './config-schema.ts'

/** Empty when there is none. @throws usage for an invalid file: its places that are wrong */
export async function readConfig(home: string): Promise<HomeConfig> {
  const text = readText(configFile(home))
  if (text === undefined) return {}
  const { parseConfig } = await import('./config-schema.ts')
  return parseConfig(configFile(home), text)
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new ConclaveError('usage', `${file} can't be read`, { hint: 'Give yourself permission to read it.', cause })
  }
}

/** Atomic: the file appears whole or not at all. */
function writeConfig(home: string, config: HomeConfig): void {
  const file = configFile(home)
  const half = `${file}.${process.pid}`
  writeFileSync(half, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 })
  renameSync(half, file)
}

/** By home: the last change of this process that was begun. */
const changing = new Map<string, Promise<void>>()

/**
 * One change after the other, among all processes: each goes into the file as it is then. @param change undefined:
 * nothing is written
 */
function changeConfig(home: string, change: (config: HomeConfig) => HomeConfig | undefined): Promise<void> {
  const changed = (changing.get(home) ?? Promise.resolve())
    .catch(() => undefined)
    .then(async () => {
      const { parseConfig } = await import('./config-schema.ts')
      await alone(home, () => {
        const text = readText(configFile(home))
        const config = change(text === undefined ? {} : parseConfig(configFile(home), text))
        if (config !== undefined) writeConfig(home, config)
      })
    })
  changing.set(home, changed)
  return changed
}

/** The write lock of an empty SQLite file: the system gives it back when its process is killed. */
async function alone(home: string, work: () => void): Promise<void> {
  const lock = join(home, 'config.lock')
  const { Connection } = await import('../store/sqlite/connection.ts')
  try {
    // It exists, or another process makes it now.
    writeFileSync(lock, '', { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const connection = await Connection.open(lock)
  try {
    await connection.write(work)
  } finally {
    connection.close()
  }
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
        terminal: changedPreferences(config.terminal ?? preferenceDefaults, change),
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
