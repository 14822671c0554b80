/** Renders the Mermaid diagrams of docs/*.md to docs/images/diagram-NAME.svg: `make diagrams`. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { chromiumPath, launchChromium } from '../src/testing/chromium.js'

const DOCS = new URL('../docs/', import.meta.url)
const DIAGRAM = /<!-- diagram: ([\w-]+) -->\n```mermaid\n([\s\S]*?)```/g

export interface Diagram {
  readonly name: string
  readonly source: string
  readonly file: URL
  /** Stands in the SVG, so that one of an older source is known. */
  readonly mark: string
}

/** Every diagram that is marked with a name; the others are shown where they stand, and nowhere else. */
export function diagrams(): Diagram[] {
  const documents = readdirSync(DOCS).filter((name) => name.endsWith('.md'))
  return documents.flatMap((document) =>
    [...readFileSync(new URL(document, DOCS), 'utf8').matchAll(DIAGRAM)].map(
      ([, name = '', source = '']) => ({
        name,
        source,
        file: new URL(`images/diagram-${name}.svg`, DOCS),
        mark: `<!-- source ${createHash('sha256').update(source).digest('hex')} -->`,
      }),
    ),
  )
}

async function render(mermaidPath: string): Promise<void> {
  const path = chromiumPath()
  if (path === undefined) throw new Error('diagrams need Chromium (apt-get install chromium)')
  const browser = await launchChromium(path)
  try {
    const page = await browser.newPage()
    await page.addScriptTag({ path: mermaidPath })
    for (const { name, source, file, mark } of diagrams()) {
      const svg: string = await page.evaluate(drawing(name, source))
      // A hundredth of a pixel is enough, and makes the files a third as large.
      const short = svg.replace(
        /-?\d+\.\d{3,}/g,
        (number) => `${Number(Number(number).toFixed(2))}`,
      )
      writeFileSync(file, `${mark}\n${short}\n`)
    }
  } finally {
    await browser.close()
  }
}

/** An expression for the page: labels as SVG text, because only browsers show HTML inside an SVG. */
function drawing(name: string, source: string): string {
  const settings = {
    startOnLoad: false,
    // Without one, lines are a little different each time.
    handDrawnSeed: 1,
    theme: 'neutral',
    htmlLabels: false,
    flowchart: { htmlLabels: false, useMaxWidth: false },
    sequence: { useMaxWidth: false },
    themeVariables: { fontFamily: 'sans-serif' },
    themeCSS: 'svg { background: white }',
  }
  return `mermaid.initialize(${JSON.stringify(settings)}),
    mermaid.render('diagram-${name}', ${JSON.stringify(source)}).then(({ svg }) => svg)`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [mermaidPath] = process.argv.slice(2)
  if (mermaidPath === undefined) throw new Error('which mermaid.min.js? `make diagrams` knows')
  await render(mermaidPath)
}
