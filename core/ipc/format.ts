// The numbers of Arrow's IPC format that writer and reader share
// (https://arrow.apache.org/docs/format/Columnar.html and its Schema.fbs, Message.fbs).

/** `Type` of Schema.fbs; the names are those of its error messages too. */
export const TYPE_NAMES = [
  'none',
  'Null',
  'Int',
  'FloatingPoint',
  'Binary',
  'Utf8',
  'Bool',
  'Decimal',
  'Date',
  'Time',
  'Timestamp',
  'Interval',
  'List',
  'Struct',
  'Union',
  'FixedSizeBinary',
  'FixedSizeList',
  'Map',
  'Duration',
  'LargeBinary',
  'LargeUtf8',
  'LargeList',
  'RunEndEncoded',
  'BinaryView',
  'Utf8View',
  'ListView',
  'LargeListView',
] as const;

export const TYPE = {
  int: 2,
  float: 3,
  binary: 4,
  utf8: 5,
  bool: 6,
  date: 8,
  timestamp: 10,
  list: 12,
  struct: 13,
  map: 17,
  duration: 18,
  largeBinary: 19,
  largeUtf8: 20,
  largeList: 21,
} as const;

/** `TimeUnit`. */
export const UNIT = { s: 0, ms: 1, us: 2, ns: 3 } as const;
export const DOUBLE = 2;
export const SINGLE = 1;

/** `MessageHeader`. */
export const HEADER = { schema: 1, dictionary: 2, record: 3 } as const;
export const METADATA_V4 = 3;
export const METADATA_V5 = 4;

/** Stands before the length of every message. */
export const CONTINUATION = 0xffffffff;

/** Sizes up to 2^53. */
export const pad8 = (size: number): number => size + ((8 - (size % 8)) % 8);
