import { spawn } from 'node:child_process'
import type { PluginSource } from '@chunkflow/kernel/host'

const TIMEOUT_MS = 60_000

/** Loads plugins one after another, with all their operators, and says how each fared. */
const PROGRAM = `
for (const [index, url] of JSON.parse(process.argv[1]).entries()) {
  let reason = null
  try {
    const { default: plugin } = await import(url)
    if (typeof plugin !== 'object' || plugin === null || !(Symbol.for('chunkflow.Plugin') in plugin))
      throw new Error('it does not export a plugin definition')
    for (const load of Object.values(plugin.operators)) await load()
  } catch (error) {
    reason = error instanceof Error ? error.message : String(error)
  }
  process.send({ index, reason })
}`

/**
 * Why plugins cannot be loaded, undefined for those that can, in the order of the sources. In a process of its own: code of
 * others may throw, end the process or never come back.
 */
export async function checkLoading(sources: readonly PluginSource[]): Promise<(string | undefined)[]> {
  const urls = await Promise.all(sources.map(async ({ entry }) => entry()))
  const reasons: (string | undefined)[] = []
  // a plugin that takes the process along is left out of the next one
  while (reasons.length < urls.length) {
    const rest = urls.slice(reasons.length)
    const { answers, end } = await load(rest)
    reasons.push(...answers)
    if (answers.length < rest.length) reasons.push(end)
  }
  return reasons
}

function load(
  urls: readonly string[],
): Promise<{ readonly answers: (string | undefined)[]; readonly end: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, JSON.stringify(urls)], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    const answers: (string | undefined)[] = []
    let end = ''
    const timer = setTimeout(() => {
      end = `it was not loaded after ${TIMEOUT_MS / 1000} s`
      child.kill('SIGKILL')
    }, TIMEOUT_MS)
    child.on('message', ({ reason }: { reason: string | null }) => {
      answers.push(reason === null ? undefined : `it cannot be loaded: ${reason}`)
      timer.refresh()
      // a server or timer of a plugin would keep it alive
      if (answers.length === urls.length) child.kill('SIGKILL')
    })
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve({ answers, end: end || `it ended the process with code ${code} when it was loaded` })
    })
  })
}
