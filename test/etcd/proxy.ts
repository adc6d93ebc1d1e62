/**
 * A TCP proxy before an etcd member that a test can make lose things: the member's replies while requests still go
 * through, everything, or its connections.
 */
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'

export class Proxy {
  readonly #server: Server
  readonly #pairs = new Set<readonly [Socket, Socket]>()
  #losing: 'nothing' | 'replies' | 'everything' = 'nothing'
  /** Bytes lost so far, in either direction: proof that there was something to lose. */
  lost = { requests: 0, replies: 0 }
  /** How many connections were cut. */
  cuts = 0
  /** Called with the length of every piece of a reply that went through. */
  onReply: (length: number) => void = () => undefined

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
      client.on('data', (chunk) => {
        if (this.#losing === 'everything') this.lost.requests += chunk.length
        else member.write(chunk)
      })
      member.on('data', (chunk) => {
        if (this.#losing !== 'nothing') this.lost.replies += chunk.length
        else {
          client.write(chunk)
          this.onReply(chunk.length)
        }
      })
    })
  }

  /** Listens at a loopback address and leads to the target. */
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

  /** From now on requests arrive and replies do not. */
  loseReplies(): void {
    this.#losing = 'replies'
  }

  /** From now on nothing arrives, in either direction. */
  loseEverything(): void {
    this.#losing = 'everything'
  }

  /** New connections work again; the old ones, which have lost bytes, are cut. */
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
