// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "demo/loader.hpp"

#include "demo/schema.hpp"

namespace dbengine::app::demo {

namespace {

using clock = std::chrono::steady_clock;

value text_or_null(const std::string& text) {
  return text.empty() ? value() : value(text);
}

// The first loader that needs a row shared by several packages inserts it. Each loader remembers
// the rows that it has committed and does not send them again.
class dictionaries {
public:
  std::uint64_t load(const request_view& db, const batch& records) {
    std::vector<params> new_names, new_sections, new_maintainers;
    const auto name = [&](const std::string& n) {
      if (names_.insert(n).second)
        new_names.push_back(params::of(n));
    };
    for (const auto& r : records) {
      name(r.name);
      for (const auto& d : r.dependencies)
        for (const auto& a : d.alternatives)
          name(a.name);
      for (const auto& p : r.provides)
        name(p.name);
      if (sections_.insert(r.section).second)
        new_sections.push_back(params::of(r.section));
      if (maintainers_.insert(r.maintainer_name + '\n' + r.maintainer_email).second)
        new_maintainers.push_back(params::of(r.maintainer_name, r.maintainer_email));
    }
    db.execute_many(insert_name, new_names);
    db.execute_many(insert_section, new_sections);
    db.execute_many(insert_maintainer, new_maintainers);
    return new_names.size() + new_sections.size() + new_maintainers.size();
  }

private:
  std::unordered_set<std::string> names_, sections_, maintainers_;
};

void add_operations(std::vector<operation>& out, const package_record& r) {
  out.push_back(operation::execute(std::string(insert_package), r.id, r.name, r.version,
                                   r.architecture, r.section, r.maintainer_name, r.maintainer_email,
                                   r.priority, text_or_null(r.source), text_or_null(r.homepage),
                                   r.installed_kib, r.archive_bytes, text_or_null(r.sha256)));
  std::size_t item = 0;
  for (const auto& d : r.dependencies) {
    std::size_t alternative = 0;
    for (const auto& a : d.alternatives)
      out.push_back(operation::execute(
          std::string(insert_dependency), r.id, dependency_kinds[d.kind], item, alternative++,
          a.name, text_or_null(a.qualifier), text_or_null(a.comparison), text_or_null(a.version)));
    ++item;
  }
  item = 0;
  for (const auto& p : r.provides)
    out.push_back(operation::execute(std::string(insert_provided), r.id, item++, p.name,
                                     text_or_null(p.version)));
  out.push_back(
      operation::execute(std::string(insert_description), r.id, r.name, r.summary, r.body));
}

} // namespace

void totals::add(const package_record& r) {
  ++packages;
  names.insert(r.name);
  sections.insert(r.section);
  maintainers.insert(r.maintainer_name + '\n' + r.maintainer_email);
  for (const auto& d : r.dependencies) {
    dependencies += d.alternatives.size();
    for (const auto& a : d.alternatives)
      names.insert(a.name);
  }
  provides += r.provides.size();
  for (const auto& p : r.provides)
    names.insert(p.name);
}

load_result load(const request_view& db, batch_queue& batches, ui::progress& bar) {
  load_result result;
  dictionaries shared;
  std::vector<operation> operations;
  while (const auto records = batches.pop()) {
    result.statements += shared.load(db, *records);
    operations.clear();
    for (const auto& r : *records)
      add_operations(operations, r);
    const auto start = clock::now();
    db.execute_transaction(operations);
    result.transactions.push_back(clock::now() - start);
    result.statements += operations.size();
    result.packages += records->size();
    const auto id = records->back().id;
    if (db.fetch_value<std::int64_t>("SELECT id FROM packages WHERE id = ?", id) != id)
      ++result.unread_writes;
    bar.advance(records->size());
  }
  return result;
}

} // namespace dbengine::app::demo
