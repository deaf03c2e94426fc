// RowPlan: how the row images of one table map become rows of one schema. Made once per pair, then
// used for every row: each column is one small step. The format of images is in MySQL's Rows_event
// (rows_event.h): a bit per sent column (NULL or not), then the values in column order.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/cursor.h"
#include "base/result.h"
#include "model/row.h"
#include "model/schema.h"
#include "source/mysql/binlog/charset.h"
#include "source/mysql/binlog/json_shape.h"
#include "source/mysql/binlog/table_map.h"

namespace tailwater::mysql {

/// What a step does with its column's bytes.
enum class RowStep : uint8_t {
  kCopy16,  ///< `width` bytes, and what is behind them up to 16, which later steps write over
  kCopy1,
  kCopy2,
  kCopy4,
  kCopy8,
  kInt24,
  kUint24,
  kYear,
  kDate,
  kTimestamp,
  kOldTime,
  kOldDatetime,
  kTime2,
  kDatetime2,
  kTimestamp2,
  kDecimal,       ///< as text
  kSmallDecimal,  ///< as an integer
  kBit,
  kSmallEnum,  ///< one byte
  kSet,
  kBytes,   ///< a length of `width` bytes, then bytes taken over
  kText,    ///< the same, converted to UTF-8 by `charset`
  kPadded,  ///< as kBytes, with zeros up to `limit`: BINARY(n), whose zeros the server cuts off
  kUuid,    ///< MariaDB; binary(16)
  kInet,    ///< MariaDB inet4, inet6; binary(4), binary(16)
  kJson,
  kUnpackBytes,  ///< MariaDB compressed columns
  kUnpackText,
  // From here on nothing is written but presence; see writes_nothing.
  kMissing,    ///< the column was not sent
  kSkip,       ///< the column is not kept: `width` bytes to step over
  kSkipSized,  ///< the same, after a length of `width` bytes
};

/// Whether a step leaves its column, if it has one, as it was before the row was read.
constexpr bool writes_nothing(RowStep step) {
  return step >= RowStep::kMissing;
}

/// No column of the schema.
inline constexpr uint32_t kNoColumn = 0xffffffff;

/// One column of an image.
struct RowColumn {
  RowStep step = RowStep::kCopy1;
  uint8_t width = 0;  ///< bytes of a fixed value, or of the length before a value
  uint8_t digits =
      0;  ///< temporal: bytes of the fraction; decimal: precision, or SmallDecimal::lead
  uint8_t scale = 0;    ///< decimal; SmallDecimal::tail
  uint32_t slot = 0;    ///< where the column's slot is in the row
  uint32_t limit = 0;   ///< the most bytes the value may have; SmallDecimal::groups
  uint32_t column = 0;  ///< of the schema; kNoColumn when it is not kept
  bool variable = false;
  bool json = false;         ///< the table map's type, whatever the step
  bool over_ascii = false;   ///< kText: bytes below 0x80 are ASCII
  uint32_t length_mask = 0;  ///< of four bytes, those of the length before a value
  const Charset* charset = nullptr;
};

/// How far steps may read beyond a column's bytes, if there are as many: see ImagePlan::bytes_safe.
inline constexpr size_t kReadBeyondBytes = 32;

/// What kCopy16 writes.
inline constexpr uint32_t kMergedBytes = 16;

/// The steps for images that have one set of columns. Not thread-safe: remembers the shapes of JSON
/// documents.
struct ImagePlan {
  std::vector<RowColumn> steps;       ///< a step for each column of the source's table, in order
  std::vector<RowColumn> merged;      ///< the same with neighbours copied at once, if none is NULL
  std::vector<uint8_t> presence;      ///< the row's presence bits if no value is NULL
  uint64_t presence_word = 0;         ///< the first eight bytes of it
  std::vector<uint8_t> columns_sent;  ///< the event's bits that this plan is for
  uint32_t sent = 0;                  ///< how many columns the images have
  bool may_be_dense = false;          ///< all columns are sent, and null_mask tells if one is NULL
  uint32_t null_bytes = 0;            ///< bytes of an image's NULL bits
  uint64_t null_mask = 0;             ///< those of them that mean something, where they fit
  /// What an image whose values have no length takes at most, and kReadBeyondBytes more.
  size_t bytes_safe = 0;
  uint32_t fixed_bytes = 0;
  uint32_t first_bytes = 0;  ///< room to start with
  SchemaPtr schema;
  std::vector<std::unique_ptr<JsonShape>> shapes;  ///< by column, for those of kJson
};

/// Not thread-safe. Keeps the schema alive.
class RowPlan {
 public:
  /// kBug when the schema is not one made for this table map. Columns of the map behind those of
  /// the schema are hidden ones, and are stepped over.
  static Result<RowPlan> make(const TableMap& map, SchemaPtr schema);
  /// The same for a schema that has some of the columns only: those of `table`, which is made for
  /// this table map, whose ascending indexes are `kept`. The others are stepped over.
  static Result<RowPlan> make(const TableMap& map, const TableSchema& table,
                              std::span<const uint32_t> kept, SchemaPtr schema);

  [[nodiscard]] const SchemaPtr& schema() const { return schema_; }
  /// How many columns the source's table has.
  [[nodiscard]] size_t columns() const { return steps_.size(); }
  /// The plan for images with the columns of `sent`, the bits of a row event. Remembers the last
  /// two, so that an update's images cost nothing; a plan lives until two others were made.
  /// kCorrupt when the bits cannot be those of
  /// this many columns; compare RowsEvent::columns with `columns()` to be sure.
  Result<const ImagePlan*> image(Bytes sent);

 private:
  ImagePlan make_image(Bytes sent) const;

  SchemaPtr schema_;
  std::vector<RowColumn> steps_;
  std::array<std::unique_ptr<ImagePlan>, 2> images_;
  size_t last_image_ = 0;  // given last, and so not to be replaced next
};

/// Reads one image from `rows` and appends it to `out` as a row of the plan's schema
/// (docs/row_format.md). kCorrupt, naming the column, when the bytes do not fit; `out` is then as
/// it was.
Status transcode_image(const ImagePlan& plan, Cursor& rows, ByteBuffer& out);

/// The JSON documents of a row's before image, by column, while the after image is read, which may
/// hold only diffs to them. Reused from row to row. Not thread-safe.
class JsonDocuments {
 public:
  /// Forgets the last row; for tables of so many columns.
  void start(size_t columns) { documents_.assign(columns, std::nullopt); }
  void set(size_t column, Bytes document) { documents_[column] = document; }
  /// Nothing where the before image did not have the column, or had NULL in it.
  [[nodiscard]] std::optional<Bytes> of(size_t column) const { return documents_[column]; }

 private:
  std::vector<std::optional<Bytes>> documents_;
};

/// The same for the images of a partial_update_rows event. A before image fills `documents`; in the
/// after image that follows, columns that were logged as diffs become whole documents again. Where
/// the before image did not have the column (binlog_row_image is not FULL), the value is
/// unavailable.
Status transcode_before_image(const ImagePlan& plan, Cursor& rows, ByteBuffer& out,
                              JsonDocuments& documents);
Status transcode_partial_image(const ImagePlan& plan, Cursor& rows, ByteBuffer& out,
                               JsonDocuments& documents);

/// How far transcode_rows came.
struct RowsTaken {
  uint32_t rows = 0;
  bool sound = true;  ///< false: the row after these is damaged; transcode_image says where
};

/// Reads whole rows, of one image or (`second`) of two, and appends each image after its length in
/// bytes (u32), until `rows` is used up or `out` holds `until_bytes`; at least one. `rows` is then
/// what is left.
RowsTaken transcode_rows(const ImagePlan& first, const ImagePlan* second, Bytes& rows,
                         size_t until_bytes, ByteBuffer& out);
/// The same for a partial_update_rows event.
RowsTaken transcode_partial_rows(const ImagePlan& before, const ImagePlan& after, Bytes& rows,
                                 size_t until_bytes, ByteBuffer& out, JsonDocuments& documents);

}  // namespace tailwater::mysql
