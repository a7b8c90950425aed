/**
 * The house rules that types cannot express: who may import whom, no import cycles, nothing done on import of a
 * definition. Exits 1 with the offending lines.
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))

interface Source {
  readonly file: string
  readonly imports: readonly string[]
  /** Static imports only: cycles through dynamic ones are harmless. */
  readonly staticImports: readonly string[]
}

function sources(folder: string): Source[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name)
    if (entry.isDirectory())
      return ['node_modules', 'dist', 'assembly', 'templates'].includes(entry.name) ? [] : sources(file)
    if (!/\.(ts|mjs)$/.test(entry.name) || entry.name.endsWith('.wasm.ts')) return []
    const text = readFileSync(path.join(root, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\//g, '')
    const find = (pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1]!)
    const staticImports = find(/^(?:import|export)\s(?!type\b)[^'"]*?from\s+['"]([^'"]+)['"]/gm).concat(
      find(/^import\s+['"]([^'"]+)['"]/gm),
    )
    return [
      {
        file,
        staticImports,
        imports: [
          ...staticImports,
          ...find(/\bimport\(\s*['"]([^'"]+)['"]/g),
          ...find(/^(?:import|export)\s+type\b[^'"]*?from\s+['"]([^'"]+)['"]/gm),
        ],
      },
    ]
  })
}

const all = ['kernel/src', 'sdk/src', 'cli/src', 'plugins'].flatMap(sources)
const problems: string[] = []

/** `plugins/tiff/src/reader.ts` → `plugins/tiff`. */
const packageOf = (file: string): string =>
  file
    .split('/')
    .slice(0, file.startsWith('plugins/') ? 2 : 1)
    .join('/')

for (const { file, imports } of all) {
  const isTest = /\.test\.ts$|\/(testing|bench)\//.test(file)
  for (const specifier of imports) {
    const complain = (rule: string): void => void problems.push(`${file} imports ${specifier}: ${rule}`)
    const target = specifier.startsWith('.')
      ? path.normalize(path.join(path.dirname(file), specifier))
      : undefined
    if (target !== undefined && packageOf(target) !== packageOf(file) && !isTest)
      complain('reaches into another package')
    if (file.startsWith('kernel/src/authoring') && !isTest) {
      if (target === undefined) complain('the authoring half imports nothing')
      else if (!target.startsWith('kernel/src/authoring'))
        complain('the authoring half does not know the host')
    }
    if (
      /^(tsyringe|reflect-metadata)$/.test(specifier) &&
      !file.startsWith('kernel/src/host') &&
      !file.startsWith('cli/src')
    )
      complain('only the host uses the container')
    if (specifier.startsWith('@oclif/') && !file.startsWith('cli/'))
      complain('only the command line knows oclif')
    if (file.startsWith('sdk/') && specifier === '@chunkflow/kernel/host')
      complain('the SDK knows the authoring half only')
    if (file.startsWith('kernel/') && specifier.startsWith('@chunkflow/'))
      complain('the kernel imports no other package of ours')
    if (file.startsWith('plugins/') && /^(chunkflow|@chunkflow\/(kernel|plugin-))/.test(specifier))
      complain('plugins import the SDK only')
    if (file.startsWith('plugins/') && specifier === '@chunkflow/sdk/testing' && !isTest)
      complain('testing is for tests')
  }
}

const graph = new Map(
  all.map(({ file, staticImports }) => [
    file,
    staticImports
      .filter((name) => name.startsWith('.'))
      .map((name) => path.normalize(path.join(path.dirname(file), name)).replace(/\.js$/, '.ts')),
  ]),
)
const done = new Set<string>()
function visit(file: string, trail: readonly string[]): void {
  if (trail.includes(file)) {
    problems.push(`import cycle: ${[...trail.slice(trail.indexOf(file)), file].join(' → ')}`)
    return
  }
  if (done.has(file)) return
  for (const next of graph.get(file) ?? []) visit(next, [...trail, file])
  done.add(file)
}
for (const file of graph.keys()) visit(file, [])

/** What a plugin reaches, itself or through a service that reaches it by nature, must be declared for users to read. */
const REACH: Readonly<Record<string, readonly [RegExp, ...string[]]>> = {
  environment: [/\bprocess\.env\b/],
  filesystem: [/from 'node:fs/, 'FILES', 'READERS', 'STORE', 'VOLUMES'],
  network: [
    /from '(node:(https?|net|tls|dgram)|@aws-sdk\/|@google-cloud\/)|\b(?:await|return) fetch\(/,
    'QUEUES',
    'STORE',
    'VOLUMES',
  ],
  subprocess: [/from 'node:child_process'/, 'PYTHON'],
}
for (const folder of new Set(
  all.map(({ file }) => packageOf(file)).filter((name) => name.startsWith('plugins/')),
)) {
  const texts = all
    .filter(({ file }) => packageOf(file) === folder && !/\.test\.ts$|\/(testing|bench|build)\//.test(file))
    .map(({ file }) => readFileSync(path.join(root, file), 'utf8'))
  const needs = texts.flatMap((text) =>
    [...text.matchAll(/\b(?:needs|services): \{([^}]*)\}/g)].flatMap(
      ([, list]) => list!.match(/\b[A-Z_]+\b/g) ?? [],
    ),
  )
  const declared = texts.join('\n').match(/permissions: \[([^\]]*)\]/)?.[1] ?? ''
  for (const [permission, [pattern, ...tokens]] of Object.entries(REACH))
    if (
      !declared.includes(`'${permission}'`) &&
      (texts.some((text) => pattern.test(text)) || tokens.some((token) => needs.includes(token)))
    )
      problems.push(`${folder}/src/plugin.ts must declare the permission ${permission}`)
}

for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exitCode = 1
else console.log(`${all.length} files keep to their places`)
