/**
 * One suite for every store behind the port (src/store/store.ts). Cases assert order and counts, never milliseconds.
 * What only some stores can do stands behind their declared capabilities.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest'
import type { Store } from '../../src/store/store.ts'
import { leaseCases } from './lease-cases.ts'
import { modelCases } from './model-cases.ts'
import { Place } from './place.ts'
import type { Home, Subject } from './place.ts'
import { processCases } from './process-cases.ts'
import { rangeCases } from './range-cases.ts'
import { refusalCases } from './refusal-cases.ts'
import type { Target } from './target.ts'
import { transactionCases } from './transaction-cases.ts'
import { waitingCases } from './waiting-cases.ts'
import { watchCases } from './watch-cases.ts'

/** The running case's surroundings; the fields are set again before each case. */
export interface Context {
  place: Place
  home: Home & { readonly target?: Target }
  /** A further handle on the same data, closed after the case. */
  another(): Promise<Store>
}

export function storeConformance(name: string, subject: Subject): void {
  describe(`the store port: ${name}`, () => {
    const handles: Store[] = []
    const context = {
      another: async () => {
        const store = await context.home.open()
        handles.push(store)
        return store
      },
    } as Context

    beforeAll(async () => {
      context.home = await subject.open()
    })
    beforeEach(async () => {
      context.place = new Place(await context.another())
    })
    afterEach(async () => {
      for (const store of handles.splice(0)) await store.close()
    })
    afterAll(async () => {
      await context.home?.end()
    })

    rangeCases(context)
    transactionCases(context)
    refusalCases(context)
    watchCases(context)
    leaseCases(context)
    modelCases(context)
    waitingCases(context, subject.capabilities.multiProcess)
    if (subject.capabilities.multiProcess) processCases(context, subject.capabilities)
  })
}
