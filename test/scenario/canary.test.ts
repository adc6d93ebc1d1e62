import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { conclave, done, impatient, people, room, start, temporaryFolder } from '../cli/in-process.ts'

/** Words that stand nowhere else, in every encoding in which they could leak. */
const canaries = {
  message: 'zebrafish-quorum-lantern',
  topic: 'halibut-topic-obelisk',
  queued: 'ocelot-outbox-marzipan',
  passphrase: 'tapir-velvet-glacier-nine-orchid',
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

function leaks(folder: string): string[] {
  const found: string[] = []
  for (const file of filesUnder(folder)) {
    const bytes = readFileSync(file)
    for (const [what, word] of Object.entries(canaries)) {
      const forms = [
        Buffer.from(word, 'utf8'),
        Buffer.from(word, 'utf16le'),
        Buffer.from(Buffer.from(word).toString('base64').slice(0, -4)),
        Buffer.from(Buffer.from(word).toString('hex')),
      ]
      if (forms.some((form) => bytes.includes(form))) found.push(`${what} in ${file}`)
    }
  }
  return found
}

it('leaves no plaintext of messages, topics or passphrases in the store, the home or the log', async () => {
  const home = temporaryFolder()
  const log = join(home, 'conclave.log')
  const env = { CONCLAVE_LOG: log }
  const password = canaries.passphrase
  await done(['signup', 'ada'], { home, password, env })
  await people(home, 'bob')
  await done(['create', 'demo'], { home, as: 'ada', password, env })
  await conclave(['join', 'demo'], { home, as: 'bob', env })
  await done(['accept', 'demo', 'bob', '--trust-name'], { home, as: 'ada', password, env })
  await done(['join', 'demo'], { home, as: 'bob', env })
  await done(['topic', 'demo', canaries.topic], { home, as: 'ada', password, env })
  const follower = start(['read', 'demo', '--follow'], { home, as: 'bob', env })
  await done(['send', 'demo', canaries.message], { home, as: 'ada', password, env })
  await follower.find(({ text }) => text === canaries.message)
  // While programs run: the write-ahead logs are there too.
  expect(leaks(home)).toEqual([])
  await follower.end('SIGTERM')

  const nowhere = 'etcd://127.0.0.1:9'
  await conclave(['--store', nowhere, 'send', 'demo', canaries.queued, '--queue'], {
    home,
    as: 'bob',
    env,
    patience: impatient,
  })
  await conclave(['login', 'ada'], { home, password: `${canaries.passphrase} `, env })
  await conclave(['signup', 'cyd'], { home, password: canaries.passphrase, env })
  await done(['kick', 'demo', 'bob'], { home, as: 'ada', password, env })
  expect(filesUnder(home).length).toBeGreaterThan(4)
  expect(leaks(home)).toEqual([])
})

it('finds a word that is there, so that the search above means something', async () => {
  const home = temporaryFolder()
  await people(home, 'ada')
  await room(home, canaries.message, 'ada')
  // A room's name is no secret of a listed room.
  expect(leaks(home)).not.toEqual([])
})
