/**
 * The screen without a store, for looking at it: `node test/tui/try-out.ts` (the passphrase of ada is "x").
 * Words on the command line add to the scene: `at-once` (no login), `busy` (messages keep coming), `long` (100,000
 * messages), `twins` (two knock under one name), `offline`, `crash` (a defect after a message that says so).
 */
import { runTui } from '../../src/tui/run.ts'
import { FakeWorld, person } from './fake.ts'

const scene = new Set(process.argv.slice(2))
const world = new FakeWorld()
world.unlockMs = scene.has('at-once') ? 0 : 700
const ada = person('ada')
const [alan, yunhua, demo2, demo3] = ['Alan', 'Yunhua', 'Demo2', 'Demo3'].map(person) as [
  typeof ada,
  typeof ada,
  typeof ada,
  typeof ada,
]
world.known.push({ ...ada, lastUsedAt: Date.now() }, { ...person('grace-hopper'), lastUsedAt: 1 })
world.passwords.set('ada', 'x').set('grace-hopper', 'x')
const demo = world.room('demo', ada, [alan, yunhua, demo2])
demo.topic = 'release on Friday'
const ops = world.room('ops', alan, [ada])
ops.say(alan, 'ada: are you there?')
ops.mentions = 1
world.room('release-planning-2027', ada)
world.listed.push({ ...world.room('guests', alan).summary(), standing: 'stranger' })
world.rooms.splice(
  world.rooms.findIndex((room) => room.name === 'guests'),
  1,
)
const now = Date.now()
if (scene.has('long'))
  for (let n = 0; n < 100_000; n += 1) demo.say(n % 3 ? alan : ada, `message ${n} of a long history`, now - 1e8 + n)
demo.say(yunhua, 'Hello!', now - 86_400_000)
demo.say(alan, 'How is everyone doing?', now - 3_600_000)
demo.say(demo2, { type: 'emote', text: 'waves' })
demo.say(
  yunhua,
  '漢字 and 👨‍👩‍👧‍👦 and é: wide characters keep their columns, whatever the terminal thinks of them, even in a paragraph that has to be wrapped.',
)
demo.say(alan, 'evil \x1b[2J\x1b]0;title\x07 text \u202e reversed \u200b hidden\nand a second line')
demo.markRead(demo.seq - 2).catch(() => undefined)
demo.say(ada, { type: 'reply', to: String(2).padStart(32, '0'), text: 'Fine. Killed a second node, still here.' })
demo.say(demo2, { type: 'react', to: String(2).padStart(32, '0'), emoji: '👍', on: true })
demo.knock(demo3)
if (scene.has('twins')) demo.knock({ name: 'Demo3', fingerprint: '9999 1111 2222 3333 4444 5555' })
if (scene.has('offline')) world.connection = { state: 'offline', detail: 'offline: no node answers' }
if (scene.has('crash')) {
  setInterval(() => {
    if (demo.log.some((item) => item.kind === 'message' && item.type === 'text' && item.text === 'crash'))
      throw new Error('a defect')
  }, 10).unref()
}
if (scene.has('busy'))
  setInterval(() => demo.say(alan, `tick ${new Date().toISOString()} with some words to fill the line`), 10).unref()
setTimeout(() => world.admissions.get('guests')?.accept(), 8000).unref()
process.exitCode = await runTui({
  accounts: world,
  storeLabel: 'local store',
  version: '0.1.0',
  ...(scene.has('at-once') && { as: 'ada', password: 'x', room: 'demo' }),
})
process.exit()
