import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { chunkflowError } from '@chunkflow/kernel/authoring'

const BLOCK = 512

/** What is looked at in a package before it is installed. */
export interface PackageArchive {
  /** `sha512-…` of the tarball, as npm writes it. */
  readonly integrity: string
  /** Text of a file at the top of the package; undefined when it has none of that name. */
  text(name: string): string | undefined
}

/**
 * Reads an npm tarball: a gzipped tar whose files lie in one folder (https://docs.npmjs.com/cli/pack; POSIX ustar for the
 * records). Nothing is extracted. @throws plugin-invalid when it is none
 */
export async function readPackageArchive(bytes: Buffer, where: string): Promise<PackageArchive> {
  const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`
  let tar: Buffer
  try {
    tar = await promisify(gunzip)(bytes)
  } catch (cause) {
    throw chunkflowError('plugin-invalid', `${where} is not an npm tarball: ${(cause as Error).message}`, {
      fix: 'npm pack makes one',
      cause,
    })
  }
  const files = new Map<string, string>()
  for (const { name, content } of records(tar)) {
    const [, ...rest] = name.split('/')
    if (rest.length === 1) files.set(rest[0]!, content.toString('utf8'))
  }
  return { integrity, text: (name) => files.get(name) }
}

/** Plain files of a tar. Extended headers are passed over: they only carry names too long for the top of a package. */
function* records(tar: Buffer): Generator<{ readonly name: string; readonly content: Buffer }> {
  for (let start = 0; start + BLOCK <= tar.length; ) {
    const header = tar.subarray(start, start + BLOCK)
    if (header[0] === 0) return
    const size = Number.parseInt(field(header, 124, 12), 8) || 0
    const type = String.fromCharCode(header[156]!)
    const prefix = field(header, 345, 155)
    const name = field(header, 0, 100)
    const content = tar.subarray(start + BLOCK, start + BLOCK + size)
    if (type === '0' || type === '\0') yield { name: prefix === '' ? name : `${prefix}/${name}`, content }
    start += BLOCK + Math.ceil(size / BLOCK) * BLOCK
  }
}

/** Text up to the first NUL. */
const field = (header: Buffer, start: number, length: number): string =>
  header
    .toString('latin1', start, start + length)
    .replace(/\0.*$/s, '')
    .trim()
