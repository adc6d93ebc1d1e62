/**
 * The person's own editor on a text. The file is theirs alone (0600, in a folder of 0700, in memory where the system has
 * such a place), and gone afterwards, with all that the editor put beside it.
 */
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inputCharsMax } from '../input/editor.ts'

export type Edited =
  /** `isCut`: it was longer than the line takes. */
  { readonly text: string; readonly isCut: boolean } | { readonly failed: string; readonly hint: string }

/** UTF-8 bytes that hold more than the line takes. */
const readBytesMax = 4 * inputCharsMax
/** After a hang-up the editor has this long to save and end. */
const endMs = 2000

/** Never rejects. Aborting ends the editor; what it has saved by then counts. */
export async function editOutside(text: string, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Edited> {
  const editor = firstOf(env['VISUAL'], env['EDITOR']) ?? 'vi'
  const hint = `VISUAL or EDITOR sets the editor, now: ${editor}`
  let folder: string | undefined
  try {
    folder = await mkdtemp(join(firstOf(env['XDG_RUNTIME_DIR']) ?? tmpdir(), 'conclave-'))
    const file = join(folder, 'message.txt')
    await writeFile(file, text === '' ? '' : `${text}\n`, { mode: 0o600, flag: 'wx' })
    const outcome = await run(editor, file, env, signal)
    if (outcome !== undefined && !signal.aborted) {
      return { failed: `The editor failed (${outcome}). Your text is unchanged.`, hint }
    }
    const saved = (await beginningOf(file)).replace(/(?:\r?\n)+$/, '')
    return { text: saved.slice(0, inputCharsMax), isCut: saved.length > inputCharsMax }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return { failed: `The editor failed (${why}). Your text is unchanged.`, hint }
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true }).catch(() => undefined)
  }
}

/** Undefined: it ended well. */
async function run(
  editor: string,
  file: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<string | undefined> {
  const terminal = openTerminal()
  const stdio = terminal ?? 'inherit'
  // Passphrases that were given to this program are nothing for another one.
  const own = Object.entries(env).filter(([name]) => !name.startsWith('CONCLAVE_'))
  try {
    const child = spawn('/bin/sh', ['-c', `${editor} "$1"`, editor, file], {
      stdio: [stdio, stdio, stdio],
      env: Object.fromEntries(own),
    })
    return await new Promise<string | undefined>((resolve, reject) => {
      const end = (): void => {
        child.kill('SIGHUP')
        setTimeout(() => resolve('it did not end'), endMs).unref()
      }
      signal.addEventListener('abort', end, { once: true })
      child.once('error', reject)
      child.once('exit', (code, killed) => {
        signal.removeEventListener('abort', end)
        resolve(code === 0 ? undefined : killed === null ? `exit code ${code}` : killed)
      })
    })
  } finally {
    if (terminal !== undefined) closeSync(terminal)
  }
}

/** Opened anew: what a child inherits is made blocking, and our own output must not be. */
function openTerminal(): number | undefined {
  try {
    return openSync('/dev/tty', 'r+')
  } catch {
    return undefined
  }
}

async function beginningOf(file: string): Promise<string> {
  const handle = await open(file, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(readBytesMax), 0, readBytesMax, 0)
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await handle.close()
  }
}

function firstOf(...values: readonly (string | undefined)[]): string | undefined {
  return values.find((value) => value !== undefined && value.trim() !== '')
}
