/** What a search has found, over the conversation: one line for each message, around the first word in it. Pure. */
import { hitKey } from '../state/search.ts'
import type { ChatPage, Hit, SearchPanel } from '../state/state.ts'
import type { Line, Style } from '../text/style.ts'
import { clickable, span } from '../text/style.ts'
import { shortTime } from '../text/time.ts'
import { fitHints, padEnd, truncate, widthOf } from '../text/width.ts'
import { divider } from './gutter.ts'
import { nameColours } from './name-colours.ts'
import { fitName } from './shown-name.ts'

const nameColumnsMax = 12
const roomColumnsMax = 16
/** Shown before the first word that was found. */
const leadColumns = 16

export function searchLines(
  panel: SearchPanel,
  { room }: ChatPage,
  now: number,
  columns: number,
  rows: number,
): readonly Line[] {
  const colourOf = nameColours(room.members)
  const { hits, selected, everywhere } = panel
  const space = Math.max(1, rows - 2)
  const first = Math.max(0, Math.min(selected - (space >> 1), hits.length - space))
  const shown = hits.slice(first, first + space)
  const nameColumns = widest(shown, ({ name }) => name, nameColumnsMax)
  const roomColumns = everywhere ? widest(shown, ({ roomName }) => roomName, roomColumnsMax) : 0
  const list = shown.map((hit, index): Line => {
    const isSelected = first + index === selected
    const time = shortTime(hit.at, now).padStart(6)
    const left = 3 + time.length + 2 + nameColumns + 2 + (everywhere ? roomColumns + 2 : 0)
    const line = [
      span(isSelected ? ' › ' : '   ', { bold: true }),
      span(`${time}  `, { dim: true }),
      ...(everywhere ? [span(`${padEnd(hit.roomName, roomColumns)}  `, { dim: true })] : []),
      span(`${padEnd(fitName(hit.name, hit.from.name, nameColumns), nameColumns)}  `, {
        colour: colourOf(hit.from.fingerprint),
      }),
      ...textSpans(hit.text, panel.words, Math.max(8, columns - left), isSelected),
    ]
    return clickable(line, { kind: 'row', list: 'search', key: hitKey(hit) })
  })
  const none: Line = [span(`   ${panel.looking === undefined ? 'Nothing found.' : 'Searching…'}`, { dim: true })]
  const lines = list.length === 0 ? [none] : list
  return [
    divider(titleOf(panel), columns, { bold: true }),
    ...Array.from({ length: space }, (_, row): Line => lines[row] ?? []),
    divider(fitHints('Enter: go there · ↑↓ select · Esc: close · /search shows this again', columns - 8), columns),
  ]
}

function titleOf({ hits, more, words, looking }: SearchPanel): string {
  const count = `${hits.length}${more ? '+' : ''} ${hits.length === 1 && !more ? 'message' : 'messages'}`
  const doing = looking === undefined ? '' : ` · searching ${looking}…`
  return `${count} with ${words.join(' ')}${doing}`
}

function widest(hits: readonly Hit[], text: (hit: Hit) => string, most: number): number {
  return Math.min(most, Math.max(4, ...hits.map((hit) => widthOf(text(hit)))))
}

/** One line of it, from a little before the first word that was found. */
function textSpans(text: string, words: readonly string[], columns: number, isSelected: boolean): Line {
  const style: Style = isSelected ? { inverse: true } : {}
  const flat = text.replaceAll('\n', ' ')
  const lower = flat.toLowerCase()
  const at = words
    .map((word) => ({ from: lower.length === flat.length ? lower.indexOf(word.toLowerCase()) : -1, word }))
    .filter(({ from }) => from >= 0)
    .sort((a, b) => a.from - b.from)[0]
  if (at === undefined) return [span(truncate(flat, columns), style)]
  const fits = widthOf(flat) <= columns || widthOf(flat.slice(0, at.from)) <= leadColumns
  const begin = fits ? 0 : flat.lastIndexOf(' ', at.from - Math.min(leadColumns, columns >> 2)) + 1
  const lead = `${begin === 0 ? '' : '…'}${flat.slice(begin, at.from)}`
  const word = flat.slice(at.from, at.from + at.word.length)
  const rest = Math.max(0, columns - widthOf(lead) - widthOf(word))
  return [
    span(lead, style),
    span(word, { ...style, bold: true }),
    span(truncate(flat.slice(at.from + at.word.length), rest), style),
  ]
}
