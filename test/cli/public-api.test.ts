import { expect, test, vi } from 'vitest'
import { HomeFolder } from '../../src/client/home-folder.ts'
import { localVaultKey } from '../../src/chat/home/local-paths.ts'
import { connect } from '../../src/index.ts'
import type { Chat } from '../../src/index.ts'
import { readOne } from '../../src/store/read-one.ts'
import { password, temporaryFolder } from './program.ts'

test('connect signs up, and the next time logs in', async () => {
  const home = temporaryFolder()
  const codes: string[] = []
  const open = (): Promise<Chat> =>
    connect({ home, as: 'robot', password, signUp: true, onRecoveryCode: (code) => codes.push(code) })
  const first = await open()
  const room = await first.create('lab')
  const { sent } = await room.send('one')
  expect(await sent).toMatchObject({ seq: 1 })
  await first.close()
  const second = await open()
  expect(second.self).toEqual(first.self)
  const again = await second.open('lab')
  expect((await again.history({ limit: 1 })).items).toMatchObject([{ kind: 'message', text: 'one', own: true }])
  await second.close()
  expect(codes).toHaveLength(1)
})

test('connect without signUp refuses a name that nobody has', async () => {
  await expect(connect({ home: temporaryFolder(), as: 'zelda', password })).rejects.toMatchObject({
    code: 'no-such-user',
  })
})

test('no environment variable weakens the derivation of keys', async () => {
  vi.stubEnv('CONCLAVE_KDF', 'floor')
  const home = temporaryFolder()
  await (await connect({ home, as: 'robot', password, signUp: true })).close()
  const local = await new HomeFolder(home).open('robot')
  const vault = await readOne(local, localVaultKey)
  await local.close()
  // 256 MiB, as the vault says in CBOR.
  expect(Buffer.from(vault?.value ?? []).includes(Buffer.from('1a00040000', 'hex'))).toBe(true)
})
