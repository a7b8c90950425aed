import { type Chunk, chunkflowError, DTYPES, describeChunk, isFloat, type VariableType } from '@chunkflow/sdk'

const notLabels = (what: string) =>
  chunkflowError('mesh-labels-invalid', `mesh takes label volumes, not ${what}`, {
    fix: 'labels are 3-D integers; take connected-components of a map first',
  })

/** @throws mesh-labels-invalid unless a chunk is 3-D, of an integer type or bool, and not declared to be an image */
export function requireLabels(chunk: Chunk): void {
  if (chunk.shape.length !== 3 || isFloat(chunk.dtype)) throw notLabels(describeChunk(chunk))
  refuseDeclaredImage(chunk)
}

/** What a file, a volume or an option says to be an image has grey values, not ids. */
function refuseDeclaredImage({
  layerType,
  layerTypeDeclared,
}: Pick<VariableType, 'layerType' | 'layerTypeDeclared'>): void {
  if (layerTypeDeclared !== true || layerType !== 'image') return
  throw chunkflowError('mesh-labels-invalid', 'The chunk is declared to be an image: its values are no ids', {
    fix: 'segment it first, or load it with --layer-type segmentation if it is one',
  })
}

/** {@link requireLabels} as far as a type is known. */
export function requireLabelType(type: VariableType | undefined): void {
  if (type?.rank === 4) throw notLabels('chunks with channels')
  if (type?.dtype !== undefined && isFloat(type.dtype)) throw notLabels(type.dtype)
  if (type !== undefined) refuseDeclaredImage(type)
}

/** @param ids as uniqueLabels gives them: negative ones last, as unsigned words. @throws mesh-labels-invalid */
export function refuseNegativeIds(ids: BigUint64Array, { dtype }: Pick<Chunk, 'dtype'>): void {
  const last = ids.at(-1)
  if (last === undefined || DTYPES[dtype].kind !== 'signed' || last < 2n ** 63n) return
  throw chunkflowError('mesh-labels-invalid', `The labels (${dtype}) have negative ids`, {
    fix: 'meshes are named by ids from 1 on: renumber the labels, or load them as an unsigned type',
  })
}
