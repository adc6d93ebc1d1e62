/** Kills the real program with SIGKILL at a random moment, and says what it had acknowledged by then. */
import { once } from 'node:events'
import { spawnConclave, type Line, type Setting } from '../cli/program.ts'
import { diceFrom } from '../protocol/seeded.ts'

export interface Killed {
  /** What was printed before the end; each line of it is an acknowledgement. */
  readonly lines: readonly Line[]
  /** Whether the program had ended by itself before. */
  readonly ended: boolean
}

/** A little more than a command takes on this machine at present. */
export async function takes(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await run()
  return 1.3 * (performance.now() - start)
}

/** Starts a command and kills it after up to `withinMs`: about as long as it takes, so that every step is hit in some round. */
export async function killed(
  args: readonly string[],
  setting: Setting,
  random: () => number,
  withinMs: number,
): Promise<Killed> {
  const child = spawnConclave(args, setting)
  child.stdin.end(setting.input ?? '')
  let printed = ''
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  child.stderr.resume()
  const timer = setTimeout(() => child.kill('SIGKILL'), random() * withinMs)
  const [code] = (await once(child, 'close')) as [number | null]
  clearTimeout(timer)
  const whole = printed.slice(0, printed.lastIndexOf('\n') + 1)
  const lines = whole.split('\n').filter((line) => line !== '')
  return { lines: lines.map((line) => JSON.parse(line) as Line), ended: code !== null }
}

/** Numbers from 0 to below 1, drawn from CONCLAVE_SEED. */
export function randomOf(name: string): () => number {
  const dice = diceFrom(`${name} ${process.env['CONCLAVE_SEED']}`)
  return () => dice.below(1_000_000) / 1_000_000
}
