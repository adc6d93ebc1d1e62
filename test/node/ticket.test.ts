import { X509Certificate } from 'node:crypto'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import {
  createAuthority,
  issueTicketIdentity,
  newKey,
  publicKeyOf,
  type Identity,
} from '../../src/node/certificates/authority.ts'
import { openSealedFor, privateKeyOf, scalarOf, sealFor } from '../../src/node/tickets/private-key.ts'
import { newCode, normalizeCode, openTicketKey, sealTicketKey } from '../../src/node/tickets/ticket-code.ts'
import {
  claimTicket,
  deleteTicket,
  issuedTicket,
  openTicketsMax,
  recordTicket,
  sweepTickets,
} from '../../src/node/tickets/ticket-record.ts'
import {
  checkExpiry,
  decodeTicket,
  encodeTicket,
  ticketDigest,
  type NodeTicket,
  type PersonTicket,
  type Ticket,
} from '../../src/node/tickets/ticket.ts'
import { MemoryStore } from '../../src/store/memory.ts'

const expires = Date.UTC(2030, 0, 1)
const day = 86_400_000
let authority: Identity
let holder: Identity
let node: NodeTicket
let person: PersonTicket
let code: string

const der = (pem: string): Uint8Array<ArrayBuffer> => new Uint8Array(new X509Certificate(pem).raw)

beforeAll(async () => {
  authority = await createAuthority()
  const id = '00112233445566778899aabbccddeeff'
  holder = await issueTicketIdentity(authority, `enrol:${id}`, expires)
  const base = {
    id,
    clusterId: '0123456789abcdef',
    expires,
    endpoints: ['10.0.0.1:2379', '[fe80::1]:2379', 'node.example:2379'],
    authority: der(authority.certificate),
    certificate: der(holder.certificate),
  }
  code = newCode()
  node = await sealTicketKey(code, { kind: 'node', ...base, token: 'a token', wan: true }, holder.key)
  person = { kind: 'person', ...base, name: 'ada', scalar: scalarOf(holder.key) }
})

/** Claims as a node does for a machine whose key has that name. */
const claim = (store: MemoryStore, ticket: Ticket, key: string, now: number) =>
  claimTicket(store, ticket.id, { digest: ticketDigest(ticket), claim: key, serial: '' }, now)

describe('a ticket as text', () => {
  test('decodes to what was encoded', () => {
    expect(decodeTicket(encodeTicket(node))).toEqual(node)
    expect(decodeTicket(encodeTicket(person))).toEqual(person)
    expect(encodeTicket(node)).toMatch(/^conclave-node-1\.[A-Za-z0-9_-]+$/)
    expect(encodeTicket(person)).toMatch(/^conclave-person-1\.[A-Za-z0-9_-]+$/)
  })

  test('survives the line breaks of an e-mail', () => {
    const folded = encodeTicket(node).replace(/(.{60})/g, '$1\r\n  ')
    expect(decodeTicket(folded)).toEqual(node)
  })

  test('is refused when truncated anywhere', () => {
    const text = encodeTicket(node)
    for (let length = 0; length < text.length; length += 1) {
      expect(() => decodeTicket(text.slice(0, length)), `${length} characters`).toThrow(
        /incomplete|not a ticket|altered/,
      )
    }
    expect(() => decodeTicket(text.slice(0, 200))).toThrow('This ticket is incomplete')
  })

  test('is refused with any character changed', () => {
    const text = encodeTicket(person)
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom(...alphabet), (at, char) => {
        fc.pre(text[at] !== char)
        let read
        try {
          read = decodeTicket(text.slice(0, at) + char + text.slice(at + 1))
        } catch (error) {
          expect(error).toMatchObject({ code: 'usage', hint: expect.any(String) })
          return
        }
        // The last character of base64url may carry spare bits: nothing that the ticket says hangs on them.
        expect(read).toEqual(person)
      }),
    )
  })

  test("a node's ticket does not pass for a person's", () => {
    expect(() => decodeTicket(encodeTicket(node).replace('-node-', '-person-'))).toThrow('altered')
  })

  test('of a later version asks for an update', () => {
    expect(() => decodeTicket(encodeTicket(node).replace('node-1', 'node-2'))).toThrow('newer Conclave')
  })

  test('expires', () => {
    checkExpiry(node, expires - 1)
    expect(() => checkExpiry(node, expires)).toThrow('This ticket expired at 2030-01-01T00:00:00.000Z')
  })

  test("contains no private key of the authority, even for someone who has the code, and a node's not its own", async () => {
    const payload = (ticket: Ticket) => Buffer.from(encodeTicket(ticket).split('.')[1] ?? '', 'base64url')
    for (const ticket of [node, person])
      expect(payload(ticket).includes(Buffer.from(scalarOf(authority.key)))).toBe(false)
    expect(payload(node).includes(Buffer.from(scalarOf(holder.key)))).toBe(false)
    expect(scalarOf(await openTicketKey(code, node))).not.toEqual(scalarOf(authority.key))
  })
})

describe('the code of a ticket', () => {
  test("opens the ticket's key", async () => {
    expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}$/)
    const key = await openTicketKey(
      code.toLowerCase().replaceAll('-', ' '),
      decodeTicket(encodeTicket(node)) as NodeTicket,
    )
    expect(scalarOf(key)).toEqual(scalarOf(holder.key))
  })

  test('another code does not open it', async () => {
    await expect(openTicketKey(newCode(), node)).rejects.toMatchObject({ code: 'wrong-password' })
  })

  test('does not open the key if anything else in the ticket was changed', async () => {
    await expect(openTicketKey(code, { ...node, endpoints: ['evil.example:1'] })).rejects.toMatchObject({
      code: 'wrong-password',
    })
  })

  test('reads letters that look like digits', () => {
    expect(normalizeCode('oO1l-iI00-abcd')).toBe('00111100ABCD')
    for (const bad of ['', 'ABCD-EFGH', 'ABCD-EFGH-JKMNP', 'UUUU-UUUU-UUUU']) {
      expect(() => normalizeCode(bad)).toThrow('not a ticket code')
    }
  })

  test('a key is rebuilt from its scalar, but only beside its own certificate', () => {
    expect(privateKeyOf(person.certificate, person.scalar)).toContain('BEGIN PRIVATE KEY')
    expect(() => privateKeyOf(person.authority, person.scalar)).toThrow('does not match its certificate')
  })

  test('the authority’s key opens only for the machine it was sealed for, unchanged', () => {
    const [machine, other] = [newKey(), newKey()]
    const sealed = sealFor(publicKeyOf(machine), scalarOf(authority.key))
    expect(openSealedFor(machine, sealed)).toEqual(scalarOf(authority.key))
    expect(openSealedFor(other, sealed)).toBeUndefined()
    expect(openSealedFor(holder.key, sealed)).toBeUndefined()
    for (const at of [0, 50, 90, 91, sealed.length - 1]) {
      const changed = sealed.map((byte, k) => (k === at ? byte ^ 1 : byte))
      expect(openSealedFor(machine, changed), `byte ${at}`).toBeUndefined()
    }
  })
})

describe('a ticket in the store', () => {
  test('works once, and again only for the key that it was claimed for', async () => {
    const store = new MemoryStore()
    await recordTicket(store, issuedTicket(node))
    await claim(store, node, 'mine', expires - 1000)
    await claim(store, node, 'mine', expires + 1000)
    await expect(claim(store, node, 'theirs', expires - 1000)).rejects.toMatchObject({ code: 'not-allowed' })
    await claim(store, node, 'mine', expires - 1000)
    await deleteTicket(store, node.id)
    await deleteTicket(store, node.id)
    await expect(claim(store, node, 'mine', expires - 1000)).rejects.toThrow('already used')
    await store.close()
  })

  test('of two concurrent machines, one wins', async () => {
    const store = new MemoryStore()
    await recordTicket(store, issuedTicket(node))
    const claims = ['a', 'b', 'c'].map((key) => claim(store, node, key, expires - 1000))
    const outcomes = await Promise.allSettled(claims)
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await store.close()
  })

  test('that two nodes claim for one machine gets one serial number', async () => {
    const store = new MemoryStore()
    await recordTicket(store, issuedTicket(person))
    const serials = await Promise.all(
      ['01aa', '01bb'].map(async (serial) => {
        const digest = ticketDigest(person)
        return (await claimTicket(store, person.id, { digest, claim: 'mine', serial }, expires - 1)).serial
      }),
    )
    expect(new Set(serials).size).toBe(1)
    await store.close()
  })

  test('is refused if altered, even with a valid checksum', async () => {
    const store = new MemoryStore()
    await recordTicket(store, issuedTicket(node))
    const longer = { ...node, expires: expires + 1_000_000 }
    expect(ticketDigest(longer)).not.toBe(ticketDigest(node))
    const read = decodeTicket(encodeTicket(longer))
    await expect(claim(store, read, 'mine', expires)).rejects.toMatchObject({
      code: 'tampering',
      hint: expect.any(String),
    })
    await store.close()
  })

  test('invalid records among the tickets do not block invitations, and are deleted', async () => {
    const store = new MemoryStore()
    await store.commit({ then: [{ kind: 'put', key: utf8('tickets/x'), value: utf8('junk') }] })
    await recordTicket(store, issuedTicket(node))
    await sweepTickets(store, expires - 1000)
    expect((await store.range(utf8('tickets/'), utf8('tickets0'))).entries).toHaveLength(1)
    await store.commit({ then: [{ kind: 'put', key: utf8(`tickets/${node.id}`), value: utf8('junk') }] })
    await expect(claim(store, node, 'mine', expires - 1000)).rejects.toMatchObject({
      code: 'not-allowed',
      hint: expect.any(String),
    })
    await store.close()
  })

  test('is refused with an invalid certificate, even with a valid checksum', () => {
    const forged = encodeTicket({ ...person, authority: new Uint8Array(100).fill(48) })
    expect(() => decodeTicket(forged)).toThrow('This ticket was altered')
  })

  test('is refused once expired, and swept; a claimed one a day later', async () => {
    const store = new MemoryStore()
    const used = { ...issuedTicket(node), id: 'f'.repeat(32) }
    await recordTicket(store, issuedTicket(node))
    await recordTicket(store, used)
    await claimTicket(store, used.id, { digest: used.digest, claim: 'mine', serial: '' }, expires - 1)
    await expect(claim(store, node, 'mine', expires)).rejects.toThrow('expired')
    expect(await sweepTickets(store, expires)).toEqual(new Set([used.id]))
    await expect(claim(store, node, 'mine', expires - 1)).rejects.toThrow('already used, was withdrawn, or was never')
    expect(await sweepTickets(store, expires + day)).toEqual(new Set())
    await store.close()
  })

  test('never stands in the way of another, however many there are: the oldest give way', async () => {
    const store = new MemoryStore()
    const idOf = (n: number) => n.toString(16).padStart(32, '0')
    for (let n = 0; n <= openTicketsMax; n += 1) {
      await recordTicket(store, { ...issuedTicket(node), id: idOf(n), expires: expires + n })
    }
    const open = await sweepTickets(store, expires - 1)
    expect(open.size).toBe(openTicketsMax)
    expect(open.has(idOf(0))).toBe(false)
    await recordTicket(store, { ...issuedTicket(node), id: 'f'.repeat(32), expires: expires + day })
    expect((await sweepTickets(store, expires - 1)).has('f'.repeat(32))).toBe(true)
    await store.close()
  })
})
