/** Catalogues of plugins: what they hold and whether a file is one. */
import { chunkflowError, type PluginSlice } from '@chunkflow/kernel/authoring'
import * as z from 'zod/mini'
import { registrySchema, sliceSchema } from './schema.js'

/** The published form of a catalogue, for editors and other programs. */
export const registryJsonSchema = (): object => ({
  title: 'Catalogue of Chunkflow plugins',
  ...z.toJSONSchema(registrySchema),
})

/** A plugin as a catalogue lists it. */
export interface RegistryEntry extends PluginSlice {
  /** `sha512-…` of the package's tarball. */
  readonly integrity?: string
}

/** @param where file or address, for messages @throws registry-invalid */
export function readRegistry(value: unknown, where: string): readonly RegistryEntry[] {
  return check<{ plugins: RegistryEntry[] }>(registrySchema, value, 'registry-invalid', 'a registry', where)
    .plugins
}

/** @throws plugin-invalid */
export const readSlice = (value: unknown, where: string): PluginSlice =>
  check<PluginSlice>(sliceSchema, value, 'plugin-invalid', "a plugin's list of contributions", where)

function check<T>(
  schema: z.ZodMiniType,
  value: unknown,
  code: 'plugin-invalid' | 'registry-invalid',
  form: string,
  where: string,
): T {
  const result = z.safeParse(schema, value)
  if (result.success) return result.data as T
  throw chunkflowError(code, `Not ${form}: ${describeIssues(result.error.issues, value)}`, {
    where,
    fix: 'compare it with registry.schema.json of @chunkflow/sdk',
  })
}

/** What is used of the validator's complaints. */
interface Issue {
  readonly code?: string
  readonly path: readonly PropertyKey[]
  readonly keys?: readonly string[]
  readonly expected?: string
  readonly values?: readonly unknown[]
}

/** The first three complaints, each with its place: `plugins.0.version is missing`. */
export function describeIssues(issues: readonly Issue[], value: unknown): string {
  const lines = issues.slice(0, 3).map((issue) => {
    const place = issue.path.map(String).join('.') || 'it'
    if (issue.keys !== undefined)
      return `${place === 'it' ? '' : `${place}: `}unknown ${issue.keys.map((key) => `"${key}"`).join(', ')}`
    if (valueAt(value, issue.path) === undefined) return `${place} is missing`
    if (issue.expected !== undefined) return `${place} must be ${an(issue.expected)}`
    if (issue.values !== undefined) return `${place} must be ${issue.values.map(String).join(' or ')}`
    if (issue.code === 'invalid_format') return `${place} has the wrong form`
    return `${place} does not fit`
  })
  return lines.join('; ') + (issues.length > lines.length ? `; and ${issues.length - lines.length} more` : '')
}

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce((found, key) => (found as Record<PropertyKey, unknown> | undefined)?.[key], value)

const an = (word: string): string => `${/^[aeiou]/.test(word) ? 'an' : 'a'} ${word}`

export { pluginTypesSource } from '../build/api-types.js'
