/** The two ways in which the page touches its elements; text from outside only ever becomes text. */

/**
 * The element of index.html with that id.
 *
 * @template {Element} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function byId(id) {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`index.html has no #${id}`)
  return /** @type {T} */ (/** @type {unknown} */ (found))
}

/**
 * @template {keyof HTMLElementTagNameMap} N
 * @param {N} name
 * @param {string} className
 * @param {...(Node | string)} children texts become text nodes
 * @returns {HTMLElementTagNameMap[N]}
 */
export function make(name, className, ...children) {
  const made = document.createElement(name)
  if (className !== '') made.className = className
  made.append(...children)
  return made
}
