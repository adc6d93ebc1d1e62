/**
 * Asks to join a room, waits until someone accepts it, and answers "!echo words" with the words.
 *
 *   CONCLAVE_AS=parrot CONCLAVE_PASSWORD='six words or so' node examples/echo-bot.ts demo
 */
import { connect } from 'conclave'

const [roomName] = process.argv.slice(2)
const { CONCLAVE_AS: as = 'echo', CONCLAVE_PASSWORD: password } = process.env
if (!roomName || !password) throw new Error('usage: CONCLAVE_PASSWORD=… node examples/echo-bot.ts ROOM')

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())

await using chat = await connect({
  as,
  password,
  signUp: true,
  onRecoveryCode: (code) => console.error('keep this:', code),
})
try {
  const admission = await chat.join(roomName)
  console.log(`${as} ${chat.self.fingerprint}: ${admission.state}`)
  const room = await admission.wait(stop.signal)
  console.log(`listening in ${room.name}`)
  for await (const item of room.follow({ signal: stop.signal })) {
    if (item.kind !== 'message' || item.type !== 'text' || item.own) continue
    if (item.text.startsWith('!echo ')) await room.send({ type: 'reply', to: item.id, text: item.text.slice(6) })
  }
} catch (error) {
  if (!stop.signal.aborted) throw error
}
