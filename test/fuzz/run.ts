/**
 * npm run fuzz: a million inputs and more for everything that reads what comes from elsewhere.
 *
 *   npm run fuzz                        all readers, a new seed
 *   npm run fuzz -- 'wrap page'         one reader
 *   npm run fuzz -- 'wrap page' 1234    one input of it
 *
 * CONCLAVE_SEED repeats a run, CONCLAVE_INPUTS bounds the inputs a reader. Ends with 1 if an input crashed its reader,
 * was read wrongly, or made it allocate or work without a bound.
 */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { attack } from './campaign.ts'
import { allTargets } from './targets/all.ts'
import type { Target } from './target.ts'

const inputsMin = 10_000
const inputsMax = 60_000
/** About how long a reader is attacked, where that lies between the two; and the most, for one that is slow. */
const microsATarget = 1_500_000
const microsMax = 60_000_000
/** Inputs between two signs of life, and about how long they may take. */
const stepMax = 1000
const stepMicros = 10_000_000
/** The most that any bound of limits.ts lets a reader allocate lies far below: no reader of these takes a whole log. */
const growthMiBMax = 256
/** A step takes a tenth of this on a machine that is not busy: what does not come back hangs. */
const patienceMs = 120_000

interface Progress {
  readonly target: string
  readonly from: number
  readonly inputs: number
  readonly ended: boolean
  readonly maxRssKiB: number
  readonly failure?: string | undefined
}

const seed = process.env['CONCLAVE_SEED'] ?? String(Math.floor(Math.random() * 2 ** 31))

function inputsFor({ micros }: Target): number {
  const wanted = Number(process.env['CONCLAVE_INPUTS'] ?? inputsMax)
  const most = Math.ceil(microsMax / micros)
  return Math.min(wanted, most, Math.max(inputsMin, Math.round(microsATarget / micros)))
}

const stepOf = ({ micros }: Target): number => Math.min(stepMax, Math.ceil(stepMicros / micros))

async function attackAll(): Promise<void> {
  const tell = (progress: Omit<Progress, 'maxRssKiB'>): void => {
    process.send?.({ ...progress, maxRssKiB: process.resourceUsage().maxRSS })
  }
  const targets = await allTargets()
  for (const target of targets.filter(({ name }) => process.argv[2] === undefined || name === process.argv[2])) {
    const [wanted, step] = [inputsFor(target), stepOf(target)]
    for (let from = 0; from < wanted; from += step) {
      tell({ target: target.name, from, inputs: 0, ended: false })
      const { inputs, failure } = await attack(target, seed, from, Math.min(step, wanted - from))
      const ended = failure !== undefined || from + step >= wanted
      tell({ target: target.name, from, inputs, ended, failure })
      if (failure !== undefined) break
    }
  }
  process.disconnect()
}

/** Reads one input in this process, for a debugger. */
async function again(name: string, index: number): Promise<number> {
  const target = (await allTargets()).find((one) => one.name === name)
  if (target === undefined) throw new Error(`nothing is named ${name}`)
  const { failure } = await attack(target, seed, index, 1)
  process.stdout.write(`${failure ?? 'read, or refused as it should be'}\n`)
  return failure === undefined ? 0 : 1
}

/** Watches over the process that attacks: a hung process can't say so. */
function watchOver(): Promise<number> {
  process.stdout.write(`fuzz: CONCLAVE_SEED=${seed}\n`)
  const child = fork(fileURLToPath(import.meta.url), process.argv.slice(2), {
    env: { ...process.env, CONCLAVE_SEED: seed, CONCLAVE_FUZZ_CHILD: '1' },
  })
  const findings: string[] = []
  let total = 0
  let inputs = 0
  let rssBefore: number | undefined
  let last: Progress | undefined
  const hung = (): void => {
    const where = last === undefined ? 'before the first input' : `${last.target}: from input ${last.from} on`
    findings.push(`hangs (${where} of seed ${seed})`)
    child.kill('SIGKILL')
  }
  let timer = setTimeout(hung, patienceMs)
  child.on('message', (progress: Progress) => {
    clearTimeout(timer)
    timer = setTimeout(hung, patienceMs)
    last = progress
    inputs += progress.inputs
    total += progress.inputs
    rssBefore ??= progress.maxRssKiB
    if (!progress.ended) return
    const grownMiB = Math.round((progress.maxRssKiB - rssBefore) / 1024)
    if (grownMiB > growthMiBMax) findings.push(`${progress.target}: took ${grownMiB} MiB (seed ${seed})`)
    if (progress.failure !== undefined) findings.push(progress.failure)
    const verdict = progress.failure === undefined ? '' : '  FAILED'
    process.stdout.write(
      `${progress.target.padEnd(32)} ${String(inputs).padStart(7)} inputs, +${grownMiB} MiB${verdict}\n`,
    )
    inputs = 0
    rssBefore = progress.maxRssKiB
  })
  return new Promise((resolve) => {
    child.on('exit', (code, signal) => {
      clearTimeout(timer)
      if (code !== 0)
        findings.push(
          `ended with ${signal ?? code} in ${last?.target ?? 'the beginning'}, after input ${last?.from ?? 0}`,
        )
      process.stdout.write(`${total} inputs, ${findings.length} findings\n`)
      for (const finding of findings) process.stdout.write(`\n${finding}\n`)
      resolve(findings.length === 0 ? 0 : 1)
    })
  })
}

if (process.env['CONCLAVE_FUZZ_CHILD'] !== undefined) {
  await attackAll()
} else {
  const [, , name, index] = process.argv
  process.exitCode = name !== undefined && index !== undefined ? await again(name, Number(index)) : await watchOver()
}
