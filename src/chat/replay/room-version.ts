/** A room raised to a protocol version that this program does not know: only its earlier history is readable. */
import { ConclaveError } from '../../base/errors.ts'
import { headOf, type Room } from '../../protocol/room.ts'
import { protocolVersion } from '../../protocol/version.ts'

export function isTooNew(room: Room): boolean {
  return room.version > protocolVersion
}

/** Whether log index i is behind the record that raised the version beyond this program's. */
export function beyond(room: Room, i: number): boolean {
  // Nothing behind it is judged valid: it stays the head.
  return isTooNew(room) && i > headOf(room).i
}

/** Records written by an older version's rules would count for no one. @throws not-allowed */
export function requireKnownVersion(room: Room): void {
  if (isTooNew(room)) throw tooNew(room.name, room.version)
}

export function tooNew(name: string, version: number): ConclaveError {
  return new ConclaveError(
    'not-allowed',
    `${name} now uses version ${version} of the protocol, which this Conclave doesn’t support`,
    {
      hint: 'Update Conclave. Until then you can read the earlier messages.',
    },
  )
}
