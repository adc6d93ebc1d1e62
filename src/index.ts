/**
 * The public API: what a bot, a bridge or another front end imports from 'conclave'.
 *
 * `connect` gives a `Chat`, the same one that the terminal interface and the command line work with. Everything that
 * fails rejects with a `ConclaveError`, whose `code` is stable.
 */
import { isConclaveError } from './base/errors.ts'
import type { Accounts } from './chat/accounts.ts'
import type { Chat } from './chat/api.ts'
import { wire } from './client/connect.ts'
import { locate } from './client/locations.ts'

export { ConclaveError, isConclaveError } from './base/errors.ts'
export type { ErrorCode, ErrorDetails } from './base/errors.ts'
export { hintText } from './base/hint.ts'
export type { CommandHint, Hint, HintedCommand } from './base/hint.ts'
export type { Listener } from './base/emitter.ts'
export type { Attention, AttentionKind, AttentionShare } from './chat/attention.ts'
export { changedBy, isChange } from './chat/timeline/changes.ts'
export type { Change, ChangeContent, Changed, Reaction } from './chat/timeline/changes.ts'
export { UnconfirmedKey } from './chat/people/unconfirmed-key.ts'
export type {
  Admission,
  Advice,
  ChangedKey,
  Chat,
  ChatEvents,
  Confirm,
  Connection,
  CreateOptions,
  Diverged,
  Done,
  FollowOptions,
  Forgotten,
  HeadComparison,
  HistoryPage,
  HistoryQuery,
  Invitation,
  Knock,
  LastHeard,
  Member,
  Policy,
  Recovery,
  Rekeyed,
  Repair,
  Room,
  RoomEvents,
  SafetyNumber,
  Sent,
  Unsubscribe,
  Verification,
  Which,
} from './chat/api.ts'
export type { RoomSummary, Standing } from './chat/room-summary.ts'
export type {
  AdminEvent,
  AdminItem,
  Author,
  LostItem,
  MessageBase,
  MessageContent,
  MessageItem,
  PendingItem,
  Participant,
  Person,
  Returning,
  TimelineItem,
  WarningItem,
} from './chat/item.ts'

export interface ConnectOptions {
  /** Folder of the identities and the embedded store; CONCLAVE_HOME or the platform's data folder when absent. */
  readonly home?: string
  /** `sqlite:PATH`, `etcd://host:port,…` or `etcds://…`; CONCLAVE_STORE or the home's own when absent. */
  readonly store?: string
  readonly as: string
  readonly password: string
  /** The code that was shown when this identity was made with a password of its own: needed once on a new machine. */
  readonly recoveryCode?: string
  /** Make the identity if the store does not know it. */
  readonly signUp?: boolean
  /** Called once, when an identity was made: without the code nobody logs in from another machine. */
  readonly onRecoveryCode?: (code: string) => void
}

/**
 * Logs in. Closing the chat closes everything that was opened for it.
 *
 * @throws wrong-password, no-such-user (without `signUp`), unavailable, usage (a weak password, a bad URL)
 */
export async function connect(options: ConnectOptions): Promise<Chat> {
  const wiring = await wire(locate(options, process.env))
  try {
    const chat = await enter(wiring.accounts, options)
    const close = chat.close.bind(chat)
    // Idempotent, both of them.
    chat.close = () => close().finally(() => wiring.close())
    return chat
  } catch (error) {
    await wiring.close()
    throw error
  }
}

async function enter(accounts: Accounts, options: ConnectOptions): Promise<Chat> {
  const { as: name, password, recoveryCode } = options
  try {
    return await accounts.logIn({ name, password, ...(recoveryCode === undefined ? {} : { recoveryCode }) })
  } catch (error) {
    if (!options.signUp || !isConclaveError(error, 'no-such-user')) throw error
  }
  const signedUp = await accounts.signUp({ name, password, chosen: true })
  if (signedUp.recoveryCode !== undefined) options.onRecoveryCode?.(signedUp.recoveryCode)
  return signedUp.chat
}
