import { describe, expect, it } from 'vitest'
import { Signals } from '../../src/tui/terminal/signals.ts'

const st = '\x1b\\'
const osc9 = `\x1b]9;Conclave: hello${st}`
const osc777 = `\x1b]777;notify;Conclave;hello${st}`
const osc99 = `\x1b]99;i=conclave:d=0;Conclave${st}\x1b]99;i=conclave:p=body;hello${st}`
const tmux = (sequence: string): string => `\x1bPtmux;${sequence.replaceAll('\x1b', '\x1b\x1b')}${st}`

describe('a notification', () => {
  it.each<[string, NodeJS.ProcessEnv, string]>([
    ['kitty', { TERM: 'xterm-kitty' }, osc99],
    ['kitty, by its window', { TERM: 'xterm-256color', KITTY_WINDOW_ID: '1' }, osc99],
    ['foot', { TERM: 'foot' }, osc777],
    ['foot, of fewer features', { TERM: 'foot-extra' }, osc777],
    ['urxvt', { TERM: 'rxvt-unicode-256color' }, osc777],
    ['ghostty', { TERM: 'xterm-ghostty' }, osc777],
    ['ghostty, by its program', { TERM: 'xterm-256color', TERM_PROGRAM: 'ghostty' }, osc777],
    ['iTerm2', { TERM: 'xterm-256color', TERM_PROGRAM: 'iTerm.app' }, osc9],
    ['WezTerm', { TERM: 'xterm-256color', TERM_PROGRAM: 'WezTerm' }, osc9],
    ['Windows Terminal', { TERM: 'xterm-256color', WT_SESSION: 'x' }, osc9],
    ['another', { TERM: 'xterm-256color' }, osc9],
    ['the Linux console', { TERM: 'linux' }, ''],
    [
      'the Linux console, where variables of another terminal are left over',
      { TERM: 'linux', KITTY_WINDOW_ID: '1' },
      '',
    ],
    ['none', { TERM: 'dumb' }, ''],
    ['none that is known', {}, ''],
    ['tmux', { TERM: 'tmux-256color', TERM_PROGRAM: 'tmux', TMUX: '/tmp/x' }, tmux(osc9)],
    [
      'tmux in kitty',
      { TERM: 'screen-256color', TMUX: '/tmp/x', KITTY_WINDOW_ID: '1' },
      tmux(osc99.slice(0, osc99.indexOf(st) + 2)) + tmux(osc99.slice(osc99.indexOf(st) + 2)),
    ],
    ['screen', { TERM: 'screen', STY: '1' }, `\x1bP\x1b]9;Conclave: hello\x07${st}`],
  ])('in %s', (_name, env, wanted) => {
    expect(new Signals(env).notification('Conclave', 'hello')).toBe(wanted)
  })

  it.each([
    'x\x07y',
    'x\x1b\\y',
    'x\x9cy',
    'x\x1b]2;owned\x07y',
    'x\r\ny',
    'x\u2028y',
    'x;y',
    'x\u202ey',
    '\ud800',
    '4;3;50',
    'é漢👋🏽'.repeat(1000),
  ])('never breaks out of its sequence: %j', (text) => {
    for (const env of [{ TERM: 'xterm' }, { TERM: 'foot' }, { TERM: 'xterm-kitty' }, { TERM: 'xterm', TMUX: 'x' }]) {
      for (const sequence of [new Signals(env).notification(text, text), new Signals(env).title(text)]) {
        const bare = sequence.replaceAll('\x1bPtmux;', '').replaceAll('\x1b\x1b', '\x1b')
        const inside = bare.replace(/\x1b\](?:2;|9;|777;notify;|99;i=conclave:(?:d=0|p=body);)/g, '').replaceAll(st, '')
        expect(inside).toMatch(/^[^\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]*$/)
        expect(inside.split(';').length).toBeLessThan(3)
        expect(sequence.length).toBeLessThan(2000)
      }
    }
  })
})

describe('links and the mouse', () => {
  it.each([
    ['xterm-256color', true],
    ['tmux-256color', true],
    ['linux', false],
    ['dumb', false],
    ['vt100', false],
  ])('on %s: %s', (term, isModern) => {
    expect(new Signals({ TERM: term }).isModern).toBe(isModern)
  })
})

describe('GNU screen, which keeps Escape while it reports the mouse, and counts each code point', () => {
  it.each([
    [{ TERM: 'screen', STY: '1.pts' }, false],
    [{ TERM: 'xterm-256color', STY: '1.pts' }, false],
    [{ TERM: 'screen-256color', TMUX: '/tmp/x' }, true],
    [{ TERM: 'tmux-256color', TMUX: '/tmp/x', STY: '1.pts' }, true],
    [{ TERM: 'xterm-256color' }, true],
  ])('%j: mouse and clusters: %s', (env, isOn) => {
    expect(new Signals(env).hasMouse).toBe(isOn)
    expect(new Signals(env).joinsClusters).toBe(isOn)
  })

  it('mosh counts each code point too, and passes on the mouse', () => {
    const inMosh = new Signals({ TERM: 'xterm-256color', NCURSES_NO_UTF8_ACS: '1' })
    expect([inMosh.joinsClusters, inMosh.hasMouse]).toEqual([false, true])
    const tmuxInMosh = new Signals({ TERM: 'tmux-256color', TMUX: '/tmp/x', NCURSES_NO_UTF8_ACS: '1' })
    expect(tmuxInMosh.joinsClusters).toBe(true)
  })

  it('a terminal without the mouse gets none', () => {
    expect(new Signals({ TERM: 'vt220' }).hasMouse).toBe(false)
  })
})

describe('a title', () => {
  it('is set, and put aside and brought back around it', () => {
    const signals = new Signals({ TERM: 'xterm' })
    expect(signals.title('demo · Conclave')).toBe(`\x1b]2;demo · Conclave${st}`)
    expect([signals.begin, signals.end]).toEqual(['\x1b[22;0t', '\x1b[23;0t'])
  })

  it.each(['linux', 'dumb'])('is left alone on TERM=%s', (TERM) => {
    const signals = new Signals({ TERM })
    expect([signals.begin, signals.title('demo'), signals.end]).toEqual(['', '', ''])
  })
})
