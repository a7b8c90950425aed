import { chunkflowError } from '@chunkflow/sdk'

/** Object ids from a list separated by commas; exact to 64 bits. @param where the flag or file @throws mesh-ids-invalid */
export function parseIds(text: string, where: string): ReadonlySet<bigint> {
  const words = text
    .split(/[,\s]+/)
    .map((word) => word.trim())
    .filter((word) => word !== '')
  const bad = words.find((word) => !/^\d{1,20}$/.test(word) || BigInt(word) >= 2n ** 64n)
  if (bad !== undefined || words.length === 0)
    throw chunkflowError(
      'mesh-ids-invalid',
      bad === undefined ? 'The list of object ids is empty' : `"${bad}" is not an object id`,
      { where, fix: 'write ids as 34,56,78' },
    )
  return new Set(words.map(BigInt))
}
