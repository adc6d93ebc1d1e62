/**
 * The recovery code as the home keeps it, to be shown again. It is sealed under the vault's data key: who opens the home has
 * all that the code protects on other machines.
 */
import { textOf, utf8, type Bytes } from '../../base/bytes.ts'
import type { Random } from '../../crypto/random.ts'
import { formatRecoveryCode } from '../../crypto/recovery-code.ts'
import { localKey } from '../../crypto/vault.ts'
import type { Operation, Store } from '../../store/store.ts'
import { readOne } from '../../store/read-one.ts'
import { recoveryCodeKey } from '../home/local-paths.ts'
import { LocalSeal } from '../home/local-seal.ts'

/** Commit it together with the vault under this key. `code`: undefined where the passphrase needs none. */
export function keepRecoveryCode(code: Bytes | undefined, dataKey: Bytes, random: Random): Operation {
  if (code === undefined) return { kind: 'delete', key: recoveryCodeKey }
  const value = new LocalSeal([localKey(dataKey)], random).seal(recoveryCodeKey, utf8(formatRecoveryCode(code)))
  return { kind: 'put', key: recoveryCodeKey, value }
}

/** undefined: this home has never had it. */
export async function keptRecoveryCode(home: Store, dataKey: Bytes, random: Random): Promise<string | undefined> {
  const entry = await readOne(home, recoveryCodeKey)
  const text = entry && new LocalSeal([localKey(dataKey)], random).open(recoveryCodeKey, entry.value)
  return text === undefined ? undefined : textOf(text)
}
