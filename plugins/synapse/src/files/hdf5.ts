import {
  chunkflowError,
  type Dtype,
  type Hdf5Table,
  type PlainArray,
  type Points,
  type Synapses,
  type TypedArray,
  type Zyx,
} from '@chunkflow/sdk'
import type { RawSynapses } from '../build-synapses.js'

const SEPARATOR = ';'

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
    users: attributes.users?.split(SEPARATOR),
    preUsers: numbers('pre_users'),
    postUsers: numbers('post_users'),
  }
}

/** The same the other way round. @throws synapses-invalid for names that cannot be told apart in a file */
export function tableFromSynapses(synapses: Synapses): Hdf5Table {
  const { pre, post, users } = synapses
  const datasets: Record<string, PlainArray> = { pre }
  if (post !== null) datasets.post = post
  datasets.resolution = listOf('float64', Float64Array.from(synapses.resolution))
  const lists = {
    pre_confidence: synapses.preConfidence,
    post_confidence: synapses.postConfidence,
    pre_users: synapses.preUsers,
    post_users: synapses.postUsers,
  }
  for (const [name, values] of Object.entries(lists))
    if (values !== undefined)
      datasets[name] = listOf(values instanceof Float32Array ? 'float32' : 'int32', values)
  const bad = users?.find((name) => name.includes(SEPARATOR))
  if (bad !== undefined)
    throw chunkflowError('synapses-invalid', `The name of the user "${bad}" has a ${SEPARATOR} in it`, {
      fix: `names are joined by ${SEPARATOR} in HDF5; save as .json`,
    })
  return { datasets, attributes: users === undefined ? {} : { users: users.join(SEPARATOR) } }
}

/** Datasets of a file of points (specification 2.14). */
export const tableFromPoints = ({ points, voxelSize }: Points): Hdf5Table => ({
  datasets: { points, voxel_size: sizeOf(voxelSize) },
  attributes: {},
})

const sizeOf = (size: Zyx): PlainArray => listOf('float64', Float64Array.from(size))
const listOf = (dtype: Dtype, data: TypedArray): PlainArray => ({ shape: [data.length], dtype, data })
