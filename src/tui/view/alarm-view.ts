/** The warning that somebody's key is not the one that is known: red, and in words. Pure. */
import type { Alarm } from '../state/state.ts'
import type { Line, Style } from '../text/style.ts'
import { span } from '../text/style.ts'
import { padEnd } from '../text/width.ts'
import { wrap } from '../text/wrap.ts'

const red: Style = { colour: 'red', bold: true }

export function alarmLines({ key, undone }: Alarm, columns: number): readonly Line[] {
  const { name, fingerprint, known } = key
  const title = `WARNING: ${name}'s key is NOT the one you know`
  const advice = `Someone may be impersonating ${name}. Ask ${name} by phone or in person which key is right. /verify ${name} shows what to compare and accepts the new key.`
  return [
    ...wrap(title, columns - 3).map((text): Line => [span(padEnd(` ! ${text}`, columns), { ...red, inverse: true })]),
    [span(`   you know  ${known}`, red)],
    [span(`   this is   ${fingerprint}`, red)],
    ...wrap(`${undone === undefined ? '' : `${undone} `}${advice}`, columns - 4).map((text): Line => [
      span(`   ${text}`, red),
    ]),
  ]
}
