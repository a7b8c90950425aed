/** Every operator of this repository keeps the promises that the SDK's testing kit checks for third parties. */
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import type { AnyOperator, PluginDefinition } from '@chunkflow/sdk'
import {
  type ConformanceSettings,
  inlineCompute,
  memoryStore,
  operatorConformance,
  randomChunk,
  serviceFamily,
  temporaryFolder,
  testFiles,
} from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import { ROOT } from '../pipelines/chunkflow.js'

const folder = temporaryFolder()
const services = {
  compute: inlineCompute(),
  files: testFiles(folder.path),
  store: memoryStore(),
  volumes: serviceFamily({}),
  readers: serviceFamily({}),
  queues: serviceFamily({}),
}

/** What makes operators run that need more than a chunk. Operators that are not listed run with their defaults. */
const affinity = () => ({ chunk: randomChunk([3, 5, 9, 14], { dtype: 'float32', voxelOffset: [7, -3, 11] }) })
const map = () => ({ chunk: randomChunk([5, 9, 14], { dtype: 'float32', voxelOffset: [7, -3, 11] }) })
const SETTINGS: Readonly<Record<string, ConformanceSettings>> = {
  agglomerate: { variables: affinity },
  'channel-voting': { variables: affinity },
  'connected-components': { options: { threshold: 100 }, dtypes: ['uint8', 'uint16', 'uint64', 'float32'] },
  'create-chunk': { options: { size: [3, 4, 5] } },
  'crop-margin': { options: { marginSize: [0, 0, 0] } },
  downsample: { dtypes: ['uint8', 'uint16', 'uint32', 'uint64', 'float32'], positionDependent: true },
  multiply: { options: { multiplierName: 'mask' }, dtypes: ['uint8', 'uint64', 'float32'] },
  quantize: { variables: map },
  'rescale-intensity': { options: { low: 10, high: 90 } },
  threshold: { dtypes: ['uint8', 'int16', 'uint64', 'float16', 'float32', 'float64'] },
}

for (const name of readdirSync(path.join(ROOT, 'plugins'))) {
  if (!existsSync(path.join(ROOT, 'plugins', name, 'src/plugin.ts'))) continue
  const { default: plugin } = (await import(path.join(ROOT, 'plugins', name, 'src/plugin.ts'))) as {
    default: PluginDefinition
  }
  for (const [operator, load] of Object.entries(plugin.operators)) {
    const { default: definition } = (await load()) as { default: AnyOperator }
    const test = suite(operator)
    // what reads, writes or waits is tested beside its source; its declaration is checked here
    const all = operatorConformance(definition, { services, ...SETTINGS[operator] })
    const checks =
      definition.effects === 'pure' && (SETTINGS[operator] !== undefined || needsOnlyChunks(definition))
        ? all
        : all.slice(0, 2)
    for (const check of checks) test(check.name, check.run)
    test.run()
  }
}
process.on('exit', () => folder.remove())

function needsOnlyChunks(definition: AnyOperator): boolean {
  const flags = Object.values(definition.flags) as {
    required?: boolean
    port?: { kind: unknown; optional?: boolean }
  }[]
  return (
    definition.role === 'operator' &&
    (definition.requires ?? []).length === 0 &&
    flags.every(({ required, port }) => !required && (port === undefined || port.kind === 'chunk'))
  )
}
