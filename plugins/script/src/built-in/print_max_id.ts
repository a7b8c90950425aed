import type { Chunk } from '@chunkflow/sdk'

/** Prints the largest value. */
export function execute(segmentation: Chunk): void {
  let largest: number | bigint | undefined
  for (const value of segmentation.data) if (largest === undefined || value > largest) largest = value
  console.log(`maximum object ID: ${largest ?? 'none'}`)
}
