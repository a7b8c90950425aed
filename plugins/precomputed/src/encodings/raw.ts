import { type BlockShape, DTYPES, type Encoding, type TypedArray } from '@chunkflow/sdk'

const bytesOf = (voxels: TypedArray): Uint8Array =>
  new Uint8Array(voxels.buffer, voxels.byteOffset, voxels.byteLength)

/** `raw`: the voxels as they lie in memory, c z y x with x fastest, little endian. */
export function rawEncoding(): Encoding {
  return {
    refuses: () => undefined,
    encode: (voxels) => bytesOf(voxels),
    decode(bytes, { dtype, shapeCzyx }: BlockShape, target) {
      if (bytes.length !== target.byteLength)
        throw new RangeError(
          `${bytes.length} bytes are not ${shapeCzyx.join('×')} voxels (czyx) of ${dtype}, which are ${target.byteLength}`,
        )
      bytesOf(target).set(bytes)
    },
    view({ buffer, byteOffset, length }, { dtype, shapeCzyx }) {
      const { array, bytes } = DTYPES[dtype]
      const voxels = shapeCzyx.reduce((left, right) => left * right, 1)
      return length === voxels * bytes && byteOffset % bytes === 0
        ? new array(buffer as ArrayBuffer, byteOffset, voxels)
        : undefined
    },
  }
}
