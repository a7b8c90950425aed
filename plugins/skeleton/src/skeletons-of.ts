import { chunkflowError, describeValue, isSkeletons, type Skeletons, type Task } from '@chunkflow/sdk'

/** A variable with skeletons. @throws plan-kind-mismatch */
export function skeletonsOf(task: Task, name: string): Skeletons {
  const value = task.get(name)
  if (isSkeletons(value)) return value
  throw chunkflowError('plan-kind-mismatch', `Variable "${name}" is ${describeValue(value)}, not skeletons`)
}
