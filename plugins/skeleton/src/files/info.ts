import { chunkflowError } from '@chunkflow/sdk'
import { BYTES } from './precomputed.js'

const TYPE = 'neuroglancer_skeletons'

/** What a folder of precomputed skeletons says of them. */
export interface SkeletonInfo {
  readonly attributes: readonly VertexAttribute[]
  /** Stored coordinates to nm, 3 × 4 in rows x y z. */
  readonly transform: readonly number[]
}

export interface VertexAttribute {
  readonly id: string
  readonly dataType: string
  readonly components: number
}

export const IDENTITY: readonly number[] = Object.freeze([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0])

/** The info file of folders that are made here. */
export const INFO_TEXT = `${JSON.stringify(
  {
    '@type': TYPE,
    transform: IDENTITY,
    vertex_attributes: [{ id: 'radius', data_type: 'float32', num_components: 1 }],
  },
  null,
  2,
)}\n`

/** @throws skeleton-info */
export function parseInfo(text: string, where: string): SkeletonInfo {
  const invalid = (what: string) =>
    chunkflowError('skeleton-info', `${where} ${what}`, {
      fix: 'give a folder for skeletons alone, such as <volume>/skeletons',
    })
  let value: Readonly<Record<string, unknown>>
  try {
    value = JSON.parse(text)
  } catch {
    throw invalid('is not JSON')
  }
  if (value?.['@type'] !== TYPE) throw invalid('is not of skeletons but of something else')
  if (value.sharding !== undefined && value.sharding !== null)
    throw invalid('says that the skeletons are packed into shards, which are not read')
  const { transform = IDENTITY, vertex_attributes: attributes = [] } = value
  if (!(Array.isArray(transform) && transform.length === 12 && transform.every(Number.isFinite)))
    throw invalid('has a transform that is not 12 numbers')
  if (!Array.isArray(attributes)) throw invalid('has no list of attributes')
  return {
    transform,
    attributes: attributes.map(({ id, data_type: dataType, num_components: components }) => {
      if (!(dataType in BYTES) || !(components > 0)) throw invalid(`has an attribute of type ${dataType}`)
      return { id, dataType, components }
    }),
  }
}
