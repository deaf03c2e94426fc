#include "source/mysql/ddl/named_tables.h"

namespace tailwater::mysql {
namespace {

class NameVisitor {
 public:
  NamedTables take() { return std::move(named_); }

  void operator()(const OtherStatement&) {}
  void operator()(const UnknownStatement& statement) {
    named_.names = statement.tables;
    named_.any = statement.tables.empty();
  }
  void operator()(const CreateTable& create) {
    if (!create.temporary) add(create.name);
  }
  void operator()(const AlterTable& alter) {
    add(alter.name);
    for (const AlterAction& action : alter.actions) {
      if (const auto* to = std::get_if<RenameTo>(&action)) add(to->name);
      if (const auto* made = std::get_if<PartitionToTable>(&action)) add(made->name);
      if (const auto* gone = std::get_if<TableToPartition>(&action)) add(gone->name);
    }
  }
  void operator()(const DropTables& drop) {
    if (!drop.temporary) named_.names = drop.names;
  }
  void operator()(const RenameTables& rename) {
    for (const RenameTables::Pair& pair : rename.pairs) {
      add(pair.from);
      add(pair.to);
    }
  }
  void operator()(const TruncateTable& truncate) { add(truncate.name); }
  void operator()(const CreateDatabase& create) { add({create.name, {}}); }
  void operator()(const AlterDatabase& alter) { add({alter.name, {}}); }
  void operator()(const DropDatabase& drop) { add({drop.name, {}}); }

 private:
  void add(TableName name) { named_.names.push_back(std::move(name)); }

  NamedTables named_;
};

}  // namespace

NamedTables named_tables(const SchemaStatement& statement) {
  NameVisitor visitor;
  std::visit(visitor, statement);
  return visitor.take();
}

}  // namespace tailwater::mysql
