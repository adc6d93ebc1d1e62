/** The findings of a diagnosis, each with what to do about it. */
import { ConclaveError, type ErrorCode } from '../../base/errors.ts'
import { describeError, type JsonObject } from '../output/output.ts'

export type Subject =
  'home' | 'files' | 'disk' | 'leftovers' | 'node.js' | 'store' | 'clock' | 'etcd' | 'certificate' | 'identity'

export interface Finding {
  /** `warning`: it works, and something should be done about it. `problem`: it does not, or is unsafe. */
  readonly level: 'ok' | 'warning' | 'problem'
  readonly about: Subject
  readonly what: string
  /** '' if there is nothing to do. */
  readonly todo: string
  /** Of a problem: decides the exit code. */
  readonly code?: ErrorCode
  /** Facts for scripts. */
  readonly facts?: JsonObject
}

export function fine(about: Subject, what: string, facts: JsonObject = {}): Finding {
  return { level: 'ok', about, what, todo: '', facts }
}

export function warning(about: Subject, what: string, todo: string, facts: JsonObject = {}): Finding {
  return { level: 'warning', about, what, todo, facts }
}

export function problem(about: Subject, code: ErrorCode, what: string, todo: string, facts: JsonObject = {}): Finding {
  return { level: 'problem', about, code, what, todo, facts }
}

/** Why something could not be examined. */
export function failure(about: Subject, error: unknown): Finding {
  const { message, hint } = describeError(error)
  return problem(about, error instanceof ConclaveError ? error.code : 'unexpected', message, hint)
}

export function findingObject({ level, about, what, todo, code, facts }: Finding): JsonObject {
  return { level, about, what, do: todo, ...(code === undefined ? {} : { code }), ...facts }
}

const marks = { ok: '✓', warning: '!', problem: '✗' } as const

export function findingText({ level, about, what, todo }: Finding): string {
  const more = (text: string, mark: string): string => text.replaceAll('\n', `\n${' '.repeat(16)}${mark}`)
  const lines = [`${marks[level]} ${about.padEnd(12)}  ${more(what, '')}`]
  if (todo !== '') lines.push(`${' '.repeat(14)}→ ${more(todo, '')}`)
  return lines.join('\n')
}
