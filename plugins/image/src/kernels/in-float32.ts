import { allocate, type Chunk, decodeFloat16, numberToFloat16, withProperties } from '@chunkflow/sdk'

/** Does to a float16 chunk what `work` does to a float32 one. */
export async function inFloat32(chunk: Chunk, work: (wide: Chunk) => Promise<Chunk>): Promise<Chunk> {
  const values = allocate('float32', chunk.data.length) as Float32Array
  decodeFloat16(chunk.data as Uint16Array, values)
  const result = (await work(withProperties(chunk, { data: values, dtype: 'float32' }))).data as Float32Array
  const bits = allocate('float16', result.length)
  for (let index = 0; index < bits.length; index++) bits[index] = numberToFloat16(result[index]!)
  return withProperties(chunk, { data: bits })
}
