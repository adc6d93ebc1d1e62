/** The home on disk: one SQLite file for each identity, beside the embedded store. */
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Home } from '../chat/home/home.ts'
import { homeHistoryRevisions } from '../base/limits.ts'
import { SqliteStore } from '../store/sqlite/store.ts'

const suffix = '.db'

export class HomeFolder implements Home {
  readonly #folder: string

  constructor(home: string) {
    this.#folder = join(home, 'identities')
  }

  async names(): Promise<readonly string[]> {
    try {
      const files = await readdir(this.#folder)
      return files.filter((file) => file.endsWith(suffix)).map((file) => file.slice(0, -suffix.length))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  }

  async open(nameSkeleton: string): Promise<SqliteStore> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const path = join(this.#folder, `${nameSkeleton}${suffix}`)
    return SqliteStore.open(path, { historyRevisions: homeHistoryRevisions })
  }
}
