import { chunkflowError, type Dtype, type TypedArray } from '@chunkflow/kernel/authoring'
import type { Hdf5Table } from './hdf5.js'
import type { PlainArray, Synapses } from './records.js'

/** Between names of users in files. */
export const USER_SEPARATOR = ';'

/**
 * Synapses as a table of HDF5: datasets `pre`, `post`, `resolution` (nm, z y x), `pre_confidence`, `post_confidence`, `pre_users`,
 * `post_users`, as far as they are known, and the attribute `users`.
 * @throws synapses-invalid for names that cannot be told apart in a file
 */
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
  const bad = users?.find((name) => name.includes(USER_SEPARATOR))
  if (bad !== undefined)
    throw chunkflowError('synapses-invalid', `The name of the user "${bad}" has a ${USER_SEPARATOR} in it`, {
      fix: `names are joined by ${USER_SEPARATOR} in HDF5; save as .json`,
    })
  return { datasets, attributes: users === undefined ? {} : { users: users.join(USER_SEPARATOR) } }
}

const listOf = (dtype: Dtype, data: TypedArray): PlainArray => ({ shape: [data.length], dtype, data })
