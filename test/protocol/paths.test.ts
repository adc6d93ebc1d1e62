import { describe, expect, it } from 'vitest'
import { compareBytes, textOf, type Bytes } from '../../src/base/bytes.ts'
import * as paths from '../../src/protocol/paths.ts'

const roomId = new Uint8Array(32).fill(0xab)
const id = 'ab'.repeat(32)
const readable = (key: Bytes) => {
  const split = key.length - 8
  return key.subarray(split).every((byte) => byte < 0x20)
    ? `${textOf(key.slice(0, split))}#${paths.numberOf(key)}`
    : textOf(key)
}

describe('the keys of a store', () => {
  it('are these', () => {
    const { incarnationKey, userKey, vaultKey, directoryKey, inboxKey, readsKey } = paths
    const some = new Uint8Array([1, 2])
    expect(
      [
        incarnationKey,
        userKey('ada'),
        vaultKey('ada'),
        directoryKey('derno'),
        inboxKey(some, some),
        readsKey(some),
        paths.cardKey(roomId),
        paths.logKey(roomId, 7),
        paths.controlKey(roomId, 3),
        paths.wrapPageKey(roomId, some, 1),
        paths.knockKey(roomId, some),
        paths.hereKey(roomId, some),
      ].map(readable),
    ).toEqual([
      'incarnation',
      'users/ada',
      'vaults/ada',
      'directory/derno',
      'inbox/0102/0102',
      'reads/0102',
      `rooms/${id}/card`,
      `rooms/${id}/log/#7`,
      `rooms/${id}/control/#3`,
      `rooms/${id}/wraps/0102/#1`,
      `rooms/${id}/knocks/0102`,
      `rooms/${id}/here/0102`,
    ])
  })

  it('stand in the order of the log', () => {
    const indices = [0, 1, 255, 256, 65_535, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER]
    const keys = indices.map((i) => paths.logKey(roomId, i))
    expect([...keys].sort(compareBytes)).toEqual(keys)
    expect(keys.map(paths.numberOf)).toEqual(indices)
  })

  it('lie in their ranges, and nothing else does', () => {
    const inside = (key: Bytes, { start, end }: paths.KeyRange) =>
      compareBytes(start, key) <= 0 && compareBytes(key, end) < 0
    const last = paths.logKey(roomId, Number.MAX_SAFE_INTEGER)
    expect(inside(last, paths.logRange(roomId))).toBe(true)
    expect(inside(last, paths.roomRange(roomId))).toBe(true)
    expect(inside(last, paths.controlRange(roomId))).toBe(false)
    expect(inside(paths.cardKey(roomId), paths.logRange(roomId))).toBe(false)
    expect(
      inside(
        paths.logKey(
          roomId.map(() => 0xac),
          0,
        ),
        paths.roomRange(roomId),
      ),
    ).toBe(false)
    expect(inside(paths.wrapPageKey(roomId, roomId, 0), paths.wrapsRange(roomId, roomId))).toBe(true)
    expect(inside(paths.knockKey(roomId, roomId), paths.knocksRange(roomId))).toBe(true)
    expect(inside(paths.hereKey(roomId, roomId), paths.hereRange(roomId))).toBe(true)
    expect(inside(paths.inboxKey(roomId, roomId), paths.inboxRange(roomId))).toBe(true)
    expect(inside(paths.directoryKey('x'), paths.directoryRange)).toBe(true)
  })
})
