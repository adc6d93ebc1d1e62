/** The identities of a home, one by one, and their copies in the store. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  examineCopy,
  examineHome,
  type CopyExamination,
  type HomeExamination,
} from '../../chat/identity/examination.ts'
import type { Store } from '../../store/store.ts'
import { bytes } from '../bytes.ts'
import { HomeFolder } from '../../client/home-folder.ts'
import { isoTime } from '../item-json.ts'
import { patiently } from './examine-store.ts'
import { failure, fine, problem, warning, type Finding } from './finding.ts'

/** @param store absent: it could not be opened */
export async function examineIdentities(
  home: string,
  store: Store | undefined,
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
        findings.push(...aboutCopy(found.name, await patiently(examineCopy(own, store, found, signal), signal)))
      } finally {
        await own.close()
      }
    } catch (error) {
      signal.throwIfAborted()
      findings.push(failure('identity', error))
    }
  }
  if (findings.length > 0) return findings
  const todo = 'conclave signup NAME makes one; conclave login NAME fetches yours from another machine.'
  return [{ ...fine('identity', 'none in this home yet'), todo }]
}

function about(found: HomeExamination, size: number): readonly Finding[] {
  const { name, fingerprint, rooms, waiting, lastUsedAt, changing } = found
  if (fingerprint === undefined) {
    const todo = `conclave login ${name}, with the passphrase that was shown, or conclave signup ${name} again.`
    return [warning('identity', `the sign-up of ${name} was cut off`, todo, { name })]
  }
  const records = rooms.reduce((sum, room) => sum + room.records, 0)
  const copies = `copies of ${rooms.length} rooms with ${records} records, ${bytes(size)}`
  const last = isoTime(lastUsedAt)
  const facts = { name, fingerprint, lastUsedAt: last, bytes: size, rooms: [...rooms], waiting }
  const what = `${name}  ${fingerprint}\n${copies}, last used ${last.slice(0, 16).replace('T', ' ')} UTC`
  const findings: Finding[] = [fine('identity', what, facts)]
  if (waiting > 0) {
    const todo = 'They go out when you next use their rooms and the store answers.'
    findings.push(warning('identity', `${waiting} messages of ${name} wait to be sent`, todo, { name, waiting }))
  }
  if (changing) {
    const text = `a change of ${name}'s password has not reached the store yet`
    findings.push(warning('identity', text, `Any command as ${name} brings it there.`, { name }))
  }
  return findings
}

function aboutCopy(name: string, copy: CopyExamination): readonly Finding[] {
  const facts = { name, copy }
  const anew = `conclave --as ${name} passwd makes a new one.`
  switch (copy) {
    case 'there':
      return []
    case 'missing':
      return [
        problem(
          'identity',
          'no-such-user',
          `the store has no copy of ${name}'s keys: no other machine can log in`,
          anew,
          facts,
        ),
      ]
    case 'damaged':
      return [problem('identity', 'tampering', `the store's copy of ${name}'s keys is none`, anew, facts)]
    case 'older': {
      const what = `the store's copy of ${name}'s keys is older than one that was there: it was restored, or tampered with`
      return [
        problem(
          'identity',
          'tampering',
          what,
          `Ask whoever runs the store. Any command as ${name} mends the copy.`,
          facts,
        ),
      ]
    }
    case 'another-store': {
      const what = `${name} is not registered in this store with these keys`
      return [
        problem(
          'identity',
          'no-such-user',
          what,
          'Use the store in which you signed up: --store, or config.json of the home.',
          facts,
        ),
      ]
    }
  }
}
