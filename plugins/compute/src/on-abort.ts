/** Many jobs listen to one signal: it is given one listener, as it warns of more than ten. */
const listening = new WeakMap<AbortSignal, Set<() => void>>()

/** Calls the action when the signal aborts, at once when it has already. @returns the function that stops listening */
export function onAbort(signal: AbortSignal | undefined, action: () => void): () => void {
  if (signal === undefined) return () => {}
  if (signal.aborted) {
    action()
    return () => {}
  }
  const actions = listening.get(signal) ?? listen(signal)
  // every call counts for itself, also with the same action
  const own = (): void => action()
  actions.add(own)
  return () => void actions.delete(own)
}

function listen(signal: AbortSignal): Set<() => void> {
  const actions = new Set<() => void>()
  listening.set(signal, actions)
  signal.addEventListener(
    'abort',
    () => {
      for (const action of actions) action()
      actions.clear()
    },
    { once: true },
  )
  return actions
}
