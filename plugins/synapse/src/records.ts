import {
  chunkflowError,
  describeValue,
  isPoints,
  isSynapses,
  type Points,
  type Synapses,
  type Task,
} from '@chunkflow/sdk'

/** A variable with synapses. @throws plan-kind-mismatch */
export function synapsesOf(task: Task, name: string): Synapses {
  const value = task.get(name)
  if (isSynapses(value)) return value
  throw chunkflowError('plan-kind-mismatch', `Variable "${name}" is ${describeValue(value)}, not synapses`)
}

/** A variable with points. @throws plan-kind-mismatch */
export function pointsOf(task: Task, name: string): Points {
  const value = task.get(name)
  if (isPoints(value)) return value
  throw chunkflowError('plan-kind-mismatch', `Variable "${name}" is ${describeValue(value)}, not points`)
}

/** `12 presynapses, 80 postsynapses`. */
export const describeSynapses = ({ pre, post }: Synapses): string =>
  `${pre.shape[0]} presynapses, ${post?.shape[0] ?? 0} postsynapses`
