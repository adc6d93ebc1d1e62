/** Structured logging, handed in. Never a key, a password or a plaintext: fields are ids, counts, codes and times. */

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>

export interface Logger {
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
}

export const silentLogger: Logger = { debug() {}, info() {}, warn() {} }
