import { beforeEach, describe, expect, it } from 'vitest'
import { chordLabel, chordProblem, parseChord } from '../../src/chat/chord.ts'
import { key } from '../../src/tui/input/key.ts'
import { decodeKeys, flushKeys, idleKeyDecoder } from '../../src/tui/input/keys.ts'
import { actionNames, bindings, defaultOf } from '../../src/tui/state/key-table.ts'
import { preferenceDefaults } from '../../src/chat/preferences.ts'
import { keys } from '../terminal/terminal.ts'
import type { Drive } from './drive.ts'
import { person, type FakeRoom } from './fake.ts'
import { flat, inDemo } from './in-demo.ts'

const f5 = '\x1b[15~'

let demo: FakeRoom
let drive: Drive

beforeEach(async () => {
  ;({ demo, drive } = await inDemo({ columns: 100, rows: 40 }, { rooms: ['ops'] }))
})

function said(): readonly string[] {
  return drive.effects.flatMap((effect) =>
    effect.do === 'send' && effect.content.type === 'text' ? [effect.content.text] : [],
  )
}

/** Another program of the same home changes it, and the terminal comes to the front. */
async function elsewhere(change: Partial<Drive['keptPreferences']>): Promise<void> {
  drive.keptPreferences = { ...drive.keptPreferences, ...change }
  drive.happen({ kind: 'focus', focused: true })
  await drive.settle()
}

describe('/set', () => {
  it('lists what can be set, with values and defaults', async () => {
    await drive.type('/set theme light\r/set\r')
    expect(drive.text()).toMatch(/ theme light \(default: auto\)  colours for a dark/)
    expect(drive.text()).toMatch(/ mouse on +whether/)
    expect(drive.text()).toMatch(/ notify +mentions +/)
    expect(drive.text()).toMatch(/ dnd +off +/)
  })

  it('changes at once, and keeps it', async () => {
    await drive.type('/set theme dark\r')
    expect(drive.text()).toContain('theme is dark; the default is auto.')
    await drive.type('/set MOUSE off\r/set notify all\r/set dnd on\r')
    expect(drive.state.preferences).toMatchObject({ theme: 'dark', mouse: false })
    expect(drive.keptPreferences).toMatchObject({ theme: 'dark', mouse: false })
    expect(drive.kept).toMatchObject({ level: 'all', doNotDisturb: true })
    await drive.type('/set -reset theme\r/set -reset notify\r')
    expect(drive.keptPreferences.theme).toBe('auto')
    expect(drive.kept.level).toBe('mentions')
  })

  it('says what one is, and what it can be', async () => {
    await drive.type('/set theme\r')
    expect(flat(drive)).toContain('theme is auto (the default).')
    expect(flat(drive)).toContain('(auto, dark, light or none)')
    await drive.type('/set theme blue\r')
    expect(drive.text()).toContain("theme can't be blue.")
    expect(drive.text()).toContain('It is auto, dark, light or none.')
    await drive.type(`${keys.ctrl('u')}/set them dark\r`)
    expect(drive.text()).toContain('There is no setting called them.')
    expect(drive.text()).toContain('Did you mean theme?')
    expect(drive.keptPreferences).toEqual(preferenceDefaults)
  })

  it('is completed: names, values, -reset', async () => {
    await drive.type(`/set th${keys.tab}`)
    expect(drive.chat.editor.text).toBe('/set theme ')
    await drive.type(`l${keys.tab}`)
    expect(drive.chat.editor.text).toBe('/set theme light ')
    await drive.type(`${keys.ctrl('u')}/set -${keys.tab}d${keys.tab}`)
    expect(drive.chat.editor.text).toBe('/set -reset dnd ')
  })

  it('works in the list of rooms', async () => {
    await drive.type('/rooms\r')
    await drive.type('/set theme none\r')
    expect(drive.text()).toContain('theme is none')
  })
})

describe('aliases', () => {
  it('stand for a line, and what follows goes behind it or where it says $*', async () => {
    await drive.type('/alias brb Back in $* minutes\r/alias t /topic\r')
    await drive.type('/brb 5\r')
    expect(said()).toEqual(['Back in 5 minutes'])
    await drive.type('/T tea and cake\r')
    expect(demo.topic).toBe('tea and cake')
    expect(drive.chat.history.entries.slice(-2)).toEqual(['/brb 5', '/T tea and cake'])
    expect(drive.keptPreferences.aliases).toEqual({ brb: 'Back in $* minutes', t: '/topic' })
  })

  it('what follows is taken as it is', async () => {
    await drive.type("/alias cost It costs $*\r/cost $& $$5 $'\r")
    expect(said()).toEqual(["It costs $& $$5 $'"])
  })

  it('are listed, shown, completed, suggested and removed', async () => {
    await drive.type('/alias\r')
    expect(drive.text()).toContain('No aliases yet.')
    await drive.type(`${keys.escape}/alias tea /topic tea\r/alias\r`)
    expect(drive.text()).toContain(' /tea  /topic tea')
    await drive.type(`${keys.escape}/te${keys.tab}`)
    expect(drive.chat.editor.text).toBe('/tea ')
    await drive.type(`${keys.ctrl('u')}/tae\r`)
    expect(drive.text()).toContain('Did you mean /tea?')
    await drive.type(`${keys.ctrl('u')}/unalias t${keys.tab}\r`)
    expect(drive.text()).toContain('Removed the alias /tea.')
    await drive.type('/unalias tea\r')
    expect(drive.text()).toContain('There is no alias /tea.')
  })

  it.each(['quit', 'q', 'HELP', '/exit'])('%s stays the command', async (name) => {
    await drive.type(`/alias ${name} hello\r`)
    expect(drive.text()).toMatch(/! \/\w+ is already a command\./)
    expect(drive.keptPreferences.aliases).toEqual({})
  })

  it('a command that the file gives as an alias is still the command', async () => {
    await elsewhere({ aliases: { quit: 'hello' } })
    await drive.type('/quit\r')
    expect(drive.quit).toBe(true)
  })

  it('may lead to aliases, and not without end', async () => {
    await drive.type('/alias a1 /topic one\r/alias a2 /a1 $*\r/a2 more\r')
    expect(demo.topic).toBe('one more')
    await drive.type('/alias loop /loop\r')
    expect(flat(drive)).toContain('The alias /loop refers back to itself.')
    expect(drive.keptPreferences.aliases).not.toHaveProperty('loop')
    await elsewhere({ aliases: { x: '/y', y: '/x' } })
    await drive.type(`${keys.ctrl('u')}/x\r`)
    expect(flat(drive)).toContain('The alias /x refers back to itself.')
    expect(drive.chat.editor.text).toBe('/x')
  })
})

describe('/bind', () => {
  it('gives a key to an action, and its default back', async () => {
    await drive.type('/bind Alt+S toggle-members\r')
    expect(drive.text()).toContain('Alt+S: toggle-members.')
    const before = drive.state.showMembers
    await drive.type(keys.alt('s'))
    expect(drive.state.showMembers).not.toBe(before)
    await drive.type('/bind ctrl-b find-room\r')
    await drive.type(keys.ctrl('b'))
    expect(drive.chat.panel?.kind).toBe('jump')
    // The same key again: all rooms.
    await drive.type(keys.ctrl('b'))
    expect(drive.state.page.kind).toBe('rooms')
    await drive.type(`${keys.escape}/unbind CTRL+B\r`)
    expect(drive.text()).toContain('Ctrl-B: toggle-members.')
    expect(drive.keptPreferences.keys).toEqual({ 'alt+s': 'toggle-members' })
  })

  it('enters a line as if it were typed, and leaves what is being typed', async () => {
    await drive.type('/bind f5 /topic tea\r/bind f6 good morning everyone\r')
    await drive.type(`half a sente${f5}`)
    expect(demo.topic).toBe('tea')
    expect(drive.chat.editor.text).toBe('half a sente')
    await drive.type('\x1b[17~nce')
    expect(said()).toEqual(['good morning everyone'])
    expect(drive.chat.editor.text).toBe('half a sentence')
    expect(drive.chat.history.entries).not.toContain('good morning everyone')
  })

  it('leaves what is being typed in the room that a line leads away from', async () => {
    await drive.type('/bind f5 /join ops\r')
    await drive.type(`half a sentence${f5}`)
    expect(drive.chat.room.name).toBe('ops')
    await drive.type('/join demo\r')
    expect(drive.chat.room.name).toBe('demo')
    expect(drive.chat.editor.text).toBe('half a sentence')
  })

  it.each([
    ['enter', 'Enter can'],
    ['ctrl+m', 'Enter can'],
    ['Esc', 'Esc can'],
    ['alt+escape', 'Alt+Esc can'],
    ['a', 'A can'],
    ['shift+a', 'Shift+A can'],
    ['tab', 'Tab can'],
    ['left', 'Left can'],
    ['ctrl+c', 'Ctrl-C can'],
    ['ctrl+x', 'Ctrl-X can'],
    ['ctrl+l', 'Ctrl-L can'],
    ['alt+/', 'Alt+/ can'],
    ['hyper+s', '"hyper+s" isn'],
    ['alt+', '"alt+" isn'],
  ])('refuses %s', async (chord, wanted) => {
    await drive.type(`/bind ${chord} /rooms\r`)
    expect(drive.text()).toContain(`! ${wanted}`)
    expect(drive.keptPreferences.keys).toEqual({})
  })

  it.each([
    ['next-atention', 'Did you mean next-attention?'],
    ['no-such-action', '/bind lists them.'],
    ['/nosuch', 'Unknown command: /nosuch.'],
  ])('refuses what is rather a slip: %s', async (target, wanted) => {
    await drive.type(`/bind f5 ${target}\r`)
    expect(drive.text()).toContain(wanted)
    expect(drive.keptPreferences.keys).toEqual({})
  })

  it('shows in /bind, in the help and in hints', async () => {
    await drive.type('/bind f7 back\r/bind ctrl+o nothing\r/bind f5 /topic tea\r/bind\r')
    expect(drive.text()).toMatch(/ F7 +back +back to where/)
    await drive.type(keys.pageDown)
    expect(drive.text()).toMatch(/ F5 +\/topic tea +enter \/topic tea/)
    await drive.type(`${keys.escape}/help\r`)
    while (!drive.text().includes('enter /topic tea')) await drive.type(keys.pageDown)
    expect(drive.text()).toMatch(/ F7 +back to where you were/)
    expect(drive.text()).not.toMatch(/Ctrl-O/)
    demo.say(person('bob'), 'hello')
    await drive.type(`${keys.escape}/jump #1\r`)
    expect(drive.text()).toContain('F7: back to where you were')
  })

  it('takes over what another program binds', async () => {
    await elsewhere({ keys: { f5: '/topic cake' } })
    await drive.type(f5)
    expect(demo.topic).toBe('cake')
  })

  it('leaves Ctrl-X Ctrl-E, unless that is bound itself', async () => {
    await drive.type(`${keys.ctrl('x')}${keys.ctrl('e')}`)
    expect(drive.effects.at(-1)).toMatchObject({ do: 'edit-outside' })
    await drive.type('/bind ctrl-x ctrl-e /topic out\r')
    await drive.type(`${keys.ctrl('x')}${keys.ctrl('e')}`)
    expect(demo.topic).toBe('out')
  })
})

describe('chords', () => {
  it.each([
    ['Alt+S', 'alt+s', 'Alt+S'],
    ['ctrl-t', 'ctrl+t', 'Ctrl-T'],
    ['Shift+Ctrl+F5', 'ctrl+shift+f5', 'Ctrl+Shift+F5'],
    ['meta+PgUp', 'alt+page-up', 'Alt+PgUp'],
    ['ctrl+page-down', 'ctrl+page-down', 'Ctrl+PgDn'],
    ['alt+-', 'alt+-', 'Alt+-'],
    ['ctrl+space', 'ctrl+space', 'Ctrl+Space'],
    ['F12', 'f12', 'F12'],
  ])('%s is %s', (text, chord, label) => {
    expect(parseChord(text)).toBe(chord)
    expect(chordLabel(chord)).toBe(label)
  })

  it('every default but that of two keys could be bound by a person, and every action is named once', () => {
    expect(new Set(actionNames).size).toBe(actionNames.length)
    const shown = bindings(preferenceDefaults).flatMap(([all]) => all.split(/, | … /))
    const single = shown.filter((one) => one !== '' && one !== 'Ctrl-X Ctrl-E')
    for (const label of single) {
      const chord = parseChord(label) ?? ''
      expect(chordProblem(chord)).toBeUndefined()
      expect(defaultOf(chord)).toBeDefined()
    }
  })

  it.each([
    ['\x1bOP', 'f1'],
    ['\x1b[15~', 'f5'],
    ['\x1b[24~', 'f12'],
    ['\x1b[[C', 'f3'],
  ])('the function key %j is %s', (bytes, name) => {
    const { decoder, inputs } = decodeKeys(idleKeyDecoder, bytes)
    expect([...inputs, ...flushKeys(decoder).inputs]).toEqual([key(name)])
  })
})

it('a file that becomes invalid is said on the screen once, and what it said before holds', async () => {
  await drive.type('/set theme dark\r')
  const read = drive.preferences.read
  const broken = { ...drive.preferences, read: async () => Promise.reject(new Error('config.json is invalid: x')) }
  Object.assign(drive.preferences, broken)
  drive.happen({ kind: 'look-around' })
  await drive.settle()
  expect(drive.text()).toContain('config.json is invalid: x')
  expect(drive.state.preferences.theme).toBe('dark')
  drive.happen({ kind: 'tick' })
  await drive.type(`${keys.escape}`)
  drive.happen({ kind: 'look-around' })
  await drive.settle()
  expect(drive.text()).not.toContain('config.json is invalid')
  Object.assign(drive.preferences, { read })
  await elsewhere({ theme: 'light' })
  expect(drive.state.preferences.theme).toBe('light')
})
