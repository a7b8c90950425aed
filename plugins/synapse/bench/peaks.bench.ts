import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { inlineCompute, randomChunk, temporaryFolder } from '@chunkflow/sdk/testing'
import { type Bench, pythonSeconds } from '../../../test/bench/measure.js'
import { findPeaks } from '../src/kernels/peaks.js'

const SIZE = [48, 256, 256] as const

const SCIPY = `
import json, sys, time
import numpy as np
from scipy.ndimage import maximum_filter
v = np.fromfile(sys.argv[1], 'f4').reshape(${SIZE.join(', ')})
wall, cpu = time.perf_counter(), time.process_time()
p = np.maximum(v - v.mean(), 0); p /= p.max()
np.argwhere((v == maximum_filter(v, 31)) & (p > 0.3))
print(json.dumps({'wall': time.perf_counter() - wall, 'cpu': time.process_time() - cpu}))`

/** Points with the default distance against SciPy's maximum filter, which alone gives their candidates. */
export default async function bench({ ratio }: Bench): Promise<void> {
  const { path: folder, remove } = temporaryFolder()
  try {
    const map = randomChunk(SIZE, { dtype: 'float32' })
    const file = path.join(folder, 'map')
    writeFileSync(file, Buffer.from(map.data.buffer))
    await ratio(
      'peaks of a map / SciPy (maximum_filter)',
      async () =>
        void (await findPeaks(map, { minDistance: 15, thresholdRel: 0.3 }, { compute: inlineCompute() })),
      () => pythonSeconds(SCIPY, file),
      { target: 0.3 },
    )
  } finally {
    remove()
  }
}
