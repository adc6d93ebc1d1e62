/** The options that every command takes, and the environment variables that stand in for them. */
import type { Command } from 'commander'
import { givenOr, locate, type Environment, type Locations } from '../client/locations.ts'

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
    .option('--home <dir>', 'where the identities and the embedded store are')
    .option('--store <url>', 'sqlite:PATH, etcd://HOST:PORT,… or etcds://…')
    .option('--as <name>', 'which identity, where there are several')
    .option('--json', 'one JSON object a line, errors too')
    .option('--password-file <file>', 'its first line is the password')
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

/** Whether errors of the command line itself, which has then not been understood, are to be JSON. */
export function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return (end === -1 ? argv : argv.slice(0, end)).includes('--json')
}
