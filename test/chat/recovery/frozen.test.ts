import { describe, expect, test } from 'vitest'
import { command } from '../../../src/base/hint.ts'
import { encode } from '../../../src/base/codec.ts'
import { fromHex } from '../../../src/base/bytes.ts'
import { logKey } from '../../../src/protocol/paths.ts'
import { again, enter, person, say, texts, told, until, wholeHistory } from '../world.ts'
import { lives, restorableWorld, type RestoredLife } from './restorable-world.ts'

/** Bob is kicked, with other changes of the room about it; the store forgets it all, and cyd writes first. */
async function forgotten(life: RestoredLife) {
  const place = restorableWorld()
  const [ada, bob, cyd, dee] = await Promise.all(['ada', 'bob', 'cyd', 'dee'].map((name) => person(place, name)))
  if (!ada || !bob || !cyd || !dee) throw new Error('four')
  const room = await ada.chat.create('demo')
  const [bobs, cyds] = [await enter(bob, room), await enter(cyd, room)]
  await say(room, 'one')
  await until(cyds, () => cyds.seq === 1)
  await cyd.chat.close()
  const early = await place.copy()
  await enter(dee, room)
  await room.setTopic('spring')
  await room.promote('cyd')
  await room.kick('bob')
  await say(room, 'without bob')
  await until(bobs, () => bobs.standing === 'kicked')
  await bob.chat.close()
  await ada.chat.close()
  await dee.chat.close()
  await place.setBack(early, life)
  const fresh = await again(place, cyd, place.machine())
  const freshly = await fresh.chat.open('demo')
  await say(freshly, 'instead')
  return { place, ada, bob, cyd, dee, freshly }
}

describe.each(lives)('a kick that the store forgot when it was set back, with the %s incarnation', (life) => {
  test('freezes who remembers it, until an admin has it done again; then everybody goes on', async () => {
    const { place, ada, bob, dee, freshly } = await forgotten(life)
    const room = await (await again(place, ada)).chat.open('demo')
    const dees = await (await again(place, dee)).chat.open('demo')
    expect(room.recovery).toMatchObject({
      kind: 'frozen',
      text: expect.stringContaining('bob'),
      hint: expect.arrayContaining([command('repair', 'demo')]),
    })
    await expect(room.send('for all but bob')).rejects.toMatchObject({
      code: 'tampering',
      message: expect.stringContaining('bob'),
      hint: expect.stringContaining('conclave verify demo --repair'),
    })
    // Reading goes on, and nothing of what was lost is sent either.
    await say(freshly, 'more')
    await until(room, () => room.seq === 3)
    expect(texts(await wholeHistory(room))).toEqual(['one', 'instead', 'more'])
    expect(told(await wholeHistory(room))).toContain('lost: ada: without bob')
    expect(room.pending).toMatchObject([{ state: 'queued', content: { text: 'without bob' } }])

    const { again: done, left } = await room.repair()
    // Removals first, and then what was lost in its order.
    expect(done).toMatchObject([
      { event: 'kick', target: { name: 'bob' } },
      { event: 'accept', target: { name: 'dee' } },
      { event: 'topic' },
      { event: 'promote', target: { name: 'cyd' } },
    ])
    expect(left).toEqual([])
    await until(room, () => room.seq === 4)
    expect(texts(await wholeHistory(room))).toEqual(['one', 'instead', 'more', 'without bob'])
    expect(room.members.map(({ name, role }) => `${name} ${role}`)).toEqual(['ada admin', 'cyd admin', 'dee member'])
    expect(room.topic).toBe('spring')
    expect(room.recovery).toBeUndefined()
    for (const one of [freshly, dees]) {
      await one.refresh()
      expect(one.members.map(({ name }) => name)).toEqual(['ada', 'cyd', 'dee'])
    }
    await say(freshly, 'all again')
    // Who was let in in between is in again by the knock that he made then.
    const deeAgain = await (await again(place, dee)).chat.open('demo')
    expect(deeAgain.standing).toBe('member')
    expect(texts(await wholeHistory(deeAgain)).at(-1)).toBe('all again')
    await expect(
      (await again(place, bob)).chat.open('demo').then((theirs) => theirs.send('I am still here')),
    ).rejects.toMatchObject({ code: 'kicked' })
  })
})

test('who is no admin can’t do it, and is told who can; a kick is lost also of somebody who came after the copy', async () => {
  const place = restorableWorld()
  const [ada, bob, cyd] = [await person(place, 'ada'), await person(place, 'bob'), await person(place, 'cyd')]
  const room = await ada.chat.create('demo')
  const cyds = await enter(cyd, room)
  await say(room, 'one')
  await until(cyds, () => cyds.seq === 1)
  await cyd.chat.close()
  const early = await place.copy()
  await enter(bob, room)
  const home = await again(place, cyd)
  const known = await home.chat.open('demo')
  await room.kick('bob')
  await until(known, () => known.members.length === 2 && known.seq === 1)
  await home.chat.close()
  await ada.chat.close()
  await place.setBack(early, 'same')
  // Somebody who does not remember it writes under the keys that bob was given.
  const freshly = await (await again(place, cyd, place.machine())).chat.open('demo')
  await say(freshly, 'instead')

  const cydRemembers = await (await again(place, cyd)).chat.open('demo')
  expect(cydRemembers.recovery).toMatchObject({ kind: 'frozen', text: expect.stringContaining('bob') })
  await expect(cydRemembers.repair()).rejects.toMatchObject({
    code: 'not-allowed',
    hint: expect.stringContaining('verify ROOM --repair'),
  })
  const adas = await (await again(place, ada)).chat.open('demo')
  expect(adas.recovery).toMatchObject({ kind: 'frozen' })
  // He is not in, so there is nobody to be kicked: the keys are changed.
  expect(await adas.repair()).toMatchObject({ again: [{ event: 'rotate' }] })
  await until(cydRemembers, () => cydRemembers.recovery === undefined)
  await say(cydRemembers, 'not for bob')
})

test('a change of the room that somebody changed in the store freezes it, and is set right', async () => {
  const place = restorableWorld()
  const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
  const room = await ada.chat.create('demo')
  const bobs = await enter(bob, room)
  await room.setTopic('spring')
  await say(room, 'one')
  await until(bobs, () => bobs.seq === 1)
  const key = logKey(fromHex(room.id), 2)
  const genuine = (await place.copy()).find((entry) => Buffer.compare(entry.key, key) === 0)
  await place.raw.commit({ then: [{ kind: 'put', key, value: encode(['no', 'record']) }] })
  for (const one of [room, bobs]) {
    await until(one, () => one.recovery !== undefined)
    expect(one.recovery).toMatchObject({ kind: 'frozen' })
    await expect(one.send('two')).rejects.toMatchObject({ code: 'tampering' })
  }
  expect((await bobs.verify()).damage).toMatchObject([{ i: 2 }])
  expect(await bobs.repair()).toMatchObject({ corrected: [2], again: [], left: [] })
  expect((await place.copy()).find((entry) => Buffer.compare(entry.key, key) === 0)?.value).toEqual(genuine?.value)
  await say(bobs, 'two')
  await until(room, () => room.seq === 2 && room.recovery === undefined)
  await say(room, 'three')
  expect((await room.verify()).damage).toEqual([])
})
