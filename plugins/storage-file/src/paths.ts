import { homedir } from 'node:os'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { chunkflowError } from '@chunkflow/sdk'

/** Absolute path; a leading `~` is the home folder. */
export function resolvePath(file: string): string {
  if (file === '')
    throw chunkflowError('storage-path-invalid', 'The path is empty', { fix: 'give a file or folder' })
  if (file.includes('\0'))
    throw chunkflowError('storage-path-invalid', 'The path contains a zero byte', {
      fix: 'give a file or folder',
    })
  const expanded = file === '~' || file.startsWith('~/') ? path.join(homedir(), file.slice(1)) : file
  return path.resolve(expanded)
}

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i

/** `s3` of `s3://bucket/key`; undefined for a plain path. */
export const schemeOf = (url: string): string | undefined => SCHEME.exec(url)?.[1]?.toLowerCase()

/**
 * One form for all spellings of a place: format prefixes (`precomputed://`, `url|precomputed:`) dropped, plain and relative
 * paths as `file:///absolute`, no trailing slash. `file://a/b` is relative to the working directory, as cloud-volume reads it.
 */
export function normalizeUrl(text: string): string {
  const bare = text
    .trim()
    .replace(/^(precomputed|zarr|n5):\/\/(?=[^/]*:\/\/|\/|\.|~)/i, '')
    .replace(/\|[a-z0-9]+:?\/*$/i, '')
  if (bare === '')
    throw chunkflowError('storage-path-invalid', `"${text}" names no place`, {
      fix: 'give a path such as file:///data/volume',
    })
  const scheme = schemeOf(bare)
  if (scheme === 'file')
    return pathToFileURL(resolvePath(decode(bare.slice('file://'.length)))).href.replace(/\/+$/, '')
  if (scheme === undefined) return pathToFileURL(resolvePath(bare)).href.replace(/\/+$/, '')
  return bare.replace(/\/+$/, '')
}

/** Percent escapes that are none stay as typed. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The folder of a normalised `file://` URL. */
export const folderOfUrl = (url: string): string => fileURLToPath(url === 'file://' ? 'file:///' : url)

/** Refuses keys that could leave the root. @throws storage-key-invalid */
export function checkKey(key: string): string {
  const parts = key.split('/')
  if (
    key === '' ||
    key.includes('\0') ||
    path.isAbsolute(key) ||
    parts.some((part) => part === '' || part === '.' || part === '..')
  )
    throw chunkflowError('storage-key-invalid', `"${key}" is not a key inside a storage`, {
      fix: 'keys are relative names such as 4_4_40/0-64_0-64_0-64',
    })
  return key
}
