/** `verify ROOM`: checks every hash, signature and rule of a room's whole log. `verify @NAME`: the safety number with somebody. */
import type { Command } from 'commander'
import { ConclaveError } from '../../base/errors.ts'
import type { Chat } from '../../chat/chat.ts'
import type { Act, Session } from '../session.ts'

export function addVerify(program: Command, act: Act): void {
  program
    .command('verify')
    .summary('check a whole room')
    .description(
      'Checks every hash, signature and rule of the room from its first record on. Exits 7 when something was changed, ' +
        'withheld or forged. Two members who get the same head have the same room.',
    )
    .argument('<room|name>', 'a room, or somebody: the safety number to compare with him')
    .option('--fingerprint <digits>', 'of a person: you compared it, and from now on it is the key of this name')
    .action(
      act(async (session, roomName: string, { fingerprint }: { readonly fingerprint?: string }) => {
        const { out, signal } = session
        const chat = await session.chat()
        if (!(await isRoom(chat, roomName))) return verifyPerson(session, chat, roomName, fingerprint)
        const room = await chat.open(roomName, signal)
        const { records, messages, controls, voids, damage, head } = await room.verify(signal)
        const places = (list: typeof voids): { i: number; reason: string }[] =>
          list.map(({ i, reason }) => ({ i, reason }))
        const lines = [
          `records: ${records} (messages: ${messages}, changes of the room: ${controls})`,
          ...voids.map(({ i, reason }) => `passed over: record ${i}: ${reason}`),
          ...damage.map(({ i, reason }) => `damaged: record ${i}: ${reason}`),
          `head ${head}`,
          ...(damage.length === 0 ? [`All of ${room.name} is as its members signed it.`] : []),
        ]
        await out.print(
          { ok: damage.length === 0, records, messages, controls, voids: places(voids), damage: places(damage), head },
          lines.join('\n'),
        )
        if (damage.length > 0) {
          throw new ConclaveError('tampering', `${room.name} is damaged in ${damage.length} places`, {
            hint: 'Compare the head with another member. Members put back what their own copies hold when they are online.',
          })
        }
      }),
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
