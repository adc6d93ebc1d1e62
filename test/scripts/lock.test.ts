import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { acquireLock } from '../../scripts/lock.js'
import { checkout, remove, run, temporaryFolder } from './clone.ts'

let folder = ''
let file = ''
beforeEach(() => {
  folder = temporaryFolder()
  file = join(folder, 'deep/setup.lock')
})
afterEach(() => remove(folder))

async function deadPid(): Promise<number> {
  const child = spawn('true')
  await new Promise((resolve) => child.on('exit', resolve))
  return child.pid ?? 0
}

describe('the lock of a set-up', () => {
  test('is held until it is given back', async () => {
    const first = await acquireLock(file)
    const order: string[] = []
    const second = acquireLock(file, { onWait: (pid) => order.push(`waits for ${pid}`) }).then((lock) => {
      order.push('second')
      return lock
    })
    await expect.poll(() => order).toEqual([`waits for ${process.pid}`])
    order.push('given back')
    first.release()
    ;(await second).release()
    expect(order).toEqual([`waits for ${process.pid}`, 'given back', 'second'])
    expect(existsSync(file)).toBe(false)
  })

  test('of a process that is gone is broken', async () => {
    ;(await acquireLock(file)).release()
    writeFileSync(file, JSON.stringify([{ pid: await deadPid(), began: '1' }]))
    const waits: number[] = []
    const lock = await acquireLock(file, { onWait: (pid) => waits.push(pid) })
    expect(waits).toEqual([])
    lock.release()
  })

  test.runIf(existsSync('/proc/self/stat'))('of a process whose number was given out again is broken', async () => {
    ;(await acquireLock(file)).release()
    writeFileSync(file, JSON.stringify([{ pid: process.pid, began: 'another time' }]))
    ;(await acquireLock(file)).release()
  })

  test.each(['', '{', 'null', '[]', '[{"pid":-1}]', '["x"]'])('that says %j protects nobody', async (content) => {
    ;(await acquireLock(file)).release()
    writeFileSync(file, content)
    ;(await acquireLock(file)).release()
  })

  test('is still held while a child outlives its killed owner', async () => {
    const owner = `
      import { spawn } from 'node:child_process'
      import { acquireLock } from '${join(checkout, 'scripts/lock.js')}'
      const lock = await acquireLock(process.argv[1])
      const child = spawn('sleep', ['600'], { stdio: 'ignore' })
      lock.addChild(child.pid)
      process.kill(process.pid, 'SIGKILL')`
    const killed = await run(process.execPath, ['--input-type=module', '-e', owner, file], folder)
    expect(killed.signal).toBe('SIGKILL')
    const [, child] = JSON.parse(readFileSync(file, 'utf8')) as { pid: number }[]
    const waits: number[] = []
    const next = acquireLock(file, { onWait: (pid) => waits.push(pid) })
    await expect.poll(() => waits).toEqual([child?.pid])
    process.kill(child?.pid ?? 0)
    ;(await next).release()
  })

  test('of a dead process goes to one of many who want it at once', async () => {
    const dead = await deadPid()
    ;(await acquireLock(file)).release()
    writeFileSync(file, JSON.stringify([{ pid: dead, began: '1' }]))
    const worker = `
      import { appendFileSync } from 'node:fs'
      import { acquireLock } from '${join(checkout, 'scripts/lock.js')}'
      for (let i = 0; i < 20; i++) {
        const lock = await acquireLock(process.argv[1])
        appendFileSync(process.argv[2], '(')
        await new Promise((resolve) => setTimeout(resolve, 1))
        appendFileSync(process.argv[2], ')')
        lock.release()
      }`
    const trace = join(folder, 'trace')
    const workers = Array.from({ length: 4 }, () =>
      run(process.execPath, ['--input-type=module', '-e', worker, file, trace], folder),
    )
    for (const { code, stderr } of await Promise.all(workers)) expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(readFileSync(trace, 'utf8')).toBe('()'.repeat(80))
  })
})
