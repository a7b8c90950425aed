import { allocate, type Dtype, numberToFloat16, productZyx, type TypedArray, type Zyx } from '@chunkflow/sdk'

/**
 * What a dry run gives instead of results (specification 2.6): |sin(4 (z/(nz-1) + y/(ny-1) + x/(nx-1)))| in every channel.
 * @param dtype float32, or float16 as bits
 * @returns (channels, z, y, x) on shared memory
 */
export function sinPattern(size: Zyx, channels: number, dtype: Dtype & ('float32' | 'float16')): TypedArray {
  const voxels = productZyx(size)
  const data = allocate(dtype, voxels * channels) as Float32Array
  const angle = (index: number, count: number): number => (count === 1 ? 0 : (4 * index) / (count - 1))
  // sin(a + b) from the sines and cosines of a row's start and of x
  const sines = Float64Array.from({ length: size[2] }, (_, x) => Math.sin(angle(x, size[2])))
  const cosines = Float64Array.from({ length: size[2] }, (_, x) => Math.cos(angle(x, size[2])))
  let index = 0
  for (let z = 0; z < size[0]; z++)
    for (let y = 0; y < size[1]; y++) {
      const start = angle(z, size[0]) + angle(y, size[1])
      const sine = Math.sin(start)
      const cosine = Math.cos(start)
      for (let x = 0; x < size[2]; x++) {
        const value = Math.abs(sine * cosines[x]! + cosine * sines[x]!)
        data[index++] = dtype === 'float16' ? numberToFloat16(value) : value
      }
    }
  for (let channel = 1; channel < channels; channel++) data.copyWithin(channel * voxels, 0, voxels)
  return data
}
