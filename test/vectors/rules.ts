/** The logs that keep and break each rule, and what every reader has to make of them. */
import { hex, type Bytes } from '../../src/base/bytes.ts'
import { shownContent } from '../../src/chat/timeline/content.ts'
import { idsOf } from '../../src/protocol/message.ts'
import { headOf } from '../../src/protocol/room.ts'
import { readAll, type Reading, type Source } from '../protocol/reader.ts'
import type { User, Verdict } from '../protocol/room-builder.ts'
import { admissionCases } from './cases/admission.ts'
import { starts, type RuleCase, type Scene, type Start } from './cases/case.ts'
import { controlCases } from './cases/control.ts'
import { memberCases } from './cases/members.ts'
import { lockedCases, messageCases } from './cases/messages.ts'
import { epochRecoveryCases } from './cases/epoch-recovery.ts'

export const ruleCases: readonly RuleCase[] = [
  ...controlCases,
  ...admissionCases,
  ...memberCases,
  ...epochRecoveryCases,
  ...messageCases,
  ...lockedCases,
]

/** What a reader makes of a log. */
export interface Outcome {
  readonly verdicts: readonly Verdict['kind'][]
  readonly head: { readonly n: number; readonly i: number; readonly hash: string } | null
  readonly members: readonly object[]
  readonly messages: readonly object[]
}

/** Bytes are hexadecimal, but for records and pages, which are base64. */
export interface LogVector extends Outcome {
  readonly what: string
  /** The room that the log begins with; `log` and `pages` have what comes then. */
  readonly start: Start
  readonly roomId: string
  readonly log: readonly string[]
  readonly pages: Readonly<Record<string, string>>
  readonly reader: { readonly name: string; readonly seeds: readonly string[] }
  /** Index of the record that this is about, and the verdict on it. */
  readonly at: number
  readonly verdict: Verdict['kind']
}

export interface RuleVectors {
  readonly starts: Readonly<
    Record<string, { readonly log: readonly string[]; readonly pages: Readonly<Record<string, string>> }>
  >
  readonly rules: readonly {
    readonly rule: string
    readonly keeps: readonly LogVector[]
    readonly breaks: readonly LogVector[]
  }[]
}

const base64 = (bytes: Bytes): string => Buffer.from(bytes).toString('base64')

export async function ruleVectors(): Promise<RuleVectors> {
  const begun: Record<string, RuleVectors['starts'][string]> = {}
  for (const [name, make] of Object.entries(starts)) {
    const { log, pages } = await make()
    begun[name] = {
      log: log.map(base64),
      pages: Object.fromEntries([...pages].map(([page, bytes]) => [page, base64(bytes)])),
    }
  }
  const rules = []
  for (const { rule, keeps, breaks } of ruleCases) {
    const kept = []
    for (const scene of keeps) kept.push(await logVector(rule, scene, scene.verdict ?? 'valid', begun))
    const broken = []
    for (const scene of breaks) broken.push(await logVector(rule, scene, scene.verdict ?? 'void', begun))
    rules.push({ rule, keeps: kept, breaks: broken })
  }
  return { starts: begun, rules }
}

async function logVector(
  rule: string,
  scene: Scene,
  verdict: Verdict['kind'],
  begun: RuleVectors['starts'],
): Promise<LogVector> {
  const { what, start = 'group', reader = 'ada', reason } = scene
  const stage = await starts[start]()
  await scene.play(stage, stage.people)
  const user = stage.people[reader]
  const reading = await readAll(stage, user.unwrappers)
  const at = stage.log.length - 1 + (scene.at === undefined ? 0 : scene.at + 1)
  const judged = reading.verdicts[at]
  const reasons = [judged, stage.verdicts[at]].flatMap((told) => (told?.kind === 'void' ? [told.reason] : []))
  if (judged?.kind !== verdict || (verdict === 'void' && !reasons.some((told) => reason?.test(told)))) {
    throw new Error(`${rule}, ${what}: ${judged?.kind} ${reasons.join(', ')}`)
  }
  const { log = [], pages = {} } = begun[start] ?? {}
  return {
    what,
    start,
    roomId: hex(stage.roomId),
    log: stage.log.slice(log.length).map(base64),
    pages: Object.fromEntries(
      [...stage.pages].flatMap(([page, bytes]) => (page in pages ? [] : [[page, base64(bytes)]])),
    ),
    reader: readerOf(user),
    at,
    verdict,
    ...outcomeOf(reading),
  }
}

function readerOf({ name, wrapSeeds }: User): LogVector['reader'] {
  return { name, seeds: wrapSeeds.map(hex) }
}

/** As numbered and shown by a reader who has it all. */
export function outcomeOf({ room, verdicts }: Reading): Outcome {
  const shown = new Set<string>()
  const messages = verdicts.flatMap((verdict, i) => {
    if (room === undefined || verdict.kind !== 'valid' || !('inside' in verdict)) return []
    const { inside, author } = verdict
    return idsOf(room.id, inside, author).flatMap((id, k) => {
      if (shown.has(id)) return []
      shown.add(id)
      const at = new Date(inside.at).toISOString()
      const content = inside.contents[k]
      return content === undefined ? [] : [{ i, seq: shown.size, id, at, from: author.name, ...shownContent(content) }]
    })
  })
  const head = room && headOf(room)
  return {
    verdicts: verdicts.map(({ kind }) => kind),
    head: room && head ? { n: room.marks.size - 1, i: head.i, hash: hex(head.hash) } : null,
    members: [...(room?.members.values() ?? [])]
      .sort((a, b) => a.index - b.index)
      .map(({ index, name, rootKey, admin }) => ({ index, name, rootKey: hex(rootKey), admin })),
    messages,
  }
}

/** The log as a reader finds it. */
export function sourceOf({ starts: begun }: RuleVectors, { start, roomId, log, pages }: LogVector): Source {
  const bytesOf = (text: string): Bytes => new Uint8Array(Buffer.from(text, 'base64'))
  const whole = [...(begun[start]?.log ?? []), ...log].map(bytesOf)
  const allPages = Object.entries({ ...begun[start]?.pages, ...pages })
  return {
    roomId: new Uint8Array(Buffer.from(roomId, 'hex')),
    log: whole,
    pagesOf: (wraps) => allPages.flatMap(([name, page]) => (name.startsWith(`${hex(wraps)}/`) ? [bytesOf(page)] : [])),
  }
}
