/** Every check passes an operator that keeps its promises and finds one that breaks the promise it is named after. */
import {
  type Chunk,
  chunkflowError,
  chunkOf,
  createChunk,
  defineOperator,
  flag,
  type OperatorDefinition,
  type Task,
  withProperties,
} from '@chunkflow/kernel/authoring'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { FILES, type Files } from '../contracts/files.js'
import type { ConformanceSettings } from './operator-conformance.js'
import { operatorConformance } from './operator-conformance.js'

const test = suite('operator conformance')

const flags = {
  input: flag.input({ kind: 'chunk' }),
  output: flag.output({ kind: 'chunk', default: 'result' }),
  amount: flag.integer({ default: 3, minimum: 0, maximum: 255, summary: 'what is added' }),
}
type Flags = typeof flags
type Definition = Omit<OperatorDefinition<Flags, Record<never, never>>, 'role'>

/** A new chunk with every byte `by` larger. */
function add(chunk: Chunk, by: number): Chunk {
  if (chunk.dtype !== 'uint8') throw chunkflowError('sample-dtype', 'takes uint8')
  const { shape, voxelOffset, voxelSize } = chunk
  const data = new Uint8Array(new SharedArrayBuffer(chunk.data.length))
  for (let index = 0; index < data.length; index++) data[index] = Number(chunk.data[index]) + by
  return createChunk(data, shape, { voxelOffset, voxelSize })
}

const good: Definition = {
  name: 'add-amount',
  summary: 'Add an amount to every byte',
  examples: ['create-chunk add-amount'],
  flags,
  effects: 'pure',
  halo: () => [0, 0, 0],
  infer: ({ input }) => {
    if (input?.dtype !== undefined && input.dtype !== 'uint8')
      throw chunkflowError('sample-dtype', 'takes uint8')
    return input === undefined ? {} : { output: input }
  },
  estimate: ({ input }) => ({ bytes: (input?.shape ?? [0]).reduce((left, right) => left * right, 1) }),
  create: ({ options }) => ({
    run: (task) => task.set(options.output, add(chunkOf(task, options.input), options.amount)),
  }),
}

/** The same operator with another `run`. */
const running = (run: (task: Task) => unknown, change: Partial<Definition> = {}): Definition => ({
  ...good,
  ...change,
  create: () => ({ run: run as never }),
})
const setResult = (task: Task, change: (chunk: Chunk) => Chunk): void =>
  task.set('result', change(add(chunkOf(task, 'chunk'), 3)))

/** What each check that fails says, by name. */
async function failures(
  definition: Definition,
  settings?: ConformanceSettings,
): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const { name, run } of operatorConformance(defineOperator(definition) as never, settings))
    await run().catch((error: Error) => {
      found[name] = error.message
    })
  return found
}
const finds = async (
  name: string,
  message: RegExp,
  definition: Definition,
  settings?: ConformanceSettings,
): Promise<void> => assert.match((await failures(definition, settings))[name] ?? 'nothing was found', message)

test('an operator that keeps its promises passes', async () => {
  assert.equal(await failures(good, { dtypes: ['uint8'] }), {})
})

test('declarations', async () => {
  const declared = 'is declared as the house asks'
  await finds(declared, /kebab-case/, { ...good, name: 'addAmount' })
  await finds(declared, /one line/, { ...good, summary: 'adds.' })
  const amount = flag.integer({ default: 300, maximum: 255, summary: 'what is added' })
  await finds(declared, /default of --amount/, { ...good, flags: { ...flags, amount } })
  const twice = flag.integer({ default: 3, aliases: ['output'], summary: 'what is added' })
  await finds(declared, /"output" is declared twice/, { ...good, flags: { ...flags, amount: twice } })
})

test('options', async () => {
  await finds('refuses options that make no sense', /an unknown option is accepted/, {
    ...good,
    unknownFlags: undefined as never,
    // a flag of the name that the check makes up
    flags: { ...flags, noSuchOption: flag.text({ summary: 'anything' }) } as never,
  })
})

test('results that change, or change what they should not', async () => {
  let runs = 0
  await finds(
    'gives the same result again',
    /two runs give different voxels/,
    running((task) => setResult(task, (chunk) => add(chunk, runs++))),
  )
  await finds('gives the same result again', /the task before changes/, {
    ...good,
    create: () => {
      let last = 0
      return {
        run: (task) => {
          setResult(task, (chunk) => add(chunk, last))
          last = chunkOf(task, 'chunk').shape[0]
        },
      }
    },
  })
  await finds(
    'leaves its inputs as they were',
    /"chunk" was changed/,
    running((task) => {
      const chunk = chunkOf(task, 'chunk')
      chunk.data.fill(1 as never)
      task.set('result', chunk)
    }),
  )
})

test('places', async () => {
  const name = 'does not depend on the offset'
  await finds(
    name,
    /depend on where/,
    running((task) => setResult(task, (chunk) => add(chunk, chunk.voxelOffset[0] & 255))),
  )
  await finds(
    name,
    /does not lie where the input does/,
    running((task) => setResult(task, (chunk) => withProperties(chunk, { voxelOffset: [0, 0, 0] }))),
  )
})

test('halos that are too small', async () => {
  const name = 'gives the same result block by block'
  const shifted = running((task) =>
    setResult(task, (chunk) => {
      const [, , width] = chunk.shape.slice(-3)
      const data = (chunk.data as Uint8Array).map((_, index) =>
        index % width! < 2 ? 0 : Number(chunk.data[index - 2]),
      )
      return withProperties(chunk, { data })
    }),
  )
  await finds(name, /beyond the declared halo of 0 0 1/, { ...shifted, halo: () => [0, 0, 1] })
  assert.is((await failures({ ...shifted, halo: () => [0, 0, 2] }))[name], undefined)
  assert.is((await failures({ ...shifted, halo: () => [0, 0, Number.POSITIVE_INFINITY] }))[name], undefined)
})

test('promises of infer', async () => {
  await finds('takes the sample and keeps the promises of infer', /another dtype/, {
    ...good,
    infer: () => ({ output: { kind: 'chunk', dtype: 'float32' } }),
  })
  await finds('takes or refuses a single section', /infer refuses a single section, which run takes/, {
    ...good,
    infer: ({ input }) => {
      if (input?.shape?.at(-3) === 1) throw chunkflowError('sample-shape', 'takes stacks')
      return {}
    },
  })
})

test('failures that are no refusals', async () => {
  const strict = running((task) => {
    const chunk = chunkOf(task, 'chunk')
    if (chunk.data.length === 0 || chunk.dtype !== 'uint8') throw new TypeError('undefined is not iterable')
    setResult(task, (result) => result)
  })
  await finds('takes or refuses an empty chunk', /without a proper error: undefined is not iterable/, strict)
  await finds('takes or refuses every element type', /a bool chunk ends without a proper error/, {
    ...strict,
    infer: () => ({}),
  })
  await finds('takes or refuses every element type', /a uint16 chunk is refused/, good, {
    dtypes: ['uint16'],
  })
})

test('dry runs that write', async () => {
  const written: string[] = []
  const files = { write: async (path: string) => void written.push(path) } as unknown as Files
  const writing = {
    ...good,
    services: { files: FILES },
    effects: 'pure' as const,
    create: ({ services }: { services: { files: Files } }) => ({
      run: async (task: Task) => {
        await services.files.write(`a-${written.length}`, new Uint8Array())
        setResult(task, (chunk) => chunk)
      },
    }),
  } as unknown as Definition
  const settings = { services: { files }, outside: () => written.join() }
  await finds('changes nothing in a dry run', /asked to write/, writing, settings)
  await finds('changes outside only what it should', /effects are "pure"/, writing, settings)
  await finds(
    'changes outside only what it should',
    /again changes/,
    { ...writing, effects: 'write' },
    settings,
  )
  // a step that writes is left out of dry runs
  assert.is(
    (await failures({ ...writing, effects: 'write' }, settings))['changes nothing in a dry run'],
    undefined,
  )
})

test('more memory than estimated', async () => {
  // three arrays of 16 MiB, the result, and the one it is made of
  const greedy = running((task) => {
    const held = [1, 2, 3].map(() => new Uint8Array(chunkOf(task, 'chunk').data.length))
    setResult(task, (chunk) => add(chunk, held.length))
  })
  await finds(
    'keeps within its memory estimate',
    /80\.\d MiB are held at the peak.*the estimate is 16\.\d MiB/,
    greedy,
  )
  // garbage does not count
  const wasteful = running((task) => {
    for (let turn = 0; turn < 6; turn++) new Float64Array(1 << 20).fill(turn)
    setResult(task, (chunk) => chunk)
  })
  assert.is((await failures(wasteful))['keeps within its memory estimate'], undefined)
})

test.run()
