import { formatSize, type VariableType } from '@chunkflow/kernel/authoring'
import { createHost, type Plan, planDigest } from '@chunkflow/kernel/host'
import { scanChain } from '../chain/scan.js'
import { readConfiguration } from '../configuration/configuration.js'
import { openRegistry } from '../discovery/registry.js'
import { parseGlobals, pipelineOf } from './chain.js'
import { readSwitches } from './index.js'

/** `chunkflow plan [--json] <chain>`: checks a chain and shows what is known of it. */
export async function plan(argv: readonly string[]): Promise<number> {
  const { switches, rest } = readSwitches('plan', argv.slice(0, argv[0] === '--json' ? 1 : 0), ['--json'])
  const words = switches.has('--json') ? argv.slice(1) : [...rest, ...argv]
  const registry = await openRegistry()
  const chain = scanChain(words, registry)
  const globals = parseGlobals(chain, await readConfiguration())
  const pipeline = pipelineOf(chain, globals)
  const planned = await createHost(registry).plan(pipeline, { allowLateSource: globals.allowLateSource })
  process.stdout.write(
    switches.has('--json')
      ? `${JSON.stringify(planJson(planned, pipeline), null, 2)}\n`
      : `${describePlan(planned)}\n`,
  )
  return 0
}

const planJson = (planned: Plan, pipeline: unknown) => ({
  pipeline,
  digest: planDigest(planned),
  warnings: planned.warnings,
  source: planned.source?.name ?? null,
  steps: planned.steps.map(
    ({ name, definition, inputs, outputs, explanation, estimatedBytes, variables }) => ({
      name,
      operator: definition.name,
      effects: definition.effects,
      reads: inputs.map(({ variable }) => variable),
      writes: outputs.map(({ variable }) => variable),
      estimatedBytes: estimatedBytes ?? null,
      explanation,
      variables,
    }),
  ),
})

function describePlan(planned: Plan): string {
  const lines = [
    `tasks   ${planned.source === undefined ? 'one, without a bounding box' : `from ${planned.source.name}`}`,
  ]
  for (const [position, step] of planned.steps.entries()) {
    const reads = step.inputs.map(({ variable }) => variable).join(', ') || 'nothing'
    const writes = step.outputs
      .map(({ variable }) => `${variable}: ${describeType(step.variables[variable])}`)
      .join(', ')
    const memory =
      step.estimatedBytes === undefined ? '' : `, about ${formatBytes(step.estimatedBytes)} of memory`
    lines.push(
      `${String(position + 1).padStart(4)}    ${step.name} (${step.definition.effects}) reads ${reads}${writes === '' ? '' : `, writes ${writes}`}${memory}`,
      ...step.explanation.map((line) => `        ${line}`),
    )
  }
  for (const warning of planned.warnings) lines.push(`warning ${warning}`)
  lines.push(`digest  ${planDigest(planned)}`)
  return lines.join('\n')
}

function describeType(type: VariableType | undefined): string {
  if (type === undefined) return 'gone'
  const parts = [
    type.layerType,
    type.dtype,
    type.shape === undefined
      ? type.rank === undefined
        ? undefined
        : `${type.rank}-D`
      : formatSize(type.shape),
  ]
  return parts.filter(Boolean).join(' ') || type.kind
}

function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10))
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`
}
