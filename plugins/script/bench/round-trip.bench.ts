import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { allocate, type PythonArray } from '@chunkflow/sdk'
import { SYSTEM_PYTHON, temporaryFolder } from '@chunkflow/sdk/testing'
import type { Bench } from '../../../test/bench/measure.js'
import { createPython } from '../src/python-worker/service.js'

const SIZE = 256
const ROUNDS = 10

/** Voxels to a Python function and back, against two plain copies of the bytes. The ratio is of wall time: a rate of 0.25 is 4. */
export default async function bench({ ratio }: Bench): Promise<void> {
  const { path: folder, remove } = temporaryFolder()
  const script = path.join(folder, 'same.py')
  writeFileSync(script, 'def same(array): return array\n')
  const quiet = (): void => {}
  const python = createPython({
    python: new URL('../src/python', import.meta.url),
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet, result: quiet },
    environment: process.env,
  })
  const session = await python.start({
    script: pathToFileURL(script),
    label: 'bench',
    executable: SYSTEM_PYTHON,
  })
  const data = allocate('uint8', SIZE ** 3).fill(7 as never)
  const array: PythonArray = { dtype: 'uint8', shape: [SIZE, SIZE, SIZE], data }
  const [there, back] = [allocate('uint8', SIZE ** 3), allocate('uint8', SIZE ** 3)] as [
    Uint8Array,
    Uint8Array,
  ]
  const rounds = (work: () => Promise<unknown> | unknown) => async (): Promise<void> => {
    for (let round = 0; round < ROUNDS; round++) await work()
  }
  const copyTo = (target: Uint8Array): void => {
    there.set(data as Uint8Array)
    target.set(there)
  }
  await ratio(
    `script: ${SIZE}^3 bytes through Python, into given memory`,
    rounds(() => session.call('same', [array], { into: [back] })),
    rounds(() => copyTo(back)),
    { runs: 9, target: 4 },
  )
  // touching new memory costs more than copying: both sides do
  await ratio(
    `script: ${SIZE}^3 bytes through Python, into new memory`,
    rounds(() => session.call('same', [array])),
    rounds(() => copyTo(allocate('uint8', SIZE ** 3) as Uint8Array)),
    { runs: 9, target: 4 },
  )
  await python.dispose()
  remove()
}
