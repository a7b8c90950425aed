import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Bench } from './measure.js'

const bin = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../cli/bin/chunkflow.mjs')

/** Starting the bundled command and running the smallest chain, against starting Node. */
export default async function bench({ ratio }: Bench): Promise<void> {
  await ratio(
    'start-up: chunkflow create-chunk / bare node',
    () => void spawnSync(process.execPath, [bin, 'create-chunk']),
    () => void spawnSync(process.execPath, ['-e', '0']),
    { runs: 11, target: 2 },
  )
}
