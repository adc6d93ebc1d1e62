/** `search ROOM WORDS`: the messages in which these words occur. */
import type { Command } from 'commander'
import { ConclaveError } from '../../base/errors.ts'
import { searchFoundMax } from '../../base/limits.ts'
import { searchRoom } from '../../chat/timeline/search.ts'
import { bringUpToDate } from '../freshness.ts'
import { itemObject } from '../item-json.ts'
import { ItemLines } from '../item-text.ts'
import { wholeNumber } from '../numbers.ts'
import { ended } from '../reading.ts'
import type { Act, Session } from '../session.ts'

interface Options {
  readonly last?: number
}

export function addSearch(program: Command, act: Act): void {
  program
    .command('search')
    .summary('find messages by their words')
    .description(
      'Prints the messages of a room in which all the words occur, in any case and place, the newest last. An edited ' +
        'message is found by its newest text, a deleted one not at all.\n\n' +
        'When the store does not answer it searches what this machine holds, and exits 5.',
    )
    .argument('<room>')
    .argument('<words...>')
    .option('--last <n>', 'only the newest n of them', wholeNumber(1, searchFoundMax))
    .action(act(search))
}

async function search(session: Session, roomName: string, texts: readonly string[], options: Options): Promise<void> {
  const { out, signal } = session
  const words = texts.flatMap((text) => text.split(/\s+/)).filter((word) => word !== '')
  if (words.length === 0) throw new ConclaveError('usage', 'no words to search for')
  const chat = await session.chat()
  const room = await chat.open(roomName, signal)
  const behind = await bringUpToDate(room, signal)
  const { found, more } = await searchRoom(room, words, { signal, ...(options.last && { last: options.last }) })
  const lines = new ItemLines({ names: found.map(({ item }) => item.from.name), numbered: true })
  for (const { item, edited } of found) {
    await out.print({ ...itemObject(item), ...(edited && { edited }) }, out.json ? '' : lines.lines(item))
  }
  if (found.length === 0) out.note('Nothing found.')
  if (more && options.last === undefined) out.note(`These are the newest ${found.length}; there are older ones.`)
  const reason = ended(room) ?? behind
  if (reason) throw reason
}
