/** A state driven by keys and events, without a terminal: what it shows, and what it asks for. */
import type { Accounts } from '../../src/chat/accounts.ts'
import { changedNotify, notifyDefaults, type NotifySettings, type NotifyStore } from '../../src/chat/attention.ts'
import {
  changedPreferences,
  preferenceDefaults,
  type Preferences,
  type PreferencesStore,
} from '../../src/chat/preferences.ts'
import { changedPlaces, type RoomPlaces, type RoomPlacesStore } from '../../src/chat/room-places.ts'
import { decodeKeys, flushKeys, idleKeyDecoder } from '../../src/tui/input/keys.ts'
import { Session } from '../../src/tui/session.ts'
import type { Effect } from '../../src/tui/state/effect.ts'
import type { Event } from '../../src/tui/state/event.ts'
import type { ChatPage, Size, State } from '../../src/tui/state/state.ts'
import { initialState } from '../../src/tui/state/state.ts'
import { update } from '../../src/tui/state/update.ts'
import { textOfLine } from '../../src/tui/text/style.ts'
import { pointed } from '../../src/tui/view/hit.ts'
import { view } from '../../src/tui/view/view.ts'
import { mouse } from '../terminal/terminal.ts'

export class Drive {
  state: State
  /** Every effect so far, for looking at what was asked for. */
  readonly effects: Effect[] = []
  quit = false
  /** As kept by the home. */
  kept: NotifySettings = notifyDefaults
  readonly notify: NotifyStore = {
    read: async () => this.kept,
    save: async (change) => void (this.kept = changedNotify(this.kept, change)),
  }
  keptPlaces: RoomPlaces = {}
  readonly places: RoomPlacesStore = {
    read: async () => this.keptPlaces,
    save: async (change) => void (this.keptPlaces = changedPlaces(this.keptPlaces, change)),
  }
  keptPreferences: Preferences = preferenceDefaults
  readonly preferences: PreferencesStore = {
    read: async () => this.keptPreferences,
    save: async (change) => void (this.keptPreferences = changedPreferences(this.keptPreferences, change)),
  }
  readonly #session: Session
  readonly #running = new Set<Promise<void>>()

  constructor(accounts: Accounts, size: Size = { columns: 80, rows: 24 }, given: { as?: string; room?: string } = {}) {
    this.state = initialState(size, {
      version: '0',
      storeLabel: 'local store',
      as: given.as,
      room: given.room,
      startedAt: 0,
    })
    this.#session = new Session(accounts, (event) => this.happen(event), this)
  }

  /** As if logged in as this person, with the password "x". */
  static async inside(accounts: Accounts, name: string, size?: Size): Promise<Drive> {
    const drive = new Drive(accounts, size)
    drive.perform({ do: 'log-in', name, password: 'x' })
    await drive.settle()
    return drive
  }

  happen(event: Event): void {
    const { state, effects } = update(this.state, event)
    this.state = state
    this.#session.drafts.watch(state)
    for (const effect of effects) this.perform(effect)
  }

  /** The program ends: what was typed is kept. */
  async close(): Promise<void> {
    await this.settle()
    await this.#session.close()
  }

  perform(effect: Effect): void {
    this.effects.push(effect)
    if (effect.do === 'quit') this.quit = true
    else if (
      effect.do !== 'redraw' &&
      effect.do !== 'suspend' &&
      effect.do !== 'call' &&
      effect.do !== 'edit-outside' &&
      effect.do !== 'copy'
    ) {
      const running = this.#session.perform(effect).finally(() => this.#running.delete(running))
      this.#running.add(running)
    }
  }

  /** Until nothing more is under way. */
  async settle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
    await new Promise((resolve) => setImmediate(resolve))
    if (this.#running.size > 0) await this.settle()
  }

  /** Types what a terminal would send, all at once: nothing is drawn in between. */
  async type(input: string): Promise<void> {
    this.draw()
    const { decoder, inputs } = decodeKeys(idleKeyDecoder, input)
    const drawn = [{ frame: view(this.state), at: 0 }]
    for (const one of [...inputs, ...flushKeys(decoder).inputs]) {
      const event = one.kind === 'mouse' ? pointed(one, drawn, Infinity) : one
      if (event !== undefined) this.happen(event)
    }
    await this.settle()
  }

  /** The person sees the screen. */
  draw(): void {
    this.happen({ kind: 'drawn', asked: this.state.asked })
  }

  screen(): string[] {
    return view(this.state).rows.map((row) => textOfLine(row).trimEnd())
  }

  text(): string {
    return this.screen().join('\n')
  }

  /** Where this is on the screen. */
  placeOf(text: string | RegExp): { readonly row: number; readonly column: number } {
    const find = (line: string): number => (typeof text === 'string' ? line.indexOf(text) : line.search(text))
    const columns = this.screen().map(find)
    const row = columns.findIndex((column) => column >= 0)
    if (row < 0) throw new Error(`not on the screen: ${String(text)}\n${this.text()}`)
    return { row, column: columns[row] ?? 0 }
  }

  /** `right`: so many columns right of where the text begins. */
  async click(text: string | RegExp, right = 0): Promise<void> {
    const { row, column } = this.placeOf(text)
    await this.type(mouse.click(row, column + right))
  }

  get chat(): ChatPage {
    if (this.state.page.kind !== 'chat') throw new Error(`the page is ${this.state.page.kind}`)
    return this.state.page
  }
}
