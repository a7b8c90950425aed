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
  const stamp = await fingerprint()
  if ((await readFile(path.join(target, 'stamp'), 'utf8').catch(() => null)) === stamp) return
  const unfinished = `${target}.tmp`
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { recursive: true })
  const bundled = await bundleNeuroglancer(
    path.join(pages, 'neuroglancer/main.ts'),
    path.join(unfinished, 'neuroglancer'),
  )
  await bundleViewPage(path.join(pages, 'view/main.ts'), path.join(unfinished, 'view'))
  for (const page of ['neuroglancer', 'view'])
    for (const name of await readdir(path.join(pages, page)))
      if (/\.(html|css|svg)$/.test(name))
        await cp(path.join(pages, page, name), path.join(unfinished, page, name))
  await writeFile(path.join(unfinished, 'neuroglancer/LICENSES.txt'), await collectLicenses(bundled))
  await writeFile(path.join(unfinished, 'stamp'), stamp)
  await rm(target, { recursive: true, force: true })
  await rename(unfinished, target)
}

/** What the pages are made of: our sources, and the versions of what is bundled with what. */
async function fingerprint(): Promise<string> {
  const hash = createHash('sha256')
  for (const folder of [path.join(plugin, 'build'), pages, path.join(plugin, 'src/view')])
    for (const entry of (await readdir(folder, { recursive: true })).sort()) {
      const text = await readFile(path.join(folder, entry)).catch(() => null)
      if (text !== null) hash.update(entry).update(text)
    }
  for (const name of ['neuroglancer', 'esbuild', 'ikonate'])
    hash.update(await readFile(path.join(packageFolder(name), 'package.json')))
  return hash.digest('hex')
}
