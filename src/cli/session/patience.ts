/** How long a command waits, in milliseconds, for what may not answer. A host may be less patient. */
import { storeDeadlineMs } from '../../base/limits.ts'

export interface Patience {
  /** A call to a cluster, and a message that nothing is to be kept of, before they fail. */
  readonly storeMs: number
  /** With --queue: until a message counts as queued. */
  readonly queueMs: number
  /** Until what this machine has is shown. A cluster that loses its leader is back sooner. */
  readonly readMs: number
  /** `doctor`: longer than an election takes. */
  readonly doctorMs: number
  /** Either side of an agent's socket. */
  readonly agentMs: number
}

export const usualPatience: Patience = {
  storeMs: storeDeadlineMs,
  queueMs: 2000,
  readMs: 4000,
  doctorMs: 5000,
  agentMs: 2000,
}
