import { PassThrough, Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { ConclaveError } from '../../src/base/errors.ts'
import { jsonLine, Output } from '../../src/cli/output/output.ts'

function streams(): { stdout: PassThrough; stderr: PassThrough } {
  return { stdout: new PassThrough(), stderr: new PassThrough() }
}

/** Clears the screen, sets the title, goes back over the name, hides text; as C0, as C1, as a bidirectional override. */
const hostile = 'a\u001b[2J\u001b]0;t\u0007\u009b2J\r\b\u202ezzz'

/** What a terminal acts on rather than shows; a line feed is ours. */
const active = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/

test('with --json a result is one object a line, whatever is in it', async () => {
  const { stdout, stderr } = streams()
  const out = new Output({ stdout, stderr }, true)
  await out.print({ text: `${hostile}\n` }, 'for people')
  const written = String(stdout.read())
  expect(JSON.parse(written)).toEqual({ text: `${hostile}\n` })
  expect(written.split('\n')).toHaveLength(2)
  expect(active.test(written)).toBe(false)
})

test('for people texts are harmless', async () => {
  const { stdout, stderr } = streams()
  const out = new Output({ stdout, stderr }, false)
  await out.print({}, `x\n${hostile}`)
  out.note(hostile)
  out.fail(new ConclaveError('rejected', hostile, { hint: hostile }))
  const written = String(stdout.read()) + String(stderr.read())
  expect(written).toContain('x\na')
  expect(written).toContain('zzz')
  expect(active.test(written)).toBe(false)
})

test('remarks and texts for people stay out of --json', async () => {
  const { stdout, stderr } = streams()
  const out = new Output({ stdout, stderr }, true)
  await out.text('x')
  out.note('y')
  expect(stdout.read()).toBe(null)
  expect(stderr.read()).toBe(null)
})

test('an error has a code, a message and a hint', () => {
  const { stdout, stderr } = streams()
  const error = new ConclaveError('name-taken', 'ada is taken', { hint: 'Take another name.' })
  new Output({ stdout, stderr }, true).fail(error)
  expect(JSON.parse(String(stderr.read()))).toEqual({
    error: 'name-taken',
    message: 'ada is taken',
    hint: 'Take another name.',
  })
  new Output({ stdout, stderr }, false).fail(error)
  expect(String(stderr.read())).toBe('conclave: ada is taken\n  Take another name.\n')
})

test('an error that nobody expected says so', () => {
  const { stdout, stderr } = streams()
  new Output({ stdout, stderr }, true).fail(new TypeError('boom'))
  expect(JSON.parse(String(stderr.read()))).toMatchObject({ error: 'unexpected', message: 'Unexpected error: boom' })
})

test('a slow reader is waited for', async () => {
  let proceed = (): void => {}
  const stdout = new Writable({ highWaterMark: 1, write: (_chunk, _encoding, done) => (proceed = done) })
  const out = new Output({ stdout, stderr: new PassThrough() }, true)
  let printed = false
  const printing = out.print({ n: 1 }, '').then(() => (printed = true))
  await new Promise(setImmediate)
  expect(printed).toBe(false)
  proceed()
  await printing
})

test('a reader that goes away ends the waiting, and later results are dropped', async () => {
  const stdout = new Writable({ highWaterMark: 1, write: () => {} })
  const out = new Output({ stdout, stderr: new PassThrough() }, true)
  const printing = out.print({ n: 1 }, '')
  stdout.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
  await printing
  expect(out.gone.aborted).toBe(true)
  await out.print({ n: 2 }, '')
})

test('JSON stays the same data with its marks escaped', () => {
  expect(jsonLine({ a: '\u009b', b: '\u202e', c: undefined })).toBe('{"a":"\\u009b","b":"\\u202e"}')
})
