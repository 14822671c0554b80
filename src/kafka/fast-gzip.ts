/** Compression that costs little: what KafkaJS compresses is on its way to somebody who waits. */
import { promisify } from 'node:util'
import { constants, gunzip, gzip } from 'node:zlib'
import kafkajs from 'kafkajs'

// Node finds this export of KafkaJS in no other way.
const { CompressionCodecs, CompressionTypes } = kafkajs

/**
 * Has KafkaJS compress at zlib's quickest level. A tick of 2,000 symbols (7 MB) takes 42 ms
 * instead of the 100 ms of the default level, and 1.7 MB instead of 1.5.
 */
export function useFastGzip(): void {
  CompressionCodecs[CompressionTypes.GZIP] = () => codec
}

const compress = promisify<Buffer, object, Buffer>(gzip)
const decompress = promisify<Buffer, Buffer>(gunzip)

const codec = {
  compress: ({ buffer }: { buffer: Buffer }) => compress(buffer, { level: constants.Z_BEST_SPEED }),
  decompress: (buffer: Buffer) => decompress(buffer),
}
