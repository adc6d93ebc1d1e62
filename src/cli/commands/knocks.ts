/** `knocks ROOM`: who waits to be let in, oldest first. */
import type { Command } from 'commander'
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
        const knocks = room.knocks.map(({ name, fingerprint, at }) => ({ name, fingerprint, at: isoTime(at) }))
        if (!out.json) {
          await out.text(
            knocks.length === 0
              ? `Nobody waits to be let into ${room.name}.`
              : table(knocks.map(({ name, fingerprint, at }) => [name, fingerprint, at])),
          )
        }
        for (const knock of knocks) await out.print(knock, '')
        if (behind) throw behind
      }),
    )
}
