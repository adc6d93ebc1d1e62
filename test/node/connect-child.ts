/** `connect` in a separate process, which kills itself with SIGKILL at the given commit. */
import { connectHome } from '../../src/node/tickets/connect.ts'
import { decodeTicket, type PersonTicket } from '../../src/node/tickets/ticket.ts'
import { openTestStore } from './open-store.ts'

const [home = '', ticket = '', dieAt = ''] = process.argv.slice(2)
let commits = 0
await connectHome(home, decodeTicket(ticket) as PersonTicket, async (endpoints, tls) => {
  const store = await openTestStore(endpoints, tls)
  const commit = store.commit.bind(store)
  store.commit = async (...args) => {
    commits += 1
    if (dieAt === `before ${commits}`) process.kill(process.pid, 'SIGKILL')
    const result = await commit(...args)
    if (dieAt === `after ${commits}`) process.kill(process.pid, 'SIGKILL')
    return result
  }
  return store
})
