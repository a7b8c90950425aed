/**
 * The button that ends the wait in the terminal, when somebody waits there.
 * @param place where it goes
 */
export async function addFinishButton(place: HTMLElement): Promise<void> {
  const { button } = (await (await fetch('session.json')).json()) as { button: string | null }
  if (button === null) return
  const element = document.createElement('button')
  element.type = 'button'
  element.id = 'finish'
  element.textContent = button
  element.addEventListener('click', async () => {
    element.disabled = true
    await fetch('continue', { method: 'POST', headers: { 'x-chunkflow': '1' } })
    const note = document.createElement('p')
    note.id = 'finished'
    note.setAttribute('role', 'status')
    note.textContent = 'Finished. This page can be closed.'
    document.body.append(note)
    element.remove()
  })
  place.append(element)
}
