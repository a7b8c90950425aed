import type { PlainArray } from '@chunkflow/sdk'
import { chunkflowError, elementAsNumber, formatSize } from '@chunkflow/sdk'

/** Rows of three coordinates multiplied by a resolution, as float64. @throws npy-options for other arrays */
export function scaleRows({ shape, dtype, data }: PlainArray, resolution: readonly number[]): PlainArray {
  if (shape.length !== 2 || shape[1] !== 3)
    throw chunkflowError(
      'npy-options',
      `--resolution scales rows of three, not an array of ${formatSize(shape)}`,
      {
        fix: 'leave --resolution out; --voxel-size is the one of chunks',
      },
    )
  const scaled = new Float64Array(new SharedArrayBuffer(data.length * 8))
  for (let index = 0; index < data.length; index++)
    scaled[index] = elementAsNumber(data, dtype, index) * resolution[index % 3]!
  return Object.freeze({ shape, dtype: 'float64', data: scaled })
}
