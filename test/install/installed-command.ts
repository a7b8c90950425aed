/**
 * The command as users have it: packed, with all its plugins, and installed from the tarballs into a folder outside the
 * repository. Installing takes long: the suites of one process share one installation.
 */
import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type CommandResult, ROOT, workFolder } from '../pipelines/chunkflow.js'

export interface InstalledCommand {
  /** The folder it is installed in. */
  readonly consumer: string
  /** Runs it there, or where the settings say. */
  chunkflow(args: readonly string[], settings?: CommandSettings): Promise<CommandResult>
}

export interface CommandSettings {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  /** Given on standard input, which otherwise ends at once. */
  readonly input?: string
}

const folder = workFolder()
let users = 0

/** Announces a suite that uses the installation, when its file is loaded. After the last one it is removed. */
export function usesInstalledCommand(test: { after(hook: () => void): void }): void {
  users += 1
  test.after(() => {
    users -= 1
    if (users === 0) folder.remove()
  })
}

/** Nothing of the person who runs the tests: own folders, no notices. */
export const ENVIRONMENT: NodeJS.ProcessEnv = {
  ...process.env,
  NODE_OPTIONS: '',
  ONNXRUNTIME_NODE_INSTALL: 'skip',
  XDG_DATA_HOME: folder.file('data'),
  XDG_CACHE_HOME: folder.file('cache'),
  XDG_CONFIG_HOME: folder.file('config'),
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_update_notifier: 'false',
}

/** Runs a program to its end. @throws with what it printed when it fails */
export const run = (command: string, args: readonly string[], cwd: string): string =>
  execFileSync(command, args, { cwd, env: ENVIRONMENT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

/** `npm pack`. @returns the tarball */
export const pack = (source: string): string => packAll([source])[0]!

/** Packs folders with one npm: starting it takes longer than packing. */
function packAll(sources: readonly string[]): string[] {
  const tarballs = folder.file('tarballs')
  mkdirSync(tarballs, { recursive: true })
  const packed = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', tarballs, ...sources], ROOT),
  ) as { filename: string }[]
  return packed.map(({ filename }) => path.join(tarballs, filename))
}

let command: InstalledCommand | undefined

export function installedCommand(): InstalledCommand {
  command ??= install()
  return command
}

function install(): InstalledCommand {
  const consumer = folder.file('consumer')
  const tarballs = packAll([
    path.join(ROOT, 'cli'),
    ...readdirSync(path.join(ROOT, 'plugins')).map((name) => path.join(ROOT, 'plugins', name)),
  ])
  mkdirSync(consumer)
  writeFileSync(path.join(consumer, 'package.json'), JSON.stringify({ name: 'consumer', private: true }))
  run('npm', ['install', '--ignore-scripts', '--prefer-offline', ...tarballs], consumer)
  const bin = path.join(consumer, 'node_modules/chunkflow/bin/chunkflow.mjs')
  return {
    consumer,
    // without blocking: registries of the tests answer from this process
    chunkflow: (args, { cwd = consumer, env = {}, input = '' } = {}) =>
      new Promise((resolve) => {
        const child = execFile(
          process.execPath,
          [bin, ...args],
          { cwd, env: { ...ENVIRONMENT, ...env }, maxBuffer: 1 << 26 },
          (error, stdout, stderr) => {
            const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 255
            resolve({ code, stdout, stderr })
          },
        )
        child.stdin?.end(input)
      }),
  }
}
