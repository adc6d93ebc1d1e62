import { expect, test } from 'vitest'
import type { RoomSummary } from '../../src/chat/chat.ts'
import { roomLabel } from '../../src/chat/room-label.ts'

const room = (name: string, id: string) => ({ name, id: id.padEnd(64, '0') }) as RoomSummary

test('rooms are told apart whose names look alike, by as much of their ids as differs', () => {
  const rooms = [room('team', 'aaaa1111'), room('tearn', 'aaaa2222'), room('Ops', 'b'), room('general', 'aaaa')]
  expect(rooms.map((one) => roomLabel(one, rooms))).toEqual(['team#aaaa1111', 'tearn#aaaa2222', 'Ops', 'general'])
})
