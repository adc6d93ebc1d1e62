import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { connect } from '../../src/index.ts'
import { home, start } from './person.ts'
import { keys, type Terminal } from './terminal.ts'

const password = 'marmot-violin-pumice-84-ladder'
const edit = keys.ctrl('x') + keys.ctrl('e')

/** Ada in a room of hers; `editor` is what her editor does. */
async function inDemo(editor: string, env: Readonly<Record<string, string>> = {}) {
  const folder = home()
  const [script, runtime, log] = [join(folder, 'my editor'), join(folder, 'runtime'), join(folder, 'log')]
  writeFileSync(script, editor, { mode: 0o700 })
  mkdirSync(runtime)
  {
    await using chat = await connect({ home: folder, as: 'ada', password, signUp: true })
    await chat.create('demo')
  }
  const begin = async (): Promise<Terminal> => {
    const all = { CONCLAVE_PASSWORD: password, XDG_RUNTIME_DIR: runtime, LOG: log, VISUAL: `sh '${script}'`, ...env }
    const ada = start(folder, { columns: 80, args: ['--as', 'ada', 'chat', 'demo'], env: all })
    await ada.waitForMessage('ada created this room.')
    return ada
  }
  return { begin, log, left: () => readdirSync(runtime) }
}

it('edits the line in the editor that VISUAL names, on a private file, and has the terminal back', async () => {
  const editor = `
    { stat -c %a "$1" "$(dirname "$1")"; env | grep -c '^CONCLAVE_'; cat "$1"; } > "$LOG"
    printf 'What else? '; read answer; printf '%s\\n\\n' "$answer" >> "$1"`
  const { begin, log, left } = await inDemo(editor, { EDITOR: 'false' })
  const ada = await begin()
  ada.send('first line')
  await ada.waitFor('> first line')
  ada.send(edit)
  await ada.waitFor('What else?')
  expect(ada.alternate).toBe(false)
  await ada.waitFor(() => ada.emulator.modes.mouseTrackingMode === 'none')
  ada.send('second line\r')
  await ada.waitFor((screen) => screen.at(-1) === '   second line' && screen.at(-2) === ' > first line')
  expect(ada.alternate).toBe(true)
  await ada.waitFor(() => ada.emulator.modes.mouseTrackingMode === 'vt200')
  expect(readFileSync(log, 'utf8').split('\n')).toEqual(['600', '700', '0', 'first line', ''])
  expect(left()).toEqual([])
  ada.send('!\r')
  await ada.waitForMessage('second line!')
})

it('says that an editor failed, and keeps the text', async () => {
  const { begin, log, left } = await inDemo('echo lost > "$1"; exit 3')
  const ada = await begin()
  ada.send(`kept${edit}`)
  await ada.waitFor('The editor failed (exit code 3). Your text is unchanged.')
  expect(ada.screen().at(-1)).toBe(' > kept')
  expect([left(), existsSync(log)]).toEqual([[], false])
})

it('keeps what the editor had saved when the terminal hangs up', async () => {
  const { begin, left } = await inDemo('echo saved >> "$1"; echo ready; exec sleep 60')
  const ada = await begin()
  ada.send(`begun${edit}`)
  await ada.waitFor('ready')
  ada.kill('SIGHUP')
  expect((await ada.exit()).code).toBe(129)
  expect(left()).toEqual([])
  const again = await begin()
  await again.waitFor((screen) => screen.at(-1) === '   saved' && screen.at(-2) === ' > begun')
})
