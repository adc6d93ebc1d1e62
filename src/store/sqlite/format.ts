/**
 * The database file: created atomically, and recognised by its first hundred bytes before SQLite may touch it, so that
 * any other file stays byte for byte as it was (https://www.sqlite.org/fileformat.html#the_database_header).
 */
import { randomUUID } from 'node:crypto'
import {
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  accessSync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isOpen } from './connection.ts'
import { notAStore, translated } from './failure.ts'

/** "Cncl": tells Conclave's databases from those of other programs. */
export const applicationId = 0x436e636c
/** Raised when an older Conclave could no longer read the file. */
export const formatVersion = 1

/**
 * `entries` holds the current state; `past` holds superseded versions and, with create_rev 0, deletions. So a key that
 * is written once is stored once, and a watch is fed from the union of both in order of mod_rev. `moments` records a
 * minimum age for revisions.
 */
const schema = `
  CREATE TABLE meta(id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL, compacted INTEGER NOT NULL) STRICT;
  INSERT INTO meta VALUES (1, 0, 0);
  CREATE TABLE entries(
    key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL, create_rev INTEGER NOT NULL, mod_rev INTEGER NOT NULL, lease TEXT
  ) STRICT;
  CREATE INDEX entries_by_revision ON entries(mod_rev);
  CREATE INDEX entries_by_lease ON entries(lease) WHERE lease IS NOT NULL;
  CREATE TABLE past(
    mod_rev INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, create_rev INTEGER NOT NULL,
    PRIMARY KEY (mod_rev, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE leases(id TEXT NOT NULL PRIMARY KEY, ttl INTEGER NOT NULL, expires_at INTEGER NOT NULL) STRICT;
  CREATE TABLE moments(at INTEGER PRIMARY KEY, revision INTEGER NOT NULL) STRICT;
`

/** Makes sure that the file at the path is a database of ours: creates it if there is none, refuses anything else. */
export function prepareFile(path: string): void {
  if (isOpen(path) && existsSync(path)) return
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    if (!recognise(path)) create(path)
    accessSync(path, constants.R_OK | constants.W_OK)
  } catch (error) {
    throw translated(path, error)
  }
}

/** False when there is no file. @throws not-a-store for anything that is not a database of ours. */
function recognise(path: string): boolean {
  const header = readHeader(path)
  if (header === undefined) return false
  if (header.subarray(0, 16).toString('latin1') !== 'SQLite format 3\0') throw notAStore(path, 'is not a database')
  if (header.readUInt32BE(68) !== applicationId) throw notAStore(path, 'is the database of another program')
  if (header.readUInt32BE(60) > formatVersion) {
    throw notAStore(path, 'was written by a newer Conclave', {
      hint: 'Install the newer version; the file has been left as it is.',
    })
  }
  return true
}

function readHeader(path: string): Buffer | undefined {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const header = Buffer.alloc(100)
    readSync(file, header, 0, header.length, 0)
    return header
  } finally {
    closeSync(file)
  }
}

/**
 * Built under another name and then linked to its own: no one ever opens a half-made store, and of two creators one
 * wins.
 */
function create(path: string): void {
  const draft = `${path}.${randomUUID()}.new`
  try {
    closeSync(openSync(draft, 'wx', 0o600))
    const database = new DatabaseSync(draft)
    try {
      database.exec(`PRAGMA synchronous = FULL; PRAGMA application_id = ${applicationId}`)
      database.exec(`BEGIN; PRAGMA user_version = ${formatVersion}; ${schema} COMMIT`)
      database.exec('PRAGMA journal_mode = WAL')
    } finally {
      database.close()
    }
    settle(draft, path)
  } finally {
    rmSync(draft, { force: true })
  }
}

function settle(draft: string, path: string): void {
  try {
    linkSync(draft, path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    // Some file systems have no hard links.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error
    if (!recognise(path)) renameSync(draft, path)
  }
  const folder = openSync(dirname(path), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
