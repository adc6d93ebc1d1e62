/** `members ROOM`: who is in, with role and fingerprint. */
import type { Command } from 'commander'
import { bringUpToDate } from '../freshness.ts'
import { warnOfKeys } from '../key-warning.ts'
import type { Act } from '../session.ts'
import { table } from '../table.ts'

interface Row {
  readonly name: string
  readonly role: string
  readonly fingerprint: string
  readonly by?: string
}

export function addMembers(program: Command, act: Act): void {
  program
    .command('members')
    .description('list who is in a room')
    .argument('<room>')
    .option('--invited', 'also who is invited, and by whom')
    .action(
      act(async (session, roomName: string, { invited }: { readonly invited?: true }) => {
        const { out, signal } = session
        const chat = await session.chat()
        const room = await chat.open(roomName, signal)
        const behind = await bringUpToDate(room, signal)
        const members = room.members.map(({ name, role, fingerprint }) => ({ name, role, fingerprint }))
        const guests = room.invitations.map(({ name, fingerprint, by }) => ({ name, role: 'invited', fingerprint, by }))
        const all: readonly Row[] = [...members, ...(invited ? guests : [])]
        if (!out.json) {
          await out.text(table(all.map((row) => [row.name, row.role, row.fingerprint, row.by ? `by ${row.by}` : ''])))
        }
        for (const row of all) await out.print({ ...row }, '')
        warnOfKeys(out, room)
        if (behind) throw behind
      }),
    )
}
