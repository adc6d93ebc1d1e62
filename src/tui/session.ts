/**
 * Executes the effects that states ask for: the thin edge between the pure screen and the chat. It holds the only
 * handles (accounts, chat, the open room, open knocks) and answers with sanitized events.
 *
 * At most one room is open. Cancelled work is never heard of again: each opening has a signal, and an answer to a
 * cancelled one is dropped.
 */
import { randomInt } from 'node:crypto'
import type { Accounts } from '../chat/accounts.ts'
import type { Admission, Advice, Chat, Room, Unsubscribe } from '../chat/chat.ts'
import type { MessageItem } from '../chat/item.ts'
import { ConclaveError, isConclaveError } from '../base/errors.ts'
import { UnconfirmedKey } from '../chat/people/unconfirmed-key.ts'
import { hasText } from '../chat/timeline/changes.ts'
import { count } from '../chat/wording.ts'
import { DraftKeeper } from './draft-keeper.ts'
import { describe, hintOnScreen, recoveryOnScreen } from './hints.ts'
import { HomeSettings, isAboutSettings, type SettingsStores } from './home-settings.ts'
import { OpenRoom } from './open-room.ts'
import { sanitize, sanitizeLine } from './sanitize.ts'
import type { Effect } from './state/effect.ts'
import type { Event, Unconfirmed } from './state/event.ts'
import { unsentBy } from './state/question.ts'
import { Namesakes } from '../chat/people/namesakes.ts'
import { roomLabel } from '../chat/room-label.ts'
import type { Hit } from './state/state.ts'
import { sanitized } from './state/sanitized.ts'
import { withoutSpoilers } from './text/markdown.ts'

/** Actions of the program itself: end, redraw, go to the background, call for the person, edit outside, copy. */
type ProgramEffect = Extract<Effect, { do: 'quit' | 'redraw' | 'suspend' | 'call' | 'edit-outside' | 'copy' }>

export class Session {
  readonly #accounts: Accounts
  readonly #dispatch: (event: Event) => void
  /** Keeps what is typed, once someone is logged in. */
  readonly drafts = new DraftKeeper(() => this.#chat?.typed)
  readonly #settings: HomeSettings
  readonly #ended = new AbortController()
  #chat: Chat | undefined
  #unsubscribe: Unsubscribe | undefined
  #room: OpenRoom | undefined
  /** Aborted when the person cancels what is being opened. */
  #opening = new AbortController()
  #refreshing = false
  #settled = false
  #advice: Advice | undefined
  #searching = new AbortController()
  readonly #knocks = new Map<string, Admission>()

  constructor(accounts: Accounts, dispatch: (event: Event) => void, stores: SettingsStores) {
    this.#accounts = accounts
    this.#dispatch = dispatch
    this.#settings = new HomeSettings(stores, dispatch)
  }

  /** Never rejects: a failure becomes an event. */
  async perform(effect: Exclude<Effect, ProgramEffect>): Promise<void> {
    // A new opening replaces the one under way.
    const opening = isOpening(effect) ? this.#startOpening() : this.#opening.signal
    try {
      await this.#perform(effect, opening)
    } catch (error) {
      if (this.#ended.signal.aborted || (opening.aborted && isOpening(effect))) return
      // Aborted by ourselves: the room was closed in the meantime.
      if (error instanceof Error && error.name === 'AbortError') return
      if (error instanceof UnconfirmedKey && isAboutKey(effect)) {
        const { person, known } = error
        const given = effect.fingerprint
        return this.#dispatch({ kind: 'unconfirmed', wanted: effect, ...sanitized({ person, known, given }) })
      }
      const { code, text, hint } = describe(error)
      this.#dispatch(
        effect.do === 'fetch' || effect.do === 'visit'
          ? { kind: 'fetch-failed', text, hint }
          : { kind: 'failed', code, text, hint, ...unsentBy(effect) },
      )
    }
  }

  async close(): Promise<void> {
    this.#ended.abort()
    this.#opening.abort()
    this.#room?.close()
    this.#unsubscribe?.()
    await this.drafts.flush()
    await this.#chat?.close()
  }

  async #perform(effect: Exclude<Effect, ProgramEffect>, opening: AbortSignal): Promise<void> {
    if (isAboutSettings(effect)) return this.#settings.perform(effect)
    switch (effect.do) {
      case 'find-identities': {
        const known = await this.#accounts.identities()
        return this.#dispatch({ kind: 'identities', known: sanitized(known) })
      }
      case 'suggest-passphrase': {
        const { name } = effect
        return this.#dispatch({
          kind: 'passphrase',
          name,
          passphrase: this.#accounts.suggestPassphrase(),
          ask: anyNumber(),
        })
      }
      case 'check-password':
        return this.#dispatch({
          kind: 'weakness',
          advice: await this.#accounts.weakness(effect.password, effect.name),
        })
      case 'log-in': {
        const { name, password, recoveryCode } = effect
        const code = recoveryCode === undefined ? {} : { recoveryCode }
        return this.enter(await this.#accounts.logIn({ name, password, ...code }))
      }
      case 'sign-up': {
        const { name, password, chosen } = effect
        const { chat, recoveryCode } = await this.#accounts.signUp({ name, password, chosen })
        return this.enter(chat, recoveryCode)
      }
      default:
        return this.#performInside(effect, this.#inside(), opening)
    }
  }

  async #performInside(effect: Exclude<Effect, ProgramEffect>, chat: Chat, opening: AbortSignal): Promise<void> {
    switch (effect.do) {
      case 'refresh-rooms':
        if (this.#refreshing) return
        this.#refreshing = true
        // The known list is on the screen already; without the store that is all there is.
        await chat.rooms(this.#ended.signal).catch(() => undefined)
        this.#refreshing = false
        this.#settled = true
        return this.#tellChat(chat)
      case 'retell':
        this.#room?.retell()
        return this.#tellChat(chat)
      case 'open':
        return this.#open(chat, effect.room, opening)
      case 'create': {
        if (effect.fromList === true) await this.#refuseListed(chat, effect.name, opening)
        const room = await chat.create(effect.name, effect.options)
        if (!opening.aborted) await this.#show(await OpenRoom.open(room, this.#dispatch, this.drafts, opening), opening)
        return
      }
      case 'join': {
        const { room, fingerprint } = effect
        const confirm = fingerprint === undefined ? {} : { fingerprint }
        const admission = await chat.join(room, confirm, AbortSignal.any([opening, this.#ended.signal]))
        if (opening.aborted) return
        if (admission.state === 'accepted') return this.#open(chat, admission.roomId, opening)
        this.#knocks.set(admission.roomId, admission)
        void this.#await(admission)
        return this.#dispatch({ kind: 'waiting', ...nameOf(admission) })
      }
      case 'dm': {
        const { name, fingerprint, text } = effect
        const room = await chat.dm(name, fingerprint === undefined ? {} : { fingerprint })
        if (opening.aborted) return
        const opened = await OpenRoom.open(room, this.#dispatch, this.drafts, opening)
        await this.#show(opened, opening)
        // Not where it was cancelled meanwhile.
        if (text !== undefined && this.#room === opened)
          await opened.perform({ do: 'send', content: { type: 'text', text } })
        return
      }
      case 'search':
        return this.#search(chat, effect)
      case 'stop-search':
        return this.#searching.abort()
      case 'compare': {
        return this.#dispatch({ kind: 'compared', with: sanitized(await chat.safetyNumber(effect.name)) })
      }
      case 'confirm-key':
        await chat.confirmKey(effect.name, effect.fingerprint)
        this.#room?.retell()
        this.#tellChat(chat)
        return this.#dispatch({ kind: 'done', text: `${effect.name} is verified.` })
      case 'rekey': {
        const { name, fingerprint, rooms } = await chat.rekey()
        return this.#dispatch({ kind: 'rekeyed', self: sanitized({ name, fingerprint }), rooms })
      }
      case 'withdraw': {
        const admission = this.#knocks.get(effect.roomId)
        this.#knocks.delete(effect.roomId)
        await admission?.withdraw()
        return this.#dispatch({
          kind: 'withdrawn',
          roomName: admission === undefined ? 'that room' : nameOf(admission).roomName,
        })
      }
      case 'cancel':
        this.#opening.abort()
        return
      case 'close-room':
        this.#room?.close()
        this.#room = undefined
        return
      default:
        return this.#room?.perform(effect)
    }
  }

  #inside(): Chat {
    if (this.#chat === undefined) throw new Error('not logged in')
    return this.#chat
  }

  /** Continues as this person; closed with the session. */
  enter(chat: Chat, recoveryCode?: string): void {
    if (this.#ended.signal.aborted) {
      void chat.close()
      return
    }
    this.#chat = chat
    this.#unsubscribe = chat.subscribe(() => this.#tellChat(chat))
    this.#dispatch({
      kind: 'logged-in',
      self: sanitized(chat.self),
      ...(recoveryCode !== undefined && { recoveryCode }),
      ask: anyNumber(),
      connection: sanitized(chat.connection),
      rooms: sanitized(chat.knownRooms()),
    })
  }

  #tellChat(chat: Chat): void {
    if (this.#ended.signal.aborted) return
    this.#dispatch({
      kind: 'chat',
      settled: this.#settled,
      connection: sanitized(chat.connection),
      rooms: sanitized(chat.knownRooms()),
      recoveries: chat.recoveries.map(recoveryOnScreen),
    })
    if (chat.advice === this.#advice) return
    this.#advice = chat.advice
    if (chat.advice !== undefined)
      this.#dispatch({ kind: 'advice', text: sanitizeLine(chat.advice.text), hint: hintOnScreen(chat.advice.hint) })
  }

  /** Room by room, the open one first; newest messages first. A room that can't be read stops no others. */
  async #search(chat: Chat, { search, words, everywhere }: Effect & { do: 'search' }): Promise<void> {
    this.#searching.abort()
    this.#searching = new AbortController()
    const signal = AbortSignal.any([this.#searching.signal, this.#ended.signal])
    const tell = (hits: readonly Hit[], more: boolean, looking: string | undefined): void => {
      if (!signal.aborted) this.#dispatch({ kind: 'found', search, hits, more, looking })
    }
    const rooms = this.#searched(chat, everywhere)
    for (const [index, { label, open }] of rooms.entries()) {
      const next = rooms[index + 1]?.label
      try {
        const room = await open(signal)
        const progress = (left: number): void => tell([], false, `${label}, ${count(left, 'record')} to go`)
        const { found, more } = await room.search(words, { progress }, signal)
        const authors = found.map(({ item }) => item.from)
        const namesakes = new Namesakes([...room.members, ...authors])
        tell(
          found.toReversed().map(({ item }) => hitOf(room.id, label, item, namesakes)),
          more,
          next,
        )
      } catch (error) {
        signal.throwIfAborted()
        tell([], true, next)
        if (!everywhere) throw error
      }
    }
  }

  #searched(chat: Chat, everywhere: boolean): readonly Searched[] {
    const here = this.#room?.room
    const all = chat.knownRooms()
    const readable = all.filter(
      ({ id, standing }) => id !== here?.id && ['member', 'left', 'kicked'].includes(standing),
    )
    return [
      ...(here === undefined ? [] : [{ label: sanitizeLine(roomLabel(here, all)), open: async () => here }]),
      ...(everywhere ? readable : []).map((room) => ({
        label: sanitizeLine(roomLabel(room, all)),
        open: (signal: AbortSignal) => chat.open(room.id, signal),
      })),
    ]
  }

  /** A list that was typed into before it had arrived must not lead to a second room of the name. */
  async #refuseListed(chat: Chat, name: string, opening: AbortSignal): Promise<void> {
    const rooms = await chat.rooms(AbortSignal.any([opening, this.#ended.signal]))
    this.#tellChat(chat)
    if (!rooms.some((room) => room.name.toLowerCase() === name.toLowerCase())) return
    throw new ConclaveError('name-taken', `There is a room called ${name} already.`, {
      hint: `Press Enter to open it or to ask to join it. To create another: /create ${name}`,
    })
  }

  #startOpening(): AbortSignal {
    this.#opening.abort()
    this.#opening = new AbortController()
    return this.#opening.signal
  }

  async #open(chat: Chat, room: string, opening: AbortSignal): Promise<void> {
    const opened = await chat.open(room, AbortSignal.any([opening, this.#ended.signal]))
    await this.#show(await OpenRoom.open(opened, this.#dispatch, this.drafts, opening), opening)
  }

  /** The previous room stays open until the new one is there. */
  async #show(room: OpenRoom, opening: AbortSignal): Promise<void> {
    if (opening.aborted || this.#ended.signal.aborted) return room.close()
    this.#room?.close()
    this.#room = room
    room.start()
  }

  /** Keeps running while other pages are shown. */
  async #await(admission: Admission): Promise<void> {
    const { roomId, roomName } = nameOf(admission)
    const isOurs = () => !this.#ended.signal.aborted && this.#knocks.get(roomId) === admission
    while (isOurs()) {
      try {
        await admission.wait(this.#ended.signal)
        if (isOurs()) this.#dispatch({ kind: 'admitted', roomId, roomName })
        break
      } catch (error) {
        if (!isOurs()) return
        if (isConclaveError(error, 'rejected')) {
          // A decline may count for nothing, so an acceptance is still waited for.
          this.#dispatch({ kind: 'refused', roomId, text: describe(error).text })
          continue
        }
        const { code, text, hint } = describe(error)
        this.#dispatch({ kind: 'failed', code, text, hint })
        break
      }
    }
    if (this.#knocks.get(roomId) === admission) this.#knocks.delete(roomId)
  }
}

function anyNumber(): number {
  return randomInt(2 ** 32)
}

function nameOf(admission: Admission): { roomId: string; roomName: string } {
  return { roomId: admission.roomId, roomName: sanitizeLine(admission.roomName) }
}

interface Searched {
  readonly label: string
  readonly open: (signal: AbortSignal) => Promise<Room>
}

function hitOf(roomId: string, roomName: string, item: MessageItem, namesakes: Namesakes): Hit {
  const { i, id, at, from } = item
  const text = hasText(item) ? item.text : item.type === 'file' ? item.name : ''
  const about = { roomId, roomName, i, id, at, from: sanitized(from), name: sanitizeLine(namesakes.nameOf(from)) }
  return { ...about, text: sanitizeLine(withoutSpoilers(sanitize(text))) }
}

const aboutKeys: readonly Unconfirmed[] = [
  'dm',
  'invite',
  'join',
  'confirm-key',
  'accept',
  'reject',
  'kick',
  'promote',
  'demote',
]

function isAboutKey(effect: Effect): effect is Effect & { readonly do: Unconfirmed } {
  return aboutKeys.some((one) => one === effect.do)
}

function isOpening(effect: Effect): boolean {
  return ['open', 'join', 'create', 'dm'].includes(effect.do)
}
