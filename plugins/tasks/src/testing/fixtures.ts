import {
  boxFromSize,
  type Pipelines,
  type QueueMessage,
  type Reader,
  type SendOptions,
  type VolumeFormat,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'
import { memoryStore, serviceFamily, testFiles } from '@chunkflow/sdk/testing'

/** An anisotropic box beside the origin. */
export const BOX = boxFromSize(zyx(7, -3, 11), zyx(5, 9, 14))
export const BOX_NAME = '7-12_-3-6_11-25'

/** Services without queues, volumes or readers, over files below a folder. */
export const servicesIn = (folder: string) => ({
  files: testFiles(folder),
  volumes: serviceFamily<VolumeFormat>({}),
  readers: serviceFamily<Reader>({}),
  queues: serviceFamily({}),
  store: memoryStore(),
  pipelines: PIPELINE,
})

/** The chain that runs, and one whose file holds its digest. */
export const PIPELINE: Pipelines = { running: 'f00d', digestOf: async (text) => text.trim() }

/** A format with one volume: 2 mips over `start` and `size` at mip 0. */
export function oneVolume(path: string, start: Zyx, size: Zyx): VolumeFormat {
  const scales = [1, 2].map((factor, mip) => ({
    mip,
    box: boxFromSize(
      zyx(start[0], start[1] / factor, start[2] / factor),
      zyx(size[0], size[1] / factor, size[2] / factor),
    ),
    blockSize: zyx(8, 16, 16),
    voxelSizeNm: zyx(40, 4 * factor, 4 * factor),
  }))
  return {
    matches: async (candidate) => candidate === path,
    open: async () => ({ description: { scales } }) as never,
    create: async () => {
      throw new Error('not here')
    },
  }
}

/** A reader of `.h5` names that says what the file holds. */
export const oneFile = (shape: readonly number[], voxelOffset: Zyx): Reader => ({
  matches: (path) => path.endsWith('.h5'),
  probe: async () => ({ shape, dtype: 'uint8', voxelOffset, voxelSize: null, layerType: 'image' }),
  read: async () => {
    throw new Error('no voxels are needed')
  },
})

/** A queue that gives these bodies (with a stamp behind @), null for "empty now", and tells what happens to messages. */
export function scriptedQueue(
  bodies: readonly (string | null)[],
  { deadLetters = true, keepsStamps = true } = {},
) {
  const script = [...bodies]
  const events: string[] = []
  const messageOf = (text: string): QueueMessage => {
    const [body = '', stamp] = text.split('@')
    return { ...message(body), ...(stamp === undefined ? {} : { stamp }) }
  }
  const message = (body: string): QueueMessage => ({
    body,
    seconds: 60,
    extend: async () => void events.push(`extend ${body}`),
    acknowledge: async () => void events.push(`acknowledge ${body}`),
    release: async () => void events.push(`release ${body}`),
    ...(deadLetters ? { deadLetter: async () => void events.push(`dead ${body}`) } : {}),
  })
  const queue = {
    keepsStamps,
    send: async (sent: readonly string[], { stamp }: SendOptions = {}) =>
      void events.push(...sent.map((body) => `send ${body}${stamp === undefined ? '' : `@${stamp}`}`)),
    receive: async ({ visibilitySeconds }: { visibilitySeconds?: number }) => {
      const body = script.shift()
      events.push(`receive${visibilitySeconds === undefined ? '' : ` for ${visibilitySeconds}`}`)
      return body == null ? null : messageOf(body)
    },
  }
  const open = async (name: string) => {
    events.push(`open ${name}`)
    return queue
  }
  return { driver: { open }, events }
}
