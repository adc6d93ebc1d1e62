/**
 * Tests preload this: argon2 with the least memory and one pass, whatever it is asked for. What vaults record and which
 * bounds are enforced stays as it is. All processes that share a home have to load it; test/crypto runs the real one.
 */
const crypto = require('node:crypto')
const { syncBuiltinESMExports } = require('node:module')

const { argon2 } = crypto
crypto.argon2 = (algorithm, parameters, done) =>
  argon2(algorithm, { ...parameters, memory: 8 * parameters.parallelism, passes: 1 }, done)
syncBuiltinESMExports()
