/** Why an etcd ended, read off the last lines of its log. */
import { dirname } from 'node:path'
import { ConclaveError } from '../../base/errors.ts'

/** What no restart mends; undefined: try again. */
export function fatalFailure(log: string, dataFolder: string): ConclaveError | undefined {
  for (const { pattern, make } of failures) {
    if (pattern.test(log)) return make(dataFolder)
  }
  return undefined
}

const failures: readonly { readonly pattern: RegExp; readonly make: (data: string) => ConclaveError }[] = [
  {
    pattern:
      /permanently removed from the cluster|member has been removed|local member was removed|server has been removed/i,
    make: (data) =>
      new ConclaveError('closed', 'this node was removed from its cluster', {
        hint: `To let it in again: move ${dirname(data)} away, then join with a new ticket (\`conclave node invite\` on another node).`,
      }),
  },
  {
    pattern: /cluster ID mismatch|member count is unequal|unmatched member while checking PeerURLs|mismatched cluster/i,
    make: (data) =>
      new ConclaveError('not-a-store', `${data} belongs to another cluster, or the cluster has changed meanwhile`, {
        hint: 'Remove this node on another one (`conclave node remove NAME`), move the folder away and join with a new ticket.',
      }),
  },
  {
    pattern: /no space left on device/i,
    make: (data) =>
      new ConclaveError('store-full', 'the disk is full', {
        hint: `Free some space on the disk of ${data}, then start the node again.`,
      }),
  },
  {
    pattern: /permission denied|operation not permitted/i,
    make: (data) =>
      new ConclaveError('not-allowed', `etcd may not use ${data}`, {
        hint: 'Does it belong to the user who runs the node?',
      }),
  },
  {
    pattern:
      /unsupported (?:downgrade|version)|cluster cannot be downgraded|incompatible with current running cluster|invalid downgrade/i,
    make: () =>
      new ConclaveError('not-allowed', 'this etcd is older than the cluster that it is to run in', {
        hint: 'Install the version that the other nodes run (`conclave node status` shows it), or name it with --etcd.',
      }),
  },
  {
    pattern: /flag provided but not defined|error verifying flags/i,
    make: () =>
      new ConclaveError('unavailable', 'this version of etcd does not take the options that Conclave gives it', {
        hint: 'Use 3.4, 3.5 or 3.6 (https://github.com/etcd-io/etcd/releases).',
      }),
  },
]
