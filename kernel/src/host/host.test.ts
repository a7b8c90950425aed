import 'reflect-metadata'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  boxFromSize,
  chunkflowError,
  defineOperator,
  definePlugin,
  defineSource,
  describePlugin,
  eachService,
  flag,
  isChunkflowError,
  keyedToken,
  type Logger,
  optionalService,
  PIPELINES,
  type PluginDefinition,
  provide,
  refuseMethods,
  skip,
  skipTo,
  token,
  zyx,
} from '../authoring/index.js'
import { createHost } from './host.js'
import { planDigest } from './plan/digest.js'
import type { Pipeline, PipelineStep } from './plan/pipeline.js'
import { createRegistry, type PluginSource, unknownOperatorOf } from './registry/registry.js'

const test = suite('host')

interface Ledger {
  entries: string[]
  write(text: string): void
}
const LEDGER = token<Ledger>('test.ledger', {
  readOnly: (ledger) => refuseMethods(ledger, ['write'], 'the ledger'),
})
const SHAPES = keyedToken<{ corners: number }>('test.shape')

/** What happened, in order, across one test. */
let events: string[] = []

const make = defineOperator({
  name: 'make',
  summary: 'Writes a text variable',
  examples: [],
  flags: {
    output: flag.output({ kind: 'text', char: 'o' }),
    value: flag.text({ default: 'x', summary: 'value' }),
    nothing: flag.boolean({ summary: 'write null' }),
  },
  effects: 'pure',
  timed: true,
  create: ({ options, name }) => {
    events.push(`create ${name}`)
    return {
      run: (task) => task.set(options.output, options.nothing ? null : options.value),
      dispose: () => void events.push(`dispose ${name}`),
    }
  },
})
const use = defineOperator({
  name: 'use',
  aliases: ['consume'],
  summary: 'Reads a text variable',
  examples: [],
  flags: { input: flag.input({ kind: 'text', char: 'i' }), output: flag.output({ kind: 'text', char: 'o' }) },
  effects: 'pure',
  explain: ({ input }, options) => [`marks the ${input?.kind} ${options.input}`],
  create: ({ options, name }) => ({
    run: (task) => {
      events.push(`${name} ${task.get(options.input)}`)
      task.set(options.output, `${task.get(options.input)}!`)
    },
    arriveSkipped: (task) => task.set(options.input, 'zero'),
    dispose: () => void events.push(`dispose ${name}`),
  }),
})
const leave = defineOperator({
  name: 'leave',
  summary: 'Skips',
  examples: [],
  flags: { to: flag.text({ summary: 'target' }), defer: flag.boolean({ summary: 'defer' }) },
  effects: 'pure',
  skipTargets: (options) => (options.to === undefined ? [] : [options.to]),
  create: ({ options }) => ({
    run: () =>
      options.to === undefined
        ? skip('nothing to do', { outcome: options.defer ? 'defer' : 'done' })
        : skipTo(options.to, 'blank'),
  }),
})
const acknowledge = defineOperator({
  name: 'acknowledge',
  summary: 'Acknowledges',
  examples: [],
  flags: {},
  effects: 'write',
  acknowledges: true,
  create: () => ({ run: (task) => task.lease?.acknowledge() }),
})
const record = defineOperator({
  name: 'record',
  summary: 'Writes to the ledger',
  examples: [],
  flags: { honest: flag.boolean({ summary: 'has a dryRun' }) },
  effects: 'read',
  services: { ledger: LEDGER, shapes: SHAPES },
  create: ({ services }) => ({
    run: async () => {
      services.ledger.write(`square has ${(await services.shapes.get('square')).corners}`)
    },
  }),
})
const save = defineOperator({
  name: 'save',
  summary: 'Writes',
  examples: [],
  flags: {},
  effects: 'write',
  create: () => ({ run: () => void events.push('saved') }),
})
const change = defineOperator({
  name: 'change',
  summary: 'Changes a text variable where it stands',
  examples: [],
  flags: { input: flag.input({ kind: 'text', char: 'i' }) },
  effects: 'pure',
  writes: ({ input }) => [input],
  create: ({ options }) => ({ run: (task) => task.set(options.input, 1) }),
})
const fail = defineOperator({
  name: 'fail',
  summary: 'Fails',
  examples: [],
  flags: { passing: flag.boolean({ summary: 'for a reason that may pass' }) },
  effects: 'pure',
  create: ({ options }) => ({
    run: () => {
      if (options.passing) throw chunkflowError('unexpected', 'disk full', { fix: 'wait', retryable: true })
      throw new TypeError('broken')
    },
  }),
})
const look = defineOperator({
  name: 'look',
  summary: 'Reads what is there',
  examples: [],
  flags: { inputs: flag.inputs({ kind: 'any', optionalDefault: true }) },
  effects: 'pure',
  create: ({ options }) => ({
    run: (task) => void events.push(`sees ${options.inputs.filter((name) => task.has(name)).join()}`),
  }),
})
let queueIsDown = false
const queue = defineSource({
  name: 'queue',
  summary: 'Two tasks with leases',
  examples: [],
  flags: {},
  effects: 'read',
  sets: ['bbox'],
  queue: true,
  create: () => ({
    *tasks() {
      for (const z of [0, 4])
        yield {
          bbox: boxFromSize(zyx(z, 0, 0), zyx(4, 5, 6)),
          lease: {
            seconds: 0,
            extend: async () => {},
            acknowledge: async () => void events.push(`acknowledged ${z}`),
            release: async () => void events.push(`released ${z}`),
            deadLetter: async () => {
              if (queueIsDown) throw new Error('no connection')
              events.push(`dead ${z}`)
            },
          },
        }
    },
  }),
})

const ledger: Ledger & { dispose(): void } = {
  entries: [],
  write: (text) => void ledger.entries.push(text),
  dispose: () => void events.push('ledger closed'),
}

const plugin = definePlugin({
  name: 'test-plugin',
  operators: Object.fromEntries(
    [make, use, leave, acknowledge, record, save, change, fail, look, queue].map((operator) => [
      operator.name,
      async () => ({ default: operator }),
    ]),
  ) as PluginDefinition['operators'],
  provides: [
    provide(LEDGER, { create: () => ledger }),
    provide(SHAPES, 'square', { needs: { ledger: LEDGER }, create: async () => ({ corners: 4 }) }),
  ],
})

/** A registry over a plugin that exists only here: loaded through a data URL that hands over the definition. */
async function registryOf(
  definition: PluginDefinition,
  change: Partial<PluginSource['slice']> = {},
): Promise<PluginSource> {
  const key = Symbol.for(`test.plugin.${definition.name}`)
  ;(globalThis as Record<symbol, unknown>)[key] = definition
  const slice = await describePlugin(definition, { name: definition.name, version: '1.0.0', description: '' })
  return {
    slice: { ...slice, ...change },
    origin: 'installed',
    entry: () =>
      `data:text/javascript,export default globalThis[Symbol.for(${JSON.stringify(`test.plugin.${definition.name}`)})]`,
  }
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, result() {} }
const step = (operator: string, options: PipelineStep['options'] = {}, name?: string): PipelineStep => ({
  operator,
  options,
  ...(name === undefined ? {} : { name }),
})

async function run(
  steps: PipelineStep[],
  { dryRun = false, lateSource = false } = {},
): Promise<{ error?: { code: string; what: string; where: readonly string[] }; failures?: number }> {
  events = []
  ledger.entries = []
  const host = createHost(createRegistry([await registryOf(plugin)]))
  const pipeline: Pipeline = { schema: 1, globals: { dryRun }, steps }
  try {
    const plan = await host.plan(pipeline, { allowLateSource: lateSource })
    const pause = async (seconds: number) => void events.push(`pause ${seconds}`)
    return { failures: (await host.run(plan, { logger: silent, pause })).failures }
  } catch (error) {
    assert.ok(isChunkflowError(error), String((error as Error).stack))
    return { error }
  } finally {
    await host.dispose()
  }
}

test('passes variables, disposes in reverse order', async () => {
  await run([
    step('make', { value: 'a' }),
    step('use', { output: 'b' }),
    step('consume', { input: 'b' }, 'last'),
  ])
  assert.equal(events, ['create make', 'use a', 'last a!', 'dispose last', 'dispose use', 'dispose make'])
})

test('refuses to read what nothing wrote, naming what there is', async () => {
  const { error } = await run([step('make', { output: 'image' }), step('use', { input: 'imgae' })])
  assert.is(error?.code, 'plan-variable-missing')
  assert.equal(events, [])
})

test('keeps what operators say of themselves', async () => {
  const host = createHost(createRegistry([await registryOf(plugin)]))
  const steps = [step('make', { output: 'a' }), step('use', { input: 'a' })]
  const plan = await host.plan({ schema: 1, globals: {}, steps })
  assert.equal(
    plan.steps.map(({ explanation }) => explanation),
    [[], ['marks the text a']],
  )
})

test('a default that may be absent does not excuse a misspelt name', async () => {
  assert.is((await run([step('look')])).error, undefined)
  assert.equal(events, ['sees '])
  await run([step('make', { output: 'chunk' }), step('look')])
  assert.equal(events, ['create make', 'sees chunk', 'dispose make'])
  const { error } = await run([step('make', { output: 'image' }), step('look', { inputs: ['imgae'] })])
  assert.is(error?.code, 'plan-variable-missing')
})

test('forgets what it knew of a variable that an operator may change', async () => {
  const host = createHost(createRegistry([await registryOf(plugin)]))
  const steps = [
    step('make', { output: 'a' }),
    step('change', { input: 'a' }),
    step('use', { input: 'a', output: 'b' }),
  ]
  const plan = await host.plan({ schema: 1, globals: {}, steps })
  assert.equal(
    plan.steps.map(({ variables }) => variables.a),
    [{ kind: 'text' }, { kind: 'any' }, { kind: 'any' }],
  )
})

test('passes null on without running', async () => {
  await run([step('make', { nothing: true }), step('use'), step('use')])
  assert.equal(events, ['create make', 'dispose make'])
})

test('skipping acknowledges when done and not when deferred', async () => {
  await run([step('queue'), step('leave'), step('make'), step('acknowledge')])
  assert.equal(events, ['acknowledged 0', 'acknowledged 4'])
  await run([step('queue'), step('leave', { defer: true }), step('acknowledge')])
  assert.equal(events, [])
})

test('skips to a later step, by name or an older name of it', async () => {
  await run([step('make'), step('leave', { to: 'consume' }), step('make', { value: 'never' }), step('use')])
  assert.equal(
    events.filter((event) => event.startsWith('use')),
    ['use zero'],
  )
  const { error } = await run([step('make'), step('use'), step('leave', { to: 'use' })])
  assert.is(error?.code, 'plan-skip-target')
})

test('a failing task of a queue goes to the dead letters and the run goes on', async () => {
  const { failures } = await run([step('queue'), step('fail'), step('acknowledge')])
  assert.is(failures, 2)
  assert.equal(events, ['dead 0', 'dead 4'])
})

test('tasks that failed for a reason that may pass are released, and the run waits longer each time', async () => {
  const { failures } = await run([step('queue'), step('fail', { passing: true })])
  assert.is(failures, 2)
  assert.equal(events, ['released 0', 'pause 1', 'released 4', 'pause 2'])
})

test('a queue that cannot be told of a failure does not hide it', async () => {
  queueIsDown = true
  const { failures } = await run([step('queue'), step('fail'), step('acknowledge')])
  queueIsDown = false
  assert.is(failures, 2)
  assert.equal(events, [])
})

test('a failure names the operator and keeps its cause', async () => {
  const { error } = await run([step('make'), step('fail')])
  assert.is(error?.code, 'unexpected')
  assert.match(error!.what, 'fail failed: broken')
  assert.equal(events, ['create make', 'dispose make'])
})

test('resolves services and their needs, disposes them', async () => {
  await run([step('record')])
  assert.equal(ledger.entries, ['square has 4'])
  assert.equal(events, ['ledger closed'])
})

test('gives services outside a run and disposes them', async () => {
  events = []
  const host = createHost(createRegistry([await registryOf(plugin)]))
  const corners = await host.withServices(silent, async (services) => {
    const { shapes } = (await services.resolve({ shapes: SHAPES })) as {
      shapes: { get(key: string): Promise<{ corners: number }> }
    }
    return (await shapes.get('square')).corners
  })
  assert.is(corners, 4)
  assert.equal(events, ['ledger closed'])
  await host.dispose()
})

test('a dry run leaves writers out and refuses hidden writes', async () => {
  await run([step('make'), step('save')], { dryRun: true })
  assert.equal(events, ['create make', 'dispose make'])
  const { error } = await run([step('record')], { dryRun: true })
  assert.is(error?.code, 'dry-run-refused')
  assert.equal(ledger.entries, [])
})

test('a late source is refused, or discards with a warning', async () => {
  const { error } = await run([step('make'), step('queue'), step('acknowledge')])
  assert.is(error?.code, 'late-source')
  await run([step('make'), step('queue'), step('acknowledge')], { lateSource: true })
  assert.equal(events, ['acknowledged 0', 'acknowledged 4'])
})

test('quarantines a colliding or incompatible plugin and keeps the rest', async () => {
  const rival = definePlugin({
    name: 'rival',
    operators: { make: async () => ({ default: make }) } as PluginDefinition['operators'],
  })
  const old = definePlugin({ name: 'old' })
  const registry = createRegistry(
    [await registryOf(plugin), await registryOf(rival), await registryOf(old, { apiVersion: 7 })],
    ['plan'],
  )
  assert.equal(
    registry.quarantined.map(({ source }) => source.slice.package),
    ['rival', 'old'],
  )
  assert.is(registry.find('consume').entry.name, 'use')
  assert.throws(
    () => registry.find('mkae'),
    (error: unknown) => isChunkflowError(error) && error.fix === 'did you mean make?',
  )
})

test('quarantines broken plugins and colliding hooks, and names whose operators are unknown', async () => {
  const watch = { name: 'watch', summary: 'Watches', create: () => ({}) }
  const first = await registryOf(definePlugin({ name: 'first', hooks: [watch] }))
  const second = await registryOf(definePlugin({ name: 'second', hooks: [watch] }))
  const nameless = await registryOf(definePlugin({ name: 'nameless' }), { apiVersion: Number.NaN })
  const broken = { ...(await registryOf(definePlugin({ name: 'broken' }))), broken: 'its list is gone' }
  const registry = createRegistry([first, second, nameless, broken])
  assert.equal(
    registry.quarantined.map(({ source, reason }) => [source.slice.package, reason]),
    [
      ['second', 'hook "watch" exists already in first'],
      ['nameless', 'it was built for plugin API NaN; this host understands 0 and 1'],
      ['broken', 'its list is gone'],
    ],
  )
  try {
    registry.find('other')
    assert.unreachable()
  } catch (error) {
    assert.is(unknownOperatorOf(error), 'other')
    assert.match((error as { fix: string }).fix, 'broken cannot be used: its list is gone')
  }
  assert.is(unknownOperatorOf(new Error('other')), undefined)
})

test('a hook whose plugin cannot be loaded costs itself, unless it is critical', async () => {
  const warnings: string[] = []
  const logger = { ...silent, warn: (text: string) => void warnings.push(text) }
  for (const critical of [false, true]) {
    const watch = { name: 'watch', summary: 'Watches', critical, create: () => ({}) }
    const source = await registryOf(definePlugin({ name: 'watcher', hooks: [watch] }))
    const throwing = { ...source, entry: () => 'data:text/javascript,throw new Error("no such GPU")' }
    const host = createHost(createRegistry([await registryOf(plugin), throwing]))
    const plan = await host.plan({ schema: 1, globals: {}, steps: [step('make')] })
    const result = await host.run(plan, { logger, hooks: ['watch'] }).catch((error: Error) => error)
    if (critical) assert.match((result as Error).message, 'watcher could not be loaded: no such GPU')
    else assert.equal(result, { tasks: 1, failures: 0 })
  }
  assert.equal(warnings, ['watcher could not be loaded: no such GPU; not running: watch'])
})

test('asking each service of a family leaves out those that cannot be made, with a warning', async () => {
  const warnings: string[] = []
  const asked: number[] = []
  const ask = defineOperator({
    name: 'ask',
    summary: 'Asks all shapes',
    examples: [],
    flags: {},
    services: { shapes: SHAPES },
    effects: 'pure',
    create: ({ services, logger }) => ({
      run: async () => {
        for await (const { corners } of eachService(services.shapes, logger)) asked.push(corners)
      },
    }),
  })
  const good = definePlugin({
    name: 'good',
    operators: { ask: async () => ({ default: ask }) },
    provides: [
      provide(SHAPES, 'a-throwing', {
        create: () => {
          throw new Error('no such library')
        },
      }),
      provide(SHAPES, 'triangle', { create: () => ({ corners: 3 }) }),
    ],
  })
  const bad = await registryOf(
    definePlugin({ name: 'bad', provides: [provide(SHAPES, 'b', { create: () => ({ corners: 0 }) })] }),
  )
  const throwing = { ...bad, entry: () => 'data:text/javascript,throw new Error("no such GPU")' }
  const host = createHost(createRegistry([await registryOf(good), throwing]))
  const plan = await host.plan({ schema: 1, globals: {}, steps: [step('ask')] })
  await host.run(plan, { logger: { ...silent, warn: (text) => void warnings.push(text) } })
  assert.equal(asked, [3])
  assert.equal(warnings, [
    'left out "a-throwing": good could not make test.shape/a-throwing: no such library',
    'left out "b": bad could not be loaded: no such GPU',
  ])
})

test('the digest ignores sources and acknowledgement, not options', async () => {
  const host = createHost(createRegistry([await registryOf(plugin)]))
  const digest = async (steps: PipelineStep[]): Promise<string> =>
    planDigest(await host.plan({ schema: 1, globals: {}, steps }))
  assert.is(
    await digest([step('make')]),
    await digest([step('queue'), step('make', { value: 'x' }), step('acknowledge')]),
  )
  assert.is.not(await digest([step('make')]), await digest([step('make', { value: 'y' })]))
})

test('a step learns the digest of its chain, and that of a file', async () => {
  const seen: unknown[] = []
  const asking = definePlugin({
    name: 'asking',
    operators: {
      ask: async () => ({
        default: defineOperator({
          name: 'ask',
          summary: 'Ask',
          examples: [],
          flags: { file: flag.text({ summary: 'a pipeline' }) },
          services: { pipelines: PIPELINES, optional: optionalService(PIPELINES) },
          effects: 'pure',
          outsideDigest: true,
          create: ({ options, services: { pipelines, optional } }) => ({
            async run() {
              seen.push(pipelines.running, optional?.running)
              if (options.file !== undefined) seen.push(await pipelines.digestOf(options.file, 'a.json'))
            },
          }),
        }),
      }),
    },
  })
  const host = createHost(createRegistry([await registryOf(plugin), await registryOf(asking)]))
  const steps = [step('make', { value: 'y' })]
  const file = JSON.stringify({
    schema: 1,
    globals: {},
    steps: [step('queue'), ...steps, step('acknowledge')],
  })
  const plan = await host.plan({ schema: 1, globals: {}, steps: [...steps, step('ask', { file })] })
  await host.run(plan, { logger: silent })
  const digest = planDigest(await host.plan({ schema: 1, globals: {}, steps }))
  assert.equal(seen, [digest, digest, digest])
  const broken = await host.plan({ schema: 1, globals: {}, steps: [step('ask', { file: '{' })] })
  const codeOf = (action: Promise<unknown>): Promise<unknown> =>
    action.then(
      () => 'accepted',
      (error: unknown) => isChunkflowError(error) && error.code,
    )
  assert.is(await codeOf(host.run(broken, { logger: silent })), 'pipeline-invalid')
  const unknown = JSON.stringify({ schema: 1, steps: [step('mak')] })
  const misspelt = await host.plan({ schema: 1, globals: {}, steps: [step('ask', { file: unknown })] })
  assert.is(await codeOf(host.run(misspelt, { logger: silent })), 'operator-unknown')
})

test.run()
