import { readdir } from 'node:fs/promises'
import path from 'node:path'

/** Every AssemblyScript entry below a folder: `assembly/<name>.ts`, not in deeper folders (those are shared parts). */
export async function findKernelSources(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  return entries
    .filter(
      (entry) =>
        entry.isFile() &&
        path.basename(entry.parentPath) === 'assembly' &&
        entry.name.endsWith('.ts') &&
        !entry.name.endsWith('.d.ts'),
    )
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort()
}
