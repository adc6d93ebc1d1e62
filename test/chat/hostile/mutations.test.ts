/**
 * Thousands of things that somebody does who may write anything anywhere in the store. Each is refused and reported,
 * void with a warning, or harmless; nothing is shown that was not written, in no other place and by nobody else.
 * `npm run hostile` does 20,000; CONCLAVE_SEED draws others, CONCLAVE_MUTATIONS says how many.
 */
import { expect, test } from 'vitest'
import { ConclaveError } from '../../../src/base/errors.ts'
import { listedRoomsMax, requestsKeptMax, sealedKnocksMax, strangersNoticesMax } from '../../../src/base/limits.ts'
import { lookUpName } from '../../../src/chat/identity/registry.ts'
import { hex } from '../../../src/base/bytes.ts'
import { chanceFrom } from '../../fuzz/chance.ts'
import { changedAt, mutate } from './mutation.ts'
import { readOutsiders, readRoom } from './reading.ts'
import { everything, richStore, storeOf } from './rich-store.ts'

const seed = process.env['CONCLAVE_SEED'] ?? ''
const count = Number(process.env['CONCLAVE_MUTATIONS'] ?? 40)

test(`nothing that is done to the store deceives a reader (${count} mutations, seed ${seed})`, async () => {
  const rich = await richStore()
  const { roomId, member, kicked } = rich
  const intact = await storeOf(rich.entries)
  const truth = await readRoom(intact, await storeOf([]), member.identity, roomId)
  const kept = await readRoom(intact, await storeOf(member.home), member.identity, roomId)
  const allowed = await readRoom(intact, await storeOf([]), kicked.identity, roomId)
  const keys = await Promise.all(rich.names.map(async (name) => (await lookUpName(intact, name))?.rootKey))
  expect({ reported: truth.reported, damage: await truth.check(), refusal: truth.refusal }).toEqual({
    reported: false,
    damage: [],
    refusal: undefined,
  })
  expect(truth.lines.length).toBeGreaterThan(30)
  expect(kept).toMatchObject({ head: truth.head, members: truth.members, lines: [], refusal: undefined })
  expect(allowed.lines.length).toBeLessThan(truth.lines.length)
  const outcomes = { harmless: 0, reported: 0, shortened: 0, parted: 0 }

  for (let k = 0; k < count; k += 1) {
    const mutated = mutate(rich, chanceFrom(`${seed}/${k}`))
    const told = `mutation ${k} of seed ${seed}: ${mutated.told}`
    const store = await storeOf(mutated.entries)
    const changed = changedAt(mutated, rich)

    // Who comes with nothing but his keys sees the truth or less of it, and never anything else.
    const fresh = await readRoom(store, await storeOf([]), member.identity, roomId)
    expect(
      fresh.lines.filter((line) => !truth.lines.includes(line)),
      told,
    ).toEqual([])
    const whole = fresh.lines.length === truth.lines.length
    const isBeginning = fresh.records < truth.records && fresh.lines.every((line, at) => line === truth.lines[at])
    const reported = fresh.reported || fresh.refusal !== undefined || (!whole && (await fresh.check()).length > 0)
    if (!whole) expect(reported || isBeginning, told).toBe(true)
    if (whole && changed.length === 0) expect(fresh, told).toMatchObject({ head: truth.head, members: truth.members })
    outcomes[whole ? 'harmless' : reported ? 'reported' : 'shortened'] += 1

    // Who has read it keeps it, puts back what is missing, and finds every other change when he checks.
    const remembering = await readRoom(store, await storeOf(member.home), member.identity, roomId)
    const damage = await remembering.check()
    const after = { entries: await everything(store), told }
    if (remembering.parted) {
      // Only where nothing that he had read stands any more behind what differs: then what stands there counts.
      expect(changed, told).toContain(truth.records - 1)
      expect(
        remembering.lines.filter((line) => !truth.lines.includes(line)),
        told,
      ).toEqual([])
      outcomes.parted += 1
    } else {
      expect(remembering, told).toMatchObject({ lines: [], head: truth.head, members: truth.members })
      expect(remembering.records, told).toBeGreaterThanOrEqual(truth.records)
      if (changedAt(after, rich).length > 0) expect(damage, told).not.toEqual([])
      // Junk may make a hole behind the end.
      else expect(damage === 'refused' || damage.filter((i) => i < truth.records), told).toEqual([])
    }

    // Who was kicked reads nothing from then on, whatever is handed to him.
    const out = await readRoom(store, await storeOf([]), kicked.identity, roomId)
    expect(
      out.lines.filter((line) => !allowed.lines.includes(line)),
      told,
    ).toEqual([])

    for (const [at, name] of rich.names.entries()) {
      const record = await lookUpName(store, name).catch(refusedOnly)
      if (record !== undefined) expect(hex(record.rootKey), told).toBe(hex(keys[at] as Uint8Array))
    }
    // What anyone can write beside the rooms is read once, and nearly all of it is deleted by whoever it reaches.
    const outsiders = await readOutsiders(store, member.identity, remembering)
    expect(outsiders, told).toMatchObject({ again: 0 })
    expect(outsiders.listed, told).toBeLessThanOrEqual(listedRoomsMax)
    expect(outsiders.invitations, told).toBeLessThanOrEqual(strangersNoticesMax)
    expect(outsiders.lying, told).toBeLessThanOrEqual(requestsKeptMax + sealedKnocksMax + strangersNoticesMax)
  }
  console.log(`hostile mutations: ${JSON.stringify(outcomes)}`)
})

function refusedOnly(error: unknown): undefined {
  if (error instanceof ConclaveError && error.code !== 'unexpected') return undefined
  throw error
}
