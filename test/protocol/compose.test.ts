/** What honest clients write: what it holds, for whom, and what they refuse to write. */
import { CipherSuite, EncapError } from 'hpke'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { hex, type Bytes } from '../../src/base/bytes.ts'
import { prepareControl } from '../../src/protocol/compose.ts'
import { openLink } from '../../src/protocol/epoch.ts'
import { knockId } from '../../src/protocol/knock.ts'
import { decodeRecord } from '../../src/protocol/record.ts'
import { VoidRecord } from '../../src/protocol/verdict.ts'
import { decodeWrapPage } from '../../src/protocol/wraps.ts'
import { expectValid } from './expect-verdict.ts'
import { readAll, summary } from './reader.ts'
import { RoomBuilder, type User } from './room-builder.ts'

let world: RoomBuilder
let ada: User, bob: User, cyd: User
const seed = { next: 0 }
beforeEach(async () => {
  world = new RoomBuilder(`compose ${(seed.next += 1)}`)
  ada = await world.user('ada')
  bob = await world.user('bob')
  cyd = await world.user('cyd')
  await world.create(ada)
  await world.join(ada, bob)
  await world.join(ada, cyd)
})

describe('a record that opens an epoch', () => {
  it('wraps for everyone who stays and for guests, but not for the kicked member', async () => {
    const dan = await world.user('dan')
    await world.invite(ada, dan)
    await world.kick(ada, cyd)
    const wraps = world.room.openings.get(1)?.wraps as Bytes
    const rows = decodeWrapPage(world.pageFor(wraps, 0) as Bytes)
    expect([...rows.keys()]).toEqual([0, 1, 3])
    for (const [user, reads] of [
      [ada, true],
      [bob, true],
      [dan, true],
      [cyd, false],
    ] as const) {
      const { keyring } = await readAll(world, user.unwrappers)
      expect(keyring.get(world.room.openings.get(1)) !== undefined).toBe(reads)
    }
  })

  it('links back to the epoch before', async () => {
    await world.rotate(ada)
    const record = decodeRecord(world.log.at(-1) as Bytes)
    if (record.kind !== 'control') throw new Error('a control record')
    const [link] = record.outer.header.links
    const to = world.room.openings.get(0)
    if (link === undefined || to === undefined) throw new Error('a link')
    expect(openLink(world.roomId, world.keysOf(1), link, to)?.secret).toEqual(world.keysOf(0).secret)
  })

  it('has a new secret each time that it is prepared, and the same for each place that it is sealed for', async () => {
    const author = { signer: ada.signer, random: world.dice.random }
    const [one, two] = [
      await prepareControl(author, world.room, { type: 'rotate' }, world.keys),
      await prepareControl(author, world.room, { type: 'rotate' }, world.keys),
    ]
    expect(hex(one.keys.secret)).not.toBe(hex(two.keys.secret))
    world.say(bob, 'messages came between')
    const { record } = one.seal({ ...world.place(), at: 0, seq: 0 })
    world.putPages(one.wraps ?? { name: new Uint8Array(), pages: [] })
    world.keyring.add(one.keys)
    await expectValid(world.append(record))
    expect((await readAll(world, bob.unwrappers)).verdicts.map(summary)).toEqual(world.verdicts.map(summary))
  })

  it('can be written although a member has a key that the library wraps nothing for', async () => {
    const mal = await world.user('mal')
    await world.join(bob, mal)
    const { Seal: seal } = CipherSuite.prototype
    const refused = vi.spyOn(CipherSuite.prototype, 'Seal').mockImplementation(async function (
      this: CipherSuite,
      key,
      ...rest
    ) {
      const isMals = hex(await this.SerializePublicKey(key)) === hex(mal.unwrapper.publicKey)
      if (isMals) throw new EncapError('refused')
      return seal.call(this, key, ...rest)
    })
    try {
      await expectValid(world.rotate(ada))
      await expectValid(world.kick(ada, mal))
    } finally {
      refused.mockRestore()
    }
    await expectValid(world.say(bob, 'got rid of mal'))
  })

  it('never meets a key that nothing can be wrapped for, since such a key enters no room', async () => {
    const mal = { ...(await world.user('mal')), unwrapper: { ...cyd.unwrapper, publicKey: new Uint8Array(1216) } }
    const knock = world.knock(mal)
    await expect(world.accept(ada, knock)).rejects.toThrow(VoidRecord)
    const { header } = await world.forge(bob, { type: 'accept', knock: world.knock(await world.user('xen')) })
    const entry = { tag: knockId(knock).slice(0, 16), wrapped: header.entry?.wrapped ?? null }
    const { verdict } = await world.forged(bob, { type: 'accept', knock }, { header: { entry } })
    expect(verdict).toEqual({ kind: 'void', reason: 'not a wrap key' })
  })
})

describe('an operation that readers would refuse', () => {
  it('is refused before anything of it is written', async () => {
    const length = world.log.length
    const hopeless = [
      world.operate(bob, { type: 'rotate' }),
      world.operate(ada, { type: 'topic', topic: 'x'.repeat(513) }),
      world.operate(ada, { type: 'accept', knock: new Uint8Array(3) }),
      world.operate(ada, {
        type: 'invite',
        rootKey: cyd.signer.publicKey,
        wrapKey: cyd.unwrapper.publicKey,
        name: 'admin',
      }),
      new RoomBuilder('bad name').create(ada, { roomName: '-' }),
    ]
    for (const attempt of hopeless) await expect(attempt).rejects.toThrow(VoidRecord)
    expect(world.log).toHaveLength(length)
    expect(world.pages.size).toBe(1)
  })
})
