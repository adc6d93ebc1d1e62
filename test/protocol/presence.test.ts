import { expect, test } from 'vitest'
import { signerFromSeed } from '../../src/crypto/sign.ts'
import { systemRandom } from '../../src/crypto/random.ts'
import { epochKeys } from '../../src/protocol/epoch.ts'
import { openPresence, presenceBytesMax, sealPresence } from '../../src/protocol/presence.ts'

const [roomId, id] = [new Uint8Array(32).fill(1), new Uint8Array(16).fill(2)]
const keys = epochKeys(roomId, 3, new Uint8Array(32), new Uint8Array(32).fill(5))

test('opens with what it was sealed for, and with no byte changed', () => {
  const signer = signerFromSeed(systemRandom(32))
  const sealed = sealPresence(keys, signer, { roomId, id, at: 1234 }, systemRandom)
  expect(sealed.length).toBeLessThan(presenceBytesMax)
  expect(openPresence(keys, roomId, id, sealed)).toEqual({ roomId, id, rootKey: signer.publicKey, at: 1234 })
  const [other, elsewhere] = [new Uint8Array(16).fill(3), new Uint8Array(32).fill(4)]
  expect(openPresence(keys, roomId, other, sealed)).toBeUndefined()
  expect(openPresence(keys, elsewhere, id, sealed)).toBeUndefined()
  expect(openPresence(epochKeys(roomId, 3, elsewhere, keys.secret), roomId, id, sealed)).toBeUndefined()
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = sealed.slice()
    changed[at] = (changed[at] ?? 0) ^ 1
    expect(openPresence(keys, roomId, id, changed)).toBeUndefined()
    expect(openPresence(keys, roomId, id, sealed.slice(0, at))).toBeUndefined()
  }
})

test('names nobody but its signer', () => {
  const [eve, ada] = [signerFromSeed(systemRandom(32)), signerFromSeed(systemRandom(32))]
  const claimed = { ...eve, publicKey: ada.publicKey, sign: eve.sign.bind(eve) }
  const sealed = sealPresence(keys, claimed, { roomId, id, at: 1 }, systemRandom)
  expect(openPresence(keys, roomId, id, sealed)).toBeUndefined()
})
