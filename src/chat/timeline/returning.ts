/** Whether somebody who is let in was in before: he will read what was said meanwhile, and people are told so. */
import { hex, type Bytes } from '../../base/bytes.ts'
import { roomJudging, markBefore, memberAt, type Room } from '../../protocol/room.ts'
import type { Returning } from '../item.ts'

/** As the room was before log index i. Undefined: he was never in. */
export function returningAt(room: Room, rootKey: Bytes, i: number): Returning | undefined {
  const judge = roomJudging(room, i)
  if (memberAt(judge, rootKey, i) !== undefined) return 'present'
  const last = judge.tenures.get(hex(rootKey))?.findLast(({ until }) => until < i)
  if (last === undefined) return undefined
  // Who wrote the record that ended it: he himself, or whoever kicked him.
  return markBefore(judge, last.until + 1)?.author === last.member.index ? 'left' : 'kicked'
}
