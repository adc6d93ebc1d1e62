/** `verify ROOM`: checks every hash, signature and rule of a room's whole log. `verify @NAME`: the safety number with a person. */
import type { Command } from 'commander'
import { ConclaveError } from '../../base/errors.ts'
import type { Chat, Repair, Room } from '../../chat/chat.ts'
import { count, headComparisons, heardLine, impersonation, repairLines } from '../../chat/wording.ts'
import { heardObjects } from '../output/item-json.ts'
import { tampered } from '../room/freshness.ts'
import type { Act, Session } from '../session/session.ts'

interface Options {
  readonly fingerprint?: string
  readonly repair?: true
  readonly head?: string
}

export function addVerify(program: Command, act: Act): void {
  program
    .command('verify <room|name>')
    .summary('check a room, or the key of a person')
    .description(
      'Checks every hash, signature and rule of a room from its first record on. Exits 7 if anything was changed, ' +
        'withheld or forged. Records that are missing from the store and present on this machine are restored first.\n\n' +
        'A store could still show two people two copies of a room. Compare the head phrase by phone or in person: with ' +
        'the same number of records the six words must be the same. With --head the words of the other side are compared ' +
        'here, also if you have read further: exits 7 if they are on another branch, 3 if they are not known yet.\n\n' +
        'With a name: shows the safety number to compare with that person.',
    )
    .option('--fingerprint <digits>', 'of a person: you compared it, so mark it as verified')
    .option('--head <phrase>', "of a room: another person's number of records and head phrase, to compare")
    .option('--repair', 'of a room, after a restore: repeat the changes the store lost, removals first (admins)')
    .action(
      act(async (session, name: string, { fingerprint, repair, head }: Options) => {
        const chat = await session.chat()
        if (!(await isRoom(chat, name))) return verifyPerson(session, chat, name, fingerprint)
        const room = await session.room(name)
        if (repair) await repairRoom(session, room)
        return verifyRoom(session, room, head)
      }),
    )
}

/** Rooms take precedence; the name of a direct message means the person. */
async function isRoom(chat: Chat, name: string): Promise<boolean> {
  if (name.startsWith('@')) return false
  const plain = name.split('#')[0] ?? name
  return plain !== name || /^[0-9a-f]{64}$/.test(name) || (await chat.rooms()).some((room) => room.name === plain)
}

async function verifyRoom({ out, signal }: Session, room: Room, typedHead?: string): Promise<void> {
  const verification = await room.verify(signal)
  const { records, messages, controls, voids, damage, putBack, head, headPhrase } = verification
  const compared = typedHead === undefined ? undefined : await room.compareHead(typedHead, signal)
  const lastHeard = heardObjects(verification.lastHeard)
  const places = (list: typeof voids): { i: number; reason: string }[] => list.map(({ i, reason }) => ({ i, reason }))
  const lines = [
    `${count(records, 'record')}: ${count(messages, 'message')}, ${count(controls, 'room event')}`,
    ...voids.map(({ i, reason }) => `ignored: record ${i}: ${reason}`),
    ...damage.map(({ i, reason }) => `damaged: record ${i}: ${reason}`),
    ...(putBack === 0 ? [] : [`restored to the store: ${count(putBack, 'record')}`]),
    ...verification.lastHeard.map((one) => heardLine(one, Date.now())),
    `head ${head}`,
    `head phrase, the same for all who have as many records: ${records} ${headPhrase}`,
    ...(compared === undefined ? [] : [headComparisons[compared]]),
    ...(damage.length === 0 && compared !== 'other-branch'
      ? [`Everything in ${room.name} is as its members signed it.`]
      : []),
  ]
  const found = {
    records,
    messages,
    controls,
    voids: places(voids),
    damage: places(damage),
    putBack,
    head,
    headPhrase,
    lastHeard,
  }
  const ok = damage.length === 0 && compared !== 'other-branch'
  await out.print({ ok, ...found, comparedHead: compared }, lines.join('\n'))
  if (compared === 'other-branch') {
    throw new ConclaveError('tampering', `The store shows two copies of ${room.name}`, {
      hint: 'Tell the others by phone or in person, and ask the person who runs the store.',
    })
  }
  const reason = tampered(room)
  if (reason !== undefined) throw reason
  if (damage.length > 0) {
    throw new ConclaveError('tampering', `${room.name} is damaged in ${count(damage.length, 'place')}`, {
      hint: 'Compare the head with another member. Members restore what their own copies hold when they are online.',
    })
  }
  if (compared !== 'unknown') return
  throw new ConclaveError('timeout', 'That head is not known here yet', {
    hint: 'If the other side is ahead, compare again once you have as many records.',
  })
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

async function verifyPerson({ out }: Session, chat: Chat, wanted: string, compared: string | undefined): Promise<void> {
  const person = wanted.replace(/^@/, '')
  if (compared !== undefined) await chat.confirmKey(person, compared)
  const { name, fingerprint, number, confirmed, known } = await chat.safetyNumber(person)
  const confirm = `conclave verify @${name} --fingerprint "${fingerprint}"`
  const state = confirmed ? `${name} is verified.` : known === undefined ? `Once you have compared it: ${confirm}` : ''
  await out.print(
    { name, fingerprint, number, confirmed, known },
    `${name}  ${fingerprint}\n\nSafety number, the same for both of you:\n\n  ${number}\n\n` +
      `Compare it with ${name} by phone or in person. If the numbers match, nobody is intercepting your chat.\n${state}`.trimEnd(),
  )
  if (known === undefined) return
  throw new ConclaveError(
    'unconfirmed-key',
    `The key of ${name} is NOT the one you know (${known}): it is ${fingerprint}`,
    { hint: `S${impersonation(name).slice(1)}. Compare it by phone or in person, then: ${confirm}` },
  )
}
