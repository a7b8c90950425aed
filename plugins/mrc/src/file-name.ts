import { type Chunk, chunkBox, type Files, formatBox } from '@chunkflow/sdk'

/** Names of files of the format: tomograms, stacks, reconstructions, density maps. */
export const namesMrc = (path: string): boolean => /\.(mrcs?|rec|st|ali|map|ccp4)$/i.test(path)

/** The file that save-mrc writes: as named; `<name>_<box>.mrc` without an extension; `<box>.mrc` without a name or in a folder. */
export async function fileOfChunk(files: Files, name: string | undefined, chunk: Chunk): Promise<string> {
  const ofBox = `${formatBox(chunkBox(chunk))}.mrc`
  if (name === undefined || name === '') return ofBox
  if (name.endsWith('/')) return `${name}${ofBox}`
  if (namesMrc(name)) return name
  return (await files.status(name))?.kind === 'directory' ? `${name}/${ofBox}` : `${name}_${ofBox}`
}
