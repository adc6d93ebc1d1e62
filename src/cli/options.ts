/** The options that every command takes, and the environment variables that stand in for them. */
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { ConclaveError } from '../base/errors.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface GlobalOptions {
  /** Absolute path of the folder with the identities and the embedded store. */
  readonly home: string
  /** A store URL, unless the home says which one. */
  readonly store: string | undefined
  readonly as: string | undefined
  readonly json: boolean
  readonly password: string | undefined
  readonly passwordFile: string | undefined
  readonly newPassword: string | undefined
  readonly recoveryCode: string | undefined
  /** Where a log is wanted. */
  readonly log: string | undefined
}

export function addGlobalOptions(program: Command): Command {
  return program
    .option('--home <dir>', 'where the identities and the embedded store are')
    .option('--store <url>', 'sqlite:PATH, etcd://HOST:PORT,… or etcds://…')
    .option('--as <name>', 'which identity, where there are several')
    .option('--json', 'one JSON object a line, errors too')
    .option('--password-file <file>', 'its first line is the password')
}

/** An option wins over its variable; an empty variable counts as unset, an empty option is a mistake. */
export function resolveGlobalOptions(given: Readonly<Record<string, unknown>>, env: Environment): GlobalOptions {
  const pick = (option: string, variable?: string): string | undefined => {
    const value = given[option]
    if (value === '') throw new ConclaveError('usage', 'an option got an empty value')
    return typeof value === 'string' ? value : variable === undefined ? undefined : env[variable] || undefined
  }
  return {
    home: resolve(pick('home', 'CONCLAVE_HOME') ?? defaultHome(env, process.platform)),
    store: pick('store', 'CONCLAVE_STORE'),
    as: pick('as', 'CONCLAVE_AS'),
    json: given['json'] === true,
    password: env['CONCLAVE_PASSWORD'] || undefined,
    passwordFile: pick('passwordFile'),
    newPassword: env['CONCLAVE_NEW_PASSWORD'] || undefined,
    recoveryCode: env['CONCLAVE_RECOVERY_CODE'] || undefined,
    log: env['CONCLAVE_LOG'] || undefined,
  }
}

/** Whether errors of the command line itself, which has then not been understood, are to be JSON. */
export function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return (end === -1 ? argv : argv.slice(0, end)).includes('--json')
}

/**
 * The platform's folder for a program's data: the XDG base directory specification, Apple's Application Support,
 * Windows' roaming profile.
 */
export function defaultHome(env: Environment, platform: NodeJS.Platform): string {
  const user = homedir()
  switch (platform) {
    case 'darwin':
      return join(user, 'Library', 'Application Support', 'Conclave')
    case 'win32':
      return join(env['APPDATA'] || join(user, 'AppData', 'Roaming'), 'Conclave')
    default: {
      // The specification says that a relative path there is to be ignored.
      const data = env['XDG_DATA_HOME']
      return join(data?.startsWith('/') ? data : join(user, '.local', 'share'), 'conclave')
    }
  }
}
