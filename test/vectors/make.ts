/**
 * Makes the vectors of the room protocol: `node test/vectors/make.ts` writes test/vectors/protocol/. The same comes out
 * each time; what differs from what is committed is a change of the protocol, or a mistake.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { determinate } from './determinate.ts'
import { edgeVectors } from './edges.ts'
import { encodingVectors } from './encodings.ts'
import { ruleVectors } from './rules.ts'

export const fileOf = (name: string): string => fileURLToPath(new URL(`protocol/${name}.json`, import.meta.url))

/** By their files' names. */
export function makeVectors() {
  return determinate(async () => ({
    encodings: await encodingVectors(),
    edges: await edgeVectors(),
    rules: await ruleVectors(),
  }))
}

export const textOf = (vectors: object): string => `${JSON.stringify(vectors, null, 1)}\n`

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const [name, vectors] of Object.entries(await makeVectors())) {
    mkdirSync(dirname(fileOf(name)), { recursive: true })
    writeFileSync(fileOf(name), textOf(vectors))
  }
}
