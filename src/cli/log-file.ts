/** CONCLAVE_LOG=FILE: what happens, as lines of JSON appended to a file that only its owner reads. */
import { createWriteStream } from 'node:fs'
import type { LogFields, Logger } from '../base/log.ts'

/** A log that can't be written is given up quietly: it must never be what stops a chat. */
export function fileLogger(file: string): Logger {
  const stream = createWriteStream(file, { flags: 'a', mode: 0o600 })
  let failed = false
  stream.on('error', () => (failed = true))
  const write = (level: string, event: string, fields: LogFields = {}): void => {
    if (failed) return
    stream.write(`${JSON.stringify({ at: new Date().toISOString(), pid: process.pid, level, event, ...fields })}\n`)
  }
  return {
    debug: (event, fields) => write('debug', event, fields),
    info: (event, fields) => write('info', event, fields),
    warn: (event, fields) => write('warn', event, fields),
  }
}
