// ALTER TABLE, in the order in which the servers do it: columns dropped, changed and renamed in
// place, then columns added and moved, then keys.
// Source: mysql_prepare_alter_table in sql_table.cc of both servers.
#include <algorithm>
#include <optional>

#include "source/mysql/ddl/column_facts.h"
#include "source/mysql/ddl/key_list.h"
#include "source/mysql/ddl/sql_name.h"
#include "source/mysql/ddl/tracked_table.h"

namespace tailwater::mysql {
namespace {

using Columns = std::vector<ColumnFacts>;

size_t find_name(const Columns& columns, std::string_view name) {
  size_t at = 0;
  while (at < columns.size() && !same_name(columns[at].name, name)) ++at;
  return at;
}

tl::unexpected<Error> misfit(std::string_view what, std::string_view name) {
  return fail(ErrorKind::kUnsupported, std::string(what) + " '" + std::string(name) + "'");
}

// MariaDB alone knows no NOT NULL for generated columns: what is both is a bound of the row's
// period.
template <typename Columns>
bool has_row_bounds(const Columns& columns, const DdlSession& session) {
  return session.dialect.is_mariadb() &&
         std::ranges::any_of(columns, [](const ColumnFacts& column) {
           return column.generated && !column.nullable;
         });
}

class Alteration {
 public:
  Alteration(const TrackedTable& table, const AlterTable& alter, const DdlSession& session)
      : before_(table), alter_(alter), session_(session) {}

  Result<TrackedTable> run(const std::string& database_charset) {
    TW_TRY(choose_charsets(database_charset));
    TW_TRY(alter_in_place());
    TW_TRY(place_columns());
    return finish();
  }

 private:
  // The default for new columns, and what old ones are converted to.
  Status choose_charsets(const std::string& database_charset) {
    after_.charset = before_.charset;
    if (has_action<SetCharset>() && has_action<ConvertCharset>()) {
      return fail(ErrorKind::kUnsupported, "it sets and converts character sets at once");
    }
    for (const AlterAction& action : alter_.actions) {
      if (const auto* set = std::get_if<SetCharset>(&action)) {
        TW_ASSIGN(after_.charset,
                  resolve_charset(set->charset, database_charset, session_.dialect));
      } else if (const auto* convert = std::get_if<ConvertCharset>(&action)) {
        TW_ASSIGN(after_.charset,
                  resolve_charset(convert->charset, database_charset, session_.dialect));
        converted_ = after_.charset;
        if (converted_->empty()) return misfit("not known:", "the default character set");
      }
    }
    return {};
  }

  template <typename Action>
  [[nodiscard]] bool has_action() const {
    return std::ranges::any_of(alter_.actions, [](const AlterAction& action) {
      return std::holds_alternative<Action>(action);
    });
  }

  [[nodiscard]] bool has_column(const std::string& name) const {
    return find_name(before_.facts.columns, name) < before_.facts.columns.size();
  }

  Result<ColumnFacts> column_of(const ColumnDefinition& definition) {
    TW_ASSIGN(ColumnFacts made, make_column(definition, after_.charset, session_));
    if (!converted_) return made;
    // The size that it then gets depends on what the column was before, in ways that differ by
    // server.
    if (made.data_type.ends_with("text") || made.data_type.ends_with("blob")) {
      return fail(ErrorKind::kUnsupported, "a text or blob is defined and converted at once");
    }
    return converted_column(made, *converted_, session_);
  }

  // Each old column: dropped, replaced, renamed, or kept. Those that move are placed later.
  Status alter_in_place() {
    TW_TRY(check_names());
    for (const ColumnFacts& old : before_.facts.columns) {
      new_names_.push_back(old.name);
      if (is_dropped(old.name)) {
        new_names_.back().clear();
        continue;
      }
      const ChangeColumn* const change = change_of(old.name);
      if (change != nullptr) {
        new_names_.back() = change->column.name;
        if (change->place.kind != ColumnPlace::Kind::kUnsaid) continue;
        TW_ASSIGN(ColumnFacts changed, column_of(change->column));
        columns_.push_back(std::move(changed));
        continue;
      }
      ColumnFacts kept = old;
      if (converted_) {
        TW_ASSIGN(kept, converted_column(old, *converted_, session_));
      }
      apply_small_changes(old.name, kept);
      new_names_.back() = kept.name;
      columns_.push_back(std::move(kept));
    }
    return {};
  }

  // Whatever is altered must be there, or else the table is not what we think it is.
  Status check_names() const {
    for (const AlterAction& action : alter_.actions) {
      const std::string* name = nullptr;
      bool may_miss = false;
      if (const auto* drop = std::get_if<DropColumn>(&action)) {
        name = &drop->name;
        may_miss = drop->if_exists;
      } else if (const auto* change = std::get_if<ChangeColumn>(&action)) {
        name = &change->old_name;
        may_miss = change->if_exists;
      } else if (const auto* rename = std::get_if<RenameColumn>(&action)) {
        name = &rename->old_name;
        may_miss = rename->if_exists;
      } else if (const auto* show = std::get_if<ShowColumn>(&action)) {
        name = &show->name;
      }
      if (name != nullptr && !may_miss && !has_column(*name))
        return misfit("it alters the unknown column", *name);
    }
    return {};
  }

  [[nodiscard]] bool is_dropped(const std::string& name) const {
    return std::ranges::any_of(alter_.actions, [&](const AlterAction& action) {
      const auto* drop = std::get_if<DropColumn>(&action);
      return drop != nullptr && same_name(drop->name, name);
    });
  }

  [[nodiscard]] const ChangeColumn* change_of(const std::string& name) const {
    for (const AlterAction& action : alter_.actions) {
      const auto* change = std::get_if<ChangeColumn>(&action);
      if (change != nullptr && same_name(change->old_name, name)) return change;
    }
    return nullptr;
  }

  void apply_small_changes(const std::string& old_name, ColumnFacts& column) const {
    for (const AlterAction& action : alter_.actions) {
      if (const auto* rename = std::get_if<RenameColumn>(&action)) {
        if (same_name(rename->old_name, old_name)) column.name = rename->new_name;
      } else if (const auto* show = std::get_if<ShowColumn>(&action)) {
        if (same_name(show->name, old_name)) column.invisible = show->invisible;
      }
    }
  }

  Status place_columns() {
    for (const AlterAction& action : alter_.actions) {
      if (const auto* add = std::get_if<AddColumn>(&action)) {
        // The keys that it brings are added all the same.
        if (add->if_not_exists && (has_column(add->column.name) || is_new(*add))) continue;
        TW_TRY(place(add->column, add->place));
      } else if (const auto* change = std::get_if<ChangeColumn>(&action)) {
        const bool moves = change->place.kind != ColumnPlace::Kind::kUnsaid;
        if (moves && has_column(change->old_name)) TW_TRY(place(change->column, change->place));
      } else if (const auto* key = std::get_if<AddKey>(&action)) {
        added_keys_.push_back(&key->key);
      }
    }
    return {};
  }

  // Whether the same statement has added that name already.
  [[nodiscard]] bool is_new(const AddColumn& add) const {
    return find_name(columns_, add.column.name) < columns_.size();
  }

  Status place(const ColumnDefinition& definition, const ColumnPlace& place) {
    TW_ASSIGN(ColumnFacts made, column_of(definition));
    if (find_name(columns_, made.name) < columns_.size())
      return misfit("it adds a column that is there:", made.name);
    size_t at = columns_.size();
    if (place.kind == ColumnPlace::Kind::kFirst) at = 0;
    if (place.kind == ColumnPlace::Kind::kAfter) {
      at = find_name(columns_, place.after);
      if (at == columns_.size()) return misfit("AFTER names the unknown column", place.after);
      ++at;
    }
    columns_.insert(columns_.begin() + static_cast<ptrdiff_t>(at), std::move(made));
    return {};
  }

  [[nodiscard]] bool drops_key(const TrackedKey& key) const {
    return std::ranges::any_of(alter_.actions, [&](const AlterAction& action) {
      if (const auto* drop = std::get_if<DropKey>(&action)) return same_name(drop->name, key.name);
      const auto* constraint = std::get_if<DropConstraint>(&action);
      return constraint != nullptr && key.unique && same_name(constraint->name, key.name);
    });
  }

  [[nodiscard]] bool replaces_key(const TrackedKey& key) const {
    return std::ranges::any_of(added_keys_, [&](const KeyDefinition* added) {
      return added->or_replace && same_name(added->name, key.name);
    });
  }

  [[nodiscard]] std::string renamed_key(const std::string& name) const {
    for (const AlterAction& action : alter_.actions) {
      const auto* rename = std::get_if<RenameKey>(&action);
      if (rename != nullptr && same_name(rename->old_name, name)) return rename->new_name;
    }
    return name;
  }

  void keep_keys(KeyList& keys) const {
    for (const TrackedKey& key : before_.keys) {
      if (drops_key(key) || replaces_key(key)) continue;
      KeyList::Key kept{
          renamed_key(key.name), key.name == "PRIMARY", key.unique, key.for_reference, false, {}};
      for (const TrackedKey::Part& part : key.parts) {
        const bool computed = part.column >= new_names_.size();
        if (!computed && new_names_[part.column].empty()) continue;  // its column is gone
        kept.parts.push_back({computed ? "" : new_names_[part.column], part.prefix});
      }
      if (!kept.parts.empty()) keys.keep(std::move(kept));
    }
  }

  [[nodiscard]] bool has_key(const KeyDefinition& added) const {
    const bool primary = added.kind == KeyDefinition::Kind::kPrimary;
    return std::ranges::any_of(before_.keys, [&](const TrackedKey& key) {
      return same_name(key.name, primary ? "PRIMARY" : added.name) && !drops_key(key);
    });
  }

  // Versions without columns for the row's period have hidden ones.
  [[nodiscard]] bool has_hidden_period() const {
    bool hidden = before_.facts.hidden_period;
    for (const AlterAction& action : alter_.actions) {
      if (const auto* set = std::get_if<SetVersioning>(&action)) {
        hidden = set->on && !has_row_bounds(columns_, session_);
      }
    }
    return hidden;
  }

  Result<TrackedTable> finish() {
    after_.facts.hidden_period = has_hidden_period();
    after_.facts.columns = std::move(columns_);
    KeyList keys;
    keep_keys(keys);
    for (const KeyDefinition* added : added_keys_) {
      if (!(added->if_not_exists && has_key(*added))) keys.add(*added);
    }
    TW_TRY(keys.settle(after_));
    return std::move(after_);
  }

  const TrackedTable& before_;
  const AlterTable& alter_;
  const DdlSession& session_;
  TrackedTable after_;
  std::optional<std::string> converted_;
  Columns columns_;
  std::vector<std::string> new_names_;  // of the old columns, by their old places; empty: gone
  std::vector<const KeyDefinition*> added_keys_;
};

bool touches_versions(const AlterTable& alter) {
  return std::ranges::any_of(alter.actions, [](const AlterAction& action) {
    const auto* add = std::get_if<AddKey>(&action);
    const bool unique = add != nullptr && (add->key.kind == KeyDefinition::Kind::kUnique ||
                                           add->key.kind == KeyDefinition::Kind::kPrimary);
    return unique || std::holds_alternative<SetVersioning>(action);
  });
}

}  // namespace

Result<TrackedTable> altered_table(const TrackedTable& table, const AlterTable& alter,
                                   const std::string& database_charset, const DdlSession& session) {
  if (!alter.undecided.empty()) return fail(ErrorKind::kUnsupported, alter.undecided);
  if (has_row_bounds(table.facts.columns, session) && touches_versions(alter)) {
    return fail(ErrorKind::kUnsupported, "it alters keys or versions of a table with row periods");
  }
  if (alter.actions.size() > kColumnsMax + kKeysMax) {
    return fail(ErrorKind::kUnsupported, "it alters too much at once");
  }
  return Alteration(table, alter, session).run(database_charset);
}

}  // namespace tailwater::mysql
