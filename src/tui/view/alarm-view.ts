/** The warning that somebody's key is not the one that is known: red, and in words. Pure. */
import type { Alarm } from '../state/state.ts'
import type { Line, Style } from '../text/style.ts'
import { span } from '../text/style.ts'
import { padEnd } from '../text/width.ts'
import { wrap } from '../text/wrap.ts'

const red: Style = { colour: 'red', bold: true }

export function alarmLines({ key, undone }: Alarm, columns: number): readonly Line[] {
  const { name, fingerprint, known } = key
  const title = `WARNING: the key of ${name} is NOT the one that you know`
  const advice = `Somebody may pass for ${name}. Ask ${name} over another way which one is right; /verify ${name} shows what to compare, and takes a new key for ${name}'s.`
  return [
    ...wrap(title, columns - 3).map((text): Line => [span(padEnd(` ! ${text}`, columns), { ...red, inverse: true })]),
    [span(`   you know  ${known}`, red)],
    [span(`   this is   ${fingerprint}`, red)],
    ...wrap(`${undone === undefined ? '' : `${undone} `}${advice}`, columns - 4).map((text): Line => [
      span(`   ${text}`, red),
    ]),
  ]
}
