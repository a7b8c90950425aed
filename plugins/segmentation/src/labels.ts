import { type Chunk, chunkflowError, DTYPES, describeChunk, isFloat, type VariableType } from '@chunkflow/sdk'

const notLabels = (operator: string, what: string) =>
  chunkflowError('labels-invalid', `${operator} takes label volumes, not ${what}`, {
    fix: 'labels are 3-D integers; take connected-components of a map first',
  })

/** @throws labels-invalid unless a chunk is 3-D and of an integer type or bool */
export function requireLabels(operator: string, chunk: Chunk): void {
  if (chunk.shape.length !== 3 || isFloat(chunk.dtype)) throw notLabels(operator, describeChunk(chunk))
}

/** {@link requireLabels} as far as a type is known. */
export function requireLabelType(operator: string, type: VariableType | undefined): void {
  if (type?.rank === 4) throw notLabels(operator, 'chunks with channels')
  if (type?.dtype !== undefined && isFloat(type.dtype)) throw notLabels(operator, type.dtype)
}

/** Ids that are unsigned 64-bit words as the numbers they are in a chunk. */
export const idsOf = (words: BigUint64Array, { dtype }: Pick<Chunk, 'dtype'>): bigint[] =>
  Array.from(words, (word) => (DTYPES[dtype].kind === 'signed' ? BigInt.asIntN(64, word) : word))
