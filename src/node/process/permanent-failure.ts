/** Tells from the end of etcd's log whether restarting it is pointless. */
import { dirname } from 'node:path'
import { ConclaveError, type ErrorCode } from '../../base/errors.ts'

interface PermanentFailure {
  readonly pattern: RegExp
  readonly code: ErrorCode
  readonly message: (data: string) => string
  readonly hint: (data: string) => string
}

/** Undefined: a restart may help. */
export function permanentFailure(log: string, dataFolder: string): ConclaveError | undefined {
  const found = failures.find(({ pattern }) => pattern.test(log))
  return found && new ConclaveError(found.code, found.message(dataFolder), { hint: found.hint(dataFolder) })
}

const failures: readonly PermanentFailure[] = [
  {
    pattern:
      /permanently removed from the cluster|member has been removed|local member was removed|server has been removed/i,
    code: 'closed',
    message: () => 'This node was removed from its cluster',
    hint: (data) =>
      `To add it again: move ${dirname(data)} away, then join with a new ticket (\`conclave node invite\` on another node).`,
  },
  {
    pattern: /cluster ID mismatch|member count is unequal|unmatched member while checking PeerURLs|mismatched cluster/i,
    code: 'not-a-store',
    message: (data) => `${data} belongs to another cluster, or the cluster has changed since`,
    hint: () =>
      'Remove this node on another one (`conclave node remove NAME`), move the folder away and join with a new ticket.',
  },
  {
    pattern: /no space left on device/i,
    code: 'store-full',
    message: () => 'The disk is full',
    hint: (data) => `Free some space on the disk of ${data}, then start the node again.`,
  },
  {
    pattern: /permission denied|operation not permitted/i,
    code: 'not-allowed',
    message: (data) => `etcd has no permission to use ${data}`,
    hint: () => 'Check that it belongs to the user who runs the node.',
  },
  {
    pattern:
      /unsupported (?:downgrade|version)|cluster cannot be downgraded|incompatible with current running cluster|invalid downgrade/i,
    code: 'not-allowed',
    message: () => 'This etcd is older than its cluster',
    hint: () =>
      'Install the version that the other nodes run (`conclave node status` shows it), or name it with --etcd.',
  },
  {
    pattern: /flag provided but not defined|error verifying flags/i,
    code: 'unavailable',
    message: () => 'This version of etcd does not accept the options Conclave passes',
    hint: () => 'Use 3.4, 3.5 or 3.6 (https://github.com/etcd-io/etcd/releases).',
  },
]
