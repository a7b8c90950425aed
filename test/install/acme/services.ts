import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import {
  type Chunk,
  createChunk,
  type Encoding,
  type InferenceBackend,
  type Queue,
  type QueueDriver,
  type Reader,
  type Viewer,
  zyx,
} from '@chunkflow/sdk'

/** Bytes of a block with every bit turned over. */
export const xorEncoding: Encoding = {
  refuses: ({ dtype }) => (dtype === 'uint8' ? undefined : 'it holds uint8 only'),
  encode: (voxels) => Uint8Array.from(voxels as Uint8Array, (value) => value ^ 255),
  decode: (bytes, _, target) => void (target as Uint8Array).set(bytes.map((value) => value ^ 255)),
}

/** Every output channel is half of the first input channel. */
export const halvingBackend: InferenceBackend = {
  load: async ({ outputChannels, inputChannels, inputPatchSize: [z, y, x] }) => ({
    computeDevice: 'acme',
    channels: outputChannels,
    resultSize: zyx(z, y, x),
    run: async (batch, count, result) => {
      const size = z * y * x
      for (let item = 0; item < count; item++)
        for (let channel = 0; channel < outputChannels; channel++)
          for (let voxel = 0; voxel < size; voxel++)
            result[(item * outputChannels + channel) * size + voxel] =
              batch[item * inputChannels * size + voxel]! / 2
    },
  }),
}

/** `acme:///folder`: a file per message. */
export const folderQueues: QueueDriver = {
  open: async (name): Promise<Queue> => {
    mkdirSync(name, { recursive: true })
    return {
      send: async (bodies) => {
        for (const body of bodies) writeFileSync(path.join(name, body), '')
      },
      receive: async () => {
        const [body] = readdirSync(name).sort()
        if (body === undefined) return null
        return {
          body,
          seconds: 30,
          extend: async () => {},
          acknowledge: async () => rmSync(path.join(name, body)),
          release: async () => {},
        }
      },
    }
  },
}

/** Files `NAME.acme` that hold a size, `3 4 5`: chunks of zeros at offset 10 20 30. */
export const sizeReader: Reader = {
  matches: (file) => file.endsWith('.acme'),
  probe: async (file) => ({
    shape: sizeOf(file),
    dtype: 'uint8',
    voxelOffset: zyx(10, 20, 30),
    voxelSize: null,
    layerType: 'image',
  }),
  read: async (file) => {
    const shape = sizeOf(file)
    return createChunk(new Uint8Array(shape[0] * shape[1] * shape[2]), shape, {
      voxelOffset: zyx(10, 20, 30),
    })
  },
}

/** Says names and sizes of what is shown. */
export const sizeViewer: Viewer = {
  show: async (layers, _, { logger }) => {
    for (const layer of layers)
      if ('value' in layer) logger.result(`${layer.name} ${(layer.value as Chunk).shape.join(' ')}`)
  },
}

const sizeOf = (file: string): [number, number, number] => {
  const [z, y, x] = readFileSync(file, 'utf8').trim().split(' ').map(Number)
  return [z!, y!, x!]
}
