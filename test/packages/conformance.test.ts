/** Every operator of this repository keeps the promises that the SDK's testing kit checks for third parties. */
import 'reflect-metadata'
import { createProcessScope, createRegistry, createRunContainer } from '@chunkflow/kernel/host'
import { type AnyOperator, COMPUTE, type FlagDefinition } from '@chunkflow/sdk'
import { inlineCompute, operatorConformance, recordingLogger } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { firstPartyPlugins } from '../../cli/src/discovery/first-party.js'
import { workFolder } from '../pipelines/chunkflow.js'
import { conformanceSettings, EXCLUDED } from './conformance-settings.js'

const folder = workFolder()
const settings = await conformanceSettings(folder.cwd)
const registry = createRegistry(firstPartyPlugins())
const processScope = createProcessScope()
const container = createRunContainer(processScope, {
  registry,
  logger: recordingLogger().logger,
  globals: { mip: 0, dryRun: false },
})
const compute = inlineCompute()

/** The services of a run, numerics on this thread so that their memory can be measured. */
async function servicesOf({ services: needs = {} }: AnyOperator): Promise<Record<string, unknown>> {
  const services = await container.resolve(needs)
  for (const [name, need] of Object.entries(needs as Record<string, { symbol?: symbol }>))
    if (need.symbol === COMPUTE.symbol) services[name] = compute
  return services
}

const needsMore: string[] = []
for (const { entry } of registry.operators()) {
  const { definition, plugin } = await registry.loadOperator(entry.name)
  const own = settings[entry.name]
  const checks = operatorConformance(definition, {
    ...own,
    services: await servicesOf(definition),
    workers: plugin.workers,
    assets: plugin.assets,
  })
  if (own === undefined && EXCLUDED[entry.name] === undefined && !runsByItself(definition))
    needsMore.push(entry.name)
  const test = suite(entry.name)
  const runnable = EXCLUDED[entry.name] === undefined && !needsMore.includes(entry.name)
  for (const check of runnable ? checks : checks.slice(0, 2)) test(check.name, check.run)
  test.run()
}

const table = suite('conformance of all operators')
table('every operator runs, or its exclusion has a reason', () => {
  assert.equal(needsMore, [], 'these need settings, or a reason, in conformance-settings.ts')
  const names = registry.operators().map(({ entry }) => entry.name)
  for (const name of [...Object.keys(settings), ...Object.keys(EXCLUDED)])
    assert.ok(names.includes(name), `there is no operator ${name}`)
})
table.after(async () => {
  await container.dispose()
  await processScope.dispose()
  folder.remove()
})
table.run()

/** Operators that need nothing but chunks, and sources, whose tasks are tested beside them. */
function runsByItself(definition: AnyOperator): boolean {
  if (definition.role === 'source') return true
  const flags = Object.values(definition.flags as Record<string, FlagDefinition>)
  return (
    definition.effects === 'pure' &&
    (definition.requires ?? []).length === 0 &&
    flags.every(({ required, port }) => !required && (port === undefined || port.kind === 'chunk'))
  )
}
