import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { readServerClock } from '../../src/node/health/server-clock.ts'

async function server(date: string | undefined, body: string): Promise<string> {
  const http = createServer((_, response) => {
    response.sendDate = false
    if (date !== undefined) response.setHeader('date', date)
    response.end(body)
  }).listen(0, '127.0.0.1')
  await once(http, 'listening')
  onTestFinished(() => void http.close())
  return `127.0.0.1:${(http.address() as AddressInfo).port}`
}

test('reads the clock and version of an etcd', async () => {
  const hourAhead = new Date(Date.now() + 3_600_000).toUTCString()
  const told = await readServerClock(
    await server(hourAhead, '{"etcdserver":"3.5.30","etcdcluster":"3.5.0"}'),
    undefined,
  )
  expect(told?.version).toBe('3.5.30')
  // A whole minute for a busy machine; the header has whole seconds.
  expect(Math.abs((told?.aheadMs ?? 0) - 3_600_000)).toBeLessThan(60_000)
})

test('gives up on a server with no usable answer, too long an answer, or none', async () => {
  expect(await readServerClock(await server(undefined, '{}'), undefined)).toBeUndefined()
  expect(await readServerClock(await server('yesterday', '{}'), undefined)).toBeUndefined()
  expect(await readServerClock(await server(new Date().toUTCString(), 'x'.repeat(100_000)), undefined)).toBeUndefined()
  expect(await readServerClock('127.0.0.1:1', undefined)).toBeUndefined()
  expect(
    (await readServerClock(await server(new Date().toUTCString(), 'not JSON'), undefined))?.version,
  ).toBeUndefined()
})
