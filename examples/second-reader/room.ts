/** §6 to §12 of docs/protocol.md: what the records make of a room, which rules void them, and what they say. */
import { attempt, bytes, decode, encode, hex, must, read, Refused, table } from './format.ts'
import { derive, hash, open, signed, suite, unpad, unwrap, type Bytes, type Fields, type Value } from './format.ts'

type Member = { index: number; name: string; root: string; wrap: string; first: string; admin: boolean }
type Room = ReturnType<typeof emptyRoom>
/** A valid control record, its author as he was before it, and the room right after it. */
type Mark = { i: number; hash: string; by: Member; room: Room }

const emptyRoom = () => ({
  version: 1,
  policy: ['', ''],
  openings: [] as ({ id: string; n: number; under: number } | undefined)[],
  nextIndex: 0,
  members: new Map<string, Member>(),
  invitations: new Map<string, { name: string; wrap: string; by: number }>(),
  knocks: new Set<string>(),
  departures: new Map<string, { n: number; how: string }>(),
})
const epochOf = (room: Room): number => Math.max(room.openings.length - 1, 0)
const admins = (room: Room): Member[] => [...room.members.values()].filter(({ admin }) => admin)

const knock = 'version:u room:b32 name:name root:bKey wrap:bWrap nonce:b16 head:b32 end:u last:b32 at:u signature:b64'
const payloads = table(
  'create name:name wrap:bWrap policy nonce:b32 roomName:room; topic topic:t512; leave; rotate; repair epoch:u; ' +
    'accept knock:b<4096; reject id:b32 root:bKey name:name; invite root:bKey wrap:bWrap name:name; kick root:bKey; ' +
    'promote root:bKey; demote root:bKey; rekey root:bKey wrap:bWrap proof:b64; ' +
    'policy acceptBy:members|admins listed:bool rotate:u3650 version:u',
)
/** An operation has some of these; an accept those of its knock. */
type Payload = Fields<typeof knock> & Fields<'policy knock:b id:b32 proof:b64 acceptBy:a epoch:u'>

/** Makes `room` what it is after the record. A guest is an author, and no member. */
function apply(roomId: Bytes, room: Room, chain: Mark[], c: Control, kind: string, p: Payload, author: Member) {
  const [root, wrap] = [hex(p.root ?? []), hex(p.wrap ?? [])]
  const [target, invitation] = [room.members.get(root), room.invitations.get(root)]
  const isPair = room.policy[0] === 'pair'
  const isMember = room.members.has(author.root)
  const mayAccept = isMember && (author.admin || room.policy[1] === 'members')
  const isEntry = (id: string, wrapped: boolean) => id.startsWith(hex(c.tag!)) && (c.wrap !== null) === wrapped
  const isNewKnock = (id: string) => room.knocks.size < room.knocks.add(id).size
  switch (kind) {
    case 'create':
      must(hash('conclave/1 room', 1, 1, bytes(author.root), p.wrap, p.policy, p.nonce) === hex(roomId), 'G2')
      const policy = read('kind:group|pair acceptBy:members|admins listed:bool rotate:u3650', p.policy)
      room.policy = Object.values(policy).map(String)
      return enter(room, author)
    case 'accept':
      const id = hash('conclave/1 knock id', p.knock)
      must(p.version === 1 && hex(p.room) === hex(roomId), 'A1')
      must(signed(p.root, 'conclave/1 knock', decode(p.knock) as Value[]), 'A1')
      must(isNewKnock(id) && isEntry(id, true), 'A2, A3')
      if (target) return must(isMember && target.wrap === wrap, 'A4')
      const isGuest = invitation !== undefined && author.root === root
      must(isGuest ? invitation.wrap === wrap : mayAccept, 'A5')
      mayEnter(room, root, wrap, author.admin || isGuest)
      const seen = chain.findIndex((mark) => mark.hash === hex(p.head))
      must(seen >= (room.departures.get(root)?.n ?? 0), 'A7')
      return enter(room, { index: room.nextIndex, name: p.name, root, wrap, first: root, admin: isPair })
    case 'reject':
      return must(mayAccept && isNewKnock(hex(p.id)) && isEntry(hex(p.id), false), 'J')
    case 'invite':
      must(mayAccept && !target && (author.admin || !invitation || invitation.by === author.index), 'I1, I3')
      must(isEntry(hash('conclave/1 invitation', roomId, p.root), true), 'I4')
      mayEnter(room, root, wrap, author.admin)
      return room.invitations.set(root, { name: p.name, wrap, by: author.index })
    case 'kick':
      must(author.admin && !isPair && root !== author.root && (target ?? invitation), 'K1, K2')
      return depart(room, root, c.n, 'kicked')
    case 'leave':
      return depart(room, author.root, c.n, 'left')
    case 'rotate':
      return must(author.admin, 'R1')
    case 'rekey':
      must(!target && !room.departures.has(root) && wrap !== author.wrap && isFree(room, wrap, author.root), 'Y1, Y2')
      must(signed(p.root, 'conclave/1 rekey', [roomId, bytes(author.root), p.root, p.wrap, p.proof]), 'Y3')
      room.members.delete(author.root)
      room.departures.set(author.root, { n: c.n, how: 'retired' })
      return enter(room, { ...author, root, wrap })
    case 'promote':
    case 'demote':
      must(author.admin && target?.admin === (kind === 'demote'), 'D1')
      must(!target.admin || admins(room).length > 1, 'D2')
      return room.members.set(root, { ...target, admin: !target.admin })
    case 'policy':
      must(author.admin && p.version >= room.version, 'V')
      return Object.assign(room, { version: p.version, policy: [room.policy[0], p.acceptBy] })
    case 'repair':
      const [link, under = p.epoch] = [c.links[0], room.openings[p.epoch]?.under]
      must(under < p.epoch && link && room.openings[p.epoch]?.id.endsWith(hex(link.of)) && link.to === under, 'F1')
  }
}

const isFree = (room: Room, wrap: string, owner: string) =>
  [...room.members, ...room.invitations].every(([root, other]) => root === owner || other.wrap !== wrap)

function mayEnter(room: Room, root: string, wrap: string, byAdmin: boolean): void {
  const how = room.departures.get(root)?.how
  must(how !== 'retired' && (how !== 'kicked' || byAdmin) && isFree(room, wrap, root), 'A6, A8')
  const others = new Set([...room.members.keys(), ...room.invitations.keys(), root]).size - 1
  const seats = room.policy[0] === 'pair' ? 2 : 4096
  must(others < seats && (seats > 2 || room.nextIndex < 2 || how), 'A9, A10')
}

function enter(room: Room, member: Member): void {
  room.members.set(member.root, member)
  room.invitations.delete(member.root)
  room.nextIndex = Math.max(room.nextIndex, member.index + 1)
}

function depart(room: Room, root: string, n: number, how: string): void {
  const gone = room.members.get(root)
  room.departures.set(root, { n, how })
  room.members.delete(root)
  for (const [key, { by }] of room.invitations) if (key === root || by === gone?.index) room.invitations.delete(key)
  const [heir] = [...room.members.values()].sort((a, b) => a.index - b.index)
  if (heir && admins(room).length === 0) room.members.set(heir.root, { ...heir, admin: true })
}

type Control = ReturnType<typeof parse>['control'] & object
const wrapShape = 'encapsulation:b1120 sealed:b48'
const entryShape = 'encapsulation:b1120 sealed:b80'
const outside =
  'version:u suite:u i:u n:u head:b32 headIndex:u previous:b32 epoch:u under:u confirm:?b32 links:[2 wraps:?b32'
const inside = 'previous:b32 author:bKey device:b8 counter:u seq:u head:b32 at:u messages:[64 signature:b64'
const contents = table(
  'text text:t+16384; emote text:t+16384; reply to:b16 text:t+16384; edit to:b16 text:t+16384; delete to:b16; ' +
    'react to:b16 emoji:t32 on:bool; file name:t255 mediaType:t127 bytes:u digest:b32 key:b32',
)

function parse(record: Bytes) {
  const whole = record.length > 65_536 ? [] : decode(record)
  const [kind, ...fields] = Array.isArray(whole) ? whole : []
  if (kind === 1) return { message: read('version:u suite:u epoch:u nonce:b12 sealed:b<65536', fields) }
  const c = read(`${outside} entry nonce:b12 sealed:b<65536`, fields)
  const { tag, wrap } = c.entry === null ? { tag: null, wrap: null } : read('tag:b16 wrap', c.entry)
  const entry = { tag, wrap: wrap === null ? null : read(entryShape, wrap) }
  const links = c.links.map((link) => read('of:b32 to:u nonce:b12 sealed:b80', link))
  const id = [c.epoch, hex(c.head), c.confirm && hex(c.confirm)].join()
  must(kind === 2, 'C1')
  return { control: { ...c, ...entry, links, id, clear: fields.slice(0, 13) } }
}
const rowsOf = (page: Bytes) =>
  attempt(() => (decode(page) as Value[]).map((row) => read(`index:u ${wrapShape}`, row))) ?? []

const isNamed = (roomId: Bytes, { n, head, epoch, confirm, wraps }: Control): boolean =>
  wraps !== null && hex(wraps) === hash('conclave/1 wraps', roomId, n, head, epoch, confirm)

/** §12, but that all rows of a page are tried instead of finding one's own: the keys of the epochs that open, by use. */
export async function gather(roomId: Bytes, log: Bytes[], pages: (wraps: Bytes) => Bytes[], seeds: Bytes[]) {
  const own = await Promise.all(seeds.map((seed) => suite.DeriveKeyPair(seed, true)))
  const secrets = new Map<string, (use: string) => Buffer>()
  const controls = log.flatMap((record) => attempt(() => parse(record))?.control ?? [])
  const openings = controls.filter(({ confirm }) => confirm !== null).sort((a, b) => b.epoch - a.epoch)
  const claimed = new Set(openings.map(({ id }) => id))
  const keep = (epoch: number, secret: Bytes, before: Bytes) => {
    const keys = (use: string) => derive(secret, `conclave/1 epoch ${use}`, roomId, epoch, before)
    const id = [epoch, hex(before), hex(keys('confirm'))].join()
    if (claimed.has(id)) secrets.set(id, keys)
  }
  const tryWrap = async ({ n, head, epoch }: Control, { encapsulation, sealed }: Control['wrap'] & object) => {
    for (const { publicKey, privateKey } of own) {
      const key = await suite.SerializePublicKey(publicKey)
      const info = encode(['conclave/1 wrap', roomId, n, head, epoch, key])
      const secret = await unwrap(privateKey, encapsulation, info, sealed)
      if (secret) keep(epoch, secret.subarray(0, 32), secret.length === 64 ? secret.subarray(32) : head)
    }
  }
  for (const c of controls) if (c.wrap) await tryWrap(c, c.wrap)
  for (const c of openings) {
    const rows = c.wraps && isNamed(roomId, c) && !secrets.has(c.id) ? pages(c.wraps).flatMap(rowsOf) : []
    for (const row of rows) await tryWrap(c, row)
    const keys = secrets.get(c.id)
    for (const { of, to, nonce, sealed } of controls.flatMap(({ links }) => links)) {
      const isHere = keys && hex(of) === hex(c.confirm!) && to < c.epoch
      const seed = isHere && open(keys('link'), nonce, [roomId, of, to], sealed)
      if (seed) keep(to, seed.slice(0, 32), seed.slice(32))
    }
  }
  return secrets
}

/** A verdict for each record, what is shown of them, and the valid control records with the room after each. */
export function judge(roomId: Bytes, log: Bytes[], secrets: Awaited<ReturnType<typeof gather>>) {
  const hashes = ['00'.repeat(32), ...log.map((record) => hash('conclave/1 record', record))]
  let chain: Mark[] = []
  const shown = new Set<string>()
  const lines: object[] = []
  const keysOf = (id = '') => {
    must(secrets.has(id), 'locked')
    return secrets.get(id)!
  }

  function control(c: Control, i: number): void {
    must(i === 0 || chain.length > 0, 'locked')
    must(c.suite === 1 && c.i === i && hex(c.previous) === hashes[i], 'C2')
    const now = chain.at(-1)?.room ?? emptyRoom()
    const o = chain[c.n - 1] ?? { i: 0, hash: hashes[0], by: undefined, room: now }
    const follows = hex(c.head) === o.hash && c.headIndex === o.i
    const isNext = follows && c.n === chain.length && c.under === epochOf(now)
    const left = now.openings[epochOf(o.room)]
    const isWayOut = follows && !isNext && c.n > 1 && left?.n === c.n - 1 && left.under === c.under
    if (!isNext && !isWayOut && i > 0) keysOf(now.openings.at(-1)?.id)
    must(isNext || isWayOut, 'C4, W1')
    must(c.version === 1 && now.version === 1 && (i > 0 || (c.confirm && c.epoch === 0)), 'C3, G1')
    const keys = keysOf(i === 0 ? c.id : now.openings[c.under]?.id)
    const fields = decode(unpad(open(keys('body'), c.nonce, [roomId, ...c.clear], c.sealed))) as Value[]
    const { operation, ...act } = read('operation:t16 author:bKey payload at:u seq:u signature:b64', fields)
    must(signed(act.author, 'conclave/1 control', [roomId, ...c.clear, ...fields]), 'C6')
    const opens = /^(create|kick|rotate|rekey)$/.test(operation)
    const isBack = c.links.every(({ of, to }) => c.confirm && hex(of) === hex(c.confirm) && to === c.under) || !opens
    must(c.links.length === (operation === 'repair' || (opens && i > 0) ? 1 : 0) && isBack, 'C8')
    must((c.confirm !== null) === opens && (c.wraps !== null) === opens && (!opens || isNamed(roomId, c)), 'C8')
    must((c.tag !== null) === /^(accept|reject|invite)$/.test(operation), 'C8')
    must(payloads.has(operation) && (operation === 'create') === (i === 0), '§8, G2, G3')
    const given = read(payloads.get(operation) as 'knock:b', act.payload)
    const payload = (operation === 'accept' ? { ...given, ...read(knock, decode(given.knock)) } : given) as Payload
    const root = hex(act.author)
    const came = i === 0 ? { name: payload.name, wrap: hex(payload.wrap ?? []) } : now.invitations.get(root)
    const guest = came && { ...came, index: now.nextIndex, root, first: root, admin: i === 0 }
    const author = now.members.get(root) ?? (i === 0 || operation === 'accept' ? guest : undefined)
    must(author, 'C7')
    const room = structuredClone(isWayOut ? o.room : now)
    const then = room.members.get(root) ?? author
    if (isWayOut) {
      const undone = chain.slice(c.n).filter(({ by }) => by.admin && by.index !== author.index)
      must(author.admin && then.admin && room.members.has(root) && /^(kick|rotate)$/.test(operation), 'W2, W3, W4')
      must(undone.length === 0 && (then.index !== o.by?.index || admins(room).length === 1), 'W5, W6')
      room.openings[epochOf(room)] = undefined
    }
    apply(roomId, room, chain, c, operation, payload, then)
    must(c.epoch === (opens ? room.openings.length : epochOf(room)), 'C8')
    if (opens) room.openings.push({ id: c.id, n: c.n, under: c.under })
    chain = [...chain.slice(0, c.n), { i, hash: hashes[i + 1]!, by: author, room }]
    lines.push({ i, at: timeOf(act.at), type: 'admin', event: operation, by: author.name })
  }

  function message(outer: ReturnType<typeof parse>['message'] & object, i: number): void {
    const head = chain.at(-1)
    must(head, 'locked')
    const epoch = epochOf(head.room)
    must(outer.version === 1 && outer.suite === 1 && head.room.version === 1 && outer.epoch >= epoch, 'M1, M2')
    const keys = keysOf(head.room.openings[epoch]?.id)
    const about = [1, 1, roomId, epoch, i]
    const fields = decode(unpad(open(keys('message'), outer.nonce, about, outer.sealed))) as Value[]
    const { messages, ...m } = read(inside, fields)
    const author = head.room.members.get(hex(m.author))
    must(outer.epoch === epoch && author && hex(m.head) === head.hash && hex(m.previous) === hashes[i], 'M2, M4 to M6')
    must(signed(m.author, 'conclave/1 message', [...about, ...fields]), 'M7')
    must(messages.length > 0 && m.counter < 2 ** 53 - 64, '§7.1')
    for (const [k, content] of messages.map(contentOf).entries()) {
      const id = hash('conclave/1 message id', roomId, bytes(author.first), m.device, m.counter + k).slice(0, 32)
      const seq = shown.size + 1
      if (shown.add(id).size === seq) lines.push({ i, seq, id, at: timeOf(m.at), from: author.name, ...content })
    }
  }

  const verdicts = log.map((record, i) => {
    try {
      const parsed = parse(record)
      if (parsed.control) control(parsed.control, i)
      else message(parsed.message, i)
      return 'valid'
    } catch (error) {
      if (error instanceof Refused) return error.message === 'locked' ? 'locked' : 'void'
      throw error
    }
  })
  return { verdicts, lines, chain }
}

const timeOf = (ms: number): string => new Date(Math.min(ms, 8.64e15)).toISOString()
function contentOf(value: Value): object {
  const [type, ...fields] = Array.isArray(value) ? value : []
  must(typeof type === 'string' && Buffer.byteLength(type) <= 16, 'M8')
  if (!contents.has(type)) return { type: 'unknown', name: type }
  const { to, digest: _d, key: _k, ...said } = read(contents.get(type) as 'to:b16 digest:b32 key:b32', fields)
  return { type, ...said, ...(to && { to: hex(to) }) }
}
