/**
 * Peak memory of inference with the identity backend against what must be held: base, input, output, two batches.
 * `node --conditions=source --import tsx plugins/inference/bench/memory.ts 100 1024 1024 [float16] [masked] [batch=3]`. Linux.
 */
import { readFileSync } from 'node:fs'
import { allocate, createChunk, SILENT_PROGRESS } from '@chunkflow/sdk'
import { identityBackend } from '../../inference-identity/src/identity-backend.js'
import { inferChunk } from '../src/infer-chunk.js'
import { modelSettings } from '../src/load-model.js'
import { geometryOf, gridOf, memoryNeeds, totalBytes } from '../src/settings.js'
import { patchWeights } from '../src/weights.js'
import { NO_MODEL_FILE, OPTIONS, startCompute } from './setup.js'

const peakBytes = (): number =>
  1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1])
const mib = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`

const size = process.argv.slice(2, 5).map(Number) as [number, number, number]
const words = process.argv.slice(5)
const options = {
  ...OPTIONS,
  dtype: words.includes('float16') ? ('float16' as const) : ('float32' as const),
  maskOutputChunk: words.includes('masked'),
  batchSize: Number(words.find((word) => word.startsWith('batch='))?.slice(6) ?? 1),
}
const compute = startCompute()
// two workers belong to the base
const { default: base64 } = await import('../src/kernels/cut.wasm.js')
for (const session of await Promise.all([1, 2].map(() => compute.open({ name: 'cut', base64 }))))
  await session.close()
const base = peakBytes()

const data = allocate('uint8', size[0] * size[1] * size[2]) as Uint8Array
for (let index = 0; index < data.length; index++) data[index] = index * 7919 + (index >> 9)
const chunk = createChunk(data, size)
const geometry = geometryOf(options)
const grid = gridOf(geometry, size, options)
const model = await identityBackend.load(modelSettings({ ...options, ...NO_MODEL_FILE }, geometry))
const needs = memoryNeeds(geometry, grid, options, { dtype: 'uint8', channels: 1 }, model)
const started = performance.now()
const result = await inferChunk({
  chunk,
  options,
  geometry,
  grid,
  model,
  weights: patchWeights(geometry.outputPatchSize, geometry.overlap),
  compute,
  context: { signal: new AbortController().signal, progress: SILENT_PROGRESS },
})
const seconds = (performance.now() - started) / 1000
const peak = peakBytes()
const twoBatches = 2 * (needs.batch + needs.results)
const held = base + data.length + needs.output + twoBatches
console.log(
  `base ${mib(base)}, input ${mib(data.length)}, output ${mib(needs.output)}, two batches ${mib(twoBatches)}`,
)
console.log(
  `estimate ${mib(totalBytes(needs))}, peak ${mib(peak)}: ${(peak / held).toFixed(3)} of what must be held`,
)
console.log(`${grid.patchCount} patches of ${result.shape.join('×')} in ${seconds.toFixed(1)} s`)

if (options.dtype === 'float32') {
  const values = result.data as Float32Array
  const [channels, depth, height, width] = result.shape as [number, number, number, number]
  const [z0, y0, x0] = geometry.outputOffset
  let worst = 0
  for (let channel = 0; channel < channels; channel++)
    for (let z = 0; z < depth; z += 3)
      for (let y = z % 7; y < height; y += 7)
        for (let x = 0; x < width; x++) {
          const value = values[((channel * depth + z) * height + y) * width + x]!
          const source = data[((z + z0) * size[1] + y + y0) * size[2] + x + x0]!
          worst = Math.max(worst, Math.abs(value - source / 255))
        }
  console.log(`largest difference from the input ${worst}`)
}
await compute.dispose()
