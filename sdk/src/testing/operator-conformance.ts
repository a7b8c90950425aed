import {
  type AnyOperator,
  addZyx,
  type Chunk,
  chunkflowError,
  cloneChunk,
  type Dtype,
  type FlagDefinition,
  isChunk,
  isChunkflowError,
  kebabCase,
  type OperatorDefinition,
  type PortTypes,
  parseOptions,
  type RawOptions,
  type VariableType,
  withProperties,
  zyx,
} from '@chunkflow/kernel/authoring'
import { randomChunk } from './chunk-builders.js'
import { runOperator } from './run-operator.js'

/** One promise an operator must keep. Rejects with what is broken. */
export interface ConformanceCheck {
  readonly name: string
  run(): Promise<void>
}

export interface ConformanceSettings {
  /** Options that make the operator run; everything else keeps its default. */
  readonly options?: RawOptions
  /** Fresh variables for each run. The default is an anisotropic, non-cubic, offset uint8 chunk for every input port. */
  readonly variables?: () => Readonly<Record<string, unknown>>
  readonly services?: Readonly<Record<string, unknown>>
  /** Element types it must accept. */
  readonly dtypes?: readonly Dtype[]
  /** The result depends on global positions, or on chance. */
  readonly positionDependent?: boolean
}

const broken = (what: string): Error => chunkflowError('unexpected', what)
const SHIFT = zyx(-100, 37, 1000)

/**
 * What every operator owes its users, from its declaration alone: run each check as a test of its own.
 *
 * ```ts
 * for (const { name, run } of operatorConformance(threshold, { options: { threshold: 0.5 } })) test(name, run)
 * ```
 */
export function operatorConformance(
  definition: AnyOperator,
  settings: ConformanceSettings = {},
): ConformanceCheck[] {
  const checks: ConformanceCheck[] = [
    { name: 'is declared as the house asks', run: async () => checkDeclaration(definition) },
    { name: 'refuses options it does not have', run: async () => checkUnknownOption(definition, settings) },
  ]
  if (definition.role === 'source') return checks
  checks.push(
    { name: 'gives the same result again', run: () => checkRepeat(definition, settings) },
    { name: 'leaves its inputs as they were', run: () => checkInputs(definition, settings) },
    { name: 'keeps the promises of infer', run: () => checkInfer(definition, settings) },
    { name: 'takes chunks of one voxel', run: () => checkSmall(definition, settings) },
  )
  if (!settings.positionDependent)
    checks.push({ name: 'does not depend on the offset', run: () => checkOffset(definition, settings) })
  for (const dtype of settings.dtypes ?? [])
    checks.push({
      name: `takes ${dtype}`,
      run: async () =>
        void (await runOnce(
          definition,
          settings,
          inputs(definition, settings, (chunk) => retyped(chunk, dtype)),
        )),
    })
  return checks
}

function checkDeclaration(definition: AnyOperator): void {
  const { name, summary, examples } = definition
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) throw broken(`"${name}" is not a kebab-case name`)
  if (!/^[A-Z0-9].*[^.\s]$/.test(summary) || summary.includes('\n'))
    throw broken('the summary is one line, with a capital and without a full stop')
  if (examples.some((example) => example.startsWith('chunkflow')))
    throw broken('examples leave out the leading chunkflow')
  const flags = definition.flags as Record<string, FlagDefinition>
  if (JSON.stringify(JSON.parse(JSON.stringify(flags))) !== JSON.stringify(flags))
    throw broken('flags are plain data')
  const names = Object.entries(flags).flatMap(([key, flag]) => [kebabCase(key), ...(flag.aliases ?? [])])
  const chars = Object.values(flags)
    .flatMap((flag) => [flag.char, ...(flag.charAliases ?? [])])
    .filter((char) => char !== undefined)
  for (const list of [names, chars]) {
    const twice = list.find((entry, index) => list.indexOf(entry) !== index)
    if (twice !== undefined) throw broken(`the flag "${twice}" is declared twice`)
  }
}

function checkUnknownOption(definition: AnyOperator, { options }: ConformanceSettings): void {
  if (definition.role === 'operator' && definition.unknownFlags === 'collect') return
  try {
    parseOptions(definition, { ...options, noSuchOption: 1 })
  } catch (error) {
    if (isChunkflowError(error) && error.code === 'flag-unknown') return
  }
  throw broken('an unknown option is accepted')
}

type Variables = Readonly<Record<string, unknown>>

/** Chunks for the input ports, changed by `change`. */
function inputs(
  definition: OperatorDefinition,
  settings: ConformanceSettings,
  change: (chunk: Chunk) => Chunk = (chunk) => chunk,
): Variables {
  const options = parseOptions(definition, settings.options ?? {})
  const given =
    settings.variables?.() ??
    Object.fromEntries(
      variableNames(definition, options, 'input').map(({ name }, index) => [name, sampleChunk(index)]),
    )
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, isChunk(value) ? change(value) : value]),
  )
}

const sampleChunk = (seed: number): Chunk =>
  randomChunk(
    [5, 9, 14],
    { dtype: 'uint8', voxelOffset: [7, -3, 11], voxelSize: [40, 8, 4] },
    { seed: seed + 1 },
  )

function variableNames(
  definition: OperatorDefinition,
  options: Readonly<Record<string, unknown>>,
  direction: 'input' | 'output',
) {
  return Object.entries(definition.flags as Record<string, FlagDefinition>).flatMap(([key, { port }]) => {
    if (port?.direction !== direction) return []
    const value = options[key]
    const names = typeof value === 'string' ? [value] : Array.isArray(value) ? (value as string[]) : []
    return names.map((name) => ({ key, name, mutates: port.mutates ?? false }))
  })
}

/** Runs the operator; a refusal with a ChunkflowError counts as no result. */
async function runOnce(
  definition: OperatorDefinition,
  settings: ConformanceSettings,
  variables: Variables,
): Promise<Map<string, unknown>> {
  const { task } = await runOperator(definition, {
    options: settings.options ?? {},
    variables,
    services: settings.services ?? {},
  })
  return new Map(task.names().map((name) => [name, task.get(name)]))
}

const bytesOf = ({ data }: Chunk): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength)
const sameVoxels = (left: Chunk, right: Chunk): boolean =>
  left.dtype === right.dtype &&
  left.shape.join() === right.shape.join() &&
  Buffer.compare(bytesOf(left), bytesOf(right)) === 0

/** Pairs of chunks that two runs wrote under one name. */
function compareOutputs(
  definition: OperatorDefinition,
  settings: ConformanceSettings,
  first: Map<string, unknown>,
  second: Map<string, unknown>,
  test: (one: Chunk, other: Chunk, name: string) => void,
): void {
  for (const { name } of variableNames(
    definition,
    parseOptions(definition, settings.options ?? {}),
    'output',
  )) {
    const [one, other] = [first.get(name), second.get(name)]
    if (isChunk(one) !== isChunk(other)) throw broken(`"${name}" is a chunk in one run only`)
    if (isChunk(one) && isChunk(other)) test(one, other, name)
  }
}

async function checkRepeat(definition: OperatorDefinition, settings: ConformanceSettings): Promise<void> {
  const variables = () => inputs(definition, settings, cloneChunk)
  const [first, second] = [
    await runOnce(definition, settings, variables()),
    await runOnce(definition, settings, variables()),
  ]
  compareOutputs(definition, settings, first, second, (one, other, name) => {
    if (!sameVoxels(one, other)) throw broken(`two runs give different voxels in "${name}"`)
  })
}

async function checkInputs(definition: OperatorDefinition, settings: ConformanceSettings): Promise<void> {
  const given = inputs(definition, settings, cloneChunk)
  const before = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, isChunk(value) ? cloneChunk(value) : value]),
  )
  await runOnce(definition, settings, given)
  const mutated = new Set(
    variableNames(definition, parseOptions(definition, settings.options ?? {}), 'input')
      .filter(({ mutates }) => mutates)
      .map(({ name }) => name),
  )
  for (const [name, value] of Object.entries(given))
    if (isChunk(value) && !mutated.has(name) && !sameVoxels(value, before[name] as Chunk))
      throw broken(`the input "${name}" was changed; declare \`mutates\` if that is meant`)
}

async function checkOffset(definition: OperatorDefinition, settings: ConformanceSettings): Promise<void> {
  const shift = (chunk: Chunk): Chunk =>
    withProperties(cloneChunk(chunk), { voxelOffset: addZyx(chunk.voxelOffset, SHIFT) })
  const here = await runOnce(definition, settings, inputs(definition, settings, cloneChunk))
  const there = await runOnce(definition, settings, inputs(definition, settings, shift))
  compareOutputs(definition, settings, here, there, (one, other, name) => {
    if (!sameVoxels(one, other)) throw broken(`the voxels of "${name}" depend on where the chunk lies`)
  })
}

async function checkInfer(definition: OperatorDefinition, settings: ConformanceSettings): Promise<void> {
  const options = parseOptions(definition, settings.options ?? {})
  const given = inputs(definition, settings, cloneChunk)
  const types: Record<string, VariableType> = {}
  for (const { key, name } of variableNames(definition, options, 'input')) {
    const value = given[name]
    if (isChunk(value))
      types[key] = {
        kind: 'chunk',
        dtype: value.dtype,
        rank: value.shape.length,
        shape: value.shape,
        layerType: value.layerType,
        layerTypeDeclared: value.layerTypeDeclared,
      }
  }
  const promised = definition.infer?.(types as PortTypes, options as never) ?? {}
  const results = await runOnce(definition, settings, given)
  for (const { key, name } of variableNames(definition, options, 'output')) {
    const [promise, result] = [promised[key], results.get(name)]
    if (promise === undefined || !isChunk(result)) continue
    const wrong =
      (promise.dtype !== undefined && promise.dtype !== result.dtype && 'dtype') ||
      (promise.rank !== undefined && promise.rank !== result.shape.length && 'rank') ||
      (promise.shape !== undefined && promise.shape.join() !== result.shape.join() && 'shape') ||
      (promise.layerType !== undefined && promise.layerType !== result.layerType && 'layer type')
    if (wrong)
      throw broken(`infer promises another ${wrong} of "${name}" than run gives: ${JSON.stringify(promise)}`)
  }
}

/** One voxel either works or is refused by name. */
async function checkSmall(definition: OperatorDefinition, settings: ConformanceSettings): Promise<void> {
  const one = (chunk: Chunk): Chunk =>
    withProperties(chunk, {
      data: chunk.data.slice(0, chunk.data.length > 0 ? (chunk.shape.length === 4 ? chunk.shape[0] : 1) : 0),
      shape: (chunk.shape.length === 4 ? [chunk.shape[0], 1, 1, 1] : [1, 1, 1]) as never,
    })
  try {
    await runOnce(definition, settings, inputs(definition, settings, one))
  } catch (error) {
    if (!isChunkflowError(error) || error.code === 'unexpected')
      throw broken(`one voxel makes it fail without a proper error: ${(error as Error).message}`)
  }
}

const retyped = (chunk: Chunk, dtype: Dtype): Chunk =>
  randomChunk(chunk.shape, { dtype, voxelOffset: chunk.voxelOffset, voxelSize: chunk.voxelSize })
