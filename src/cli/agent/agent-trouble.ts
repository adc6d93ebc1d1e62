/** Of an agent that can't be used: what is wrong, and what to do. */
import type { Agent } from './ask-agent.ts'

export interface Trouble {
  readonly what: string
  readonly todo: string
}

export function agentTrouble(kind: Agent['kind'], name: string): Trouble | undefined {
  switch (kind) {
    case 'none':
    case 'unlocked':
      return undefined
    case 'dead':
      return {
        what: `${name} is unlocked no more: the program that kept its key was killed`,
        todo: 'conclave unlock keeps it open again',
      }
    case 'silent':
      return { what: `the program that keeps ${name} unlocked does not answer`, todo: 'conclave lock ends it' }
    case 'exposed':
      return {
        what: `others could reach what keeps ${name} unlocked, so it is not used`,
        todo: 'conclave lock ends it; conclave unlock begins anew',
      }
    case 'other':
      return { what: `${name} was unlocked by another version of Conclave`, todo: 'conclave unlock does it anew' }
  }
}
