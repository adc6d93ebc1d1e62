import { describe, expect, test } from 'vitest'
import type { Secret } from '../../src/chat/accounts.ts'
import type { Home } from '../../src/chat/home/home.ts'
import { openAccounts } from '../../src/chat/open-accounts.ts'
import type { Transaction } from '../../src/store/store.ts'
import { dying } from './dying.ts'
import { again, closeAtEnd, kinds, ownPassword, person, program, world, type World } from './world.ts'

const refused = (code: string): unknown => expect.objectContaining({ code, hint: expect.stringMatching(/./) })

describe.each(kinds)('accounts on the %s store', (kind) => {
  test('who signed up logs in with the same password, and is the same person', async () => {
    const place = world(kind)
    const ada = await person(place, 'ada')
    const { self } = ada.chat
    expect(self).toEqual({ name: 'ada', fingerprint: expect.stringMatching(/^(\d{4} ){5}\d{4}$/) })
    await ada.chat.close()
    const later = await again(place, ada)
    expect(later.chat.self).toEqual(self)
  })

  test('a wrong password is refused and destroys nothing', async () => {
    const place = world(kind)
    const ada = await person(place, 'ada')
    await ada.chat.close()
    const { accounts } = await program(place, ada.home)
    for (let time = 0; time < 3; time += 1) {
      await expect(accounts.logIn({ name: 'ada', password: 'not it' })).rejects.toEqual(refused('wrong-password'))
    }
    const { chat } = await again(place, ada)
    expect(chat.self).toEqual(ada.chat.self)
  })

  test.each(['ada', 'Ada', 'ADA'])('once ada is taken, %s is refused to others', async (name) => {
    const place = world(kind)
    await person(place, 'ada')
    await expect(person(place, name)).rejects.toEqual(refused('name-taken'))
  })

  test('a name that looks like another is refused', async () => {
    const place = world(kind)
    await person(place, 'modern_Bill0')
    await expect(person(place, 'modern_BillO')).rejects.toEqual(refused('name-taken'))
    await expect(person(place, 'modem_Bi110')).rejects.toEqual(refused('name-taken'))
    await person(place, 'modern_Bill1')
  })

  test('a refused sign-up leaves the name’s owner as he was', async () => {
    const place = world(kind)
    const ada = await person(place, 'ada')
    const stranger = place.machine()
    await expect(person(place, 'ada', stranger)).rejects.toEqual(refused('name-taken'))
    // Also on the machine where it was tried: the owner can log in there.
    const there = await again(place, ada, stranger)
    expect(there.chat.self).toEqual(ada.chat.self)
  })

  test.each(['', 'x', 'with space', 'x'.repeat(33), 'zoë', 'a/b', '../../x'])('%j is no name', async (name) => {
    const { accounts } = await program(world(kind), world(kind).machine())
    const password = accounts.suggestPassphrase()
    await expect(accounts.signUp({ name, password, chosen: false })).rejects.toMatchObject({ code: 'usage' })
    await expect(accounts.logIn({ name, password })).rejects.toMatchObject({ code: 'usage' })
  })

  test('nobody has a name that was never signed up', async () => {
    const place = world(kind)
    const { accounts } = await program(place, place.machine())
    await expect(accounts.logIn({ name: 'ada', password: 'x' })).rejects.toEqual(refused('no-such-user'))
  })

  test('name and passphrase log in on another machine, through the store’s copy', async () => {
    const place = world(kind)
    const ada = await person(place, 'ada')
    const elsewhere = await again(place, ada, place.machine())
    expect(elsewhere.chat.self).toEqual(ada.chat.self)
    // From then on the machine knows her itself.
    await elsewhere.chat.close()
    const known = await elsewhere.accounts.identities()
    expect(known).toEqual([{ ...ada.chat.self, lastUsedAt: expect.any(Number) }])
  })

  test('a room is known on another machine, also where the store’s copy of the keys could not follow at first', async () => {
    const place = world(kind)
    const ada = await person(place, 'ada')
    const toVault = ({ then }: Transaction): boolean =>
      then.some(({ kind: does, key }) => does === 'put' && Buffer.from(key).toString('latin1').startsWith('vaults/'))
    await ada.chat.rooms()
    ada.line.loseRequest(toVault)
    const room = await ada.chat.create('demo')
    // The machine is not used again, nor is its program ended.
    await expect
      .poll(async () => {
        const elsewhere = await again(place, ada, place.machine())
        const known = elsewhere.chat.knownRooms().map(({ id }) => id)
        await elsewhere.chat.close()
        return known
      })
      .toEqual([room.id])
    expect(ada.line.lossesLeft).toBe(0)
  })

  test('with a password of one’s own another machine asks for the recovery code too', async () => {
    const place = world(kind)
    const here = await program(place, place.machine())
    const signedUp = await here.accounts.signUp({ name: 'ada', password: ownPassword, chosen: true })
    closeAtEnd(signedUp.chat)
    const recoveryCode = signedUp.recoveryCode ?? ''
    expect(recoveryCode).not.toBe('')
    const there = await program(place, place.machine())
    const asked = { name: 'ada', password: ownPassword }
    await expect(there.accounts.logIn(asked)).rejects.toMatchObject({
      code: 'wrong-password',
      hint: expect.stringContaining('recovery code'),
    })
    const wrong = { ...asked, password: `${ownPassword}x`, recoveryCode }
    await expect(there.accounts.logIn(wrong)).rejects.toEqual(refused('wrong-password'))
    expect(await there.accounts.identities()).toEqual([])
    const chat = await there.accounts.logIn({ ...asked, recoveryCode })
    expect(chat.self).toEqual(signedUp.chat.self)
    await chat.close()
    // Once.
    const later = await there.accounts.logIn(asked)
    await later.close()
  })

  test('a weak password of one’s own is refused, and the name stays free', async () => {
    const place = world(kind)
    const { accounts } = await program(place, place.machine())
    for (const password of ['', '1234', 'ada', 'password1', 'letmein2024']) {
      await expect(accounts.signUp({ name: 'ada', password, chosen: true })).rejects.toEqual(refused('usage'))
    }
    await person(place, 'ada')
  })

  test('a sign-up whose answer was lost is not lost: the same again succeeds', async () => {
    const place = world(kind)
    const home = place.machine()
    const { line, accounts } = await program(place, home)
    const password = accounts.suggestPassphrase()
    line.loseReply(claims)
    const request = { name: 'ada', password, chosen: false }
    await expect(accounts.signUp(request)).rejects.toMatchObject({ code: 'unavailable' })
    expect(line.lossesLeft).toBe(0)
    const { chat } = await accounts.signUp(request)
    closeAtEnd(chat)
    const elsewhere = await again(place, { name: 'ada', password, home, line, accounts, chat }, place.machine())
    expect(elsewhere.chat.self).toEqual(chat.self)
  })

  test('the recovery code of a sign-up that was tried again is the one that counts', async () => {
    const place = world(kind)
    const { line, accounts } = await program(place, place.machine())
    const request = { name: 'ada', password: ownPassword, chosen: true }
    line.loseReply(claims)
    await expect(accounts.signUp(request)).rejects.toMatchObject({ code: 'unavailable' })
    const { chat, recoveryCode = '' } = await accounts.signUp(request)
    closeAtEnd(chat)
    const there = await program(place, place.machine())
    const elsewhere = await there.accounts.logIn({ name: 'ada', password: ownPassword, recoveryCode })
    closeAtEnd(elsewhere)
    expect(elsewhere.self).toEqual(chat.self)
    // What one does from then on reaches the store's copy, so it is sealed under the same key.
    await chat.create('demo')
    await chat.close()
    const last = await program(place, place.machine())
    const third = await last.accounts.logIn({ name: 'ada', password: ownPassword, recoveryCode })
    closeAtEnd(third)
    expect(third.knownRooms()).toMatchObject([{ name: 'demo', standing: 'member' }])
  })

  test('several identities share a home, the one used last first', async () => {
    const place = world(kind)
    const home = place.machine()
    const ada = await person(place, 'ada', home)
    const bob = await person(place, 'bob', home)
    const { accounts } = await program(place, home)
    expect((await accounts.identities()).map(({ name }) => name).toSorted()).toEqual(['ada', 'bob'])
    for (const who of [ada, bob, ada]) {
      const { chat } = await again(place, who)
      await chat.close()
      const [latest, ...others] = await accounts.identities()
      expect(latest?.lastUsedAt).toBeGreaterThanOrEqual(others[0]?.lastUsedAt ?? Infinity)
    }
    expect((await accounts.identities())[0]).toMatchObject(ada.chat.self)
  })
})

/** Name record and vault, in one transaction. */
const claims = ({ then }: Transaction): boolean =>
  then.length === 2 && then.every((operation) => operation.kind === 'put')

/** A sign-up of ada that a home has begun, and that the store knows nothing of. */
async function leftOver(place: World, home: Home) {
  const { line, accounts } = await program(place, home)
  line.loseRequest(claims)
  const request = { name: 'ada', password: accounts.suggestPassphrase(), chosen: false }
  await expect(accounts.signUp(request)).rejects.toMatchObject({ code: 'unavailable' })
  return { accounts, request }
}

describe('a sign-up that comes to nothing', () => {
  test.each([false, true])(
    'a sign-up cut off at any of its writes leaves no name that nobody can use (own password: %s)',
    async (chosen) => {
      const place = world('memory')
      const outcomes = new Set<string>()
      for (let at = 0; at < 5; at += 1) {
        const name = `ada${at}`
        const home = place.machine()
        const dies = dying(at)
        const accounts = openAccounts({
          store: dies(await place.openStore()),
          home: { names: () => home.names(), open: async (skeleton) => dies(await home.open(skeleton)) },
          kdf: 'floor',
        })
        const password = chosen ? ownPassword : accounts.suggestPassphrase()
        let announced = false
        const announce = async (): Promise<void> => void (announced = true)
        const done = await accounts.signUp({ name, password, chosen, announce }).catch(() => undefined)
        await done?.chat.close().catch(() => undefined)
        const { accounts: later } = await program(place, home)
        // Whoever was shown nothing signs up again; whoever was shown something logs in with it.
        const fresh = { name, password: later.suggestPassphrase(), chosen: false }
        const logIn = () => later.logIn({ name, password })
        const goOn = () => later.signUp({ name, password, chosen }).then(({ chat }) => chat)
        const chat = announced ? await logIn().catch(goOn) : (await later.signUp(fresh)).chat
        await chat.create(name)
        await chat.close()
        outcomes.add(`${announced} ${done !== undefined}`)
      }
      expect([...outcomes].toSorted()).toEqual(['false false', 'true false', 'true true'])
    },
  )

  test('what is left of a sign-up does not keep the name’s owner out', async () => {
    const place = world('memory')
    const shared = place.machine()
    const { accounts, request } = await leftOver(place, shared)
    const ada = await person(place, 'ada')
    const there = await again(place, ada, shared)
    expect(there.chat.self).toEqual(ada.chat.self)
    await expect(accounts.logIn(request)).rejects.toMatchObject({ code: 'wrong-password' })
  })

  test('what is left of a sign-up is not unlocked, nor given another password', async () => {
    const place = world('memory')
    const { accounts, request } = await leftOver(place, place.machine())
    await expect(accounts.unlock(request)).rejects.toMatchObject({ code: 'no-such-user' })
    const change = { ...request, choose: async () => request, announce: async () => {} }
    await expect(accounts.changePassword(change)).rejects.toMatchObject({ code: 'no-such-user' })
    closeAtEnd((await accounts.signUp(request)).chat)
    expect((await accounts.unlock(request)).self.name).toBe('ada')
  })

  test('the same sign-up again keeps the keys that were shown', async () => {
    const place = world('memory')
    const { line, accounts } = await program(place, place.machine())
    const shown: string[] = []
    const announce = async ({ self }: Secret): Promise<void> => void shown.push(self.fingerprint)
    const request = { name: 'ada', password: ownPassword, chosen: true, announce }
    line.loseRequest(claims)
    await expect(accounts.signUp(request)).rejects.toMatchObject({ code: 'unavailable' })
    const { chat } = await accounts.signUp(request)
    closeAtEnd(chat)
    expect(shown).toEqual([chat.self.fingerprint, chat.self.fingerprint])
  })
})
