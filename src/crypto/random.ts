/** Where randomness enters: handed in, so that vectors can be made and protocol/ stays pure. */
import { getRandomValues } from 'node:crypto'
import type { Bytes } from '../base/bytes.ts'

export type Random = (length: number) => Bytes

export const systemRandom: Random = (length) => getRandomValues(new Uint8Array(length))
