/** Lets an example that imports 'conclave' find this checkout's build. */
import { registerHooks } from 'node:module'

const built = new URL('../../dist/index.js', import.meta.url).href

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'conclave' ? { url: built, shortCircuit: true } : next(specifier, context),
})
