/** The options that every command takes, the environment variables that stand in for them, and values of options. */
import { InvalidArgumentError, type Command } from 'commander'
import manifest from '../../../package.json' with { type: 'json' }
import { ConclaveError } from '../../base/errors.ts'
import { givenOr, locate, type Environment, type Locations } from '../../client/locations.ts'

export const version: string = manifest.version

export interface GlobalOptions extends Locations {
  readonly as: string | undefined
  readonly json: boolean
  readonly password: string | undefined
  readonly passwordFile: string | undefined
  readonly newPassword: string | undefined
  readonly recoveryCode: string | undefined
}

export function addGlobalOptions(program: Command): Command {
  return program
    .option('--home <dir>', 'folder with your identities and the embedded store')
    .option('--store <url>', 'sqlite:PATH, etcd://HOST:PORT,… or etcds://…')
    .option('--as <name>', 'identity to use, if there are several')
    .option('--json', 'print one JSON object per line, errors too')
    .option('--password-file <file>', 'file whose first line is your passphrase')
}

export function resolveGlobalOptions(given: Readonly<Record<string, unknown>>, env: Environment): GlobalOptions {
  return {
    ...locate(given, env),
    as: givenOr(given['as'], env['CONCLAVE_AS']),
    json: given['json'] === true,
    password: env['CONCLAVE_PASSWORD'] || undefined,
    passwordFile: givenOr(given['passwordFile'], undefined),
    newPassword: env['CONCLAVE_NEW_PASSWORD'] || undefined,
    recoveryCode: env['CONCLAVE_RECOVERY_CODE'] || undefined,
  }
}

/** Whether errors of a command line that could not be parsed should be JSON. */
export function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return (end === -1 ? argv : argv.slice(0, end)).includes('--json')
}

/** A parser of option values for commander: whole numbers in [min, max]. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^[0-9]+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`)
    }
    return value
  }
}

/** 30m, 24h, 7d, in milliseconds. @throws usage */
export function durationMs(text: string): number {
  const match = /^([1-9][0-9]{0,4})([mhd])$/.exec(text)
  if (match === null) {
    throw new ConclaveError('usage', `"${text}" is not a duration`, { hint: 'For example 30m, 24h, 7d.' })
  }
  return Number(match[1]) * { m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] as 'm' | 'h' | 'd']
}
