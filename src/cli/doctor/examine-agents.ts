/** Identities that are kept unlocked, and what is wrong with that. */
import { agentTrouble } from '../agent/agent-trouble.ts'
import { statusOfAgent } from '../agent/ask-agent.ts'
import { agentNames } from '../agent/socket.ts'
import { isoTime } from '../item-json.ts'
import { version } from '../version.ts'
import { fine, problem, warning, type Finding } from './finding.ts'

export async function examineAgents(home: string): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const name of await agentNames(home)) findings.push(...(await examineAgent(home, name)))
  return findings
}

async function examineAgent(home: string, name: string): Promise<readonly Finding[]> {
  const agent = await statusOfAgent(home, name)
  const trouble = agentTrouble(agent.kind, name)
  if (trouble !== undefined) {
    const { what, todo } = trouble
    if (agent.kind === 'exposed') return [problem('identity', 'not-allowed', what, todo, { name })]
    return [warning(agent.kind === 'dead' ? 'leftovers' : 'identity', what, todo, { name })]
  }
  if (agent.kind !== 'unlocked') return []
  const until = isoTime(agent.until)
  const what = `${name} is unlocked until ${until.slice(0, 16).replace('T', ' ')} UTC; conclave lock ends it`
  if (agent.version === version) return [fine('identity', what, { name, until })]
  return [warning('identity', `${what}\nby Conclave ${agent.version}`, 'conclave unlock does it anew', { name, until })]
}
