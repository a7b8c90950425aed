/** A worker in a process of its own: acknowledges everything in a queue and reports the bodies. */
import { fileQueueDriver } from '../file-queue.js'

const queue = await fileQueueDriver().open(process.argv[2]!, {})
const { signal } = new AbortController()
const bodies: string[] = []
for (
  let message = await queue.receive({ signal });
  message !== null;
  message = await queue.receive({ signal })
) {
  bodies.push(message.body)
  await message.acknowledge()
}
process.send!(bodies, () => process.disconnect())
