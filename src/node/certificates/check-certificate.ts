/** Whether certificates still serve, said before TLS would say it less plainly. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { ConclaveError } from '../../base/errors.ts'

/** A certificate with less than this left of its life is renewed, or warned of. */
export const renewBeforeDays = 90

export interface CertificateFacts {
  readonly commonName: string
  readonly notAfter: number
  readonly daysLeft: number
}

export function readCertificate(pem: string, now = Date.now()): CertificateFacts {
  const certificate = new X509Certificate(pem)
  const notAfter = Date.parse(certificate.validTo)
  return {
    commonName: /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? '',
    notAfter,
    daysLeft: Math.floor((notAfter - now) / 86_400_000),
  }
}

/**
 * @param what names the certificate in the message
 * @throws not-allowed when it is expired, not yet valid, issued by another authority, or its key is another one's
 */
export function checkCertificate(
  what: string,
  pems: { readonly certificate: string; readonly key: string; readonly authority: string },
  now = Date.now(),
): void {
  const refuse = (message: string, hint: string, cause?: unknown): ConclaveError =>
    new ConclaveError('not-allowed', `${what} ${message}`, { hint, cause })
  let certificate, authority, key
  try {
    certificate = new X509Certificate(pems.certificate)
    authority = new X509Certificate(pems.authority)
    key = createPrivateKey(pems.key)
  } catch (cause) {
    throw refuse("can't be read", anew, cause)
  }
  if (!certificate.checkPrivateKey(key)) throw refuse('has another key than the one beside it', anew)
  if (!certificate.checkIssued(authority) || !certificate.verify(authority.publicKey)) {
    throw refuse("is from another authority than the cluster's", anew)
  }
  for (const [name, { validFrom, validTo }] of [['', certificate] as const, ["'s authority", authority] as const]) {
    if (Date.parse(validTo) < now) throw refuse(`${name === '' ? '' : `${name} `}expired on ${validTo}`.trim(), anew)
    if (Date.parse(validFrom) > now) {
      throw refuse(`is not valid before ${validFrom}`, 'Is the clock of this machine right? `date` tells.')
    }
  }
}

/** Whether a server that shows this certificate is believed to be `host`. */
export function serves(pem: string, host: string): boolean {
  const certificate = new X509Certificate(pem)
  return (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined
}

const anew =
  'Ask somebody who runs a node for a new ticket: `conclave node invite --client NAME`, then `conclave connect TICKET`.'
