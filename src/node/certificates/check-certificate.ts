/** Checks certificates in advance, with clearer errors than TLS gives. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { ConclaveError } from '../../base/errors.ts'

export interface CertificateFacts {
  readonly commonName: string
  readonly notAfter: number
  readonly daysLeft: number
  /** Less than a third of its life is left: it is renewed, or warned about. */
  readonly renewalDue: boolean
}

export function readCertificate(pem: string, now = Date.now()): CertificateFacts {
  const certificate = new X509Certificate(pem)
  const notAfter = Date.parse(certificate.validTo)
  const life = notAfter - Date.parse(certificate.validFrom)
  return {
    commonName: /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? '',
    notAfter,
    daysLeft: Math.floor((notAfter - now) / 86_400_000),
    renewalDue: notAfter - now < life / 3,
  }
}

/**
 * @param what the certificate's name in the message
 * @throws not-allowed when it has expired, is not yet valid, was issued by another authority, or does not fit its key
 */
export function checkCertificate(
  what: string,
  pems: { readonly certificate: string; readonly key: string; readonly authority: string },
  now = Date.now(),
): void {
  const invalid = (message: string, hint = newTicket, cause?: unknown): ConclaveError =>
    new ConclaveError('not-allowed', `${what} ${message}`, { hint, cause })
  let certificate, authority, key
  try {
    certificate = new X509Certificate(pems.certificate)
    authority = new X509Certificate(pems.authority)
    key = createPrivateKey(pems.key)
  } catch (cause) {
    throw invalid("can't be read", newTicket, cause)
  }
  if (!certificate.checkPrivateKey(key)) throw invalid('does not match its private key')
  if (!certificate.checkIssued(authority) || !certificate.verify(authority.publicKey)) {
    throw invalid("was not issued by the cluster's authority")
  }
  const issued = 'was issued by an authority that '
  for (const [whose, { validFrom, validTo }] of [['', certificate] as const, [issued, authority] as const]) {
    if (Date.parse(validTo) < now) throw invalid(`${whose}expired on ${validTo}`)
    if (Date.parse(validFrom) > now)
      throw invalid(`${whose}is not valid before ${validFrom}`, "Check this machine's clock: `date`.")
  }
}

/** Whether a server with this certificate is trusted to be `host`. */
export function isValidFor(pem: string, host: string): boolean {
  const certificate = new X509Certificate(pem)
  return (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined
}

const newTicket =
  'Ask someone who runs a node for a new ticket: `conclave node invite --client NAME`, then `conclave connect TICKET`.'
