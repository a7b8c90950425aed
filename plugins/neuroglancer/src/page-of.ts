/** The folder of all pages, among the assets of the plugin. */
export function pageOf(assets: Readonly<Record<string, URL>>): URL {
  const { href } = assets.page!
  return new URL(href.endsWith('/') ? href : `${href}/`)
}
