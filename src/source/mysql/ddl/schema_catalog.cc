#include "source/mysql/ddl/schema_catalog.h"

#include <array>

#include "source/mysql/ddl/sql_name.h"

namespace tailwater::mysql {
namespace {
using Kind = SchemaChange::Kind;
}

// Carries one statement out.
class StatementApplication {
 public:
  StatementApplication(SchemaCatalog& catalog, const DdlSession& session)
      : catalog_(catalog), session_(session) {}

  std::vector<SchemaChange> take() { return std::move(changes_); }

  void operator()(const OtherStatement&) {}

  void operator()(const UnknownStatement& statement) {
    const std::string reason = "a statement that is not understood: " + statement.describe();
    for (const TableName& name : statement.tables) lose(key(name), reason);
    if (!statement.tables.empty()) return;
    for (auto& [name, table] : tables()) table.stale = reason;
    note(Kind::kUnknown, {}, reason);
  }

  void operator()(const CreateTable& create) {
    if (create.temporary) return;
    const TableName name = key(create.name);
    if (create.if_not_exists && tables().contains(name)) return;
    if (create.like) return create_like(name, key(*create.like));
    auto made = make_table(create, catalog_.database_charset(name.database), session_);
    if (!made.has_value()) return lose(name, made.error().message);
    tables()[name] = std::move(*made);
    note(Kind::kCreated, name);
  }

  void operator()(const AlterTable& alter) {
    const TableName name = key(alter.name);
    const auto found = tables().find(name);
    if (found == tables().end() && alter.if_exists) return;
    // Work on partitions may name a table that does not exist.
    const bool quiet = alter.actions.empty() && alter.undecided.empty();
    if (quiet && found == tables().end()) return;
    if (!is_only_rename(alter)) alter_found(name, alter);
    for (const AlterAction& action : alter.actions) {
      if (const auto* made = std::get_if<PartitionToTable>(&action)) {
        create_like(key(made->name), name);
      } else if (const auto* gone = std::get_if<TableToPartition>(&action)) {
        drop(key(gone->name));
      }
    }
    for (const AlterAction& action : alter.actions) {
      if (const auto* to = std::get_if<RenameTo>(&action)) rename(name, key(to->name));
    }
  }

  void operator()(const DropTables& statement) {
    if (statement.temporary) return;
    for (const TableName& name : statement.names) drop(key(name));
  }

  void operator()(const RenameTables& statement) {
    for (const RenameTables::Pair& pair : statement.pairs) {
      const TableName from = key(pair.from);
      if (pair.if_exists && !tables().contains(from)) continue;
      rename(from, key(pair.to));
    }
  }

  void operator()(const TruncateTable& truncate) { note(Kind::kTruncated, key(truncate.name)); }

  void operator()(const CreateDatabase& create) {
    const TableName name = key({create.name, {}});
    if (catalog_.databases_.contains(name.database)) {
      if (create.if_not_exists) return;
      drop_database(name);
    }
    set_charset(name, create.charset, session_.server_charset);
    note(Kind::kDatabaseCreated, name);
  }

  void operator()(const AlterDatabase& alter) {
    const TableName name = key({alter.name, {}});
    if (!alter.charset.empty()) set_charset(name, alter.charset, session_.server_charset);
    note(Kind::kDatabaseAltered, name);
  }

  void operator()(const DropDatabase& statement) { drop_database(key({statement.name, {}})); }

 private:
  [[nodiscard]] std::map<TableName, TrackedTable>& tables() { return catalog_.tables_; }
  [[nodiscard]] TableName key(const TableName& name) const { return catalog_.key_of(name); }

  void note(Kind kind, const TableName& name, std::string reason = {}) {
    changes_.push_back({kind, name, {}, std::move(reason)});
  }

  // The table is no longer known.
  void lose(const TableName& name, const std::string& reason) {
    tables()[name].stale = reason;
    note(Kind::kUnknown, name, reason);
  }

  static bool is_only_rename(const AlterTable& alter) {
    return alter.undecided.empty() && alter.actions.size() == 1 &&
           std::holds_alternative<RenameTo>(alter.actions[0]);
  }

  void alter_found(const TableName& name, const AlterTable& alter) {
    const auto found = tables().find(name);
    if (found == tables().end()) return lose(name, "it was altered and was not known");
    // What was not known does not become known by being altered.
    if (found->second.must_be_read()) return note(Kind::kUnknown, name, found->second.stale);
    auto altered =
        altered_table(found->second, alter, catalog_.database_charset(name.database), session_);
    if (!altered.has_value()) return lose(name, altered.error().message);
    found->second = std::move(*altered);
    note(Kind::kAltered, name);
  }

  void create_like(const TableName& name, const TableName& like) {
    const auto found = tables().find(like);
    if (found == tables().end()) return lose(name, "it is like a table that is not known");
    if (found->second.must_be_read()) return lose(name, found->second.stale);
    TrackedTable copy = found->second;
    tables()[name] = std::move(copy);
    note(Kind::kCreated, name);
  }

  void drop(const TableName& name) {
    if (tables().erase(name) != 0) note(Kind::kDropped, name);
  }

  void rename(const TableName& from, const TableName& to) {
    if (from == to) return;
    auto node = tables().extract(from);
    if (node.empty()) return lose(to, "it was renamed from a table that was not known");
    tables().erase(to);
    node.key() = to;
    const std::string stale = node.mapped().stale;
    tables().insert(std::move(node));
    changes_.push_back({Kind::kRenamed, to, from, {}});
    if (!stale.empty()) note(Kind::kUnknown, to, stale);
  }

  void drop_database(const TableName& name) {
    auto at = tables().lower_bound({name.database, {}});
    while (at != tables().end() && at->first.database == name.database) {
      note(Kind::kDropped, at->first);
      at = tables().erase(at);
    }
    catalog_.databases_.erase(name.database);
    note(Kind::kDatabaseDropped, name);
  }

  void set_charset(const TableName& name, const CharsetWords& words, const std::string& inherited) {
    const auto charset = resolve_charset(words, inherited, session_.dialect);
    catalog_.databases_[name.database] = charset.value_or("");
  }

  SchemaCatalog& catalog_;
  const DdlSession& session_;
  std::vector<SchemaChange> changes_;
};

std::string_view to_string(SchemaChange::Kind kind) {
  constexpr std::array<std::string_view, 9> kNames = {
      "created", "altered",          "dropped",          "renamed",         "truncated",
      "unknown", "database created", "database altered", "database dropped"};
  return kNames[static_cast<size_t>(kind)];
}

std::vector<SchemaChange> SchemaCatalog::apply(std::string_view statement,
                                               const DdlSession& session) {
  return apply(parse_schema_statement(statement, session), session);
}

std::vector<SchemaChange> SchemaCatalog::apply(const SchemaStatement& statement,
                                               const DdlSession& session) {
  StatementApplication application(*this, session);
  std::visit(application, statement);
  return application.take();
}

TableName SchemaCatalog::key_of(const TableName& name) const {
  if (name_case_ == NameCase::kSensitive) return name;
  return {folded(name.database), folded(name.table)};
}

const TrackedTable* SchemaCatalog::find(std::string_view database, std::string_view table) const {
  const auto at = tables_.find(key_of({std::string(database), std::string(table)}));
  return at == tables_.end() ? nullptr : &at->second;
}

std::string SchemaCatalog::database_charset(std::string_view database) const {
  const auto at = databases_.find(key_of({std::string(database), {}}).database);
  return at == databases_.end() ? std::string() : at->second;
}

void SchemaCatalog::put_table(const TableName& name, TrackedTable table) {
  settle_keys(table);
  tables_[key_of(name)] = std::move(table);
}

void SchemaCatalog::put_database(std::string_view name, std::string_view charset) {
  databases_[key_of({std::string(name), {}}).database] = charset;
}

void SchemaCatalog::remove_table(const TableName& name) {
  tables_.erase(key_of(name));
}

}  // namespace tailwater::mysql
