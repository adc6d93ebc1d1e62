/**
 * Sealing to a wrap key draws random coins, so that a room made twice differs in every wrap. For vectors the coins come
 * from what is sealed, and the steps are those of test/crypto/hpke-by-hand.ts, which the program's own opening checks.
 */
import { createHash } from 'node:crypto'
import { CipherSuite, type Key } from 'hpke'
import { concat, utf8 } from '../../src/base/bytes.ts'
import { sealByHand } from '../crypto/hpke-by-hand.ts'

/** Rooms that begin alike seal alike: by what the coins are drawn from. */
const sealed = new Map<string, ReturnType<typeof sealByHand>>()

/** Whatever `work` makes it makes again, byte for byte. */
export async function determinate<T>(work: () => Promise<T>): Promise<T> {
  const seal = Object.getOwnPropertyDescriptor(CipherSuite.prototype, 'Seal') as PropertyDescriptor
  CipherSuite.prototype.Seal = async function (this: CipherSuite, key: Key, plaintext, options) {
    const publicKey = await this.SerializePublicKey(key)
    const info = options?.info ?? new Uint8Array(0)
    const drawn = createHash('shake256', { outputLength: 64 }).update(concat(utf8('coins'), publicKey, info, plaintext))
    const coins = drawn.digest()
    const name = coins.toString('hex')
    const { encapsulation, ciphertext } = sealed.get(name) ?? sealByHand(publicKey, info, plaintext, coins)
    sealed.set(name, { encapsulation, ciphertext })
    return { encapsulatedSecret: encapsulation, ciphertext }
  }
  try {
    return await work()
  } finally {
    Object.defineProperty(CipherSuite.prototype, 'Seal', seal)
  }
}
