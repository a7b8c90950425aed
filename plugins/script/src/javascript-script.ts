import path from 'node:path'
import { chunkflowError, isChunkflowError } from '@chunkflow/sdk'
import { type CompiledScript, compileScript } from './compile-script.js'
import type { Keyword } from './keywords.js'
import { readLiteral } from './literals.js'
import type { ScriptRunner } from './script-runner.js'

type Execute = (...values: unknown[]) => unknown

/**
 * A `.ts`, `.js` or `.mjs` file, compiled in memory. `execute(...inputs, keywords, { signal, logger, compute })` is its default export
 * or exported by that name.
 */
export function openJavaScript(file: string): ScriptRunner {
  const label = path.basename(file)
  let loaded: { readonly execute: Execute; readonly compiled: CompiledScript } | undefined
  const load = async () => {
    const compiled = await compileScript(file)
    const module = await failing(
      label,
      compiled,
      () => import(compiled.url) as Promise<Record<string, unknown>>,
    )
    const execute = module.execute ?? module.default
    if (typeof execute !== 'function')
      throw chunkflowError('plugin-file-invalid', `${label} has no function execute`, {
        where: file,
        fix: 'export function execute(chunk, keywords) from it, or make a function its default export',
      })
    return { execute: execute as Execute, compiled }
  }
  return {
    async execute(inputs, keywords, context) {
      loaded ??= await load()
      const { execute, compiled } = loaded
      const named = Object.fromEntries(keywords.map((keyword) => [keyword.name, keywordValue(keyword)]))
      return await failing(label, compiled, async () => execute(...inputs, named, context))
    },
    async dispose() {},
  }
}

const keywordValue = (keyword: Keyword): unknown =>
  'text' in keyword ? readLiteral(keyword.text) : keyword.value

/** Its errors are told by the line of the file they come from. */
async function failing<T>(label: string, compiled: CompiledScript, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (isChunkflowError(error)) throw error
    const where = compiled.placeOf(error)
    if (error instanceof Error) error.stack = compiled.stackOf(error)
    const { name, message } = error instanceof Error ? error : { name: 'Thrown', message: String(error) }
    throw chunkflowError('plugin-exception', `${label}: ${name}: ${message}`, {
      ...(where === undefined ? {} : { where }),
      fix: '--verbose shows the whole stack',
      cause: error,
    })
  }
}
