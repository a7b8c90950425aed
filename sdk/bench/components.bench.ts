import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { allocate } from '@chunkflow/sdk'
import { labelComponents } from '@chunkflow/sdk/numerics'
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

/** Bright voxels of the electron-microscopy sample, mirrored to the size: what a threshold leaves of a real image. */
async function brightVoxels(): Promise<Uint8Array> {
  const h5wasm = await import('h5wasm/node')
  await h5wasm.ready
  const file = new h5wasm.File(
    fileURLToPath(new URL('../../test/fixtures/fib25/slab.h5', import.meta.url)),
    'r',
  )
  const image = (file.get('image') as { value: Uint8Array }).value
  file.close()
  const mirrored = (index: number, length: number): number =>
    Math.floor(index / length) % 2 === 0 ? index % length : length - 1 - (index % length)
  const mask = allocate('uint8', SIZE[0] * SIZE[1] * SIZE[2]) as Uint8Array
  let index = 0
  for (let z = 0; z < SIZE[0]; z++)
    for (let y = 0; y < SIZE[1]; y++) {
      const row = (mirrored(z, 30) * 250 + mirrored(y, 250)) * 250
      for (let x = 0; x < SIZE[2]; x++) mask[index++] = image[row + mirrored(x, 250)]! > 128 ? 1 : 0
    }
  return mask
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
  const folder = mkdtempSync(path.join(tmpdir(), 'chunkflow-bench-'))
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
          async () =>
            JSON.parse(
              execFileSync('/usr/bin/python3', ['-c', SCIPY, file, String(rank), memory], {
                encoding: 'utf8',
              }),
            ) as Seconds,
          { target: 0.25 },
        )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
