/** Logging in and signing up. Pure. Passphrases are shown as dots. */
import type { Editor } from '../input/editor.ts'
import { recalled, whoRows } from '../state/login.ts'
import type { LoginPage, LoginStep, State } from '../state/state.ts'
import type { Line, Style } from '../text/style.ts'
import { clickable, span } from '../text/style.ts'
import { wrap } from '../text/wrap.ts'
import type { Footer } from './notices.ts'
import type { Frame } from './frame.ts'
import { pageFrame } from './frame.ts'
import { inputRows } from './input-line.ts'

export function loginView(state: State, page: LoginPage): Frame {
  const { step } = page
  const { columns } = state.size
  return pageFrame(state, {
    title: 'group chat with no owner',
    body: (rows) => {
      if (step.at !== 'who') return stepLines(step, columns)
      const { as } = state.program
      // The passphrase came with the command line.
      if (as !== undefined && state.busy !== undefined)
        return [[], ...paragraph(`Hello ${as}.`, columns, { bold: true })]
      return whoLines(page, step, columns, rows)
    },
    keys: step.at === 'who' && page.known.length === 0 ? 'Enter: continue · Esc: quit' : keysOf(step),
    footer: footerOf(step, columns),
  })
}

function paragraph(text: string, columns: number, style: Style = {}): readonly Line[] {
  return wrap(text, Math.min(columns - 6, 68)).map((part): Line => [span(`   ${part}`, style)])
}

function choice(key: string, text: string, remark: string, selected: boolean): Line {
  const style: Style = selected ? { inverse: true, bold: true } : {}
  const sign = span(selected ? ' › ' : '   ', { bold: true })
  const line = [sign, span(` ${text} `, style), span(`  ${remark}`, { dim: true })]
  return clickable(line, { kind: 'row', list: 'login', key })
}

function whoLines(page: LoginPage, step: LoginStep & { at: 'who' }, columns: number, rows: number): readonly Line[] {
  const names = whoRows(page.known, step.editor.text)
  if (page.known.length === 0) {
    return [
      [],
      ...paragraph('Welcome. What is your name?', columns, { bold: true }),
      [],
      ...paragraph('2 to 32 letters, digits, - or _. Everyone can see it, and nobody else can take it.', columns),
    ]
  }
  const width = Math.max(...names.map((row) => row.name.length))
  const lines = names.map((row, index) =>
    choice(row.name, row.name.padEnd(width), row.known ? row.fingerprint : 'new name', index === step.selected),
  )
  const space = Math.max(1, rows - 5)
  const first = Math.max(0, Math.min(step.selected - (space >> 1), lines.length - space))
  const hint = 'Or type a name: a new one, or one you use on another machine.'
  return [
    [],
    ...paragraph('Who are you?', columns, { bold: true }),
    [],
    ...lines.slice(first, first + space),
    [],
    ...paragraph(hint, columns, { dim: true }),
  ]
}

function stepLines(step: Exclude<LoginStep, { at: 'who' }>, columns: number): readonly Line[] {
  const say = (text: string, style?: Style) => paragraph(text, columns, style)
  switch (step.at) {
    case 'unknown':
      return [
        [],
        ...say(`"${step.name}" isn't set up on this machine yet.`),
        [],
        choice('sign-up', `Sign up as ${step.name}`, "I'm new here", step.selected === 0),
        choice('log-in', `Log in as ${step.name}`, 'I already have an account', step.selected === 1),
      ]
    case 'password':
      return [
        [],
        ...say(`Hello ${step.name}.`, { bold: true }),
        [],
        ...say('Your passphrase unlocks your keys. It never leaves this machine.'),
      ]
    case 'elsewhere':
      return [
        [],
        ...say(`Log in as ${step.name} on this machine`, { bold: true }),
        [],
        ...say('Your encrypted keys will be downloaded and unlocked with your passphrase.'),
        [],
        ...say('If you chose your own passphrase, enter your recovery code too. Otherwise leave it empty.', {
          dim: true,
        }),
      ]
    case 'suggested':
    case 'chosen':
      return [
        [],
        ...say(`${step.name}, this is your passphrase:`),
        [],
        ...wrap(step.passphrase, columns - 8).map((part): Line => [span(`      ${part}`, { bold: true })]),
        [],
        ...say('Write it down on paper. It unlocks your keys on every machine, and nobody can recover it for you.'),
        [],
        ...(step.at === 'suggested'
          ? say('Press Enter once you have it: one word is asked back. Or type your own instead.', { dim: true })
          : say("You're choosing your own. Press Esc to use this one instead.", { dim: true })),
      ]
    case 'repeat':
      return [[], ...say('Type it again to rule out a typo.')]
    case 'recall':
      return [
        [],
        ...say(`Type word ${recalled(step.passphrase, step.ask).place} of your passphrase from what you wrote down.`),
        [],
        ...say('Without the passphrase your account is lost. Esc shows it again.', { dim: true }),
      ]
    case 'recall-code':
      return [
        [],
        ...say(`Type group ${recalled(step.code, step.ask).place} of your recovery code from what you wrote down.`),
        [],
        ...say('Esc shows the code again.', { dim: true }),
      ]
    case 'recovery':
      return [
        [],
        ...say('You are signed up. This is your recovery code:'),
        [],
        ...wrap(step.code, columns - 8).map((part): Line => [span(`      ${part}`, { bold: true })]),
        [],
        ...say(
          "Write it down on paper: it won't be shown again. You'll need it, along with your passphrase, to log in on another machine.",
        ),
        [],
        ...say('Press Enter once you have it: one group is asked back.', { dim: true }),
      ]
  }
}

function keysOf(step: LoginStep): string {
  switch (step.at) {
    case 'who':
      return '↑↓ select · Enter: continue · Esc: quit'
    case 'unknown':
      return '↑↓ select · Enter: continue · Esc: back'
    case 'elsewhere':
      return 'Tab: next field · Enter: log in · Esc: back'
    case 'recovery':
      return 'Enter: continue'
    case 'recall':
    case 'recall-code':
      return 'Enter: continue · Esc: show it again'
    default:
      return 'Enter: continue · Esc: back'
  }
}

function footerOf(step: LoginStep, columns: number): Footer {
  switch (step.at) {
    case 'who':
      return fields(columns, [{ label: 'name', editor: step.editor }], 0)
    case 'password':
      return fields(columns, [{ label: 'passphrase', editor: step.editor, hidden: true }], 0)
    case 'chosen':
      return fields(columns, [{ label: 'your passphrase', editor: step.editor, hidden: true }], 0)
    case 'repeat':
      return fields(columns, [{ label: 'repeat passphrase', editor: step.editor, hidden: true }], 0)
    case 'elsewhere':
      return fields(
        columns,
        [
          { label: 'passphrase   ', editor: step.password, hidden: true },
          { label: 'recovery code', editor: step.code },
        ],
        step.inCode ? 1 : 0,
      )
    case 'recall':
      return fields(columns, [{ label: `word ${recalled(step.passphrase, step.ask).place}`, editor: step.editor }], 0)
    case 'recall-code':
      return fields(columns, [{ label: `group ${recalled(step.code, step.ask).place}`, editor: step.editor }], 0)
    case 'unknown':
    case 'suggested':
    case 'recovery':
      return { lines: [], cursor: undefined }
  }
}

interface Field {
  readonly label: string
  readonly editor: Editor
  readonly hidden?: boolean
}

function fields(columns: number, list: readonly Field[], active: number): Footer {
  let cursor: Footer['cursor']
  const lines = list.map(({ label, editor, hidden }, index): Line => {
    const prompt = ` ${label} > `
    // The right part of a long text.
    const { rows, cursor: at } = inputRows(editor, columns - prompt.length, 1, hidden === true ? '•' : undefined)
    if (index === active) cursor = { row: index, column: prompt.length + at.column }
    return [span(prompt, index === active ? { bold: true } : { dim: true }), span(rows[0] ?? '')]
  })
  return { lines, cursor }
}
