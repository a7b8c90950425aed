/** Makes the pages that the plugin serves: `src/page`, git-ignored, from `src/pages` and the neuroglancer package. */
import { createHash } from 'node:crypto'
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleNeuroglancer } from './bundle-neuroglancer.ts'
import { bundleViewPage } from './bundle-view-page.ts'
import { collectLicenses, packageFolder } from './licenses.ts'

const plugin = fileURLToPath(new URL('..', import.meta.url))
const pages = path.join(plugin, 'src/pages')
const target = path.join(plugin, 'src/page')

export default async function makePages(): Promise<void> {
  await makeNeuroglancer()
  // made in no time, of sources of other packages, too: always anew
  await makePage('view', (folder) => bundleViewPage(path.join(pages, 'view/main.ts'), folder))
}

async function makeNeuroglancer(): Promise<void> {
  const stamp = await fingerprint()
  const stampFile = path.join(target, 'stamp')
  if ((await readFile(stampFile, 'utf8').catch(() => null)) === stamp) return
  await makePage('neuroglancer', async (folder) => {
    const bundled = await bundleNeuroglancer(path.join(pages, 'neuroglancer/main.ts'), folder)
    await writeFile(path.join(folder, 'LICENSES.txt'), await collectLicenses(bundled))
  })
  await writeFile(stampFile, stamp)
}

/** Replaces a page as a whole. @param bundle puts its scripts into a folder */
async function makePage(name: string, bundle: (folder: string) => Promise<void>): Promise<void> {
  const unfinished = path.join(target, `${name}.tmp`)
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { recursive: true })
  await bundle(unfinished)
  for (const file of await readdir(path.join(pages, name)))
    if (/\.(html|css|svg)$/.test(file)) await cp(path.join(pages, name, file), path.join(unfinished, file))
  await rm(path.join(target, name), { recursive: true, force: true })
  await rename(unfinished, path.join(target, name))
}

/** What the Neuroglancer page is made of: our sources, and the versions of what is bundled with what. */
async function fingerprint(): Promise<string> {
  const hash = createHash('sha256')
  for (const folder of [
    path.join(plugin, 'build'),
    path.join(pages, 'neuroglancer'),
    path.join(pages, 'shared'),
  ])
    for (const entry of (await readdir(folder, { recursive: true })).sort()) {
      const text = await readFile(path.join(folder, entry)).catch(() => null)
      if (text !== null) hash.update(entry).update(text)
    }
  for (const name of ['neuroglancer', 'esbuild', 'ikonate'])
    hash.update(await readFile(path.join(packageFolder(name), 'package.json')))
  return hash.digest('hex')
}
