import type { AnyOperator, Chunk } from '@chunkflow/sdk'
import { inlineCompute, runOperator } from '@chunkflow/sdk/testing'

/** Runs an operator and returns what it leaves in `chunk`. */
export async function apply(
  definition: AnyOperator,
  options: Record<string, unknown>,
  variables: Record<string, unknown> = {},
): Promise<Chunk> {
  const services = { compute: inlineCompute() }
  const { task } = await runOperator(definition, { options: options as never, variables, services })
  return task.get<Chunk>('chunk')
}

/** Sum of all voxels. */
export function total({ data }: Pick<Chunk, 'data'>): number {
  let sum = 0
  for (let index = 0; index < data.length; index++) sum += Number(data[index])
  return sum
}

/** How often each value occurs, by ascending value. */
export function counts({ data }: Pick<Chunk, 'data'>): number[] {
  const found = new Map<number, number>()
  for (let index = 0; index < data.length; index++) {
    const value = Number(data[index])
    found.set(value, (found.get(value) ?? 0) + 1)
  }
  return [...found].sort(([left], [right]) => left - right).map(([, count]) => count)
}
