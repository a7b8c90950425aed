import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { allocate } from '@chunkflow/sdk'
import { labelComponents } from '@chunkflow/sdk/numerics'
import { inlineCompute, SYSTEM_PYTHON, temporaryFolder } from '@chunkflow/sdk/testing'
import type { Bench, Seconds } from '../../test/bench/measure.js'
import { mirroredImage } from '../../test/bench/sample-image.js'

const SIZE = [128, 512, 512] as const

/** Bright voxels of the electron-microscopy sample: what a threshold leaves of a real image. */
async function brightVoxels(): Promise<Uint8Array> {
  const voxels = await mirroredImage(SIZE)
  for (let index = 0; index < voxels.length; index++) voxels[index] = voxels[index]! > 128 ? 1 : 0
  return voxels
}

/** Labels the mask anew for every line "rank memory" of its input. */
const SCIPY = `
import json, sys, time
import numpy as np
from scipy import ndimage
mask = np.fromfile(sys.argv[1], 'u1').reshape(128, 512, 512)
given = np.ones(mask.shape, 'i4')
for line in sys.stdin:
    rank, memory = line.split()
    structure = ndimage.generate_binary_structure(3, int(rank))
    wall, cpu = time.perf_counter(), time.process_time()
    ndimage.label(mask, structure, given if memory == 'given' else None)
    print(json.dumps({'wall': time.perf_counter() - wall, 'cpu': time.process_time() - cpu}), flush=True)`

/**
 * One process for all runs: starting one shares this process's pages with it, and the next run would pay for each of them
 * anew.
 */
function startScipy(maskFile: string) {
  const child = spawn(SYSTEM_PYTHON, ['-c', SCIPY, maskFile], { stdio: ['pipe', 'pipe', 'inherit'] })
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    label: async (rank: number, memory: 'given' | 'new'): Promise<Seconds> => {
      child.stdin.write(`${rank} ${memory}\n`)
      const { value, done } = await answers.next()
      if (done) throw new Error('scipy ended')
      return JSON.parse(value) as Seconds
    },
    end: () => child.stdin.end(),
  }
}

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
    const scipy = startScipy(file)
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
          () => scipy.label(rank, memory),
          { target: 0.25 },
        )
    scipy.end()
  } finally {
    remove()
  }
}
