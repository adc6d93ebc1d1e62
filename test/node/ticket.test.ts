import { X509Certificate } from 'node:crypto'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { createAuthority, issuePerson, type Identity } from '../../src/node/certificates/authority.ts'
import {
  newCode,
  normalizeCode,
  openAuthorityKey,
  privateKeyOf,
  scalarOf,
  sealAuthorityKey,
} from '../../src/node/tickets/ticket-code.ts'
import { claimTicket, finishTicket, issuedTicket, recordTicket } from '../../src/node/tickets/ticket-record.ts'
import {
  checkExpiry,
  decodeTicket,
  encodeTicket,
  ticketDigest,
  type NodeTicket,
  type PersonTicket,
} from '../../src/node/tickets/ticket.ts'
import { MemoryStore } from '../../src/store/memory.ts'

const expires = Date.UTC(2030, 0, 1)
let authority: Identity
let node: NodeTicket
let person: PersonTicket
let code: string

const der = (pem: string): Uint8Array<ArrayBuffer> => new Uint8Array(new X509Certificate(pem).raw)

beforeAll(async () => {
  authority = await createAuthority()
  const base = {
    id: '00112233445566778899aabbccddeeff',
    clusterId: '0123456789abcdef',
    expires,
    endpoints: ['10.0.0.1:2379', '[fe80::1]:2379', 'node.example:2379'],
    authority: der(authority.certificate),
  }
  code = newCode()
  node = await sealAuthorityKey(code, { kind: 'node', ...base, token: 'a token', wan: true }, authority.key)
  const ada = await issuePerson(authority, 'ada')
  person = { kind: 'person', ...base, name: 'ada', certificate: der(ada.certificate), scalar: scalarOf(ada.key) }
})

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
    expect(() => decodeTicket(text.slice(0, 200))).toThrow('this ticket is incomplete')
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
    expect(() => checkExpiry(node, expires)).toThrow('this ticket expired at 2030-01-01T00:00:00.000Z')
  })

  test('contains no plaintext private key of the authority', () => {
    const scalar = Buffer.from(scalarOf(authority.key))
    for (const ticket of [node, person]) {
      const payload = Buffer.from(encodeTicket(ticket).split('.')[1] ?? '', 'base64url')
      expect(payload.includes(scalar)).toBe(false)
    }
  })
})

describe('the code of a ticket', () => {
  test("opens the authority's key", async () => {
    expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}$/)
    const key = await openAuthorityKey(
      code.toLowerCase().replaceAll('-', ' '),
      decodeTicket(encodeTicket(node)) as NodeTicket,
    )
    expect(scalarOf(key)).toEqual(scalarOf(authority.key))
  })

  test('another code does not open it', async () => {
    await expect(openAuthorityKey(newCode(), node)).rejects.toMatchObject({ code: 'wrong-password' })
  })

  test('does not open the key if anything else in the ticket was changed', async () => {
    await expect(openAuthorityKey(code, { ...node, endpoints: ['evil.example:1'] })).rejects.toMatchObject({
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
})

describe('a ticket in the store', () => {
  test('works once, and again only for the machine that used it', async () => {
    const store = new MemoryStore()
    const ticket = issuedTicket(node)
    await recordTicket(store, ticket, expires - 1000)
    await claimTicket(store, ticket, 'mine', expires - 1000)
    await claimTicket(store, ticket, 'mine', expires + 1000)
    await expect(claimTicket(store, ticket, 'theirs', expires - 1000)).rejects.toMatchObject({ code: 'not-allowed' })
    await finishTicket(store, ticket, 'theirs')
    await claimTicket(store, ticket, 'mine', expires - 1000)
    await finishTicket(store, ticket, 'mine')
    await finishTicket(store, ticket, 'mine')
    await expect(claimTicket(store, ticket, 'mine', expires - 1000)).rejects.toThrow('already used')
    await store.close()
  })

  test('of two concurrent machines, one wins', async () => {
    const store = new MemoryStore()
    const ticket = issuedTicket(node)
    await recordTicket(store, ticket, expires - 1000)
    const claims = ['a', 'b', 'c'].map((claim) => claimTicket(store, ticket, claim, expires - 1000))
    const outcomes = await Promise.allSettled(claims)
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await store.close()
  })

  test('is refused if altered, even with a valid checksum', async () => {
    const store = new MemoryStore()
    await recordTicket(store, issuedTicket(node), expires - 1000)
    const longer = { ...node, expires: expires + 1_000_000 }
    expect(ticketDigest(longer)).not.toBe(ticketDigest(node))
    const read = decodeTicket(encodeTicket(longer))
    await expect(claimTicket(store, issuedTicket(read), 'mine', expires)).rejects.toMatchObject({ code: 'tampering' })
    await store.close()
  })

  test('invalid records among the tickets do not block invitations', async () => {
    const store = new MemoryStore()
    await store.commit({ then: [{ kind: 'put', key: utf8('tickets/x'), value: utf8('junk') }] })
    const ticket = issuedTicket(node)
    await recordTicket(store, ticket, expires - 1000)
    await store.commit({ then: [{ kind: 'put', key: utf8(`tickets/${ticket.id}`), value: utf8('junk') }] })
    await expect(claimTicket(store, ticket, 'mine', expires - 1000)).rejects.toMatchObject({
      code: 'tampering',
      hint: expect.any(String),
    })
    await store.close()
  })

  test('is refused with an invalid certificate, even with a valid checksum', () => {
    const forged = encodeTicket({ ...person, authority: new Uint8Array(100).fill(48) })
    expect(() => decodeTicket(forged)).toThrow('this ticket was altered')
  })

  test('is refused once expired, and deleted when the next one is issued', async () => {
    const store = new MemoryStore()
    const ticket = issuedTicket(node)
    await recordTicket(store, ticket, expires - 1000)
    await expect(claimTicket(store, ticket, 'mine', expires)).rejects.toThrow('expired')
    await recordTicket(store, { ...ticket, id: 'f'.repeat(32) }, expires)
    await expect(claimTicket(store, ticket, 'mine', expires - 1)).rejects.toThrow('already used, or never issued')
    await store.close()
  })
})
