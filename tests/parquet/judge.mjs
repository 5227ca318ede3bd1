// hyparquet as a judge of interop_test.c, both ways; values travel as in judge.py.
//
//     node judge.mjs MODULES read FOLDER            our files NAME.parquet beside their values
//     node judge.mjs MODULES write FOLDER COUNT     COUNT files of hyparquet-writer beside theirs
//     node judge.mjs MODULES cache FOLDER           our files beside NAME.csv of data export
//     node judge.mjs MODULES fixtures FOLDER        hyparquet-*.parquet for tests/parquet/fixtures
//
// MODULES is a node_modules folder with hyparquet, hyparquet-compressors and hyparquet-writer. The
// committed fixtures were made by hyparquet-writer 0.17.0.

import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import zlib from 'node:zlib'

const [modules, verb, folder, count] = process.argv.slice(2)
const load = name => import(pathToFileURL(path.join(modules, name, 'src/index.js')))

const ARRAYS = { ts: BigInt64Array, i64: BigInt64Array, i32: Int32Array, f64: Float64Array }

function fail(text) {
  console.error(text)
  process.exit(1)
}

function bytesOf(file) {
  const bytes = fs.readFileSync(file)
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
}

// ---- our files --------------------------------------------------------------------------------

// Column name to values, null where there is none; stamps are microseconds.
async function readTable(file) {
  const { parquetMetadata, parquetRead } = await load('hyparquet')
  const { compressors } = await load('hyparquet-compressors')
  const buffer = bytesOf(file)
  const metadata = parquetMetadata(buffer)
  const rows = Number(metadata.num_rows)
  const columns = {}
  for (const element of metadata.schema.slice(1)) columns[element.name] = new Array(rows).fill(null)
  await parquetRead({
    file: buffer,
    metadata,
    compressors,
    parsers: { timestampFromMicroseconds: value => value },
    onChunk({ columnName, columnData, rowStart }) {
      for (let i = 0; i < columnData.length; i++) {
        columns[columnName][rowStart + i] = columnData[i] ?? null
      }
    },
  })
  const facts = Object.fromEntries((metadata.key_value_metadata ?? []).map(p => [p.key, p.value]))
  return { rows, columns, facts }
}

async function read() {
  const names = fs.readdirSync(folder).filter(name => name.endsWith('.parquet')).sort()
  for (const name of names) {
    const stem = name.slice(0, -'.parquet'.length)
    const table = await readTable(path.join(folder, name))
    if (table.facts.provider !== 'interop') fail(`${name}: metadata differ`)
    const files = fs.readdirSync(folder).filter(f => f.startsWith(stem + '.') && f.endsWith('.bin'))
    if (files.length !== Object.keys(table.columns).length) fail(`${name}: columns differ`)
    for (const file of files) {
      const [, column, kind] = file.split('.')
      const want = new ARRAYS[kind](bytesOf(path.join(folder, file)))
      const valid = new Uint8Array(bytesOf(path.join(folder, file.replace(/bin$/, 'valid'))))
      if (want.length !== table.rows) fail(`${name}: ${column}: rows differ`)
      for (let i = 0; i < want.length; i++) {
        const got = table.columns[column][i]
        if ((got !== null) !== (valid[i] !== 0)) fail(`${name}: ${column}[${i}]: nulls differ`)
        if (valid[i] && !Object.is(got, want[i])) fail(`${name}: ${column}[${i}]: ${got}`)
      }
    }
  }
  console.log(`${names.length} files read by hyparquet`)
}

// ---- the cache's files, beside what data export says of them ----------------------------------

function checkCell(where, column, got, text) {
  const want = text === '' ? null
    : text.includes('T') ? BigInt(Date.parse(text)) * 1000n
      : Number(text)
  if (!Object.is(got, want)) fail(`${where}: ${column}: ${got}, want ${text}`)
}

async function cache() {
  const names = fs.readdirSync(folder).filter(name => name.endsWith('.parquet')).sort()
  let cells = 0
  for (const name of names) {
    const table = await readTable(path.join(folder, name))
    const lines = fs.readFileSync(path.join(folder, name.replace(/parquet$/, 'csv')), 'utf8')
      .trimEnd().split('\n')
    const header = lines.shift().split(',')
    if (lines.length !== table.rows) fail(`${name}: ${table.rows} rows, want ${lines.length}`)
    lines.forEach((line, row) => {
      line.split(',').forEach((text, i) => {
        if (!(header[i] in table.columns)) return
        checkCell(`${name}:${row}`, header[i], table.columns[header[i]][row], text)
        cells++
      })
    })
  }
  console.log(`${names.length} files, ${cells} values read by hyparquet`)
}

// ---- their files ------------------------------------------------------------------------------

// mulberry32: small, seeded, and the same everywhere.
function randomOf(seed) {
  return () => {
    seed = seed + 0x6d2b79f5 | 0
    let t = Math.imul(seed ^ seed >>> 15, 1 | seed)
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t
    return ((t ^ t >>> 14) >>> 0) / 4294967296
  }
}

const ELEMENTS = {
  i64: { type: 'INT64' },
  i32: { type: 'INT32' },
  f64: { type: 'DOUBLE' },
}
const UNITS = ['MILLIS', 'MICROS', 'NANOS']

function elementOf(name, kind, optional, pick) {
  const element = { name, repetition_type: optional ? 'OPTIONAL' : 'REQUIRED' }
  if (kind !== 'ts') return { ...element, ...ELEMENTS[kind] }
  const isAdjustedToUTC = pick([true, false])
  const logical_type = { type: 'TIMESTAMP', isAdjustedToUTC, unit: pick(UNITS) }
  return { ...element, type: 'INT64', logical_type }
}

function valueOf(kind, shape, row, random) {
  const whole = Math.floor(random() * 2 ** 31)
  if (kind === 'ts') {
    const step = [60_000_000, 86_400_000_000, 1000, 1000][shape]
    return BigInt(row) * BigInt(step) + 1_500_000_000_000_000n
  }
  if (kind === 'i64') {
    return [BigInt(whole) * BigInt(whole) * (random() < 0.5 ? -1n : 1n), BigInt(whole % 3), 7n,
      BigInt(row)][shape]
  }
  if (kind === 'i32') return [whole - 2 ** 30, whole % 2, -5, row][shape]
  return [100 + whole % 1000 / 100, random() / 3, 1, [NaN, -0, Infinity, 1e-310][whole % 4]][shape]
}

// As the file has it: stamps in the unit that its schema names.
function inUnit(element, value) {
  if (element.logical_type?.unit === 'MILLIS') return value / 1000n
  return element.logical_type?.unit === 'NANOS' ? value * 1000n : value
}

function columnOf(name, kind, rows, optional, element, pick, random) {
  const shape = pick([0, 1, 2, 3])
  const missing = optional ? pick([0, 0.02, 0.5, 1]) : 0
  const values = new ARRAYS[kind](rows)
  const valid = new Uint8Array(rows)
  const data = []
  for (let i = 0; i < rows; i++) {
    const value = valueOf(kind, shape, i, random)
    valid[i] = random() < missing ? 0 : 1
    if (valid[i]) values[i] = value
    data.push(valid[i] ? inUnit(element, value) : null)
  }
  const encodings = [undefined, 'PLAIN', 'BYTE_STREAM_SPLIT', 'RLE_DICTIONARY']
  if (kind !== 'f64') encodings.push('DELTA_BINARY_PACKED')
  return { column: { name, data, encoding: pick(encodings) }, kind, values, valid }
}

const gzip = { GZIP: bytes => new Uint8Array(zlib.gzipSync(bytes)) }

async function write() {
  const { parquetWriteBuffer } = await load('hyparquet-writer')
  const random = randomOf(20240229)
  const pick = list => list[Math.floor(random() * list.length)]
  for (let n = 0; n < Number(count); n++) {
    const rows = pick([0, 1, 7, 100, 1000, 5000, 30000])
    const fields = []
    const schema = []
    for (let i = 0, width = pick([1, 2, 3, 5, 8]); i < width; i++) {
      const kind = i === 0 ? 'ts' : pick(['ts', 'i64', 'i32', 'f64'])
      const optional = i > 0 && random() < 0.6
      const element = elementOf(i === 0 ? 'ts' : `${kind}_${i}`, kind, optional, pick)
      schema.push(element)
      fields.push(columnOf(element.name, kind, rows, optional, element, pick, random))
    }
    const buffer = parquetWriteBuffer({
      columnData: fields.map(field => field.column),
      schema: [{ name: 'root', num_children: fields.length }, ...schema],
      codec: pick(['UNCOMPRESSED', 'SNAPPY', 'GZIP']),
      compressors: gzip,
      statistics: pick([true, false]),
      rowGroupSize: pick([333, 4096, 1e6]),
      pageSize: pick([300, 5000, 1 << 20]),
    })
    const stem = path.join(folder, String(n).padStart(3, '0'))
    fs.writeFileSync(stem + '.parquet', new Uint8Array(buffer))
    for (const { column, kind, values, valid } of fields) {
      fs.writeFileSync(`${stem}.${column.name}.${kind}.bin`, new Uint8Array(values.buffer))
      fs.writeFileSync(`${stem}.${column.name}.${kind}.valid`, valid)
    }
  }
  console.log(`${count} files of hyparquet-writer`)
}

// ---- fixtures: the table of make_fixtures.py --------------------------------------------------

const ROWS = 300
const FORMULAS = [
  ['ts', 'ts', i => 1580511600000000n + 60_000_000n * BigInt(i) +
    3_600_000_000n * BigInt(Math.floor(i / 100))],
  ['price', 'f64', i => 100 + i * 7919 % 4001 / 64],
  ['cents', 'f64', i => i * i % 10007 / 100],
  ['ratio', 'float', i => i % 50 * 0.25],
  ['count', 'i64', i => BigInt(i * i * i - 1000 * i)],
  ['flags', 'i32', i => i % 3 === 0 ? null : i % 5 - 2],
  ['volume', 'f64', i => i % 7 === 3 ? null : i * 10.5],
  ['empty', 'f64', () => null],
  ['steady', 'f64', () => 1],
  ['patchy', 'f64', i => Math.floor(i / 50) % 2 ? null : i],
]

async function fixtures() {
  const { parquetWriteBuffer } = await load('hyparquet-writer')
  const every = Array.from({ length: ROWS }, (_, i) => i)
  const forms = [
    ['default', {}, () => undefined],
    ['gzip-plain', { codec: 'GZIP', rowGroupSize: 97 }, () => 'PLAIN'],
    ['snappy-delta-split', { pageSize: 300 },
      kind => kind === 'f64' || kind === 'float' ? 'BYTE_STREAM_SPLIT' : 'DELTA_BINARY_PACKED'],
    ['none-dictionary', { codec: 'UNCOMPRESSED', pageSize: 300, rowGroupSize: 128 },
      () => 'RLE_DICTIONARY'],
  ]
  for (const [name, options, encoding] of forms) {
    const schema = FORMULAS.map(([column, kind]) => {
      const element = kind === 'float' ? { name: column, type: 'FLOAT', repetition_type: 'OPTIONAL' }
        : elementOf(column, kind, column !== 'ts', () => true)
      if (kind === 'ts') element.logical_type.unit = 'MICROS'
      return element
    })
    const buffer = parquetWriteBuffer({
      columnData: FORMULAS.map(([column, kind, formula]) =>
        ({ name: column, data: every.map(formula), encoding: encoding(kind) })),
      schema: [{ name: 'root', num_children: FORMULAS.length }, ...schema],
      compressors: gzip,
      ...options,
    })
    fs.writeFileSync(path.join(folder, `hyparquet-${name}.parquet`), new Uint8Array(buffer))
  }
}

await { read, write, cache, fixtures }[verb]()
