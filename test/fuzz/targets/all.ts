import type { Target } from '../target.ts'
import { homeTargets } from './home.ts'
import { protocolTargets } from './protocol.ts'
import { collectSpecimens } from './specimens.ts'
import { textTargets } from './text.ts'

export async function allTargets(): Promise<readonly Target[]> {
  const specimens = await collectSpecimens()
  return [...protocolTargets(specimens), ...(await homeTargets(specimens)), ...(await textTargets())]
}
