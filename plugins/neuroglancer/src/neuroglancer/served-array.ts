import { bytesPerElement, convertElements, type Dtype, type TypedArray } from '@chunkflow/sdk'
import type { ArrayLayer } from '../layers/layer.js'

/** Element types that Neuroglancer's image layers know. */
const IMAGE_DTYPES: Readonly<Partial<Record<Dtype, Dtype>>> = {
  bool: 'uint8',
  float16: 'float32',
  float64: 'float32',
  int64: 'float32',
}

/** The element type in which voxels are served: labels unsigned, of 32 or 64 bits; 64-bit ones as they are. */
export function servedDtype({ role, source: { dtype } }: Pick<ArrayLayer, 'role' | 'source'>): Dtype {
  if (role !== 'segmentation') return IMAGE_DTYPES[dtype] ?? dtype
  return bytesPerElement(dtype) === 8 ? 'uint64' : 'uint32'
}

/** Signed labels were found to have no negative ones, so that their bits are those of unsigned ones. */
export function toServed(voxels: TypedArray, from: Dtype, to: Dtype): TypedArray {
  if (from === to) return voxels
  if (from === 'int64' && to === 'uint64')
    return new BigUint64Array(voxels.buffer, voxels.byteOffset, voxels.length)
  return convertElements(voxels, from, to)
}
