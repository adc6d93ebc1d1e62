/** Members whose keys are not those that this person knows: a remark that stands beside whatever was asked for. */
import type { Room } from '../chat/chat.ts'
import type { Output } from './output.ts'

export function warnOfKeys(out: Output, { changedKeys, name: room }: Room): void {
  for (const { name, fingerprint, known } of changedKeys) {
    out.note(
      `WARNING: the key of ${name} in ${room} is NOT the one that you know.\n  you know  ${known}\n  this is   ${fingerprint}\n` +
        `  Somebody may pass for ${name}: compare over another way (conclave verify @${name}).`,
    )
  }
}
