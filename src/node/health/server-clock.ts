/**
 * Clock and version of an etcd server. Its client port also answers plain HTTP, and Go's servers date every response
 * (https://etcd.io/docs/v3.5/op-guide/monitoring/).
 */
import { request as requestPlain } from 'node:http'
import { request as requestSecure } from 'node:https'
import { hostOf } from '../../store/etcd/security.ts'
import type { ClientTls } from '../certificates/credentials.ts'

export interface ServerClock {
  /** How far its clock is ahead of ours; resolution one second. */
  readonly aheadMs: number
  readonly version: string | undefined
}

const timeoutMs = 2000
const answerBytesMax = 4096

/** Undefined: no usable answer. @param tls absent for an endpoint without TLS */
export async function readServerClock(endpoint: string, tls: ClientTls | undefined): Promise<ServerClock | undefined> {
  const port = Number(endpoint.slice(endpoint.lastIndexOf(':') + 1))
  const base = { host: hostOf(endpoint), port, path: '/version', timeout: timeoutMs, agent: false }
  return new Promise((resolve) => {
    // The cluster's authority is enough to trust a clock; the server may use another address.
    const checkServerIdentity = (): undefined => undefined
    const call = tls
      ? requestSecure({ ...base, ca: tls.authority, cert: tls.certificate, key: tls.key, checkServerIdentity })
      : requestPlain(base)
    call.once('timeout', () => call.destroy())
    call.once('error', () => resolve(undefined))
    call.once('close', () => resolve(undefined))
    call.once('response', (response) => {
      const at = Date.parse(response.headers.date ?? '')
      const aheadMs = at + 500 - Date.now()
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
        if (text.length > answerBytesMax) call.destroy()
      })
      response.once('end', () => {
        const version = /"etcdserver"\s*:\s*"(\d+\.\d+\.\d+)/.exec(text)?.[1]
        resolve(Number.isNaN(at) ? undefined : { aheadMs, version })
      })
    })
    call.end()
  })
}
