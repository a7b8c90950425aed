import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { chunkflowError } from '@chunkflow/kernel/authoring'

/** Errors that mean: no answer from the registry. */
const UNREACHABLE =
  /^(ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ERR_SOCKET|CERT_|SELF_SIGNED|UNABLE_TO)/

/** The npm that the plugin manager brings along, so that a system without one can install plugins. */
function npmProgram(): string {
  const manager = createRequire(fileURLToPath(import.meta.resolve('@oclif/plugin-plugins')))
  const manifest = manager.resolve('npm/package.json')
  return path.join(path.dirname(manifest), 'bin/npm-cli.js')
}

/**
 * Runs npm and gives its JSON answer. It waits for a registry a few seconds, not minutes.
 * @param subject what is looked for, in messages
 * @throws plugin-not-found, plugin-registry-unreachable, plugin-install-failed
 */
export function npmJson(args: readonly string[], subject: string, cwd: string): Promise<unknown> {
  const registry = process.env.CHUNKFLOW_NPM_REGISTRY
  const words = [
    npmProgram(),
    ...args,
    '--json',
    '--loglevel=silent',
    '--fetch-retries=1',
    '--fetch-retry-mintimeout=500',
    ...(registry ? [`--registry=${registry}`] : []),
  ]
  return new Promise((resolve, reject) => {
    execFile(process.execPath, words, { cwd, maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
      const answer = parse(stdout)
      if (error === null) resolve(answer)
      else reject(explain((answer as NpmFailure | undefined)?.error, subject, stderr || error.message, error))
    })
  })
}

interface NpmFailure {
  readonly error?: { readonly code?: string; readonly summary?: string; readonly detail?: string }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // npm died before it could answer: its words on stderr are reported
    return undefined
  }
}

function explain(failure: NpmFailure['error'], subject: string, words: string, cause: unknown): Error {
  const code = failure?.code ?? ''
  const summary = (failure?.summary || words).trim()
  if (code === 'E404' || code === 'ETARGET')
    return chunkflowError(
      'plugin-not-found',
      code === 'E404'
        ? `The npm registry has no package ${subject}${notItself(summary, subject)}`
        : `The npm registry has the package, but not this version: ${subject}`,
      { fix: 'check the name; chunkflow registry search lists plugins', cause },
    )
  if (UNREACHABLE.test(code))
    return chunkflowError('plugin-registry-unreachable', `The npm registry does not answer: ${summary}`, {
      where: subject,
      fix: 'check the network and npm config get registry; CHUNKFLOW_NPM_REGISTRY names another registry',
      retryable: true,
      cause,
    })
  return chunkflowError('plugin-install-failed', `npm could not get ${subject}: ${summary}`, { cause })
}

/** A missing dependency is another package than the one asked for. */
function notItself(summary: string, subject: string): string {
  const asked = subject.replace(/(?<!^)@.*$/, '')
  return decodeURIComponent(summary).includes(asked) ? '' : ` or one that it needs: ${summary}`
}
