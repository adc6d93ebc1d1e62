/** The identities of a home, one by one, and their copies in the store. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ErrorCode } from '../../base/errors.ts'
import {
  examineCopy,
  examineHome,
  type CopyExamination,
  type HomeExamination,
} from '../../chat/identity/examination.ts'
import type { Store } from '../../store/store.ts'
import { count } from '../../chat/wording.ts'
import { bytes } from '../output/format.ts'
import { HomeFolder } from '../../client/home-folder.ts'
import { isoTime } from '../output/item-json.ts'
import { patiently } from './examine-store.ts'
import { failure, fine, problem, warning, type Finding } from './finding.ts'

/** @param store undefined if it could not be opened */
export async function examineIdentities(
  home: string,
  store: Store | undefined,
  patienceMs: number,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const folder = new HomeFolder(home)
  const findings: Finding[] = []
  for (const file of (await folder.names()).toSorted()) {
    try {
      const own = await folder.open(file)
      try {
        const found = await examineHome(own)
        if (found === undefined) continue
        const size = await stat(join(home, 'identities', `${file}.db`)).then((one) => one.size)
        findings.push(...about(found, size))
        if (store === undefined || found.fingerprint === undefined) continue
        const copy = await patiently(examineCopy(own, store, found, signal), patienceMs, signal)
        findings.push(...aboutCopy(found.name, copy))
      } finally {
        await own.close()
      }
    } catch (error) {
      signal.throwIfAborted()
      findings.push(failure('identity', error))
    }
  }
  if (findings.length > 0) return findings
  const todo = 'conclave signup NAME creates one; conclave login NAME fetches yours from another machine.'
  return [{ ...fine('identity', 'No identity in this home yet'), todo }]
}

function about(found: HomeExamination, size: number): readonly Finding[] {
  const { name, fingerprint, rooms, waiting, lastUsedAt, changing } = found
  if (fingerprint === undefined) {
    const todo = `Run conclave login ${name} with the passphrase that was shown, or conclave signup ${name} again.`
    return [warning('identity', `The sign-up of ${name} was interrupted`, todo, { name })]
  }
  const records = rooms.reduce((sum, room) => sum + room.records, 0)
  const copies = `${count(rooms.length, 'room')} with ${count(records, 'record')}, ${bytes(size)}`
  const last = isoTime(lastUsedAt)
  const facts = { name, fingerprint, lastUsedAt: last, bytes: size, rooms: [...rooms], waiting }
  const what = `${name}  ${fingerprint}\n${copies}, last used ${last.slice(0, 16).replace('T', ' ')} UTC`
  const findings: Finding[] = [fine('identity', what, facts)]
  if (waiting > 0) {
    const todo = 'They are sent when you next use their rooms and the store is reachable.'
    findings.push(warning('identity', `${count(waiting, 'message')} of ${name} not sent yet`, todo, { name, waiting }))
  }
  if (changing) {
    const text = `A change of ${name}'s passphrase has not reached the store yet`
    findings.push(warning('identity', text, `Any command as ${name} completes it.`, { name }))
  }
  return findings
}

/** What is wrong with the copy in the store, and what to do; `there`: nothing. */
function aboutCopy(name: string, copy: CopyExamination): readonly Finding[] {
  const renewal = `conclave --as ${name} passwd makes a new copy.`
  const wrong: Readonly<Record<Exclude<CopyExamination, 'there'>, readonly [ErrorCode, what: string, todo: string]>> = {
    missing: ['no-such-user', `The store has no copy of ${name}'s keys: no other machine can log in`, renewal],
    damaged: ['tampering', `The store's copy of ${name}'s keys is damaged`, renewal],
    older: [
      'tampering',
      `The store's copy of ${name}'s keys is older than before: it was restored, or tampered with`,
      `Ask the people who run the store. Any command as ${name} updates the copy.`,
    ],
    'another-store': [
      'no-such-user',
      `${name} is not registered in this store with these keys`,
      'Use the store where you signed up: with --store, or in config.json of the home.',
    ],
  }
  if (copy === 'there') return []
  const [code, what, todo] = wrong[copy]
  return [problem('identity', code, what, todo, { name, copy })]
}
