/** Why a room's rules refuse an operation, in words for the person who asked for it. */
import { ConclaveError } from '../../base/errors.ts'
import { command, type Hint } from '../../base/hint.ts'
import type { VoidRecord } from '../../protocol/verdict.ts'

const seeMembers: Hint = ['To see who is who: ', command('members')]
const toLeave: Hint = ['To leave it: ', command('leave')]

/** The rule violations that a person can run into, with what to do about them. */
const words: Readonly<Record<string, readonly [message: string, hint: Hint]>> = {
  'author is not an admin': ['Only an admin of this room can do that', seeMembers],
  'author may not accept': ['Only admins can let people into this room', seeMembers],
  'author may not reject': ['Only admins can answer requests to join this room', seeMembers],
  'author may not invite': ['Only admins can invite people to this room', seeMembers],
  'only an admin can readmit a removed member': ['Only an admin can let a removed member back in', seeMembers],
  'a direct message has no kick': ['You can’t remove anyone from a direct message', toLeave],
  "members can't kick themselves": ['You can’t remove yourself', toLeave],
  'already a member': ['They are already a member of this room', seeMembers],
  'invited by another member': ['Someone else has already invited them', 'Only they or an admin can invite again.'],
  'already an admin': ['They are already an admin of this room', seeMembers],
  'not an admin': ['They are not an admin of this room', seeMembers],
  'a room needs an admin': ['A room needs at least one admin', 'Promote someone else first.'],
  'a direct message has two members': [
    'A direct message has only two members',
    ['For more people, create a room: ', command('create')],
  ],
  'knock already answered': ['This request has already been answered', ['To list requests: ', command('knocks')]],
  'knock older than the departure': [
    'This request was made before they left or were removed',
    'They have to ask again.',
  ],
}

export function refusal(cause: VoidRecord): ConclaveError {
  const [message, hint] = words[cause.message] ?? [cause.message, 'The rules of this room don’t allow it.']
  return new ConclaveError('not-allowed', message, { hint, cause })
}
