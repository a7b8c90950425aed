import { type ChunkflowError, chunkflowError } from '@chunkflow/sdk'

export type Json = Readonly<Record<string, unknown>>

/** Where metadata stand, for messages. */
export type Refuse = (what: string) => ChunkflowError

export const refuseMetadata =
  (where: string): Refuse =>
  (what) =>
    chunkflowError('zarr-metadata-invalid', `The metadata of ${where} say ${what}`, {
      where,
      fix: 'write the array again, or correct its metadata',
    })

export const unsupported = (what: string, where: string, fix: string): ChunkflowError =>
  chunkflowError('zarr-unsupported', what, { where, fix })

export const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * The object in a file of metadata.
 * @param file for messages
 * @throws zarr-metadata-invalid
 */
export function parseObject(text: string, file: string): Json {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw damaged(file, text.trim() === '' ? 'is empty' : `is not JSON: ${JSON.stringify(text.slice(0, 40))}`)
  }
  if (!isRecord(value)) throw damaged(file, `holds no JSON object: ${JSON.stringify(text.slice(0, 40))}`)
  return value
}

const damaged = (file: string, what: string): ChunkflowError =>
  chunkflowError('zarr-metadata-invalid', `The metadata file ${file} ${what}`, {
    where: file,
    fix: 'put the file back from a copy, or remove the array and write it again',
  })

/** Whole numbers, one an axis. @throws zarr-metadata-invalid */
export function sizes(value: unknown, name: string, minimum: number, refuse: Refuse): readonly number[] {
  if (
    !Array.isArray(value) ||
    value.length === 0 ||
    !value.every((size) => Number.isSafeInteger(size) && size >= minimum)
  )
    throw refuse(`${name} ${JSON.stringify(value)}`)
  return value as number[]
}

/** The names of axes, when every axis has an entry. */
export const axisNames = (value: unknown, rank: number): readonly (string | null)[] | undefined =>
  Array.isArray(value) && value.length === rank && value.some((name) => typeof name === 'string')
    ? value.map((name) => (typeof name === 'string' ? name : null))
    : undefined
