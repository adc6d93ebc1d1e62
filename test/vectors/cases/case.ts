/** What a rule's vectors are made of: a log that keeps it, and logs that break it. */
import { Stage, type PersonName } from '../stage.ts'

export const starts = {
  empty: Stage.empty,
  group: Stage.group,
  'two admins': Stage.twoAdmins,
  pair: Stage.pair,
} as const
export type Start = keyof typeof starts

export interface Scene {
  readonly what: string
  readonly start?: Start
  readonly play: (stage: Stage, people: Stage['people']) => Promise<unknown> | void
  /** Who reads it; ada if nobody is named. */
  readonly reader?: PersonName
  /** Which record it is about: the last, unless `at` counts others back from it. */
  readonly at?: number
  /** What the program says of a void record. It is no part of the protocol, and shows that the log breaks this very rule. */
  readonly reason?: RegExp
  readonly verdict?: 'valid' | 'void' | 'locked'
}

export interface RuleCase {
  readonly rule: string
  readonly keeps: readonly Scene[]
  readonly breaks: readonly Scene[]
}

/** `what`: what they show, and what they would if the rule did not hold. */
export function rule(name: string, keeps: Scene | readonly Scene[], breaks: Scene | readonly Scene[]): RuleCase {
  return {
    rule: name,
    keeps: [keeps].flat<(Scene | readonly Scene[])[]>(),
    breaks: [breaks].flat<(Scene | readonly Scene[])[]>(),
  }
}
