/** What a room's rules refuse, in words for whoever wanted it. */
import { ConclaveError } from '../../base/errors.ts'
import type { VoidRecord } from '../../protocol/verdict.ts'

/** The rules' reasons that a person can meet, with what to do about them. */
const words: Readonly<Record<string, readonly [message: string, hint: string]>> = {
  'author is not an admin': ['only an admin of this room can do that', 'conclave members ROOM shows who is'],
  'author may not accept': ['only admins let people into this room', 'conclave members ROOM shows who is'],
  'author may not reject': ['only admins answer knocks in this room', 'conclave members ROOM shows who is'],
  'author may not invite': ['only admins invite into this room', 'conclave members ROOM shows who is'],
  'only an admin can readmit a removed member': [
    'after a kick only an admin can let somebody in again',
    'conclave members ROOM shows who is',
  ],
  'a direct message has no kick': ['nobody is kicked from a chat of two', 'conclave leave ROOM leaves it'],
  "members can't kick themselves": ['you can’t kick yourself', 'conclave leave ROOM leaves it'],
  'already a member': ['already a member of this room', 'conclave members ROOM shows who is'],
  'invited by another member': ['invited already, by somebody else', 'only he or an admin can invite anew'],
  'already an admin': ['already an admin of this room', 'conclave members ROOM shows who is'],
  'not an admin': ['no admin of this room', 'conclave members ROOM shows who is'],
  'a room needs an admin': ['a room keeps at least one admin', 'promote somebody else first'],
  'a direct message has two members': ['a chat of two has no third', 'conclave create ROOM makes a room for more'],
  'knock already answered': ['this knock was answered meanwhile', 'conclave knocks ROOM shows who still waits'],
  'knock older than the departure': ['this knock is from before a kick or leave', 'a new one is needed'],
}

export function refusal(cause: VoidRecord): ConclaveError {
  const [message, hint] = words[cause.message] ?? [cause.message, 'the rules of this room do not allow it']
  return new ConclaveError('not-allowed', message, { hint, cause })
}
