/** A person's certificate and key, made at one place. */
import { certifyPerson, newKey, publicKeyOf, type Identity } from '../../src/node/certificates/authority.ts'
import { newPersonSerial, requireName } from '../../src/node/certificates/serials.ts'

export async function issuePerson(
  authority: Identity,
  name: string,
  now = Date.now(),
): Promise<Identity & { readonly user: string }> {
  requireName(name)
  const key = newKey()
  const user = `${name}.${newPersonSerial(now)}`
  return { user, key, certificate: await certifyPerson(authority, user, publicKeyOf(key), now) }
}
