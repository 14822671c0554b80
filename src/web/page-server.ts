/** The page's files on fastify, with ETags, so that a browser asks and most often gets nothing new. */
import type { FastifyInstance } from 'fastify'
import { refusal } from './answer.js'
import { send } from './api-server.js'
import type { PageFile } from './page-files.js'

export function addPage(app: FastifyInstance, files: ReadonlyMap<string, PageFile>): void {
  for (const path of ['/', '/page/*', '/vendor/uplot/*']) {
    app.get(path, async (request, reply) => {
      const [asked = ''] = request.url.split('?')
      const file = files.get(asked)
      if (file === undefined) return send(reply, refusal(404, 'the page has no such file'))
      reply.headers({ etag: file.etag, 'cache-control': 'no-cache' })
      const known = request.headers['if-none-match']?.split(',').map((tag) => tag.trim())
      if (known?.includes(file.etag)) return reply.code(304).send()
      return reply.type(file.type).send(Buffer.from(file.bytes))
    })
  }
}
