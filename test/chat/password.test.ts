import { describe, expect, test } from 'vitest'
import { isConclaveError } from '../../src/base/errors.ts'
import type { ChangePassword, PasswordChanged } from '../../src/chat/accounts.ts'
import type { Home } from '../../src/chat/home/home.ts'
import { openAccounts } from '../../src/chat/open-accounts.ts'
import { vaultKey } from '../../src/protocol/paths.ts'
import { readOne } from '../../src/store/read-one.ts'
import { dying } from './dying.ts'
import { again, closeAtEnd, enter, ownPassword, person, program, say, texts, until, wholeHistory } from './world.ts'
import { world, type Being, type World } from './world.ts'

/** Changes it to a generated one, or to `wanted`. */
async function change(
  place: World,
  who: Being,
  wanted: Partial<Awaited<ReturnType<ChangePassword['choose']>>> & { replaceCopy?: boolean } = {},
): Promise<PasswordChanged & { readonly now: Being; readonly recoveryCode: string }> {
  const { accounts } = await program(place, who.home)
  const { replaceCopy = false, ...rest } = wanted
  const to = { password: accounts.suggestPassphrase(), chosen: false, ...rest }
  let recoveryCode = ''
  const outcome = await accounts.changePassword({
    name: who.name,
    password: who.password,
    choose: async () => to,
    announce: async (secret) => void (recoveryCode = secret.recoveryCode ?? ''),
    replaceCopy,
  })
  return { ...outcome, recoveryCode, now: { ...who, password: to.password } }
}

/** Whether the password opens the home, or the store's copy for a new machine. */
async function opens(place: World, who: Being, password: string, home: Home): Promise<boolean> {
  const { accounts } = await program(place, home)
  try {
    const chat = await accounts.logIn({ name: who.name, password })
    await chat.close()
    return true
  } catch (error) {
    if (isConclaveError(error, 'wrong-password')) return false
    throw error
  }
}

describe('a change of the password', () => {
  test('opens with the new one alone, here and on another machine; everything is as it was', async () => {
    const place = world('sqlite')
    const ada = await person(place, 'ada')
    const room = await ada.chat.create('demo')
    await say(room, 'hello')
    await ada.chat.close()
    const { now, copied, takenOver, self } = await change(place, ada)
    expect({ copied, takenOver, self }).toEqual({ copied: true, takenOver: false, self: ada.chat.self })
    expect(await opens(place, ada, ada.password, ada.home)).toBe(false)
    expect(await opens(place, ada, ada.password, place.machine())).toBe(false)
    for (const home of [ada.home, place.machine()]) {
      const later = await again(place, now, home)
      expect(texts(await wholeHistory(await later.chat.open('demo')))).toEqual(['hello'])
    }
  })

  test('to one’s own shows a recovery code, which another machine asks for; the former code is of no more use', async () => {
    const place = world('memory')
    const ada = await person(place, 'ada')
    const first = await change(place, ada, { password: ownPassword, chosen: true })
    const second = await change(place, first.now, { password: `${ownPassword}-2`, chosen: true })
    const there = await program(place, place.machine())
    const asked = { name: 'ada', password: `${ownPassword}-2` }
    await expect(there.accounts.logIn({ ...asked, recoveryCode: first.recoveryCode })).rejects.toMatchObject({
      code: 'wrong-password',
    })
    closeAtEnd(await there.accounts.logIn({ ...asked, recoveryCode: second.recoveryCode }))
    await expect(change(place, second.now, { password: 'password1', chosen: true })).rejects.toMatchObject({
      code: 'usage',
    })
  })

  test('keeps the recovery code, to be shown again for the passphrase', async () => {
    const place = world('memory')
    const ada = await person(place, 'ada')
    await ada.chat.close()
    const shown = async (who: Being, home = who.home) => {
      return (await program(place, home)).accounts.recoveryCode({ name: who.name, password: who.password })
    }
    await expect(shown(ada)).rejects.toMatchObject({ code: 'usage' })
    const own = await change(place, ada, { password: ownPassword, chosen: true })
    expect(await shown(own.now)).toBe(own.recoveryCode)
    await expect(shown(ada)).rejects.toMatchObject({ code: 'wrong-password' })
    const there = place.machine()
    const { recoveryCode } = own
    const { accounts } = await program(place, there)
    await (await accounts.logIn({ name: 'ada', password: ownPassword, recoveryCode })).close()
    expect(await shown(own.now, there)).toBe(recoveryCode)
    // A generated passphrase needs none: the former one is gone.
    const { now } = await change(place, own.now)
    await expect(shown(now)).rejects.toMatchObject({ code: 'usage' })
  })

  test('with a wrong old one, or an announcement that nobody takes, changes nothing', async () => {
    const place = world('memory')
    const ada = await person(place, 'ada')
    await expect(change(place, { ...ada, password: 'not it' })).rejects.toMatchObject({ code: 'wrong-password' })
    const { accounts } = await program(place, ada.home)
    const unheard = accounts.changePassword({
      name: 'ada',
      password: ada.password,
      choose: async () => ({ password: accounts.suggestPassphrase(), chosen: false }),
      announce: () => Promise.reject(new Error('nobody reads')),
    })
    await expect(unheard).rejects.toThrow('nobody reads')
    expect(await opens(place, ada, ada.password, ada.home)).toBe(true)
    expect(await opens(place, ada, ada.password, place.machine())).toBe(true)
  })

  test('is refused while the store is away', async () => {
    const place = world('memory')
    const ada = await person(place, 'ada')
    await ada.chat.close()
    ada.line.cut()
    const refused = ada.accounts.changePassword({
      name: 'ada',
      password: ada.password,
      choose: () => Promise.reject(new Error('asked for a new one')),
      announce: () => Promise.reject(new Error('announced')),
    })
    await expect(refused).rejects.toMatchObject({ code: 'unavailable' })
  })

  test('cut off at any of its writes leaves a home that opens with the old or the new one, and a copy that follows', async () => {
    const place = world('memory')
    const ada = await person(place, 'ada')
    await ada.chat.create('demo')
    await ada.chat.close()
    const seen = new Set<string>()
    let now = ada.password
    // A program that dies: from its `at`-th write on nothing of it arrives anywhere.
    for (let at = 0; !seen.has('true false,true'); at += 1) {
      const dies = dying(at)
      const accounts = openAccounts({
        store: dies(await place.openStore()),
        home: { names: () => ada.home.names(), open: async (name) => dies(await ada.home.open(name)) },
        kdf: 'floor',
      })
      const fresh = accounts.suggestPassphrase()
      const request = { name: ada.name, password: now, announce: async () => {} }
      const choose = async () => ({ password: fresh, chosen: false })
      const outcome = await accounts.changePassword({ ...request, choose }).catch(() => undefined)
      const here = [await opens(place, ada, now, ada.home), await opens(place, ada, fresh, ada.home)]
      expect(here.filter(Boolean), `write ${at}`).toHaveLength(1)
      if (here[0] === true) expect(outcome).toBeUndefined()
      else now = fresh
      // The home was opened: from then on its password counts everywhere.
      expect(await opens(place, ada, now, place.machine()), `write ${at}`).toBe(true)
      seen.add(`${outcome?.copied} ${here.join()}`)
    }
    // Cut off before the step that counts, after it, and not at all.
    expect([...seen].toSorted()).toEqual(['false false,true', 'true false,true', 'undefined true,false'])
  })

  test('keeps what waits to be sent, also what a program under the old one adds', async () => {
    const place = world('memory')
    const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
    const room = await ada.chat.create('demo')
    const bobs = await enter(bob, room)
    ada.line.cut()
    await room.send('before')
    const { now } = await change(place, ada)
    await room.send('after')
    await ada.chat.close()
    const later = await again(place, now)
    await later.chat.open('demo')
    await until(bobs, () => bobs.seq === 2)
    expect(texts(await wholeHistory(bobs))).toEqual(['before', 'after'])
  })
})

describe('on another machine of the same person', () => {
  test('the old one opens what lies there, it is told of the change, and takes the new one over', async () => {
    const place = world('memory')
    const ada = await person(place, 'ada')
    await ada.chat.create('demo')
    await ada.chat.close()
    const second = await again(place, ada, place.machine())
    await second.chat.close()
    const { now } = await change(place, ada)
    const told = await again(place, second)
    await told.chat.rooms()
    expect(told.chat.advice).toMatchObject({ text: expect.stringContaining('changed on another machine') })
    await told.chat.close()
    await expect(change(place, second, { password: 'not it' })).rejects.toMatchObject({ code: 'wrong-password' })
    expect(await opens(place, ada, second.password, second.home)).toBe(true)
    expect(await change(place, second, { password: now.password })).toMatchObject({ takenOver: true, copied: true })
    expect(await opens(place, ada, second.password, second.home)).toBe(false)
    const later = await again(place, now, second.home)
    expect((await later.chat.rooms()).map(({ name }) => name)).toEqual(['demo'])
    expect(later.chat.advice).toBeUndefined()
  })

  test('where nobody knows any more what it was changed to, the copy gives way if that is wanted', async () => {
    const place = world('memory')
    const ada = await person(place, 'ada')
    const second = await again(place, ada, place.machine())
    await second.chat.close()
    await change(place, ada)
    const { now } = await change(place, second, { replaceCopy: true })
    expect(await opens(place, ada, now.password, place.machine())).toBe(true)
  })

  test('new keys and rooms of the one reach the other', async () => {
    const place = world('memory')
    const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
    const second = await again(place, ada, place.machine())
    await second.chat.close()
    const room = await bob.chat.create('demo')
    const rooms = await enter(ada, room)
    await ada.chat.rekey()
    await until(rooms, () => rooms.standing === 'member')
    const later = await again(place, second)
    const there = await later.chat.open('demo')
    await say(there, 'from the second machine')
    expect(later.chat.self).toEqual(ada.chat.self)
    await until(room, () => room.seq === 1)
    expect(texts(await wholeHistory(room))).toEqual(['from the second machine'])
  })
})

describe('what another machine did while this one was off', () => {
  /** Made a room there; a program here has not been opened since. */
  async function apart() {
    const place = world('memory')
    const ada = await person(place, 'ada')
    await ada.chat.close()
    const second = await again(place, ada, place.machine())
    await second.chat.create('there')
    await second.chat.close()
    return { place, ada }
  }

  const standing = async ({ chat }: Being) => (await chat.rooms()).find(({ name }) => name === 'there')?.standing

  test('outlives a change of the passphrase', async () => {
    const { place, ada } = await apart()
    const { now } = await change(place, ada)
    for (const home of [ada.home, place.machine()]) expect(await standing(await again(place, now, home))).toBe('member')
  })

  test('is not lost to a program that dies at any of its writes', async () => {
    let ended = false
    for (let at = 0; !ended; at += 1) {
      const { place, ada } = await apart()
      const dies = dying(at)
      const accounts = openAccounts({
        store: dies(await place.openStore()),
        home: { names: () => ada.home.names(), open: async (name) => dies(await ada.home.open(name)) },
        kdf: 'floor',
      })
      const opening = accounts.logIn({ name: ada.name, password: ada.password })
      const chat = await Promise.race([opening.catch(() => undefined), dies.died.then(() => undefined)])
      const looked = chat?.rooms().catch(() => [])
      ended = await Promise.race([dies.died.then(() => false), Promise.resolve(looked).then(() => at > 0)])
      void opening.then((late) => late.close()).catch(() => undefined)
      for (const home of [ada.home, place.machine()]) {
        expect(await standing(await again(place, ada, home)), `write ${at}`).toBe('member')
      }
      if (at > 30) throw new Error('more writes than a start makes')
    }
  })
})

describe('the copy of the vault in the store', () => {
  test('put back to an older one is told, and mended', async () => {
    const place = world('memory')
    const ada = await person(place, 'ada')
    await ada.chat.rooms()
    const store = await place.openStore()
    const old = await readOne(store, vaultKey('ada'))
    await ada.chat.create('demo')
    await ada.chat.close()
    const newer = await readOne(store, vaultKey('ada'))
    expect(newer?.value).not.toEqual(old?.value)
    await store.commit({ then: [{ kind: 'put', key: vaultKey('ada'), value: old?.value as Uint8Array }] })
    const later = await again(place, ada)
    await later.chat.rooms()
    expect(later.chat.advice?.text).toContain('older copy of your keys')
    await later.chat.close()
    const third = await again(place, ada, place.machine())
    expect((await third.chat.rooms()).map(({ name }) => name)).toEqual(['demo'])
    await store.close()
  })

  test.each([
    ['deleted', []],
    ['replaced by nonsense', [{ kind: 'put', key: vaultKey('ada'), value: new Uint8Array(9) } as const]],
  ])('%s, it is made anew by a change of the password', async (_how, put) => {
    const place = world('memory')
    const ada = await person(place, 'ada')
    const store = await place.openStore()
    await store.commit({ then: put.length > 0 ? put : [{ kind: 'delete', key: vaultKey('ada') }] })
    const { now, copied } = await change(place, ada)
    expect(copied).toBe(true)
    expect(await opens(place, ada, now.password, place.machine())).toBe(true)
    await store.close()
  })
})
