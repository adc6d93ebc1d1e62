/** `read ROOM`: what was said, and with --follow what comes. */
import type { Command } from 'commander'
import { ConclaveError } from '../../base/errors.ts'
import type { TimelineItem } from '../../chat/item.ts'
import { ChangesAhead } from '../changes-ahead.ts'
import { bringUpToDate, tampered } from '../freshness.ts'
import { itemObject } from '../item-json.ts'
import { ItemLines } from '../item-text.ts'
import { warnOfKeys } from '../key-warning.ts'
import { wholeNumber } from '../numbers.ts'
import { Place, coming, ended, from, newest } from '../reading.ts'
import type { Act, Session } from '../session.ts'

interface Options {
  readonly last?: number
  readonly from?: number
  readonly follow?: true
  readonly numbers?: true
}

export function addRead(program: Command, act: Act): void {
  program
    .command('read')
    .summary('print what was said')
    .description(
      'Prints what was said in a room, all of it unless told otherwise.\n\n' +
        'With --follow it goes on with what comes until Ctrl-C (exit code 0) or a kick (4). ' +
        'When the store does not answer it prints what this machine holds, and exits 5.',
    )
    .argument('<room>')
    .option('--last <n>', 'only the newest n lines', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option('--from <seq>', 'only from the message with this number on', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('--follow', 'go on with what comes')
    .option('--numbers', "each message's number before it")
    .action(act(read))
}

async function read(session: Session, roomName: string, options: Options): Promise<void> {
  if (options.last !== undefined && options.from !== undefined) {
    throw new ConclaveError('usage', '--last and --from exclude each other')
  }
  try {
    await readRoom(session, roomName, options)
  } catch (error) {
    // Ctrl-C is how following ends.
    if (!options.follow || !session.signal.aborted) throw error
  }
}

async function readRoom(session: Session, roomName: string, options: Options): Promise<void> {
  const { out, signal } = session
  const chat = await session.chat()
  const room = await chat.open(roomName, signal)
  const behind = await bringUpToDate(room, signal)
  warnOfKeys(out, room)
  const place = new Place()
  const next = options.follow ? coming(room, signal) : []
  const last = options.last === undefined ? undefined : await newest(room, options.last, signal)
  // Read twice where it is for people, once for what became of the messages: a page at a time, so it may be long.
  const history = () => last ?? from(room, options.from ?? 0, signal)
  const lines = new ItemLines({
    names: room.members.map(({ name }) => name),
    numbered: options.numbers === true,
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
  const reason = ended(room) ?? tampered(room) ?? behind
  if (reason) throw reason
}
