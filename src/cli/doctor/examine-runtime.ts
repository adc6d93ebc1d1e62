/** The Node that runs this program. */
import { fine, warning, type Finding } from './finding.ts'

/**
 * Releases that closed CVE-2026-105483, CVE-2026-106069 and CVE-2026-106072 (names of hosts in TLS), by major version
 * (https://nodejs.org/en/blog/vulnerability/october-2026-security-releases).
 */
const closed: Readonly<Record<number, readonly [minor: number, patch: number]>> = { 24: [22, 1], 26: [12, 1] }
const newest = Math.max(...Object.keys(closed).map(Number))

/** @param version as process.versions.node */
export function examineRuntime(version: string): Finding {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  const facts = { version }
  const known = closed[major]
  if (known === undefined) {
    if (major > newest) return fine('node.js', version, facts)
    const todo = 'Take an even-numbered version from 24 on (https://nodejs.org).'
    return warning('node.js', `Node ${version} gets no security fixes any more`, todo, facts)
  }
  if (minor > known[0] || (minor === known[0] && patch >= known[1])) return fine('node.js', version, facts)
  const what = `Node ${version} has known holes (CVE-2026-105483, CVE-2026-106069, CVE-2026-106072), which matter where hosts are named in unusual ways`
  const todo = `Node ${major}.${known.join('.')} or later closes them. Conclave runs the one in its node_modules, if there is one.`
  return warning('node.js', what, todo, facts)
}
