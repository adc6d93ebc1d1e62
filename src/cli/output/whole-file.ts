/** A private file, written atomically: it appears whole or not at all, however long it takes to write. */
import { randomUUID } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { ConclaveError } from '../../base/errors.ts'

/** Replaces a file of this name. @throws usage when it can't be written */
export async function writeWholeFile(path: string, parts: AsyncIterable<string>): Promise<void> {
  const target = resolve(path)
  const half = `${target}.${randomUUID()}.tmp`
  const file = await open(half, 'wx', 0o600).catch((cause: unknown) => {
    throw unwritable(path, cause)
  })
  try {
    try {
      for await (const part of parts) await file.write(part)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(half, target)
  } catch (error) {
    await rm(half, { force: true })
    throw typeof (error as NodeJS.ErrnoException).syscall === 'string' ? unwritable(path, error) : error
  }
  const folder = await open(dirname(target))
  await folder.sync().finally(() => folder.close())
}

function unwritable(path: string, cause: unknown): ConclaveError {
  return new ConclaveError('usage', `Can't write ${path}`, { hint: (cause as Error).message, cause })
}
