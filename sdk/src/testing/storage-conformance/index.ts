import type { Storage } from '../../contracts/storage.js'
import { READING_CASES } from './reading.js'
import type { StorageAbility, StorageConformanceCase, StorageUnderTest } from './support.js'
import { WRITING_CASES } from './writing.js'

export * from './faults.js'
export type { StorageAbility, StorageConformanceCase, StorageUnderTest } from './support.js'

export interface StorageConformanceSettings {
  readonly without?: readonly StorageAbility[]
}

/**
 * What a storage promises (see the contract STORAGE), as cases for any test runner: for drivers of this repository and
 * of others.
 * @param open a storage with nothing in it, a new one at every call
 */
export function storageConformance(
  open: () => Promise<Storage | StorageUnderTest> | Storage | StorageUnderTest,
  { without = [] }: StorageConformanceSettings = {},
): readonly StorageConformanceCase[] {
  return [...READING_CASES, ...WRITING_CASES]
    .filter(
      ({ needs = [], lacks }) =>
        needs.every((ability) => !without.includes(ability)) &&
        (lacks === undefined || without.includes(lacks)),
    )
    .map(({ name, check }) => ({
      name,
      run: async () => {
        const opened = await open()
        await check('storage' in opened ? opened : { storage: opened, writer: opened })
      },
    }))
}
