import { createHash } from 'node:crypto'
import type { Plan } from './plan.js'

/**
 * Identifies what a chain computes, without its source, acknowledgement, logging and viewers.
 * @returns SHA-256 of the canonical JSON after defaults, hexadecimal
 */
export function planDigest({ globals, steps }: Pick<Plan, 'globals' | 'steps'>): string {
  const computing = steps.filter(
    ({ definition }) =>
      !definition.acknowledges && !definition.outsideDigest && definition.effects !== 'interactive',
  )
  const value = {
    schema: 1,
    mip: globals.mip,
    steps: computing.map(({ definition, options }) => ({ operator: definition.name, options })),
  }
  return createHash('sha256').update(canonicalJson(value)).digest('hex')
}

/** JSON with sorted keys and no spaces: the same value always gives the same text. */
function canonicalJson(value: unknown): string {
  if (typeof value === 'bigint') return JSON.stringify(value.toString())
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined)
    entries.sort(([left], [right]) => (left < right ? -1 : 1))
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`
  }
  return JSON.stringify(value)
}
