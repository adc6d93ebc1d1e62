/** The records of a cluster under test. */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OpenStore } from '../../src/node/cluster-store.ts'
import { SqliteStore } from '../../src/store/sqlite/store.ts'

export const openTestStore: OpenStore = async () =>
  SqliteStore.open(process.env['TEST_STORE'] ?? join(tmpdir(), 'x.db'))
