import { chunkflowError } from '@chunkflow/sdk'

/** Ids separated by commas; exact for 64 bits. @throws skeleton-options */
export function parseIds(text: string): ReadonlySet<bigint> {
  const words = text.split(',').map((word) => word.trim())
  const bad = words.find((word) => !/^\d+$/.test(word))
  if (bad !== undefined)
    throw chunkflowError('skeleton-options', `--ids has "${bad}", which is no id`, {
      fix: 'write ids as 34,56,78',
    })
  return new Set(words.map(BigInt))
}
