import { chunkflowError } from '@chunkflow/kernel/authoring'

/** Half of a character pair: no encoding of a name keeps it. */
const LONE_SURROGATE = /\p{Surrogate}/u

/** Refuses keys that could leave the root, or that no storage keeps as they are. @throws storage-key-invalid */
export function checkKey(key: string): string {
  const parts = key.split('/')
  if (
    key.includes('\0') ||
    LONE_SURROGATE.test(key) ||
    parts.some((part) => part === '' || part === '.' || part === '..')
  )
    throw chunkflowError('storage-key-invalid', `"${key}" is not a key inside a storage`, {
      fix: 'keys are relative names such as 4_4_40/0-64_0-64_0-64',
    })
  return key
}

/**
 * The beginning of a key: like a key, but its last part may be unfinished or empty.
 * @returns the folder all such keys lie in, '' for the root
 * @throws storage-key-invalid
 */
export function checkPrefix(prefix: string): string {
  const folder = prefix.includes('/') ? prefix.slice(0, prefix.lastIndexOf('/')) : ''
  return folder === '' && !prefix.startsWith('/') ? '' : checkKey(folder)
}

/** Keys of a storage that is a part of a bucket: everything below `folder` (which may be empty). */
export interface BucketKeys {
  /** The object's name in the bucket. @throws storage-key-invalid */
  nameOf(key: string): string
  /** What names in the bucket start with. @throws storage-key-invalid */
  beginningOf(prefix: string): string
  /** The key of a name in the bucket; undefined for names that are no keys, such as the folder marks of consoles. */
  keyOf(name: string): string | undefined
}

export function bucketKeys(folder: string): BucketKeys {
  const base = folder === '' ? '' : `${folder}/`
  return {
    nameOf: (key) => base + checkKey(key),
    beginningOf: (prefix) => {
      checkPrefix(prefix)
      return base + prefix
    },
    keyOf: (name) => {
      const key = name.slice(base.length)
      return name.startsWith(base) && key.split('/').every((part) => !/^\.{0,2}$/.test(part))
        ? key
        : undefined
    },
  }
}

/** A key as the path of a URL: every character that could mean something else is escaped. */
export const encodeKey = (key: string): string =>
  key
    .split('/')
    .map((part) =>
      encodeURIComponent(part).replace(
        /[!'()*]/g,
        (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
      ),
    )
    .join('/')
