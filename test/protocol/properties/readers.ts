/**
 * All readers of one log with the same secrets: they must reach the same verdict on every record, whatever
 * way they read.
 */
import { hex, type Bytes } from '../../../src/base/bytes.ts'
import { LogState, type Judgement } from '../../../src/chat/replay/log-state.ts'
import type { Row } from '../../../src/chat/replica/row.ts'
import { Seen } from '../../../src/chat/replica/seen.ts'
import { zeroHash } from '../../../src/crypto/hash.ts'
import { foldChain, type ControlRecord } from '../../../src/protocol/chain.ts'
import type { Keyring } from '../../../src/protocol/keyring.ts'
import { openMessages } from '../../../src/protocol/message.ts'
import { recordHash } from '../../../src/protocol/record.ts'
import { judge } from '../../../examples/second-reader/room.ts'
import { derive } from '../../../examples/second-reader/format.ts'
import { placed, readInOrder } from '../reader.ts'

export type Kind = 'valid' | 'void' | 'locked'
export interface Read {
  readonly verdicts: readonly Kind[]
  /** Who is in at the end, and as what, as far as this reader can tell. */
  readonly members: readonly string[]
  readonly head: string | undefined
}
export type Reader = (roomId: Bytes, log: readonly Bytes[], keyring: Keyring) => Read

function roomState(room: ReturnType<typeof foldChain>['room']): Omit<Read, 'verdicts'> {
  const members = [...(room?.members.values() ?? [])].map(
    ({ index, name, rootKey, wrapKey, admin }) => `${index} ${name} ${hex(rootKey)} ${hex(wrapKey)} ${admin}`,
  )
  const head = room?.marks.last()
  return { members: members.sort(), head: head && hex(head.hash) }
}

const kindOf = (judgement: Judgement): Kind =>
  judgement.kind === 'message' || judgement.kind === 'control' ? 'valid' : judgement.kind

/** Was there all the time: judges each record by the room as it was when the record came. */
const present: Reader = (roomId, log, keyring) => {
  const { room, verdicts } = readInOrder({ roomId, log }, keyring)
  return { verdicts: verdicts.map(({ kind }) => kind), ...roomState(room) }
}

/** The program's own client, from the first record to the last. */
const client: Reader = (roomId, log, keyring) => {
  const state = ledgerWith(roomId, keyring)
  const verdicts = log.map((bytes) => kindOf(state.apply(state.judge(bytes)).judgement))
  return { verdicts, ...roomState(state.room) }
}

/** The same one, asked again for all that it has applied, as a screen does that scrolls back. */
const scrolling: Reader = (roomId, log, keyring) => {
  const state = ledgerWith(roomId, keyring)
  const rows = log.map((bytes) => state.apply(state.judge(bytes)).row)
  return { verdicts: reviewed(state, log, rows), ...roomState(state.room) }
}

/** The same one, ended and started again in the middle. */
const restarted: Reader = (roomId, log, keyring) => {
  const before = ledgerWith(roomId, keyring)
  const rows = log.slice(0, Math.ceil(log.length / 2)).map((bytes) => before.apply(before.judge(bytes)).row)
  const state = ledgerWith(roomId, keyring)
  state.resume(
    before.checkpoint,
    rows.filter(({ n }) => n !== null),
  )
  const later = log.slice(rows.length).map((bytes) => state.apply(state.judge(bytes)).row)
  return { verdicts: reviewed(state, log, [...rows, ...later]), ...roomState(state.room) }
}

function reviewed(state: LogState, log: readonly Bytes[], rows: readonly Row[]): Kind[] {
  const hashes = [zeroHash, ...log.map(recordHash)]
  return rows.map((row, i) => kindOf(state.review(row, hashes[i] as Bytes)))
}

/** Folds the control records first, and then opens messages anywhere, one page for itself. */
const pages: Reader = (roomId, log, keyring) => {
  const records = placed(log)
  const controls = records.flatMap(({ place, record }): ControlRecord[] =>
    record?.kind === 'control' ? [{ place, outer: record.outer }] : [],
  )
  const { room, verdicts } = foldChain(roomId, controls, keyring)
  const judged = new Map(controls.map(({ place }, k) => [place.i, verdicts[k]?.kind as Kind]))
  const backwards = [...records].reverse().map(({ place, record }): Kind => {
    if (record === undefined) return 'void'
    if (record.kind === 'control') return judged.get(place.i) as Kind
    return room === undefined ? 'locked' : openMessages(room, place, record.outer, keyring).kind
  })
  return { verdicts: backwards.reverse(), ...roomState(room) }
}

/** Shares no code with the others. */
const second: Reader = (roomId, log, keyring) => {
  const secrets = new Map(
    keyring
      .all()
      .map(({ epoch, before, confirm, secret }) => [
        [epoch, hex(before), hex(confirm)].join(),
        (use: string) => derive(secret, `conclave/1 epoch ${use}`, roomId, epoch, before),
      ]),
  )
  const { verdicts, chain } = judge(roomId, [...log], secrets)
  const head = chain.at(-1)
  const members = [...(head?.room.members.values() ?? [])].map(
    ({ index, name, root, wrap, admin }) => `${index} ${name} ${root} ${wrap} ${admin}`,
  )
  return { verdicts: verdicts, members: members.sort(), head: head?.hash }
}

export const readers = { present, client, scrolling, restarted, pages, second } satisfies Record<string, Reader>

function ledgerWith(roomId: Bytes, keyring: Keyring): LogState {
  const state = new LogState(roomId, new Seen(roomId))
  for (const keys of keyring.all()) state.keyring.add(keys)
  return state
}
