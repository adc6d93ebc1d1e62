import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findEtcd } from '../../src/node/process/etcd-binary.ts'
import { judgeVersion, parseEtcdVersion } from '../../src/node/process/etcd-binary.ts'
import { testEtcd } from './etcd.ts'

describe('versions of etcd', () => {
  test.each([
    ['3.3.27', 'refused'],
    ['2.3.8', 'refused'],
    ['3.4.23', 'warn'],
    ['3.4.41', 'warn'],
    ['3.4.42', 'warn'],
    ['3.5.16', 'warn'],
    ['3.5.28', 'warn'],
    ['3.5.33', 'fine'],
    ['3.6.8', 'warn'],
    ['3.6.13', 'warn'],
    ['3.6.14', 'fine'],
    ['3.7.0', 'fine'],
    ['4.0.0', 'warn'],
  ])('%s: %s', (text, kind) => {
    const version = parseEtcdVersion(`etcd Version: ${text}\nGit SHA: x\n`)
    expect(version && judgeVersion(version).kind).toBe(kind)
  })

  test.each([
    ['3.4.41', true],
    ['3.4.42', false],
    ['3.5.27', true],
    ['3.5.28', false],
    ['3.6.8', true],
    ['3.6.9', false],
  ])('%s has known vulnerabilities: %s', (text, holes) => {
    const version = parseEtcdVersion(`etcd Version: ${text}\n`)
    const verdict = version && judgeVersion(version)
    expect(verdict?.kind === 'warn' && verdict.message.includes('CVE-2026-33343')).toBe(holes)
  })
})

describe('finding etcd', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'conclave-find-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  async function fake(version: string): Promise<string> {
    const path = join(folder, 'bin', 'etcd')
    await mkdir(join(folder, 'bin'), { recursive: true })
    await writeFile(path, `#!/bin/sh\necho "etcd Version: ${version}"\n`)
    await chmod(path, 0o755)
    return path
  }

  test('recognizes the real one, with its flags', async () => {
    const etcd = await findEtcd({ given: testEtcd(), env: {} })
    expect(etcd.version.major).toBe(3)
    expect([...etcd.flags]).toEqual(expect.arrayContaining(['listen-peer-urls', 'peer-cert-allowed-cn', 'pre-vote']))
  })

  test('--etcd takes precedence over CONCLAVE_ETCD, and that over PATH', async () => {
    const path = await fake('3.6.14')
    expect((await findEtcd({ given: path, env: { CONCLAVE_ETCD: testEtcd() } })).path).toBe(path)
    expect((await findEtcd({ env: { CONCLAVE_ETCD: testEtcd(), PATH: join(folder, 'bin') } })).path).toBe(testEtcd())
    expect((await findEtcd({ env: { PATH: `/nowhere:${join(folder, 'bin')}` } })).path).toBe(path)
  })

  test('refuses one that is too old, with where to get another', async () => {
    await expect(findEtcd({ given: await fake('3.3.27'), env: {} })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('too old'),
      hint: expect.stringContaining('apt install etcd-server'),
    })
  })

  test.each([
    ['a missing file', '/nowhere/etcd', "can't be run"],
    ['another program', '/bin/echo', 'is not etcd'],
  ])('%s is refused', async (_, given, message) => {
    await expect(findEtcd({ given, env: {} })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(message),
      hint: expect.stringMatching(/dnf[^]*AUR[^]*brew[^]*releases/),
    })
  })
})
