/**
 * Posts into a room what a webhook receives. It listens on the loopback interface alone, and wants the token.
 *
 *   CONCLAVE_PASSWORD=… WEBHOOK_TOKEN=… node examples/webhook.ts demo 8080
 *   curl -H "authorization: Bearer $WEBHOOK_TOKEN" -d 'Build 17 failed' http://127.0.0.1:8080/
 */
import { timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect, isConclaveError, type Room } from 'conclave'

const bodyBytesMax = 8192
const [roomName, port = '0'] = process.argv.slice(2)
const { CONCLAVE_AS: as = 'webhook', CONCLAVE_PASSWORD: password, WEBHOOK_TOKEN: token } = process.env
if (!roomName || !password || !token) {
  throw new Error('usage: CONCLAVE_PASSWORD=… WEBHOOK_TOKEN=… node examples/webhook.ts ROOM [PORT]')
}

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())

await using chat = await connect({ as, password, signUp: true })
const expected = Buffer.from(`Bearer ${token}`)
try {
  const admission = await chat.join(roomName, {}, stop.signal)
  const room = await admission.wait(stop.signal)
  const server = createServer((request, response) => {
    take(room, request, response).catch((error: unknown) => {
      response.writeHead(isConclaveError(error) ? 503 : 500).end(`${String(error)}\n`)
    })
  })
  server.listen(Number(port), '127.0.0.1')
  await once(server, 'listening')
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  if (!stop.signal.aborted) await once(stop.signal, 'abort')
  server.close()
  server.closeAllConnections()
} catch (error) {
  if (!stop.signal.aborted) throw error
}

async function take(room: Room, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const given = Buffer.from(request.headers.authorization ?? '')
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return void response.writeHead(401).end()
  if (request.method !== 'POST') return void response.writeHead(405).end()
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > bodyBytesMax) return void response.writeHead(413).end()
    chunks.push(chunk)
  }
  // On disk when this resolves: it is sent even if the store can't be reached now.
  const { id } = await room.send(Buffer.concat(chunks).toString(), stop.signal)
  response.writeHead(202).end(`${id}\n`)
}
