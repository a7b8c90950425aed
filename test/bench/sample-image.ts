import { fileURLToPath } from 'node:url'
import { allocate, type Chunk, createChunk, productZyx, type Zyx } from '@chunkflow/sdk'

/** The electron-microscopy image of the tests, 30 × 250 × 250 voxels of uint8. */
export async function sampleImage(): Promise<Chunk> {
  const h5wasm = await import('h5wasm/node')
  await h5wasm.ready
  const file = new h5wasm.File(fileURLToPath(new URL('../fixtures/fib25/slab.h5', import.meta.url)), 'r')
  const { value, shape } = file.get('image') as unknown as { value: Uint8Array; shape: number[] }
  const data = allocate('uint8', value.length) as Uint8Array
  data.set(value)
  file.close()
  return createChunk(data, shape)
}

/** The sample image in any size: mirrored at its ends. */
export async function mirroredImage(size: Zyx): Promise<Uint8Array> {
  const { data: small, shape } = await sampleImage()
  const [depth, height, width] = shape as unknown as Zyx
  const data = allocate('uint8', productZyx(size)) as Uint8Array
  let index = 0
  for (let z = 0; z < size[0]; z++)
    for (let y = 0; y < size[1]; y++) {
      const row = (mirrored(z, depth) * height + mirrored(y, height)) * width
      for (let x = 0; x < size[2]; x++) data[index++] = small[row + mirrored(x, width)] as number
    }
  return data
}

const mirrored = (index: number, length: number): number =>
  Math.floor(index / length) % 2 === 0 ? index % length : length - 1 - (index % length)
