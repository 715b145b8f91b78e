// Package flowfile reads and writes flow files, which are Parquet files of
// flows. It reads whole files to profiles, yields the flows that a filter
// selects, and writes flows. No other package uses the Parquet library.
//
// # From a file to a profile
//
// [Profile] opens a file and first checks what it can without reading the data:
// that it is a complete Parquet file with the seven columns of [flow.Columns], in
// any order and beside any others, in types that can be read. Numbers may be
// integers of any width, floating point numbers that are whole, or decimals
// without fraction; addresses text, 4 or 16 bytes of fixed length, or IPv4
// addresses as integers; the protocol text in any case, or its IANA number.
//
// Then each large row group is read by one goroutine a column. It turns pages of
// whatever encoding into vectors of at most 16,384 rows: numbers as int64,
// addresses as codes. A codebook that all workers share assigns the codes. If a
// page refers to a dictionary, each of the dictionary's values is looked up once,
// and rows are translated from code to code; plain text goes through a small
// cache. Seven vectors make a batch.
//
// Whichever worker is free divides a batch by conversation (see
// [profile.Adder]); when a million rows or more are divided, all workers add
// them to the [profile.Builder], each a part of the conversations. So a single
// row group, as pandas writes, keeps several cores busy, no conversation is
// built twice, and the profile has the same bytes for any number of workers, row
// groups or files. Row groups, and files, are decoded ahead but added in their
// order, since the builder is fastest where flows come in order of time.
//
// Row groups smaller than a batch are decoded together, by one goroutine, to as
// few batches as hold them; files of less than a megabyte are read at once.
//
// # Rows selected by a filter
//
// [Rows] leaves out row groups by their statistics and dictionaries, and pages
// by the page indexes of files that have them. [Scanner] does so, too; in a file
// without page indexes, as pyarrow writes it, the headers of pages take their place:
// a scan reads them, leaves out pages by their statistics, and passes the pages
// of a column that are not needed without decompressing them.
//
// Memory grows with the distinct conversations, and with the largest page of
// the file: writers that make one page of a column, such as fastparquet, have
// it decoded as a whole.
//
// # Other tables
//
// [OpenTable] reads Parquet files with any columns, as rows of texts. Imports use
// it for Parquet files that are not flow files.
//
// # Errors
//
// A row that is not a flow (a null, an invalid address, a timestamp outside the
// day, negative bytes and so on) is left out and counted in
// [profile.Profile].Rejected by reason, with the first place where it happened. So
// are flows of other protocols than TCP and UDP, which [Rows] yields.
// Any other fault is an [*Error] that names file, row group and column, and wraps
// one of the errors below. The Parquet library panics on some malformed files;
// such a panic becomes an [*Error] too.
//
// # Limits
//
// Pages are read and decompressed here, within limits, and then decoded by the
// Parquet library, which allocates as much as a page claims to hold. A page with
// more than the limits of its file is an [*Error]. So is one compressed with LZO or the
// deprecated LZ4, whose framing differs between writers; LZ4_RAW is read.
//
// # Cache
//
// [CachedProfile] reads a file once and keeps its profile in the folder that
// [profile.CacheDir] names, found by the content of the file. What only reads
// profiles uses [profile.ReadCached], which does not need this package.
package flowfile
