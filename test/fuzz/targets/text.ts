/** What people paste and type, what a terminal sends, what others wrote, and small values of the store. */
import { createHash, createPublicKey, X509Certificate } from 'node:crypto'
import { concat, equalBytes, utf8, type Bytes } from '../../../src/base/bytes.ts'
import { decode, encode, type Value } from '../../../src/base/codec.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { parseRoomRef, Directory, listing } from '../../../src/chat/people/directory.ts'
import { readIncarnation } from '../../../src/chat/connection/store-identity.ts'
import { isMention } from '../../../src/chat/timeline/unread-messages.ts'
import { readLines } from '../../../src/cli/room/stdin-lines.ts'
import { parseStoreUrl } from '../../../src/client/store-url.ts'
import { fingerprint, matchesFingerprint } from '../../../src/crypto/fingerprint.ts'
import { generatePassphrase, normalizePassphrase } from '../../../src/crypto/passphrase.ts'
import { formatRecoveryCode, parseRecoveryCode } from '../../../src/crypto/recovery-code.ts'
import { checkRoomName, checkUserName, skeleton } from '../../../src/crypto/skeleton.ts'
import { createAuthority, issueTicketIdentity, newKey, publicKeyOf } from '../../../src/node/certificates/authority.ts'
import { personOf } from '../../../src/node/certificates/serials.ts'
import { parseEtcdVersion } from '../../../src/node/process/etcd-binary.ts'
import { decodeAnswer, decodeAsk, encodeAnswer, encodeAsk } from '../../../src/node/tickets/enrolment.ts'
import { privateKeyOf, scalarOf } from '../../../src/node/tickets/private-key.ts'
import { newCode, normalizeCode, sealTicketKey } from '../../../src/node/tickets/ticket-code.ts'
import { claimTicket } from '../../../src/node/tickets/ticket-record.ts'
import { checkExpiry, decodeTicket, encodeTicket, ticketDigest, type Ticket } from '../../../src/node/tickets/ticket.ts'
import { hostOf } from '../../../src/store/etcd/security.ts'
import { FaultyStore } from '../../chat/faulty-store.ts'
import { MemoryStore } from '../../../src/store/memory.ts'
import { decodeKeys, flushKeys, idleKeyDecoder } from '../../../src/tui/input/keys.ts'
import { cleanInput, sanitize, sanitizeLine } from '../../../src/tui/sanitize.ts'
import { withoutSpoilers } from '../../../src/tui/text/markdown.ts'
import { messageRows } from '../../../src/tui/text/message-rows.ts'
import { textOfLine } from '../../../src/tui/text/style.ts'
import { widthOf } from '../../../src/tui/text/width.ts'
import { wrap } from '../../../src/tui/text/wrap.ts'
import { incarnationKey, directoryKey } from '../../../src/protocol/paths.ts'
import { mutateBytes, mutateText, mutateValue } from '../mutate.ts'
import { demand, type Target } from '../target.ts'

/** Controls, other line ends, marks of direction, and what nobody sees. */
const harmful = /[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\u200b\u200e\u200f\ufeff]/

function ofText(name: string, micros: number, valid: readonly string[], read: (text: string) => unknown): Target {
  return { name, micros, make: (chance) => mutateText(chance, valid), read: (input) => read(input as string) }
}

export async function textTargets(): Promise<readonly Target[]> {
  const tickets = await makeTickets()
  const code = formatRecoveryCode(new Uint8Array(16).fill(9))
  const key = new Uint8Array(32).fill(5)
  const valid = listing({ roomId: key, name: 'demo' })
  const lines = ['hello', 'a\u0301 漢字', '👨‍👩‍👧 joins', 'one\r\ntwo\tthree', '\x1b[31mred', '\u202egnp.exe']
  const formatted = [
    '*bold* _it_ `c *d*` ||hidden *x*||',
    '> quote\n```js\n  let x\n```\nhttps://x.org/_a_',
    '***x*** \\*no\\*',
  ]
  const keys = [
    '\x1b[A',
    '\x1b[200~paste\x1b[201~',
    '\x1b[27;5;13~',
    '\x1b[<64;1;1M',
    'text\r',
    '\x1b]11;rgb:0/0/0\x07',
    '\x1bOP',
  ]
  const targets: readonly Target[] = [
    ofText('store URL', 15, ['sqlite:~/a.db', 'etcd://a:1,b:2', 'etcds://[::1]:2379?ca=x&cert=y&key=z'], (text) =>
      parseStoreUrl(text, '/home/ada'),
    ),
    ofText('room reference', 4, ['demo', '@ada', `demo#${'a1'.repeat(10)}`, 'f'.repeat(64)], parseRoomRef),
    ofText('user name', 6, ['ada', 'B0b-1', '-x'], (text) => (checkUserName(text), skeleton(text))),
    ofText('room name', 6, ['demo', 'a_b'], (text) => (checkRoomName(text), skeleton(text))),
    ofText('mention', 6, ['hi @ada!', 'ada:'], (text) => isMention(text, 'ada')),
    ofText('fingerprint', 6, [fingerprint(key)], (text) => matchesFingerprint(text, key)),
    ofText('passphrase', 6, [generatePassphrase()], normalizePassphrase),
    ofText('recovery code', 12, [code], (text) => demand(parseRecoveryCode(text).length === 16, 'no recovery code')),
    ofText('code of a ticket', 6, [newCode()], normalizeCode),
    ofText('version of etcd', 4, ['etcd Version: 3.5.33\nGit SHA: x'], parseEtcdVersion),
    ofText('endpoint', 4, ['a:1', '[::1]:2379'], hostOf),
    ofText('user of etcd', 4, [`ada.01${'5a'.repeat(12)}`], personOf),
    ofText('ticket', 25, tickets.map(encodeTicket), (text) => {
      const read = decodeTicket(text)
      const issued = tickets.some((ticket) => ticketDigest(ticket) === ticketDigest(read))
      demand(issued, 'a changed ticket is read')
    }),
    ticketContents(tickets),
    ticketRecord(tickets[0] as Ticket),
    ...enrolment(),
    ofText('text of others', 60, lines, (text) => {
      const safe = sanitize(text)
      demand(!harmful.test(safe) && safe.isWellFormed(), 'something harmful is left')
      demand(sanitize(safe) === safe, 'the second time it is changed again')
      const line = sanitizeLine(text)
      demand(!harmful.test(line) && !line.includes('\n'), 'a line is not one')
      demand(safe.length <= 12 * text.length + 12, 'more than was read')
    }),
    ofText('text, wrapped', 150, lines, (text) => {
      const safe = sanitize(text)
      const rows = wrap(safe, 20)
      demand(
        rows.every((row) => widthOf(row) <= 20),
        'a row wider than the pane',
      )
      demand(rows.length <= 2 * text.length * 12 + 2, 'more rows than characters')
    }),
    ofText('text, formatted', 400, [...lines, ...formatted], (text) => {
      const safe = sanitize(text)
      const rows = messageRows(safe, 20, {}).map(textOfLine)
      demand(
        rows.every((row) => widthOf(row) <= 20),
        'a row wider than the pane',
      )
      const bare = (part: string): string => part.replace(/[\s*_|\\]/g, '')
      const isHiding = safe.includes('||')
      demand(isHiding || bare(rows.join('')) === bare(safe), 'a text that is not as it was written')
      demand(withoutSpoilers(withoutSpoilers(safe)) === withoutSpoilers(safe), 'a spoiler inside blocks')
    }),
    ofText('paste', 40, lines, (text) =>
      demand(!/[\0-\x09\x0b-\x1f\x7f-\x9f]/.test(cleanInput(text)), 'a control is left'),
    ),
    ofText('keys of a terminal', 20, keys, (text) => {
      let decoder = idleKeyDecoder
      let taken = 0
      for (let at = 0; at < text.length; at += 7) {
        const { decoder: next, inputs } = decodeKeys(decoder, text.slice(at, at + 7))
        decoder = next
        taken += inputs.length
      }
      demand(taken + flushKeys(decoder).inputs.length <= 2 * text.length, 'more keys than characters')
      demand(decoder.held.length <= 262_144 + 4096, 'holds back without a bound')
    }),
    {
      name: 'lines of a pipe',
      micros: 15,
      make: (chance) => mutateBytes(chance, [utf8('one\ntwo\r\nthree')]),
      async read(input) {
        const bytes = input as Bytes
        const source = async function* () {
          for (let at = 0; at < bytes.length; at += 5) yield bytes.subarray(at, at + 5)
        }
        for await (const { text } of readLines(source(), 100)) demand(utf8(text).length <= 100, 'a line too long')
      },
    },
    storedValue('incarnation', incarnationKey, [new Uint8Array(16), utf8('moved:ab,etcd://a:1')], (store) =>
      readIncarnation(store, (length) => new Uint8Array(length)),
    ),
    storedValue('directory entry', directoryKey('demo'), [valid], (store) =>
      new Directory({ store, clock: systemClock }).refresh(),
    ),
    {
      name: 'a flooded directory',
      micros: 4000,
      make: (chance) => concat(...Array.from({ length: 8 }, () => mutateBytes(chance, [valid]).slice(0, 400))),
      async read(input) {
        const [bytes, store] = [input as Bytes, new FaultyStore(new MemoryStore())]
        // Cut anywhere, into keys that sort anywhere.
        for (let at = 0; at < bytes.length; at += 37) {
          const key = concat(directoryKey(''), bytes.slice(at, at + 3), Uint8Array.of(at & 255))
          await store.commit({ then: [{ kind: 'put', key, value: at % 2 === 0 ? valid : bytes.slice(at) }] })
        }
        const directory = new Directory({ store, clock: systemClock })
        await directory.refresh()
        const { values } = store.read
        await directory.refresh()
        demand(store.read.values === values, 'read again')
        demand(directory.rooms.length <= bytes.length, 'more rooms than entries')
        return directory.rooms.length
      },
    },
  ]
  return targets.map((target) => (target.refuses ? target : { ...target, toPeople: true }))
}

function storedValue(
  name: string,
  key: Bytes,
  valid: readonly Bytes[],
  read: (store: MemoryStore) => Promise<unknown>,
): Target {
  return {
    name,
    micros: 40,
    make: (chance) => mutateBytes(chance, valid),
    async read(input) {
      const store = new MemoryStore()
      await store.commit({ then: [{ kind: 'put', key, value: input as Bytes }] })
      return read(store)
    },
  }
}

async function makeTickets(): Promise<readonly Ticket[]> {
  const authority = await createAuthority()
  const der = (pem: string): Bytes => new Uint8Array(new X509Certificate(pem).raw)
  const expires = Date.UTC(2030, 0, 1)
  const holder = await issueTicketIdentity(authority, 'enrol:00112233445566778899aabbccddeeff', expires)
  const base = {
    id: '00112233445566778899aabbccddeeff',
    clusterId: '0123456789abcdef',
    expires,
    endpoints: ['10.0.0.1:2379', '[fe80::1]:2379'],
    authority: der(authority.certificate),
    certificate: der(holder.certificate),
  }
  return [
    await sealTicketKey(newCode(), { kind: 'node', ...base, token: 't', wan: false }, holder.key),
    { kind: 'person', ...base, name: 'ada', scalar: scalarOf(holder.key) },
  ]
}

/** A forged ticket with a correct checksum. */
function ticketContents(tickets: readonly Ticket[]): Target {
  const contents = tickets.map((ticket) => {
    const whole = Buffer.from(encodeTicket(ticket).split('.')[1] as string, 'base64url')
    return { kind: ticket.kind, payload: new Uint8Array(whole.subarray(2, -6)) }
  })
  return {
    name: 'ticket, contents',
    micros: 150,
    make(chance) {
      const { kind, payload } = chance.pick(contents)
      const changed = chance.oneIn(2) ? mutateBytes(chance, [payload]) : encode(mutateValue(chance, decode(payload)))
      return sealedTicket(kind, changed)
    },
    read(input) {
      const ticket = decodeTicket(input as string)
      checkExpiry(ticket, 0)
      if (ticket.kind === 'person') return privateKeyOf(ticket.certificate, ticket.scalar)
      return new X509Certificate(ticket.authority).toString()
    },
  }
}

function sealedTicket(kind: Ticket['kind'], payload: Bytes): string {
  const sum = createHash('sha256')
    .update(utf8(`conclave ticket ${kind} 1\n`))
    .update(payload)
    .digest()
    .subarray(0, 6)
  const length = Uint8Array.of((payload.length >> 8) & 255, payload.length & 255)
  return `conclave-${kind}-1.${Buffer.concat([length, payload, sum]).toString('base64url')}`
}

function ticketRecord(ticket: Ticket): Target {
  const digest = ticketDigest(ticket)
  const valid: readonly Value[] = ['person', 'ada', ticket.certificate, digest, ticket.expires, '', '']
  return storedValue('record of a ticket', utf8(`tickets/${ticket.id}`), [encode(valid)], (store) =>
    claimTicket(store, ticket.id, { digest, claim: 'mine', serial: '' }, 0),
  )
}

/** What a machine asks of a node, and what a node answers. */
function enrolment(): readonly Target[] {
  const key = newKey()
  const publicKey = publicKeyOf(key)
  const id = '0'.repeat(32)
  const ask = encodeAsk(id, { what: 'enrol', digest: 'a'.repeat(64), publicKey }, key)
  const answer = { claim: 'a'.repeat(64), certificate: new Uint8Array(300), sealedKey: null, refusal: null }
  const holder = createPublicKey(key)
  return [
    {
      name: 'request for a certificate',
      micros: 400,
      make: (chance) => mutateBytes(chance, [ask]),
      read(input) {
        const read = decodeAsk(id, input as Bytes, holder)
        demand(read === undefined || equalBytes(input as Bytes, ask), 'a changed request is read')
      },
    },
    {
      name: 'certificate as an answer',
      micros: 40,
      make: (chance) => mutateBytes(chance, [encodeAnswer(answer)]),
      read: (input) => decodeAnswer(input as Bytes),
    },
  ]
}
