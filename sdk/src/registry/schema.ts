import * as z from 'zod/mini'

/**
 * The forms of a plugin's slice and of a catalogue, as they are published (`registry.schema.json`) and checked. Members that
 * are not named here are let through: a newer host may know more.
 */

const text = () => z.string().check(z.minLength(1))
const texts = () => z.array(z.string())
function named<T extends z.ZodMiniType>(type: T, description: string): T {
  z.globalRegistry.add(type, { description })
  return type
}

const portKind = z.enum([
  'chunk',
  'synapses',
  'points',
  'skeletons',
  'json',
  'array',
  'scores',
  'text',
  'any',
])

const port = z.looseObject({
  direction: z.enum(['input', 'output']),
  kind: named(z.union([portKind, z.array(portKind)]), 'What the variable holds'),
  optional: z.optional(z.boolean()),
  nullable: z.optional(z.boolean()),
  mutates: named(z.optional(z.boolean()), 'The value is changed in place'),
  syntax: z.optional(z.enum(['layers', 'none'])),
})

const flag = z.looseObject({
  type: z.enum(['text', 'integer', 'number', 'boolean']),
  arity: named(
    z.union([
      z.int().check(z.minimum(0)),
      z.tuple([z.int(), z.int()]),
      z.enum(['optional-integer', 'optional-boolean']),
    ]),
    'How many words the flag takes: a count, one of two counts, or a value only if the next word looks like one',
  ),
  summary: z.string(),
  char: z.optional(z.string().check(z.length(1))),
  charAliases: z.optional(texts()),
  aliases: z.optional(texts()),
  no: named(z.optional(texts()), 'Long names that mean false'),
  shorthands: named(z.optional(z.record(z.string(), z.string())), 'Long names that stand for a value'),
  default: z.optional(
    z.union([z.string(), z.number(), z.boolean(), z.array(z.string()), z.array(z.number())]),
  ),
  defaultText: named(z.optional(z.string()), 'Shown when the operator works the default out'),
  required: z.optional(z.boolean()),
  choices: z.optional(texts()),
  choiceAliases: z.optional(z.record(z.string(), z.string())),
  minimum: z.optional(z.number()),
  exclusiveMinimum: named(z.optional(z.number()), 'Values must be above it'),
  maximum: z.optional(z.number()),
  list: named(z.optional(z.boolean()), 'The text is a comma-separated list'),
  port: named(z.optional(port), 'The flag names a variable; present when it does'),
  ignored: z.optional(z.boolean()),
})

const operator = z.looseObject({
  name: named(z.string().check(z.regex(/^[a-z][a-z0-9_-]*$/)), 'As typed on the command line'),
  aliases: texts(),
  role: named(z.enum(['operator', 'source']), 'A source makes tasks and stands first'),
  effects: z.enum(['pure', 'read', 'write', 'interactive']),
  summary: text(),
  description: z.optional(z.string()),
  examples: named(texts(), 'Chains without the leading "chunkflow"'),
  flags: named(z.record(z.string(), flag), 'By camelCase key'),
  sets: named(z.optional(texts()), 'Variables written besides those named by flags'),
  nameChar: z.optional(z.string().check(z.length(1))),
  unknownFlags: z.optional(z.enum(['collect'])),
})

const service = z.looseObject({
  token: named(text(), 'The service, such as chunkflow.storage'),
  version: z.int().check(z.minimum(1)),
  key: named(z.optional(text()), 'A URL scheme, a file format, a framework'),
})

const hook = z.looseObject({ name: text(), summary: z.string(), critical: z.optional(z.boolean()) })

const permission = z.enum(['environment', 'filesystem', 'network', 'subprocess'])

const sliceShape = {
  package: named(text(), 'npm package name'),
  version: named(text(), 'npm version'),
  apiVersion: named(z.int().check(z.minimum(0)), 'The contract between host and plugins it was built for'),
  description: z.string(),
  operators: z.array(operator),
  services: z.array(service),
  hooks: z.array(hook),
  permissions: named(z.array(permission), 'Declared for people to read; nothing is sandboxed'),
}

/** `chunkflow.plugin.json`. */
export const sliceSchema = z.looseObject(sliceShape)

/** A catalogue: slices, each with the hash of its tarball if the catalogue vouches for it. */
export const registrySchema = z.looseObject({
  $schema: z.optional(z.string()),
  schema: z.literal(1),
  plugins: z.array(
    z.looseObject({
      ...sliceShape,
      integrity: named(
        z.optional(z.string().check(z.regex(/^sha512-[A-Za-z0-9+/]{86}==$/))),
        "SHA-512 of the package's tarball, as npm writes it; an install of this version is refused when it differs",
      ),
    }),
  ),
})
