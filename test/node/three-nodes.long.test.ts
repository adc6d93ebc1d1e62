import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../cli/program.ts'
import { eagerEtcd } from './etcd.ts'
import { freePorts } from './ports.ts'

const script = fileURLToPath(new URL('../../examples/three-nodes.sh', import.meta.url))

test('the example makes a cluster of three nodes, and leaves nothing behind', async () => {
  const folder = temporaryFolder()
  const [port] = await freePorts(1)
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    TMPDIR: folder,
    PORT: String(port),
    CONCLAVE_ETCD: eagerEtcd(),
    NODE_OPTIONS: process.env['NODE_OPTIONS'] ?? '',
  }
  const output = await new Promise<string>((resolve, reject) => {
    execFile(script, { env }, (error, stdout, stderr) =>
      error ? reject(new Error(`${stdout}${stderr}`)) : resolve(stdout),
    )
  })
  expect(output).toContain('3/3 nodes, can lose 1')
  expect(output).toContain('Hello from a cluster of three!')
  expect(readdirSync(folder).filter((name) => name.startsWith('conclave-three-nodes'))).toEqual([])
})
