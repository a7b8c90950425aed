/** `npm run kernels [folder …]`: compiles the AssemblyScript kernels that changed. */
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { findKernelSources } from './kernels.js'
import { compileKernels } from './wasm.js'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..')
const folders = process.argv.length > 2 ? process.argv.slice(2) : ['sdk/src', 'plugins']
for (const folder of folders)
  for (const target of await compileKernels(
    (await findKernelSources(path.join(root, folder))).filter((file) => !file.includes('node_modules')),
  ))
    console.log(path.relative(root, target))
