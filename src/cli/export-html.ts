/**
 * A room as one HTML page without scripts, pictures or anything from elsewhere; its policy forbids them as well.
 * Whatever others wrote is escaped text.
 */
import { adminText } from '../chat/wording.ts'
import { sanitize, sanitizeLine } from '../tui/sanitize.ts'
import { clockTime, dayName } from '../tui/text/time.ts'
import { textNow, type RoomWriter } from './export-writer.ts'
import { isoTime } from './item-json.ts'

const style = `
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem; }
h2 { font-size: 1rem; border-bottom: 1px solid; }
article { display: grid; grid-template-columns: 4rem 10rem 1fr; gap: 0 1rem; }
article > b { overflow-wrap: anywhere; text-align: right; }
article p { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.about, .admin, time { opacity: .7; }
`

export function htmlWriter(): RoomWriter {
  let day = ''
  const divider = (at: number): string => {
    if (dayName(at) === day) return ''
    day = dayName(at)
    return `<h2>${escaped(day)}</h2>\n`
  }
  const article = (at: number, name: string, body: string, attributes = ''): string => {
    const time = `<time datetime="${isoTime(at)}">${clockTime(at)}</time>`
    return `${divider(at)}<article${attributes}>${time}<b>${line(name)}</b><div>${body}</div></article>\n`
  }
  return {
    head: ({ name, topic, id }) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>${line(name)}</title>
<style>${style}</style>
</head>
<body>
<h1>${line(name)}</h1>
${topic === '' ? '' : `<p dir="auto">${line(topic)}</p>\n`}<p class="about">Room ${id}</p>
`,
    message(item, changed, quoted) {
      const id = ` id="m-${item.id}"`
      if (changed.deleted) return article(item.at, item.from.name, '<p class="about">(deleted)</p>', id)
      const quote =
        quoted &&
        `<p class="about" dir="auto"><a href="#m-${quoted.id}">${line(quoted.name)}</a>: ${
          quoted.text === undefined ? '(deleted)' : line(quoted.text)
        }</p>`
      const text = escaped(sanitize(textNow(item, changed)))
      const shown = item.type === 'emote' ? `<i>${line(item.from.name)}</i> ${text}` : text
      const edited = changed.text === undefined ? '' : ' <span class="about">(edited)</span>'
      const reactions = changed.reactions.map(({ emoji, count }) => `${line(emoji)} ${count}`).join(' · ')
      const under = reactions === '' ? '' : `<p class="about">${reactions}</p>`
      return article(item.at, item.from.name, `${quote ?? ''}<p dir="auto">${shown}${edited}</p>${under}`, id)
    },
    admin: (item) => article(item.at, '<admin>', `<p>${escaped(sanitize(adminText(item)))}</p>`, ' class="admin"'),
    warning: ({ i, reason }) => `<p class="about">! ${line(`record ${i}: ${reason}`)}</p>\n`,
    foot: () => '</body>\n</html>\n',
  }
}

function line(text: string): string {
  return escaped(sanitizeLine(text))
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
