/**
 * ML-KEM-768's encapsulation as FIPS 203 says it, from coins that are handed in: Node's own draws them, so what it makes
 * can't be made again. Slow, and nothing in it is kept from timing: for test vectors. The names are those of FIPS 203.
 */
import { createHash } from 'node:crypto'
import { concat, type Bytes } from '../../src/base/bytes.ts'

const q = 3329
const n = 256
const k = 3
const [du, dv] = [10, 4]

type Polynomial = Uint16Array

/** ML-KEM.Encaps_internal (algorithm 17): `coins` is m, 32 bytes. */
export function encapsulateByHand(
  ek: Uint8Array,
  coins: Uint8Array,
): { readonly shared: Bytes; readonly ciphertext: Bytes } {
  const g = digest('sha3-512', concat(coins, digest('sha3-256', ek)))
  return { shared: g.slice(0, 32), ciphertext: encrypt(ek, coins, g.subarray(32)) }
}

/** K-PKE.Encrypt (algorithm 14). */
function encrypt(ek: Uint8Array, m: Uint8Array, r: Uint8Array): Bytes {
  const rows = Array.from({ length: k }, (_, i) => i)
  const t = rows.map((i) => Uint16Array.from(unpack(ek.subarray(384 * i, 384 * (i + 1)), 12)))
  const rho = ek.subarray(384 * k)
  const y = rows.map((i) => ntt(noise(r, i)))
  const e1 = rows.map((i) => noise(r, k + i))
  const e2 = noise(r, 2 * k)
  const u = rows.map((i) => {
    const products = rows.map((j) => multiply(sample(rho, j, i), y[j] as Polynomial))
    return add(inverseNtt(products.reduce(add)), e1[i] as Polynomial)
  })
  const mu = Uint16Array.from(unpack(m, 1), (bit) => bit * ((q + 1) >> 1))
  const v = add(add(inverseNtt(rows.map((i) => multiply(t[i] as Polynomial, y[i] as Polynomial)).reduce(add)), e2), mu)
  return concat(...u.map((p) => pack(compress(p, du), du)), pack(compress(v, dv), dv))
}

/** SampleNTT (algorithm 7): one entry of the matrix A, from rho, its column and its row. */
function sample(rho: Uint8Array, row: number, column: number): Polynomial {
  // A_ij comes from rho ‖ j ‖ i; what is multiplied here is the transposed matrix.
  const stream = xof('shake128', concat(rho, Uint8Array.of(column, row)), 1344)
  const a = new Uint16Array(n)
  let filled = 0
  for (let at = 0; filled < n; at += 3) {
    const [b0, b1, b2] = stream.subarray(at, at + 3) as Iterable<number> as [number, number, number]
    const candidates = [b0 + 256 * (b1 % 16), (b1 >> 4) + 16 * b2]
    for (const d of candidates) if (d < q && filled < n) a[filled++] = d
  }
  return a
}

/** SamplePolyCBD with eta 2 (algorithm 8) of PRF(r, b). */
function noise(r: Uint8Array, b: number): Polynomial {
  const bits = unpack(xof('shake256', concat(r, Uint8Array.of(b)), 128), 1)
  const bit = (at: number) => bits[at] as number
  return Uint16Array.from(
    { length: n },
    (_, i) => (bit(4 * i) + bit(4 * i + 1) - bit(4 * i + 2) - bit(4 * i + 3) + q) % q,
  )
}

const zetas = Array.from({ length: 128 }, (_, i) => power(17, reversed(i)))

/** Algorithm 9. */
function ntt(f: Polynomial): Polynomial {
  let i = 1
  for (let length = 128; length >= 2; length /= 2) {
    for (let start = 0; start < n; start += 2 * length) {
      const zeta = zetas[i++] as number
      for (let j = start; j < start + length; j += 1) {
        const t = (zeta * (f[j + length] as number)) % q
        const low = f[j] as number
        f[j + length] = (low - t + q) % q
        f[j] = (low + t) % q
      }
    }
  }
  return f
}

/** Algorithm 10. */
function inverseNtt(f: Polynomial): Polynomial {
  let i = 127
  for (let length = 2; length <= 128; length *= 2) {
    for (let start = 0; start < n; start += 2 * length) {
      const zeta = zetas[i--] as number
      for (let j = start; j < start + length; j += 1) {
        const [low, high] = [f[j] as number, f[j + length] as number]
        f[j] = (low + high) % q
        f[j + length] = (zeta * (high - low + q)) % q
      }
    }
  }
  return f.map((value) => (value * 3303) % q)
}

/** MultiplyNTTs (algorithms 11 and 12). */
function multiply(f: Polynomial, g: Polynomial): Polynomial {
  const h = new Uint16Array(n)
  for (let i = 0; i < n / 2; i += 1) {
    const gamma = power(17, 2 * reversed(i) + 1)
    const [a0, a1, b0, b1] = [f[2 * i], f[2 * i + 1], g[2 * i], g[2 * i + 1]] as [number, number, number, number]
    h[2 * i] = (a0 * b0 + ((a1 * b1) % q) * gamma) % q
    h[2 * i + 1] = (a0 * b1 + a1 * b0) % q
  }
  return h
}

function add(f: Polynomial, g: Polynomial): Polynomial {
  return f.map((value, i) => (value + (g[i] as number)) % q)
}

function compress(f: Polynomial, d: number): number[] {
  return [...f].map((value) => Math.floor((value * 2 ** d + (q >> 1)) / q) % 2 ** d)
}

/** ByteEncode (algorithm 5): d bits a number, the lowest first. */
function pack(values: readonly number[], d: number): Bytes {
  const bytes = new Uint8Array((values.length * d) / 8)
  values.forEach((value, i) => {
    for (let b = 0; b < d; b += 1) {
      const at = i * d + b
      bytes[at >> 3] = (bytes[at >> 3] as number) | (((value >> b) & 1) << (at & 7))
    }
  })
  return bytes
}

/** ByteDecode (algorithm 6). */
function unpack(bytes: Uint8Array, d: number): number[] {
  return Array.from({ length: (bytes.length * 8) / d }, (_, i) => {
    let value = 0
    for (let b = 0; b < d; b += 1) {
      const at = i * d + b
      value += (((bytes[at >> 3] as number) >> (at & 7)) & 1) << b
    }
    return value
  })
}

function reversed(i: number): number {
  let value = 0
  for (let b = 0; b < 7; b += 1) value += ((i >> b) & 1) << (6 - b)
  return value
}

function power(base: number, exponent: number): number {
  let value = 1
  for (let e = 0; e < exponent; e += 1) value = (value * base) % q
  return value
}

function digest(algorithm: string, data: Uint8Array): Bytes {
  return new Uint8Array(createHash(algorithm).update(data).digest())
}

function xof(algorithm: string, data: Uint8Array, outputLength: number): Bytes {
  return new Uint8Array(createHash(algorithm, { outputLength }).update(data).digest())
}
