import { chunkflowError, type Pipelines } from '../../authoring/index.js'
import type { Registry } from '../registry/registry.js'
import { planDigest } from './digest.js'
import { readPipeline } from './pipeline.js'
import { type Plan, planPipeline } from './plan.js'

/** The service PIPELINES of one run, or of a command that runs no chain. */
export const createPipelines = (registry: Registry, plan: Plan | undefined): Pipelines => ({
  get running() {
    return plan === undefined ? undefined : planDigest(plan)
  },
  digestOf: async (text, where) =>
    planDigest(await planPipeline(readPipeline(parse(text, where), where), registry)),
})

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw chunkflowError('pipeline-invalid', `${where} is not JSON: ${(cause as Error).message}`, {
      fix: 'chunkflow --save-pipeline FILE … writes a correct one',
      cause,
    })
  }
}
