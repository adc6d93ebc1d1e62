import { EtcdStore } from '../../src/store/etcd/store.ts'
import { storeConformance } from '../conformance/suite.ts'
import { EtcdCluster, patience } from '../etcd/cluster.ts'
import { SecureCluster } from '../etcd/secure-cluster.ts'

const capabilities = { durable: true, multiProcess: true }

storeConformance('etcd, 1 node, as a person with a certificate', {
  capabilities,
  open: async () => {
    const cluster = await SecureCluster.start(1)
    const { endpoints } = cluster.etcd
    const tls = await cluster.person('ada')
    return {
      target: { kind: 'etcd', endpoints, tls, timeouts: patience },
      open: () => EtcdStore.open({ endpoints, tls, timeouts: patience }),
      compact: (_, revision) => cluster.compact(revision),
      end: () => cluster.end(),
    }
  },
})

// Three nodes, and what happens to them, are tried beside this file (etcd-faults, etcd-lost-reply); here they cost double.
if (process.env['CONCLAVE_LONG'] !== undefined) {
  storeConformance('etcd, 3 nodes', {
    capabilities,
    open: async () => {
      const cluster = await EtcdCluster.start(3)
      const { endpoints } = cluster
      return {
        target: { kind: 'etcd', endpoints, timeouts: patience },
        open: () => EtcdStore.open({ endpoints, timeouts: patience }),
        compact: (_, revision) => cluster.compact(revision),
        end: () => cluster.end(),
      }
    },
  })
}
