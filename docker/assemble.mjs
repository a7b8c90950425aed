/**
 * `node docker/assemble.mjs FOLDER`: what the image holds, without its dependencies. Of the command and of every plugin
 * come the files that npm would publish; with them comes the lock file, so that `npm ci` in the folder installs the
 * versions that the tests ran with, and nothing that only developers need.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('usage: node docker/assemble.mjs FOLDER')
const target = path.resolve(folder)
mkdirSync(target, { recursive: true })

const packages = ['cli', ...readdirSync(path.join(root, 'plugins')).map((name) => `plugins/${name}`)]
const tarballs = mkdtempSync(path.join(tmpdir(), 'chunkflow-image-'))
try {
  const packed = JSON.parse(
    execFileSync(
      'npm',
      [
        'pack',
        '--json',
        '--ignore-scripts',
        '--pack-destination',
        tarballs,
        ...packages.map((name) => `./${name}`),
      ],
      { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 },
    ),
  )
  for (const [index, { filename }] of packed.entries()) {
    const home = path.join(target, packages[index])
    mkdirSync(home, { recursive: true })
    execFileSync('tar', ['-xzf', path.join(tarballs, filename), '-C', home, '--strip-components=1'])
    rewrite(path.join(home, 'package.json'), ({ devDependencies: _, ...manifest }) => manifest)
  }
} finally {
  rmSync(tarballs, { recursive: true, force: true })
}

for (const name of ['package.json', 'package-lock.json', '.npmrc', 'LICENSE'])
  cpSync(path.join(root, name), path.join(target, name))
rewrite(path.join(target, 'package.json'), ({ devDependencies: _, scripts: __, ...manifest }) => ({
  ...manifest,
  workspaces: packages,
}))

/** Changes a JSON file. */
function rewrite(file, change) {
  writeFileSync(file, `${JSON.stringify(change(JSON.parse(readFileSync(file, 'utf8'))), null, 2)}\n`)
}
