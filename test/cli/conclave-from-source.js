/** Lets an example that imports 'conclave' run on the sources instead of a build. */
import { registerHooks } from 'node:module'

const source = new URL('../../src/index.ts', import.meta.url).href

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'conclave' ? { url: source, shortCircuit: true } : next(specifier, context),
})
