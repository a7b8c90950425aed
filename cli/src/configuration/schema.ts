import { chunkflowError } from '@chunkflow/kernel/authoring'
import { describeIssues } from '@chunkflow/sdk/registry'
import * as z from 'zod/mini'

function described<T extends z.ZodMiniType>(type: T, description: string): T {
  z.globalRegistry.add(type, { description })
  return type
}

const schema = z.strictObject({
  $schema: z.optional(z.string()),
  hooks: described(
    z.optional(z.array(z.string())),
    'Hooks of installed plugins that every chain runs, besides those of --hook',
  ),
  registries: described(
    z.optional(z.array(z.string().check(z.minLength(1)))),
    'Catalogues of plugins: addresses, or paths relative to this file',
  ),
  defaults: described(
    z.optional(
      z.strictObject({
        logFile: described(z.optional(z.string()), 'Relative to the working folder'),
        logLevel: z.optional(z.enum(['debug', 'info', 'warning', 'error', 'critical'])),
        quiet: z.optional(z.boolean()),
      }),
    ),
    'Values of options before the first operator that the command line leaves out; none of them changes a result',
  ),
})

/** A configuration file as it is written. */
export type ConfigurationFile = z.infer<typeof schema>

/** @throws configuration-invalid, also for members nobody reads */
export function checkConfiguration(value: unknown, file: string): ConfigurationFile {
  const result = z.safeParse(schema, value)
  if (result.success) return result.data
  throw chunkflowError(
    'configuration-invalid',
    `Not a configuration: ${describeIssues(result.error.issues, value)}`,
    { where: file, fix: `members are ${Object.keys(schema.shape).join(', ')}; see config.schema.json` },
  )
}

/** The published form, for editors. */
export const configurationJsonSchema = (): object => ({
  title: 'Configuration of the command chunkflow',
  ...z.toJSONSchema(schema),
})
