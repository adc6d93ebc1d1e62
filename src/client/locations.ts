/** Where a program finds its identities, its store and its log: from options, else from the environment. */
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { ConclaveError } from '../base/errors.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface Locations {
  /** Absolute path of the folder with the identities and the embedded store. */
  readonly home: string
  /** A store URL, unless the home's configuration names one. */
  readonly store: string | undefined
  /** The file to append the log to, if one is wanted. */
  readonly log: string | undefined
}

export function locate(
  { home, store }: { readonly home?: unknown; readonly store?: unknown },
  env: Environment,
): Locations {
  return {
    home: resolve(givenOr(home, env['CONCLAVE_HOME']) ?? defaultHome(env, process.platform)),
    store: givenOr(store, env['CONCLAVE_STORE']),
    log: env['CONCLAVE_LOG'] || undefined,
  }
}

/** An option wins over its variable; an empty variable counts as unset. @throws usage for an empty option */
export function givenOr(option: unknown, variable: string | undefined): string | undefined {
  if (option === '') throw new ConclaveError('usage', 'An option got an empty value')
  return typeof option === 'string' ? option : variable || undefined
}

/**
 * The platform's folder for application data: the XDG base directory specification, Apple's Application Support,
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
      // The specification says that relative paths there must be ignored.
      const data = env['XDG_DATA_HOME']
      return join(data?.startsWith('/') ? data : join(user, '.local', 'share'), 'conclave')
    }
  }
}
