/** What an export writes to: text to standard output or a file, or a Parquet file. */
import {
  type ExportCounts,
  type ExportFormat,
  exportRows,
  exportText,
  type TickRecord,
} from '../jobs/export.js'
import { openParquetFile } from '../storage/parquet-file.js'
import { fileOutput, standardOutput } from './output.js'
import { schemaOf } from './record-text.js'

export interface ExportTarget {
  /** Takes all records; counts them as it goes. */
  write(records: AsyncIterable<TickRecord>, counts: ExportCounts): Promise<void>
  /** Makes the file appear under its name. */
  finish(): Promise<void>
  /** Takes away what was written so far of a file. */
  discard(): Promise<void>
}

export async function openTarget({
  format,
  out,
}: {
  format: ExportFormat | 'parquet'
  out?: string | undefined
}): Promise<ExportTarget> {
  return format === 'parquet' ? parquetTarget(out!) : textTarget(format, out)
}

async function textTarget(format: ExportFormat, out: string | undefined): Promise<ExportTarget> {
  const output = out === undefined ? standardOutput : await fileOutput(out)
  return {
    async write(records, counts) {
      for await (const text of exportText(records, format, counts)) await output.write(text)
    },
    finish: () => output.finish(),
    discard: () => output.discard(),
  }
}

async function parquetTarget(out: string): Promise<ExportTarget> {
  const file = await openParquetFile(out)
  // A process that ends early, at a second signal, leaves no parts either.
  const cleanUp = () => file.discard()
  process.on('exit', cleanUp)
  return {
    async write(records, counts) {
      for await (const { schema, rows, length } of exportRows(records, counts)) {
        await file.add(schemaOf(schema, ''), rows, length)
      }
    },
    async finish() {
      await file.finish()
      file.close()
      process.off('exit', cleanUp)
    },
    async discard() {
      file.discard()
      file.close()
    },
  }
}
