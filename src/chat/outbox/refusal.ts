/** Why a room's rules refuse an operation, in words for the person who asked for it. */
import { ConclaveError } from '../../base/errors.ts'
import { command, type Hint } from '../../base/hint.ts'
import type { VoidRecord } from '../../protocol/verdict.ts'

const seeMembers: Hint = ['To see who is who: ', command('members')]
const toLeave: Hint = ['To leave it: ', command('leave')]

/** The rule violations that a person can run into, with what to do about them. */
const words: Readonly<Record<string, readonly [message: string, hint: Hint]>> = {
  'author is not an admin': ['only an admin of this room can do that', seeMembers],
  'author may not accept': ['only admins let people into this room', seeMembers],
  'author may not reject': ['only admins answer requests to join this room', seeMembers],
  'author may not invite': ['only admins invite into this room', seeMembers],
  'only an admin can readmit a removed member': ['only an admin can let a removed member back in', seeMembers],
  'a direct message has no kick': ['nobody can be removed from a direct message', toLeave],
  "members can't kick themselves": ['you can’t remove yourself', toLeave],
  'already a member': ['already a member of this room', seeMembers],
  'invited by another member': ['invited already, by someone else', 'Only they or an admin can invite again.'],
  'already an admin': ['already an admin of this room', seeMembers],
  'not an admin': ['not an admin of this room', seeMembers],
  'a room needs an admin': ['a room needs at least one admin', 'Promote someone else first.'],
  'a direct message has two members': [
    'a direct message has two members',
    ['For more people, create a room: ', command('create')],
  ],
  'knock already answered': ['this request has already been answered', ['To see who still waits: ', command('knocks')]],
  'knock older than the departure': ['this request is older than their departure', 'They have to ask again.'],
}

export function refusal(cause: VoidRecord): ConclaveError {
  const [message, hint] = words[cause.message] ?? [cause.message, 'The rules of this room do not allow it.']
  return new ConclaveError('not-allowed', message, { hint, cause })
}
