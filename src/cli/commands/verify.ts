/** `verify ROOM`: checks every hash, signature and rule of a room's whole log. `verify @NAME`: the safety number with somebody. */
import type { Command } from 'commander'
import { ConclaveError } from '../../base/errors.ts'
import type { Chat, Repair, Room } from '../../chat/chat.ts'
import { repairLines } from '../../chat/wording.ts'
import { tampered } from '../freshness.ts'
import type { Act, Session } from '../session.ts'

interface Options {
  readonly fingerprint?: string
  readonly repair?: true
}

export function addVerify(program: Command, act: Act): void {
  program
    .command('verify')
    .summary('check a whole room')
    .description(
      'Checks every hash, signature and rule of the room from its first record on. Exits 7 when something was changed, ' +
        'withheld or forged. Two members who get the same head have the same room. What is missing from the store and lies ' +
        'on this machine is put back first.',
    )
    .argument('<room|name>', 'a room, or somebody: the safety number to compare with him')
    .option('--fingerprint <digits>', 'of a person: you compared it, and from now on it is the key of this name')
    .option('--repair', 'of a room, after a restore: do again what the store has forgotten, removals first (admins)')
    .action(
      act(async (session, roomName: string, { fingerprint, repair }: Options) => {
        const { out, signal } = session
        const chat = await session.chat()
        if (!(await isRoom(chat, roomName))) return verifyPerson(session, chat, roomName, fingerprint)
        const room = await chat.open(roomName, signal)
        if (repair) await repairRoom(session, room)
        const { records, messages, controls, voids, damage, putBack, head } = await room.verify(signal)
        const places = (list: typeof voids): { i: number; reason: string }[] =>
          list.map(({ i, reason }) => ({ i, reason }))
        const lines = [
          `records: ${records} (messages: ${messages}, changes of the room: ${controls})`,
          ...voids.map(({ i, reason }) => `passed over: record ${i}: ${reason}`),
          ...damage.map(({ i, reason }) => `damaged: record ${i}: ${reason}`),
          ...(putBack === 0 ? [] : [`put back into the store: ${putBack} records`]),
          `head ${head}`,
          ...(damage.length === 0 ? [`All of ${room.name} is as its members signed it.`] : []),
        ]
        const found = { records, messages, controls, voids: places(voids), damage: places(damage), putBack, head }
        await out.print({ ok: damage.length === 0, ...found }, lines.join('\n'))
        const reason = tampered(room)
        if (reason !== undefined) throw reason
        if (damage.length > 0) {
          throw new ConclaveError('tampering', `${room.name} is damaged in ${damage.length} places`, {
            hint: 'Compare the head with another member. Members put back what their own copies hold when they are online.',
          })
        }
      }),
    )
}

async function repairRoom({ out, signal }: Session, room: Room): Promise<void> {
  const repair = await room.repair(signal)
  const named = ({ event, target }: Repair['again'][number]) => {
    return { event, ...(target && { target: target.name, fingerprint: target.fingerprint }) }
  }
  const left = repair.left.map((one) => ({ ...named(one), reason: one.reason }))
  await out.print(
    { again: repair.again.map(named), left, corrected: [...repair.corrected] },
    repairLines(repair).join('\n'),
  )
}

/** A room of one's own or of the list wins; the two-person chat's name means the person. */
async function isRoom(chat: Chat, name: string): Promise<boolean> {
  if (name.startsWith('@')) return false
  const plain = name.split('#')[0] ?? name
  return plain !== name || /^[0-9a-f]{64}$/.test(name) || (await chat.rooms()).some((room) => room.name === plain)
}

async function verifyPerson({ out }: Session, chat: Chat, wanted: string, compared: string | undefined): Promise<void> {
  const person = wanted.replace(/^@/, '')
  if (compared !== undefined) await chat.confirmKey(person, compared)
  const { name, fingerprint, number, confirmed, known } = await chat.safetyNumber(person)
  const howTo = `conclave verify @${name} --fingerprint "${fingerprint}" confirms it.`
  const state = confirmed ? `You have confirmed the key of ${name}.` : known === undefined ? howTo : ''
  await out.print(
    { name, fingerprint, number, confirmed, known },
    `${name}  ${fingerprint}\n\nThe safety number of you two, the same on both sides:\n\n  ${number}\n\n` +
      `Compare it over another way. It is yours alone if it is the same for ${name}.\n${state}`.trimEnd(),
  )
  if (known === undefined) return
  throw new ConclaveError(
    'unconfirmed-key',
    `the key of ${name} is NOT the one that you know (${known}): it is ${fingerprint}`,
    {
      hint: `somebody may pass for ${name}: compare over another way, then conclave verify @${name} --fingerprint "${fingerprint}"`,
    },
  )
}
