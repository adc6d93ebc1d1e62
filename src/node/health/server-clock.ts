/**
 * What time an etcd has, and which version it is: its port for clients answers plain HTTP too, and Go's servers date
 * every answer (https://etcd.io/docs/v3.5/op-guide/monitoring/).
 */
import { request as requestPlain } from 'node:http'
import { request as requestSecure } from 'node:https'
import { hostOf } from '../../store/etcd/security.ts'
import type { ClientTls } from '../cluster/cluster-client.ts'

export interface ServerDate {
  /** Milliseconds by which its clock is ahead of ours; it is told in whole seconds. */
  readonly aheadMs: number
  /** As it says; undefined when it does not. */
  readonly version: string | undefined
}

const timeoutMs = 2000
const answerBytesMax = 4096

/** undefined: no answer. @param tls absent: the endpoint speaks without TLS */
export async function serverDate(endpoint: string, tls: ClientTls | undefined): Promise<ServerDate | undefined> {
  const port = Number(endpoint.slice(endpoint.lastIndexOf(':') + 1))
  const base = { host: hostOf(endpoint), port, path: '/version', timeout: timeoutMs, agent: false }
  return new Promise((resolve) => {
    const call =
      tls === undefined
        ? requestPlain(base)
        : requestSecure({
            ...base,
            ca: tls.authority,
            cert: tls.certificate,
            key: tls.key,
            // Of the cluster's authority is enough for a clock: it may be known under another address.
            checkServerIdentity: () => undefined,
          })
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
      response.once('end', () => resolve(Number.isNaN(at) ? undefined : { aheadMs, version: versionIn(text) }))
    })
    call.end()
  })
}

function versionIn(text: string): string | undefined {
  return /"etcdserver"\s*:\s*"(\d+\.\d+\.\d+)/.exec(text)?.[1]
}
