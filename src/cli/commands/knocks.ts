/** `knocks ROOM`: who waits to be let in, oldest first. */
import type { Command } from 'commander'
import type { Returning } from '../../chat/item.ts'
import { bringUpToDate } from '../freshness.ts'
import { isoTime } from '../item-json.ts'
import type { Act } from '../session.ts'
import { table } from '../table.ts'

export function addKnocks(program: Command, act: Act): void {
  program
    .command('knocks')
    .description('list who waits to be let in')
    .argument('<room>')
    .action(
      act(async (session, roomName: string) => {
        const { out, signal } = session
        const chat = await session.chat()
        const room = await chat.open(roomName, signal)
        const behind = await bringUpToDate(room, signal)
        const knocks = room.knocks.map(({ name, fingerprint, at, returning, known }) => {
          return { name, fingerprint, at: isoTime(at), returning, known }
        })
        if (!out.json) {
          await out.text(
            knocks.length === 0
              ? `Nobody waits to be let into ${room.name}.`
              : table(knocks.map((knock) => [knock.name, knock.fingerprint, knock.at, remark(knock)])),
          )
        }
        for (const knock of knocks) await out.print(knock, '')
        if (behind) throw behind
      }),
    )
}

function remark({ returning, known }: { returning: Returning | undefined; known: string | undefined }): string {
  const past = returning === 'kicked' ? 'was kicked before' : returning === 'left' ? 'was in before' : ''
  return known === undefined ? past : `NOT the key that you know: ${known}`
}
