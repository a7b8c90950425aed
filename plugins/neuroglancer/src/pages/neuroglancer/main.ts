import 'neuroglancer/unstable/main_module.js'
import { setupDefaultViewer } from 'neuroglancer/unstable/ui/default_viewer_setup.js'
import { addFinishButton } from '../shared/finish-button.js'

/** Stands in the server's state for its address, which a tunnel may have changed on the way here. */
const PAGE_BASE = 'http://page/'

const viewer = setupDefaultViewer()
if (!location.hash.startsWith('#!')) {
  const base = new URL('.', location.href.replace(/#.*$/, '')).href
  const state = (await (await fetch('state.json')).text()).replaceAll(PAGE_BASE, base)
  viewer.state.restoreState(JSON.parse(state))
}
await addFinishButton(document.body)
