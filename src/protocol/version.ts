/** The version and the cipher suite that every record names. Another one is void here: an older client then reads no further. */

export const protocolVersion = 1

/** HPKE MLKEM768-X25519 / HKDF-SHA256 / AES-256-GCM, AES-256-GCM, Ed25519, SHA-256. */
export const suiteHybrid1 = 1

/** Domain labels: no signature, hash, key or wrap made for one purpose fits another. */
export const labels = {
  room: 'conclave/1 room',
  record: 'conclave/1 record',
  control: 'conclave/1 control',
  message: 'conclave/1 message',
  messageId: 'conclave/1 message id',
  knock: 'conclave/1 knock',
  knockId: 'conclave/1 knock id',
  knockSeal: 'conclave/1 knock seal',
  wrap: 'conclave/1 wrap',
  wraps: 'conclave/1 wraps',
  card: 'conclave/1 card',
  name: 'conclave/1 name',
  notice: 'conclave/1 notice',
  presence: 'conclave/1 presence',
  rekey: 'conclave/1 rekey',
  invitation: 'conclave/1 invitation',
  keyId: 'conclave/1 key id',
  epochMessage: 'conclave/1 epoch message',
  epochBody: 'conclave/1 epoch body',
  epochLink: 'conclave/1 epoch link',
  epochConfirm: 'conclave/1 epoch confirm',
  epochKnock: 'conclave/1 epoch knock',
  epochPresence: 'conclave/1 epoch presence',
} as const
