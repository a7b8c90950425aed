import { chunkflowError } from '@chunkflow/sdk'

/** Ids from a comma-separated text or a JSON list (numbers or decimal texts). @throws selection-invalid */
export function parseIds(text: string, where: string): ReadonlySet<bigint> {
  const words = text.trimStart().startsWith('[') ? jsonNumbers(text, where) : text.split(',')
  const ids = words.map((word) => word.trim()).filter((word) => word !== '')
  const bad = ids.find((word) => !/^\d+$/.test(word))
  if (bad !== undefined || ids.length === 0)
    throw chunkflowError(
      'selection-invalid',
      bad === undefined ? 'The list of object ids is empty' : `"${bad}" is not an object id`,
      { where, fix: 'write ids as 34,56,78 or a JSON list of them' },
    )
  return new Set(ids.map(BigInt))
}

/** The elements of a flat JSON list as text: JSON.parse would round ids beyond 53 bits. */
function jsonNumbers(text: string, where: string): string[] {
  try {
    if (!Array.isArray(JSON.parse(text))) throw new Error('it is not a list')
  } catch (cause) {
    throw chunkflowError('selection-invalid', `Not a JSON list of ids: ${(cause as Error).message}`, {
      where,
      fix: 'write [34, 56, 78]',
      cause,
    })
  }
  return text
    .trim()
    .slice(1, -1)
    .split(',')
    .map((word) => word.trim().replace(/^"(.*)"$/, '$1'))
}
