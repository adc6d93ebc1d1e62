/**
 * A TCP proxy in front of an etcd member. A test can make it drop replies (requests still pass), everything, or the
 * connections.
 */
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'

export class Proxy {
  readonly #server: Server
  readonly #pairs = new Set<readonly [Socket, Socket]>()
  #losing: 'nothing' | 'replies' | 'everything' = 'nothing'
  /** Bytes dropped so far, per direction: proof that the fault took effect. */
  lost = { requests: 0, replies: 0 }
  /** Connections cut so far. */
  cuts = 0
  /** Called with the length of every forwarded chunk of a reply. */
  onReply: (length: number) => void = () => undefined
  /** gRPC messages that went through so far, either way: frames of data that aren't empty. */
  messages = 0
  /** Calls that a client has begun: a unary one is a round trip. */
  calls = 0

  private constructor(target: string) {
    const [host, port] = target.split(':') as [string, string]
    this.#server = createServer((client) => {
      const member = connect(Number(port), host)
      const pair = [client, member] as const
      this.#pairs.add(pair)
      for (const socket of pair) {
        socket.on('error', () => undefined)
        socket.on('close', () => {
          this.#pairs.delete(pair)
          for (const each of pair) each.destroy()
        })
      }
      const [requests, replies] = [new FrameCounter(), new FrameCounter(0)]
      client.on('data', (chunk) => {
        requests.count(chunk)
        this.messages += requests.takeMessages()
        this.calls += requests.takeCalls()
        if (this.#losing === 'everything') this.lost.requests += chunk.length
        else member.write(chunk)
      })
      member.on('data', (chunk) => {
        replies.count(chunk)
        this.messages += replies.takeMessages()
        if (this.#losing !== 'nothing') this.lost.replies += chunk.length
        else {
          client.write(chunk)
          this.onReply(chunk.length)
        }
      })
    })
  }

  /** Listens on a loopback address and forwards to the target. */
  static async before(target: string, host = '127.0.0.1'): Promise<Proxy> {
    const proxy = new Proxy(target)
    proxy.#server.listen(0, host)
    await once(proxy.#server, 'listening')
    return proxy
  }

  get address(): string {
    const { address, port } = this.#server.address() as AddressInfo
    return `${address}:${port}`
  }

  /** From now on requests pass, replies don't. */
  loseReplies(): void {
    this.#losing = 'replies'
  }

  /** From now on nothing passes in either direction. */
  loseEverything(): void {
    this.#losing = 'everything'
  }

  /** New connections work again; old ones, which lost bytes, are cut. */
  restore(): void {
    this.#losing = 'nothing'
    this.cut()
  }

  cut(): void {
    for (const [client, member] of this.#pairs) {
      this.cuts += 1
      client.destroy()
      member.destroy()
    }
  }

  async end(): Promise<void> {
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

/** Counts HTTP/2 frames of data and of headers (RFC 9113, section 4.1), however they are cut into pieces. */
class FrameCounter {
  /** Of the frame under way, or of the client's preface. */
  #left: number
  #header: number[] = []

  constructor(preface = 24) {
    this.#left = preface
  }

  #messages = 0
  #calls = 0

  takeMessages(): number {
    const messages = this.#messages
    this.#messages = 0
    return messages
  }

  takeCalls(): number {
    const calls = this.#calls
    this.#calls = 0
    return calls
  }

  count(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length;) {
      if (this.#left > 0) {
        const passed = Math.min(this.#left, chunk.length - at)
        this.#left -= passed
        at += passed
        continue
      }
      this.#header.push(chunk[at] as number)
      at += 1
      if (this.#header.length < 9) continue
      const [high = 0, middle = 0, low = 0, type] = this.#header
      this.#left = (high << 16) | (middle << 8) | low
      if (type === 0 && this.#left > 0) this.#messages += 1
      if (type === 1) this.#calls += 1
      this.#header = []
    }
  }
}
