import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { allocate } from '@chunkflow/sdk'
import { labelComponents } from '@chunkflow/sdk/numerics'
import { inlineCompute, temporaryFolder } from '@chunkflow/sdk/testing'
import { type Bench, pythonSeconds } from '../../test/bench/measure.js'
import { mirroredImage } from '../../test/bench/sample-image.js'

const SIZE = [128, 512, 512] as const

/** Bright voxels of the electron-microscopy sample: what a threshold leaves of a real image. */
async function brightVoxels(): Promise<Uint8Array> {
  const voxels = await mirroredImage(SIZE)
  for (let index = 0; index < voxels.length; index++) voxels[index] = voxels[index]! > 128 ? 1 : 0
  return voxels
}

const SCIPY = `
import json, sys, time
import numpy as np
from scipy import ndimage
mask = np.fromfile(sys.argv[1], 'u1').reshape(128, 512, 512)
structure = ndimage.generate_binary_structure(3, int(sys.argv[2]))
output = np.ones(mask.shape, 'i4') if sys.argv[3] == 'given' else None
wall, cpu = time.perf_counter(), time.process_time()
ndimage.label(mask, structure, output)
print(json.dumps({'wall': time.perf_counter() - wall, 'cpu': time.process_time() - cpu}))`

/**
 * Connected components of a binary volume against scipy.ndimage.label, with labels in memory that both are given and in
 * new memory, whose first touch NumPy does by pages of 2 MiB and Node by pages of 4 KiB.
 */
export default async function bench({ ratio }: Bench): Promise<void> {
  const { path: folder, remove } = temporaryFolder()
  try {
    const mask = await brightVoxels()
    const file = path.join(folder, 'mask.u1')
    writeFileSync(file, mask)
    const compute = inlineCompute()
    const given = (allocate('uint32', mask.length) as Uint32Array).fill(1)
    for (const [connectivity, rank] of [
      [6, 1],
      [26, 3],
    ] as const)
      for (const memory of ['given', 'new'] as const)
        await ratio(
          `components, ${connectivity} neighbours, ${memory} memory / scipy.ndimage.label`,
          async () => {
            const options = memory === 'given' ? { into: given } : {}
            await labelComponents(mask, 'uint8', SIZE, connectivity, { compute }, options)
          },
          () => pythonSeconds(SCIPY, file, String(rank), memory),
          { target: 0.25 },
        )
  } finally {
    remove()
  }
}
