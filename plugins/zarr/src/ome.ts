import { chunkflowError } from '@chunkflow/sdk'
import { isRecord, type Json, refuseMetadata } from './format/metadata.js'
import type { AxisScale } from './placement.js'
import { nanometres } from './units.js'

/** One level of an OME-Zarr image. */
export interface OmeLevel {
  /** Path of the array, from the group. */
  readonly path: string
  /** One an axis of the array. */
  readonly scales: readonly AxisScale[]
}

export interface OmeImage {
  readonly axisNames: readonly string[]
  readonly levels: readonly OmeLevel[]
}

/**
 * The first image of a group's attributes, as OME-NGFF 0.4 (`multiscales`) and 0.5 (`ome.multiscales`) describe it; null when
 * they describe none.
 * @throws zarr-metadata-invalid
 */
export function parseOme(attributes: Json, where: string): OmeImage | null {
  const ome = isRecord(attributes.ome) ? attributes.ome : attributes
  const image: unknown = Array.isArray(ome.multiscales) ? ome.multiscales[0] : undefined
  if (!isRecord(image)) return null
  const refuse = refuseMetadata(where)
  const { axes = ['t', 'c', 'z', 'y', 'x'], datasets } = image
  if (!Array.isArray(axes) || !Array.isArray(datasets) || datasets.length === 0)
    throw refuse('multiscales without axes or datasets')
  const named = axes.map((axis: unknown): { name: string; unit: unknown; type: unknown } => {
    // names alone up to version 0.3
    const { name, unit, type } = isRecord(axis) ? axis : { name: axis }
    if (typeof name !== 'string') throw refuse(`an axis ${JSON.stringify(axis)}`)
    return { name, unit, type }
  })
  const rank = named.length
  const ofAll = transform(image.coordinateTransformations, rank)
  const levels = datasets.map((dataset: unknown): OmeLevel => {
    if (!isRecord(dataset) || typeof dataset.path !== 'string')
      throw refuse(`a dataset ${JSON.stringify(dataset)}`)
    const own = transform(dataset.coordinateTransformations, rank)
    return {
      path: dataset.path,
      scales: named.map(({ name, unit }, axis): AxisScale => {
        const own1 = own.scale?.[axis]
        const scale = ofAll.scale?.[axis] ?? 1
        const isLength = ['x', 'y', 'z'].includes(name.toLowerCase())
        const nm = isLength ? nanometres(unit) : 1
        if (nm === undefined) throw refuse(`an axis ${name} in ${JSON.stringify(unit)}`)
        if (own1 !== undefined && !(own1 * scale > 0))
          throw refuse(`a scale ${own1 * scale} of the axis ${name}`)
        const shift = own.translation?.[axis]
        const shiftAll = ofAll.translation?.[axis]
        return {
          sizeNm: own1 === undefined ? undefined : own1 * scale * nm,
          offsetNm:
            shift === undefined && shiftAll === undefined
              ? undefined
              : ((shift ?? 0) * scale + (shiftAll ?? 0)) * nm,
        }
      }),
    }
  })
  return { axisNames: named.map(({ name }) => name), levels }
}

/** A scale and a translation; others are not part of 0.4 and 0.5. */
function transform(value: unknown, rank: number) {
  const listed = Array.isArray(value) ? value.filter(isRecord) : []
  const numbers = (type: 'scale' | 'translation'): readonly number[] | undefined => {
    const found = listed.find((entry) => entry.type === type)?.[type]
    return Array.isArray(found) && found.length === rank && found.every((entry) => typeof entry === 'number')
      ? (found as number[])
      : undefined
  }
  return { scale: numbers('scale'), translation: numbers('translation') }
}

/** @throws zarr-options */
export function levelAt({ levels }: OmeImage, mip: number, where: string): OmeLevel {
  const level = levels[mip]
  if (level !== undefined) return level
  throw chunkflowError('zarr-options', `${where} has no mip ${mip}`, {
    where,
    fix: `it has the mips 0 to ${levels.length - 1}`,
  })
}
