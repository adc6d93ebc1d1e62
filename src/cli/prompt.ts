/** Questions to a person at a terminal. They go to stderr, so that stdout holds results alone. */
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { ConclaveError } from '../base/errors.ts'
import { Interrupted } from './signals.ts'

export interface Prompt {
  /** Whether somebody is there to answer. */
  readonly interactive: boolean
  ask(question: string): Promise<string>
  /** What is typed does not appear. */
  askHidden(question: string): Promise<string>
}

export function terminalPrompt(stdin: NodeJS.ReadStream, stderr: NodeJS.WriteStream, signal: AbortSignal): Prompt {
  const question = async (text: string, hidden: boolean): Promise<string> => {
    // The line editor may echo to nobody: it still knows backspace, Ctrl-U and pasting.
    const output = hidden ? new Writable({ write: (_chunk, _encoding, done) => done() }) : stderr
    const editor = createInterface({ input: stdin, output, terminal: true, historySize: 0 })
    const ended = new AbortController()
    editor.on('SIGINT', () => ended.abort(new Interrupted('SIGINT')))
    editor.on('close', () => ended.abort(new ConclaveError('usage', 'no answer')))
    const stop = AbortSignal.any([signal, ended.signal])
    // Only now, when the terminal no longer shows by itself what is typed.
    if (hidden) stderr.write(text)
    try {
      return await editor.question(hidden ? '' : text, { signal: stop })
    } catch (error) {
      throw stop.aborted ? stop.reason : error
    } finally {
      editor.close()
      if (hidden) stderr.write('\n')
    }
  }
  return {
    interactive: stdin.isTTY && stderr.isTTY,
    ask: (text) => question(text, false),
    askHidden: (text) => question(text, true),
  }
}
