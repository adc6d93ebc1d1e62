/**
 * What a command works with: its options, its output, and the chat, which is opened when it is first asked for.
 * Whoever runs the command closes it all again.
 */
import { ConclaveError, isConclaveError } from '../base/errors.ts'
import { RecoveryCodeNeeded } from '../chat/accounts.ts'
import type { Accounts, KnownIdentity } from '../chat/accounts.ts'
import type { Chat } from '../chat/chat.ts'
import type { Trouble } from './agent/agent-trouble.ts'
import type { Wiring } from '../client/connect.ts'
import { findIdentity, latestIdentity } from './identity.ts'
import type { GlobalOptions } from './options.ts'
import type { Output } from './output.ts'
import { givenPassword, obtainPassword } from './password.ts'
import type { Prompt } from './prompt.ts'
import { RecoveryNotes } from './recovery-notes.ts'

export interface Unlocked {
  readonly chat?: Chat
  readonly trouble?: Trouble
}

export class Session {
  readonly options: GlobalOptions
  readonly out: Output
  readonly prompt: Prompt
  readonly stdin: NodeJS.ReadStream
  /** Aborted by Ctrl-C and its kin, and when nobody reads the output any more. */
  readonly signal: AbortSignal
  #wiring: Promise<Wiring> | undefined
  #chat: Chat | undefined
  #notes: RecoveryNotes | undefined

  constructor(parts: Pick<Session, 'options' | 'out' | 'prompt' | 'stdin' | 'signal'>) {
    this.options = parts.options
    this.out = parts.out
    this.prompt = parts.prompt
    this.stdin = parts.stdin
    this.signal = parts.signal
  }

  wiring(): Promise<Wiring> {
    // Loaded late: a command line that is only asked for its help loads neither stores nor cryptography.
    this.#wiring ??= import('../client/connect.ts').then(({ wire }) => wire(this.options))
    return this.#wiring
  }

  async accounts(): Promise<Accounts> {
    return (await this.wiring()).accounts
  }

  /** Of this home, most recently used first; those of others are left alone where only one name is of interest. */
  async identities(only?: string): Promise<readonly KnownIdentity[]> {
    return (await import('../client/connect.ts')).identitiesOf(this.options.home, only)
  }

  /** The name that the command acts as: --as, or the identity of this home that was used last. */
  async name(): Promise<string> {
    const { as, home } = this.options
    const known = await this.identities(as)
    return as === undefined ? latestIdentity(known, home).name : (findIdentity(known, as)?.name ?? as)
  }

  /** The identity of this home that the command acts as. @throws usage, no-such-user where there is none */
  async self(): Promise<KnownIdentity> {
    const { as, home } = this.options
    const known = await this.identities(as)
    const self = as === undefined ? latestIdentity(known, home) : findIdentity(known, as)
    if (self !== undefined) return self
    throw new ConclaveError('no-such-user', `there is no ${as} in ${home}`, {
      hint: `conclave login ${as} fetches it, if it was made on another machine.`,
    })
  }

  /** Logs in: with the password that is given, else as the identity is unlocked, else with the password that is asked for. */
  async chat(): Promise<Chat> {
    if (this.#chat) return this.#chat
    const name = await this.name()
    const given = await givenPassword(this.options)
    const { chat, trouble }: Unlocked = given === undefined ? await this.unlocked(name) : {}
    if (chat !== undefined) return this.keep(chat)
    const instead = 'At a terminal, conclave unlock keeps it open for commands.'
    const password = await obtainPassword(this.options, name, this.prompt, { trouble, instead })
    return this.logIn(name, password)
  }

  /** On a machine that is new to a name with a password of its own the recovery code is asked for too. */
  async logIn(name: string, password: string): Promise<Chat> {
    const accounts = await this.accounts()
    try {
      return this.keep(await accounts.logIn({ name, password, ...this.recovery() }))
    } catch (error) {
      if (!(error instanceof RecoveryCodeNeeded) || !this.prompt.interactive) throw error
    }
    for (;;) {
      const recoveryCode = await this.prompt.ask(`Recovery code of ${name}, shown when it was made: `)
      try {
        return this.keep(await accounts.logIn({ name, password, recoveryCode }))
      } catch (error) {
        // Mistyped: nothing was tried with it.
        if (!isConclaveError(error, 'usage')) throw error
        this.out.note(`${error.message} ${error.hint ?? ''}`)
      }
    }
  }

  /** The chat of an identity that `unlock` keeps open, or why it is not to be had although it was unlocked. */
  async unlocked(name: string): Promise<Unlocked> {
    const { home } = this.options
    const { keyOfAgent, lockAgent } = await import('./agent/ask-agent.ts')
    const { agentTrouble } = await import('./agent/agent-trouble.ts')
    const agent = await keyOfAgent(home, name)
    if (agent.kind !== 'unlocked') {
      // Told once. Those that are alive are left to `lock`.
      if (agent.kind === 'dead') await lockAgent(home, name)
      const trouble = agentTrouble(agent.kind, name)
      return trouble === undefined ? {} : { trouble }
    }
    try {
      return { chat: await (await this.accounts()).logInUnlocked({ name, key: agent.key }) }
    } catch (error) {
      if (!isConclaveError(error, 'wrong-password')) throw error
      await lockAgent(home, name)
      return { trouble: { what: error.message, todo: error.hint ?? '' } }
    } finally {
      agent.key.fill(0)
    }
  }

  /** Hands over a chat that the command opened itself. */
  keep(chat: Chat): Chat {
    this.#chat = chat
    this.#notes = new RecoveryNotes(chat, this.out)
    return chat
  }

  recovery(): { recoveryCode?: string } {
    const { recoveryCode } = this.options
    return recoveryCode === undefined ? {} : { recoveryCode }
  }

  /** @param error what the command ended with */
  async close(error?: unknown): Promise<void> {
    this.#notes?.end(error)
    await this.#chat?.close()
    const advice = this.#chat?.advice
    if (advice !== undefined) this.out.note(`${advice.text}\n  ${advice.hint}`)
    const wiring = await this.#wiring?.catch(() => undefined)
    await wiring?.close()
  }
}

/** What a command does; its exit code is 0 unless it says otherwise. */
export type Action<Arguments extends unknown[]> = (session: Session, ...args: Arguments) => Promise<number | void>

/** Makes an action of ours into one that commander calls. */
export type Act = <Arguments extends unknown[]>(action: Action<Arguments>) => (...args: Arguments) => Promise<void>
