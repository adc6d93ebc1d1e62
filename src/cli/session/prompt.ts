/** Prompts for a person at a terminal. They go to stderr, so that stdout holds only results. */
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { ConclaveError } from '../../base/errors.ts'
import { Interrupted, type Host } from './host.ts'

export interface Prompt {
  /** Whether someone is there to answer. */
  readonly interactive: boolean
  ask(question: string): Promise<string>
  /** The input is not echoed. */
  askHidden(question: string): Promise<string>
  /** Only a clear yes counts. */
  confirm(question: string): Promise<boolean>
}

export function terminalPrompt({ stdin, stderr }: Host, signal: AbortSignal): Prompt {
  const question = async (text: string, hidden: boolean): Promise<string> => {
    // The line editor may echo to nowhere: it still knows backspace, Ctrl-U and pasting.
    const output = hidden ? new Writable({ write: (_chunk, _encoding, done) => done() }) : stderr
    const editor = createInterface({ input: stdin, output, terminal: true, historySize: 0 })
    const ended = new AbortController()
    editor.on('SIGINT', () => ended.abort(new Interrupted('SIGINT')))
    editor.on('close', () => ended.abort(new ConclaveError('usage', 'No answer')))
    const stop = AbortSignal.any([signal, ended.signal])
    // Only now that the terminal no longer echoes the input itself.
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
  const ask = (text: string): Promise<string> => question(text, false)
  return {
    interactive: stdin.isTTY === true && stderr.isTTY === true,
    ask,
    askHidden: (text) => question(text, true),
    confirm: async (text) => /^y(es)?$/i.test((await ask(`${text} [y/N] `)).trim()),
  }
}
