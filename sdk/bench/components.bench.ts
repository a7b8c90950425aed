import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { allocate, createChunk } from '@chunkflow/sdk'
import { connectedComponents } from '@chunkflow/sdk/numerics'
import { inlineCompute } from '@chunkflow/sdk/testing'

interface Seconds {
  readonly cpu: number
  readonly wall: number
}
interface Bench {
  ratio(
    name: string,
    ours: () => Promise<void>,
    reference: () => Promise<Seconds>,
    options?: { runs?: number; target?: number },
  ): Promise<unknown>
}

const SIZE = [128, 512, 512] as const

/** Blobs of many sizes: where a sum of incommensurable waves is positive. */
function blobs(): Uint8Array {
  const mask = allocate('uint8', SIZE[0] * SIZE[1] * SIZE[2]) as Uint8Array
  const wave = (length: number, steps: readonly number[]): Float64Array =>
    Float64Array.from({ length }, (_, index) => steps.reduce((sum, step) => sum + Math.sin(index * step), 0))
  const [z, y, x] = [wave(SIZE[0], [0.21, 0.53]), wave(SIZE[1], [0.13, 0.37]), wave(SIZE[2], [0.11, 0.41])]
  let index = 0
  for (let k = 0; k < SIZE[0]; k++)
    for (let j = 0; j < SIZE[1]; j++)
      for (let i = 0; i < SIZE[2]; i++) mask[index++] = z[k]! + y[j]! + x[i]! > 0.8 ? 1 : 0
  return mask
}

const SCIPY = `
import json, sys, time
import numpy as np
from scipy import ndimage
mask = np.fromfile(sys.argv[1], 'u1').reshape(128, 512, 512)
structure = ndimage.generate_binary_structure(3, int(sys.argv[2]))
wall, cpu = time.perf_counter(), time.process_time()
labels, count = ndimage.label(mask, structure)
print(json.dumps({'wall': time.perf_counter() - wall, 'cpu': time.process_time() - cpu}))`

/** Connected components of a binary volume against scipy.ndimage.label. */
export default async function bench({ ratio }: Bench): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'chunkflow-bench-'))
  try {
    const mask = blobs()
    const file = path.join(folder, 'mask.u1')
    writeFileSync(file, mask)
    const chunk = createChunk(mask, SIZE)
    for (const [connectivity, rank] of [
      [6, 1],
      [26, 3],
    ] as const)
      await ratio(
        `components, ${connectivity} neighbours / scipy.ndimage.label`,
        async () => void (await connectedComponents(chunk, { connectivity }, { compute: inlineCompute() })),
        async () =>
          JSON.parse(
            execFileSync('/usr/bin/python3', ['-c', SCIPY, file, String(rank)], { encoding: 'utf8' }),
          ) as Seconds,
        { target: 0.25 },
      )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
