/**
 * What a command works with: its options, its output, and the chat, which is opened when it is first needed. The code
 * that runs the command closes everything.
 */
import { ConclaveError, isConclaveError } from '../../base/errors.ts'
import { hintText } from '../../base/hint.ts'
import { RecoveryCodeNeeded, type Accounts, type KnownIdentity } from '../../chat/accounts.ts'
import type { Chat, Confirm, Room } from '../../chat/chat.ts'
import { UnconfirmedKey } from '../../chat/people/unconfirmed-key.ts'
import type { Trouble } from '../agent/ask-agent.ts'
import type { Wiring } from '../../client/connect.ts'
import { RecoveryNotes } from '../output/notes.ts'
import type { Output } from '../output/output.ts'
import type { Host } from './host.ts'
import type { GlobalOptions } from './options.ts'
import { givenPassphrase, obtainPassphrase } from './passphrase.ts'
import { usualPatience, type Patience } from './patience.ts'
import type { Prompt } from './prompt.ts'

export interface Unlocked {
  readonly chat?: Chat
  readonly trouble?: Trouble
}

export class Session {
  readonly host: Host
  readonly options: GlobalOptions
  readonly out: Output
  readonly prompt: Prompt
  /** Aborted by Ctrl-C and the like, and when no one reads the output any more. */
  readonly signal: AbortSignal
  readonly patience: Patience
  #wiring: Promise<Wiring> | undefined
  #chat: Chat | undefined
  #notes: RecoveryNotes | undefined

  constructor(parts: Pick<Session, 'host' | 'options' | 'out' | 'prompt' | 'signal'>) {
    this.host = parts.host
    this.options = parts.options
    this.out = parts.out
    this.prompt = parts.prompt
    this.signal = parts.signal
    this.patience = { ...usualPatience, ...parts.host.patience }
  }

  /** Whether a person can be asked: scripts run with --json or without a terminal. */
  get interactive(): boolean {
    return this.prompt.interactive && !this.out.json
  }

  wiring(): Promise<Wiring> {
    // Loaded late: --help needs neither stores nor cryptography.
    this.#wiring ??= import('../../client/connect.ts').then(({ wire }) => wire(this.options, this.patience.storeMs))
    return this.#wiring
  }

  async accounts(): Promise<Accounts> {
    return (await this.wiring()).accounts
  }

  /** The identities of this home, most recently used first. `only`: the others are not read. */
  async identities(only?: string): Promise<readonly KnownIdentity[]> {
    return (await import('../../client/connect.ts')).identitiesOf(this.options.home, only)
  }

  /** The name that the command acts as: --as, or the identity of this home that was used last. */
  async name(): Promise<string> {
    return (await this.#known())?.name ?? this.options.as ?? ''
  }

  /** The identity of this home that the command acts as. @throws usage, no-such-user if there is none */
  async self(): Promise<KnownIdentity> {
    const self = await this.#known()
    if (self !== undefined) return self
    const { as, home } = this.options
    throw new ConclaveError('no-such-user', `There is no identity "${as}" in ${home}`, {
      hint: `conclave login ${as} fetches it, if it was made on another machine.`,
    })
  }

  /** Opens a room by its name or id. */
  async room(name: string): Promise<Room> {
    return (await this.chat()).open(name, this.signal)
  }

  /** Logs in: with the given passphrase, else through the agent if unlocked, else by asking for one. */
  async chat(): Promise<Chat> {
    if (this.#chat) return this.#chat
    const name = await this.name()
    const given = await givenPassphrase(this.options)
    const { chat, trouble }: Unlocked = given === undefined ? await this.unlocked(name) : {}
    if (chat !== undefined) return this.keep(chat)
    const instead = 'At a terminal, conclave unlock keeps it open for commands.'
    return this.logIn(name, await obtainPassphrase(this.options, name, this.prompt, { trouble, instead }))
  }

  /** For a name with a chosen passphrase, a new machine asks for the recovery code too. */
  async logIn(name: string, password: string): Promise<Chat> {
    const accounts = await this.accounts()
    const { recoveryCode: given } = this.options
    try {
      return this.keep(await accounts.logIn({ name, password, ...(given !== undefined && { recoveryCode: given }) }))
    } catch (error) {
      if (!(error instanceof RecoveryCodeNeeded) || !this.prompt.interactive) throw error
    }
    for (;;) {
      const recoveryCode = await this.prompt.ask(`Recovery code for ${name}, shown when it was created: `)
      try {
        return this.keep(await accounts.logIn({ name, password, recoveryCode }))
      } catch (error) {
        // A typo: nothing was tried with it.
        if (!isConclaveError(error, 'usage')) throw error
        this.out.note(`${error.message} ${error.hint ?? ''}`)
      }
    }
  }

  /** The chat of an identity that `unlock` keeps open, or why it can't be used although it was unlocked. */
  async unlocked(name: string): Promise<Unlocked> {
    const { home } = this.options
    const { agentMs } = this.patience
    const { keyOfAgent, lockAgent, troubleOf } = await import('../agent/ask-agent.ts')
    const agent = await keyOfAgent(home, name, agentMs)
    if (agent.kind !== 'unlocked') {
      // Reported once. Agents that are alive are left to `lock`.
      if (agent.kind === 'dead') await lockAgent(home, name, agentMs)
      const trouble = troubleOf(agent.kind, name)
      return trouble === undefined ? {} : { trouble }
    }
    try {
      return { chat: await (await this.accounts()).logInUnlocked({ name, key: agent.key }) }
    } catch (error) {
      if (!isConclaveError(error, 'wrong-password')) throw error
      await lockAgent(home, name, agentMs)
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

  /** Asks a person before something they could regret. `yes`: they confirmed it on the command line; scripts always do. */
  async mayDo(question: string, yes: boolean): Promise<boolean> {
    if (yes || !this.interactive || (await this.prompt.confirm(question))) return true
    this.out.note('Nothing was done.')
    return false
  }

  /** Acts on a person's key. A key that was never seen is asked about, one that changed is refused. */
  async withKey<T>(confirm: Confirm, work: (confirm: Confirm) => Promise<T>): Promise<T> {
    try {
      return await work(confirm)
    } catch (error) {
      const asked = error instanceof UnconfirmedKey && error.known === undefined && confirm.fingerprint === undefined
      if (!asked || !this.interactive) throw error
      const { name, fingerprint } = error.person
      const question = `First contact with ${name}. Fingerprint: ${fingerprint}\nCompare it with ${name} by phone or in person if it matters. Trust this key?`
      if (!(await this.prompt.confirm(question))) throw error
      return work({ fingerprint })
    }
  }

  /** @param error what the command ended with */
  async close(error?: unknown): Promise<void> {
    this.#notes?.end(error)
    await this.#chat?.close()
    const advice = this.#chat?.advice
    if (advice !== undefined) this.out.note(`${advice.text}\n  ${hintText(advice.hint)}`)
    const wiring = await this.#wiring?.catch(() => undefined)
    await wiring?.close()
  }

  /** undefined: --as names no identity of this home. @throws usage without --as, when the home has none at all */
  async #known(): Promise<KnownIdentity | undefined> {
    const { as, home } = this.options
    const known = await this.identities(as)
    // Names compare as they fold: `--as Ada` means ada.
    const fits = (fold: (name: string) => string) =>
      known.find(({ name }) => as !== undefined && fold(name) === fold(as))
    if (as !== undefined) return fits((name) => name) ?? fits((name) => name.toLowerCase())
    const [latest] = known
    if (latest !== undefined) return latest
    throw new ConclaveError('usage', `There is no identity in ${home} yet`, {
      hint: 'conclave signup NAME creates one; conclave login NAME fetches yours from another machine.',
    })
  }
}

/** A command's action; its exit code is 0 unless it returns another. */
export type Action<Arguments extends unknown[]> = (session: Session, ...args: Arguments) => Promise<number | void>

/** Adapts our action to commander. */
export type Act = <Arguments extends unknown[]>(action: Action<Arguments>) => (...args: Arguments) => Promise<void>
