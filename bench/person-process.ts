/**
 * A person in a separate, freshly started process. Executes orders from stdin, one line of JSON each, and answers with
 * one line each.
 *
 *   person-process.ts STORE-URL HOME NAME [RECOVERY-CODE]
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Room as FrontEndRoom } from '../src/chat/chat.ts'
import { connect, isConclaveError, type Admission, type Room } from '../src/index.ts'
import { password, type Entered, type Order } from './person.ts'

const [store = '', home = '', name = '', recoveryCode] = process.argv.slice(2)

let code = ''
const chat = await connect({
  store,
  home,
  as: name,
  password,
  signUp: recoveryCode === undefined,
  onRecoveryCode: (one) => (code = one),
  ...(recoveryCode === undefined ? {} : { recoveryCode }),
})
let admission: Admission | undefined
let room: Room | undefined
answer({ recoveryCode: code })

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as Order
  if (order.do === 'end') break
  answer(await perform(order))
}
await chat.close()
process.stdin.destroy()

function answer(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

async function perform(order: Order): Promise<unknown> {
  const begun = performance.now()
  switch (order.do) {
    case 'knock':
      admission = await chat.join(order.room)
      return {}
    case 'enter':
      return enter(order.room, order.page)
    case 'say':
      return { sent: await say(order.text, order.count), ms: performance.now() - begun, rssMiB: rssMiB() }
    case 'kick':
    case 'accept':
      if (order.do === 'accept') await room?.accept(order.name, { trustNew: true })
      else await room?.kick(order.name)
      return { ms: performance.now() - begun, rssMiB: rssMiB() }
    case 'rotate':
    case 'leave':
      await room?.[order.do]()
      return { ms: performance.now() - begun, rssMiB: rssMiB() }
    case 'await-members':
      while (room?.members.length !== order.count) await sleep(5)
      return { ms: performance.now() - begun, rssMiB: rssMiB() }
    case 'end':
      return {}
  }
}

async function enter(roomId: string, page: number): Promise<Entered> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const begun = performance.now()
  room = admission === undefined ? await chat.open(roomId) : await admission.wait()
  // As the terminal does: it shows a page before the whole history has been read.
  const { items } = await (room as FrontEndRoom).history({ limit: page, early: true })
  const pageMs = performance.now() - begun
  await room.refresh()
  const wholeMs = performance.now() - begun
  delay.disable()
  return {
    pageMs,
    wholeMs,
    messages: room.seq,
    members: room.members.length,
    items: items.length,
    delayMaxMs: delay.max / 1e6,
    delayP99Ms: delay.percentile(99) / 1e6,
    rssMiB: rssMiB(),
  }
}

/** Sends one after the other, awaiting each, until one is refused. */
async function say(text: string, count: number): Promise<number> {
  for (let k = 0; k < count; k += 1) {
    try {
      await (
        await (room as Room).send(`${text} ${k}`)
      ).sent
    } catch (error) {
      if (!isConclaveError(error, 'not-member')) throw error
      for (const { id } of (room as Room).pending) await room?.drop(id)
      return k
    }
  }
  return count
}

/** The peak. */
function rssMiB(): number {
  return process.resourceUsage().maxRSS / 1024
}
