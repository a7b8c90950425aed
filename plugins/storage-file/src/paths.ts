import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { chunkflowError } from '@chunkflow/sdk'
import { expandHome } from '@chunkflow/sdk/storage'

/** Absolute path; a leading `~` is the home folder. */
export function resolvePath(file: string): string {
  if (file === '')
    throw chunkflowError('storage-path-invalid', 'The path is empty', { fix: 'give a file or folder' })
  if (file.includes('\0'))
    throw chunkflowError('storage-path-invalid', 'The path contains a zero byte', {
      fix: 'give a file or folder',
    })
  return path.resolve(expandHome(file))
}

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i

/** `s3` of `s3://bucket/key`; undefined for a plain path. */
export const schemeOf = (url: string): string | undefined => SCHEME.exec(url)?.[1]?.toLowerCase()

/** How other programs say which format a place holds: `precomputed://…` before it, `…|precomputed:` behind it. */
const FORMAT_PREFIX = /^(?:precomputed|zarr[23]?|n5):\/\//i
const FORMAT_SUFFIX = /\|(?:(?:neuroglancer-)?precomputed|zarr[23]?|n5):?\/*$/i

/**
 * One form for all spellings of a place: formats dropped, plain and relative paths as `file:///absolute`, no trailing
 * slash (but for the root folder). `file://a/b` is relative to the working directory, as cloud-volume reads it. Percent
 * escapes of `file://` URLs are decoded; a percent sign that is no escape, or in a plain path, stands for itself.
 * Normalising twice changes nothing.
 * @throws storage-path-invalid
 */
export function normalizeUrl(text: string): string {
  const bare = text
    .replace(FORMAT_PREFIX, '')
    .replace(FORMAT_SUFFIX, '')
    .replace(/^file:(?=\/(?!\/))/i, 'file://')
    // Neuroglancer's way to name a server, CloudVolume's way
    .replace(/^s3\+(https?):\/\//i, 's3://$1://')
  const scheme = schemeOf(bare)
  if (scheme === undefined) return bare === '' ? refuse(text) : fileUrl(bare)
  const place = bare.slice(scheme.length + 3)
  const adapter = /\|([a-z0-9-]+):/i.exec(place)?.[1]
  if (adapter !== undefined)
    throw chunkflowError('storage-path-invalid', `"${text}" asks for "${adapter}", which cannot be opened`, {
      fix: 'give the place itself, such as s3://bucket/volume or file:///data/volume',
    })
  if (scheme === 'file') return place === '' ? refuse(text) : fileUrl(decode(place))
  // the end of a signature belongs to it
  const trimmed = /^https?$/.test(scheme) && place.includes('?') ? place : place.replace(/\/+$/, '')
  return trimmed === '' ? refuse(text) : `${scheme}://${trimmed}`
}

const fileUrl = (file: string): string => pathToFileURL(resolvePath(file)).href

function refuse(text: string): never {
  throw chunkflowError('storage-path-invalid', `"${text}" names no place`, {
    fix: 'give a path such as file:///data/volume or s3://bucket/volume',
  })
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The folder of a normalised `file://` URL. */
export const folderOfUrl = (url: string): string => fileURLToPath(url)
