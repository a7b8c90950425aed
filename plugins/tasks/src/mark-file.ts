import {
  adjustBox,
  type BoundingBox,
  chunkflowError,
  FILES,
  type Files,
  flag,
  formatBox,
  STORE,
  type Store,
} from '@chunkflow/sdk'

/** What operators with mark files need. */
export const MARK_SERVICES = { files: FILES, store: STORE } as const

/** How mark files are named. */
export const MARK_FLAGS = {
  prefix: flag.text({
    char: 'p',
    required: true,
    summary: 'text before the box in the file name; may be a URL',
  }),
  suffix: flag.text({ char: 's', default: '', summary: 'text after the box' }),
} as const

interface MarkServices {
  readonly files: Files
  readonly store: Store
}

/** `PREFIX<bbox>SUFFIX`; the box may be grown (or shrunk) on all sides for naming only. */
export const markFileName = (prefix: string, box: BoundingBox, suffix: string, adjustSize = 0): string =>
  `${prefix}${formatBox(adjustSize === 0 ? box : adjustBox(box, adjustSize))}${suffix}`

/** Bytes of a mark or result, null when there is none. Names are paths, or URLs of any storage. */
export async function markSize(name: string, { files, store }: MarkServices): Promise<number | null> {
  if (!isUrl(name)) return (await files.status(name))?.bytes ?? null
  const { folder, key } = splitUrl(name)
  return (await store.open(folder)).size(key)
}

/** Leaves an empty mark; what exists stays as it is, a file with a new time. */
export async function leaveMark(name: string, { files, store }: MarkServices): Promise<void> {
  if (!isUrl(name)) {
    await files.touch(name)
    return
  }
  const { folder, key } = splitUrl(name)
  const storage = await store.open(folder)
  if ((await storage.size(key)) === null) await storage.write(key, new Uint8Array(0))
}

const isUrl = (name: string): boolean => /^[a-z][a-z0-9+.-]*:\/\//i.test(name)

function splitUrl(name: string): { folder: string; key: string } {
  const [, folder, key] = /^(.*?:\/\/\/?[^/].*)\/([^/]+)$/.exec(name) ?? []
  if (folder === undefined || key === undefined)
    throw chunkflowError('flag-invalid', `"${name}" names no folder to keep mark files in`, {
      fix: 'give a --prefix such as s3://bucket/done/',
    })
  return { folder, key }
}
