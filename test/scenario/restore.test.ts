/** The embedded store replaced by a copy of its file that was taken earlier, under commands that each open it anew. */
import { copyFileSync, existsSync, rmSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { renewStoreIdentity } from '../../src/chat/connection/store-identity.ts'
import { systemRandom } from '../../src/crypto/random.ts'
import { SqliteStore } from '../../src/store/sqlite/store.ts'
import { conclave, done, temporaryFolder, type Line } from '../cli/in-process.ts'

const texts = (lines: readonly Line[]): string[] => lines.filter(({ type }) => type === 'text').map(({ text }) => text)

/** Nobody has the file open. */
function copyTo(from: string, to: string): void {
  for (const end of ['-wal', '-shm']) rmSync(`${to}${end}`, { force: true })
  expect(existsSync(`${from}-wal`)).toBe(false)
  copyFileSync(from, to)
}

async function renew(file: string): Promise<void> {
  const store = await SqliteStore.open(file)
  await renewStoreIdentity(store, systemRandom)
  await store.close()
}

describe.each(['same', 'new'])('an older copy of the store’s file, with the %s incarnation', (life) => {
  test('is filled up again by whoever comes first; a kick that others overtook takes an admin', async () => {
    const [folder, elsewhere, third] = [temporaryFolder(), temporaryFolder(), temporaryFolder()]
    const file = `${folder}/shared.db`
    const store = `sqlite:${file}`
    const ada = { home: folder, as: 'ada', store }
    const bob = { home: elsewhere, as: 'bob', store }
    const restore = async (copy: string): Promise<void> => {
      copyTo(copy, file)
      if (life === 'new') await renew(file)
    }
    await done(['signup', 'ada'], ada)
    const { recoveryCode } = (await done(['signup', 'bob'], bob)).first
    await done(['create', 'demo'], ada)
    await conclave(['join', 'demo'], bob)
    await done(['accept', 'demo', 'bob', '--trust-name'], ada)
    await done(['join', 'demo'], bob)
    await done(['send', 'demo', 'one'], ada)
    await done(['read', 'demo'], bob)
    copyTo(file, `${file}.early`)

    await done(['send', 'demo', '-'], { ...bob, input: 'two\nthree\n' })
    await done(['read', 'demo'], ada)
    await restore(`${file}.early`)
    // Ada has read it, bob has written it: either puts it back.
    const shown = await conclave(['read', 'demo'], { ...ada, human: true })
    expect(shown).toMatchObject({ code: 0, stdout: expect.stringMatching(/one[^]*two[^]*three/) })
    expect(shown.stderr).toMatch(/demo was rolled back to an older snapshot: \d records? restored/)
    expect(shown.stderr.match(/was rolled back/g)).toHaveLength(1)
    const verified = await done(['verify', 'demo'], bob)
    expect(verified.first).toMatchObject({ ok: true, messages: 3, damage: [] })
    expect(texts((await done(['read', 'demo'], bob)).lines)).toEqual(['one', 'two', 'three'])

    // A kick is forgotten, and bob, who does not know of it at his new machine, writes first.
    await done(['kick', 'demo', 'bob'], ada)
    await done(['send', 'demo', 'without bob'], ada)
    await restore(`${file}.early`)
    const fresh = { ...bob, home: third }
    await done(['login', 'bob'], { ...fresh, env: { CONCLAVE_RECOVERY_CODE: recoveryCode } })
    await done(['send', 'demo', 'I am still here'], fresh)

    const refused = await conclave(['send', 'demo', 'not for bob'], ada)
    expect(refused).toMatchObject({ code: 7, stdout: '' })
    expect(refused.error).toMatchObject({
      error: 'tampering',
      message: expect.stringContaining('lost the removal of bob'),
    })
    expect(refused.error.hint).toContain('conclave verify demo --repair')
    const read = await conclave(['read', 'demo'], ada)
    expect(read.code).toBe(7)
    expect(texts(read.lines)).toEqual(expect.arrayContaining(['two', 'three', 'without bob', 'I am still here']))
    expect(read.lines.find(({ text }) => text === 'without bob')).toMatchObject({ lost: true })
    expect((await conclave(['verify', 'demo'], ada)).code).toBe(7)

    const repaired = await done(['verify', 'demo', '--repair'], ada)
    expect(repaired.first).toMatchObject({ again: [{ event: 'kick', target: 'bob' }], left: [] })
    await done(['send', 'demo', 'not for bob'], ada)
    expect(texts((await done(['read', 'demo'], ada)).lines).slice(-2)).toEqual(['without bob', 'not for bob'])
    const kicked = await conclave(['send', 'demo', 'and now?'], fresh)
    expect(kicked).toMatchObject({ code: 4, error: { error: 'kicked' } })
    expect(texts((await conclave(['read', 'demo'], fresh)).lines)).not.toContain('not for bob')
  })
})
