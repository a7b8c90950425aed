import { chunkflowError } from '@chunkflow/sdk'

/** A grey picture, rows from top to bottom. */
export interface GreyPicture {
  readonly data: Uint8Array | Uint16Array
  readonly width: number
  readonly height: number
}

/** Decodes a PNG; of a coloured one the first channel. @throws png-unreadable */
export async function decodePng(bytes: Uint8Array, where: string): Promise<GreyPicture> {
  const { decode } = await import('fast-png')
  try {
    const { data, width, height, channels, depth, palette } = decode(bytes)
    if (depth < 8) throw new Error(`${depth}-bit pictures are not read`)
    const wide = depth === 16
    const grey = wide ? new Uint16Array(width * height) : new Uint8Array(width * height)
    for (let index = 0; index < grey.length; index++) {
      const value = data[index * channels]!
      grey[index] = palette === undefined ? value : palette[value]![0]!
    }
    return { data: grey, width, height }
  } catch (cause) {
    throw chunkflowError('png-unreadable', `${where} cannot be read: ${(cause as Error).message}`, {
      fix: 'check the picture with another program',
      cause,
    })
  }
}

/** 8 or 16-bit grey, or 8-bit RGB, by the length of `data`. */
export async function encodePng(
  data: Uint8Array | Uint16Array,
  width: number,
  height: number,
): Promise<Uint8Array> {
  const { encode } = await import('fast-png')
  const channels = data.length / (width * height)
  return encode(
    { data, width, height, channels: channels as 1 | 3, depth: data instanceof Uint16Array ? 16 : 8 },
    { zlib: { level: 6 } },
  )
}
