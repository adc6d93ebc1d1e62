/**
 * Tells people apart who share a name, or whose names look alike: a former member and today's, or two of today's. People
 * are known by their lasting ids, so new keys make nobody their own namesake.
 */
import { skeleton } from '../../crypto/skeleton.ts'
import type { AdminItem, MessageItem, Participant, Person } from '../item.ts'

export class Namesakes {
  readonly #alike = new Map<string, Alike>()
  #some = false

  constructor(people: Iterable<Participant> = []) {
    this.add(people)
  }

  /** Linear in the people, whatever names and keys they have chosen. */
  add(people: Iterable<Participant>): void {
    for (const { name, fingerprint, id } of people) {
      const key = skeleton(name)
      const alike = this.#alike.get(key) ?? new Alike()
      this.#alike.set(key, alike)
      alike.add(fingerprint, id)
      this.#some ||= alike.isShared
    }
  }

  /** The name; if others share it, with the first digits of the fingerprint: as many groups as tell all of them apart. */
  nameOf({ name, fingerprint }: Person): string {
    const alike = this.#some ? this.#alike.get(skeleton(name)) : undefined
    return alike?.isShared === true ? `${name} ${alike.digitsOf(fingerprint)}` : name
  }

  /** As it is to be shown. A request keeps the name that is typed to answer it: its fingerprint stands beside it. */
  shown<Item extends MessageItem | AdminItem>(item: Item): Item {
    if (!this.#some) return item
    if (item.kind === 'message') return { ...item, from: this.#named(item.from) }
    if (item.event === 'knock') return item
    return { ...item, by: this.#named(item.by), ...(item.target && { target: this.#named(item.target) }) }
  }

  #named<One extends Person>(person: One): One {
    return { ...person, name: this.nameOf(person) }
  }
}

/** Of a fingerprint. Keys can be tried until the first of them is another's, but hardly all. */
const groupsMax = 6

/** People of one name. */
class Alike {
  /** Whose each key is. */
  readonly #keys = new Map<string, string>()
  /** Whose each beginning of a fingerprint is. */
  #beginnings = new Map<string, string>()
  #groups = 1
  isShared = false

  add(fingerprint: string, id: string): void {
    if (this.#keys.has(fingerprint)) return
    const [other] = this.#keys.values()
    this.isShared ||= other !== undefined && other !== id
    this.#keys.set(fingerprint, id)
    if (this.#begins(fingerprint, id)) return
    for (let fits = false; !fits && this.#groups < groupsMax;) {
      this.#groups += 1
      this.#beginnings = new Map()
      fits = [...this.#keys].every(([each, whose]) => this.#begins(each, whose))
    }
  }

  digitsOf(fingerprint: string): string {
    return fingerprint.split(' ').slice(0, this.#groups).join(' ')
  }

  #begins(fingerprint: string, id: string): boolean {
    const digits = this.digitsOf(fingerprint)
    const other = this.#beginnings.get(digits)
    this.#beginnings.set(digits, id)
    return other === undefined || other === id
  }
}
