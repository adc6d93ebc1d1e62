/** `read ROOM`: its messages, and with --follow new ones. `search ROOM WORDS`: the messages with these words. */
import type { Command } from 'commander'
import { ConclaveError } from '../../base/errors.ts'
import { searchFoundMax } from '../../base/limits.ts'
import type { TimelineItem } from '../../chat/item.ts'
import { itemObject } from '../output/item-json.ts'
import { ChangesAhead, ItemLines } from '../output/item-text.ts'
import { warnOfKeys } from '../output/notes.ts'
import { showRoom, tampered } from '../room/freshness.ts'
import { Place, coming, ended, from, newest } from '../room/reading.ts'
import { wholeNumber } from '../session/options.ts'
import type { Act, Session } from '../session/session.ts'

interface Options {
  readonly last?: number
  readonly from?: number
  readonly follow?: true
  readonly numbers?: true
}

export function addRead(program: Command, act: Act): void {
  program
    .command('read <room>')
    .summary('print messages')
    .description(
      'Prints the messages of a room, all of them unless told otherwise.\n\n' +
        'With --follow it keeps printing new messages until Ctrl-C (exit code 0) or until you are removed (4). If the ' +
        'store is unreachable it prints what this machine has, and exits 5.',
    )
    .option('--last <n>', 'only the newest n lines', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option('--from <seq>', 'only from the message with this number on', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('--follow', 'keep printing new messages')
    .option('--numbers', 'print the number of each message')
    .action(act(read))
}

async function read(session: Session, roomName: string, options: Options): Promise<void> {
  if (options.last !== undefined && options.from !== undefined) {
    throw new ConclaveError('usage', '--last and --from exclude each other')
  }
  try {
    await readRoom(session, roomName, options)
  } catch (error) {
    // Ctrl-C is the normal way to stop following.
    if (!options.follow || !session.signal.aborted) throw error
  }
}

function readRoom(session: Session, roomName: string, options: Options): Promise<void> {
  return showRoom(session, roomName, async (room) => {
    const { out, signal } = session
    warnOfKeys(out, room)
    const place = new Place()
    const next = options.follow ? coming(room, signal) : []
    const last = options.last === undefined ? undefined : await newest(room, options.last, signal)
    // For people it is read twice, first to learn the changes to its messages: page by page, so it may be long.
    const history = () => last ?? from(room, options.from ?? 0, signal)
    const lines = new ItemLines({
      people: () => room.members,
      numbered: options.numbers === true,
      columns: out.columns,
      ...(out.json ? {} : { ahead: await ChangesAhead.of(history()) }),
    })
    const show = async (items: AsyncIterable<TimelineItem> | readonly TimelineItem[]): Promise<void> => {
      for await (const item of items) {
        if (place.advance(item)) await out.print(itemObject(item), out.json ? '' : lines.lines(item))
      }
    }
    await show(history())
    await show(next)
    signal.throwIfAborted()
    return ended(room) ?? tampered(room)
  })
}

export function addSearch(program: Command, act: Act): void {
  program
    .command('search <room> <words...>')
    .summary('find messages by their words')
    .description(
      'Prints the messages of a room that contain all the words, in any case and order, newest last. An edited message ' +
        'is found by its newest text, a deleted one not at all.\n\n' +
        'If the store is unreachable it searches what this machine has, and exits 5.',
    )
    .option('--last <n>', 'only the newest n of them', wholeNumber(1, searchFoundMax))
    .action(act(search))
}

async function search(
  session: Session,
  roomName: string,
  texts: readonly string[],
  { last }: Pick<Options, 'last'>,
): Promise<void> {
  const { out, signal } = session
  const words = texts.flatMap((text) => text.split(/\s+/)).filter((word) => word !== '')
  if (words.length === 0) throw new ConclaveError('usage', 'No words to search for')
  await showRoom(session, roomName, async (room) => {
    const { found, more } = await room.search(words, { ...(last && { last }) }, signal)
    const people = [...room.members, ...found.map(({ item }) => item.from)]
    const lines = new ItemLines({
      people: () => people,
      numbered: true,
      columns: out.columns,
    })
    for (const { item, edited } of found) {
      await out.print({ ...itemObject(item), ...(edited && { edited }) }, out.json ? '' : lines.lines(item))
    }
    if (found.length === 0) out.note('Nothing found.')
    if (more && last === undefined) out.note(`These are the newest ${found.length}; there are older ones.`)
    return ended(room)
  })
}
