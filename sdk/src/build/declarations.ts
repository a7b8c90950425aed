/** Declaration files for those who use packages of this repository without having the packages these are made of. */
import { execFile } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

/** Files of the kernel's host half whose types the API mentions; the others speak of packages that its users do not have. */
const HOST_FILES = ['plan/pipeline', 'plan/plan', 'registry/registry'] as const

/** Declarations of the SDK with the kernel's authoring half beside them: authors need no other package. */
export async function emitSdkTypes(root: string): Promise<void> {
  await compile(root, 'sdk')
  await rewriteImports(path.join(root, 'sdk/dist/types'))
}

/** Declarations of the API of the command's package, with what they need of the kernel beside them. */
export async function emitApiTypes(root: string): Promise<void> {
  await compile(root, 'cli')
  const output = path.join(root, 'cli/dist/types')
  const host = path.join(output, 'kernel/src/host')
  await writeFile(
    path.join(host, 'index.d.ts'),
    HOST_FILES.map((file) => `export * from './${file}.js'\n`).join(''),
  )
  await rewriteImports(output)
}

async function compile(root: string, name: string): Promise<void> {
  const compiler = path.join(root, 'node_modules/typescript/bin/tsc')
  try {
    await promisify(execFile)(process.execPath, [
      compiler,
      '-p',
      path.join(root, name, 'tsconfig.types.json'),
    ])
  } catch (error) {
    // declarations are written in spite of type errors, which `npm run lint` shows: a build may precede `npm run registry`
    if ((error as { code?: unknown }).code !== 2) throw error
  }
}

/** Names of packages become paths beside; what is imported for its effects has no types. */
async function rewriteImports(output: string): Promise<void> {
  for (const entry of await readdir(output, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = path.join(entry.parentPath, entry.name)
    const beside = (target: string): string => {
      const relative = path.relative(path.dirname(file), path.join(output, target)).replaceAll('\\', '/')
      return `'${relative.startsWith('.') ? relative : `./${relative}`}'`
    }
    const text = (await readFile(file, 'utf8'))
      .replaceAll(/(["'])@chunkflow\/kernel\/(authoring|host)\1/g, (_, _quote, half) =>
        beside(`kernel/src/${half}/index.js`),
      )
      .replaceAll(/^import ["'][^"']+["'];?\n/gm, '')
    await writeFile(file, text)
  }
}
