import {
  chunkflowError,
  type Dtype,
  type Hdf5Table,
  type PlainArray,
  type Points,
  type TypedArray,
  USER_SEPARATOR,
  type Zyx,
} from '@chunkflow/sdk'
import type { RawSynapses } from '../build-synapses.js'

/** Datasets and attributes of a file of synapses (specification 2.13). @throws synapses-invalid */
export function synapsesFromTable({ datasets, attributes }: Hdf5Table, file: string): RawSynapses {
  // the older name of presynapses
  const pre = datasets.pre ?? datasets.tbars
  if (pre === undefined)
    throw chunkflowError('synapses-invalid', `${file} has no dataset pre, and none of the older name tbars`, {
      fix: 'check the path: presynapses are rows of three voxels in a dataset pre',
    })
  const numbers = (name: string): number[] | undefined =>
    datasets[name] === undefined ? undefined : Array.from(datasets[name].data as Float64Array, Number)
  return {
    pre,
    post: datasets.post,
    resolution: numbers('resolution'),
    preConfidence: numbers('pre_confidence'),
    postConfidence: numbers('post_confidence'),
    users: attributes.users === '' ? [] : attributes.users?.split(USER_SEPARATOR),
    preUsers: numbers('pre_users'),
    postUsers: numbers('post_users'),
  }
}

/** Datasets of a file of points (specification 2.14). */
export const tableFromPoints = ({ points, voxelSize }: Points): Hdf5Table => ({
  datasets: { points, voxel_size: sizeOf(voxelSize) },
  attributes: {},
})

const sizeOf = (size: Zyx): PlainArray => listOf('float64', Float64Array.from(size))
const listOf = (dtype: Dtype, data: TypedArray): PlainArray => ({ shape: [data.length], dtype, data })
