// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/engine/reference_check.hpp"

#include "support/sqlite/plain_sqlite.hpp"

#include <algorithm>
#include <map>

namespace dbengine::test {

namespace {

class reference_check {
public:
  explicit reference_check(const request_log& log) {
    for (const auto& e : log)
      (e.ran != 0 && !e.request.endless ? ordered_ : others_).push_back(&e);
    std::sort(ordered_.begin(), ordered_.end(),
              [](const auto* a, const auto* b) { return a->ran < b->ran; });
  }

  std::vector<std::string> run(const std::string& tables) {
    check_order();
    find_windows();
    replay(tables);
    return std::move(found_);
  }

private:
  /// A request that drew no number: its answer must match some moment between two ordered requests.
  struct window {
    const logged_request* e;
    std::size_t from, to;
    std::string tried = {};
    bool matched = false;
  };

  void complain(const logged_request& e, const std::string& what, const std::string& expected) {
    std::string sql;
    for (const auto& o : e.request.operations)
      sql += "  " + o.sql + "\n";
    found_.push_back("request " + std::to_string(e.request.id) + " of sender " +
                     std::to_string(e.sender) +
                     (e.request.key.empty() ? "" : " with " + e.request.key) + ": " + what + "\n" +
                     sql + " engine: " + e.answer + "\n plain:  " + expected);
  }

  void check_order() {
    std::map<std::size_t, long> last_of_sender;
    for (const auto* e : ordered_) {
      if (e->ran < e->called || e->ran > e->answered)
        complain(*e, "ran outside of its call", "");
      if (e->called < last_of_sender[e->sender])
        complain(*e, "overtook a request of its sender", "");
      last_of_sender[e->sender] = e->called;
      if (e->outcome == outcome::unknown)
        complain(*e, "its outcome is unknown", "");
    }
  }

  void find_windows() {
    for (const auto* e : others_) {
      window w{e, 0, ordered_.size()};
      for (std::size_t i = 0; i < ordered_.size(); ++i) {
        const auto& o = *ordered_[i];
        const bool own = o.sender == e->sender && !e->request.reads;
        if (o.answered < e->called || (own && o.called < e->called))
          w.from = i + 1;
        if ((o.called > e->answered || (own && o.called > e->called)) && w.to > i)
          w.to = i;
      }
      windows_.push_back(w);
    }
  }

  /// Tries the requests whose window contains the moment before the i-th ordered request.
  void try_windows(plain_sqlite& plain, std::size_t i) {
    for (auto& w : windows_) {
      if (w.matched || i < w.from || i > w.to)
        continue;
      const auto copy = w.e->request.reads ? nullptr : plain.copy();
      auto& at = copy ? *copy : plain;
      w.tried = at.run(w.e->request);
      w.matched = w.tried == w.e->answer && !at.changed();
      if (w.matched && copy)
        plain.remember(*copy);
    }
  }

  void replay(const std::string& tables) {
    plain_sqlite plain;
    plain.script(work_schema);
    for (std::size_t i = 0; i <= ordered_.size(); ++i) {
      try_windows(plain, i);
      if (i == ordered_.size())
        break;
      plain.between = [&] {
        for (auto& w : windows_)
          if (!w.matched && w.e->request.reads && w.from <= i && i < w.to)
            w.matched = plain.copy()->run(w.e->request) == w.e->answer;
      };
      const auto expected = plain.run(ordered_[i]->request);
      if (expected != ordered_[i]->answer)
        complain(*ordered_[i], "another answer", expected);
    }
    for (const auto& w : windows_)
      if (!w.matched)
        complain(*w.e, "no moment of its call gives this answer", w.tried);
    if (const auto expected = plain.dump(); expected != tables)
      found_.push_back("other tables at the end\n engine:\n" + tables + " plain:\n" + expected);
  }

  std::vector<const logged_request*> ordered_; ///< by the number that they drew
  std::vector<const logged_request*> others_;
  std::vector<window> windows_;
  std::vector<std::string> found_;
};

} // namespace

std::vector<std::string> problems_of(const request_log& log, const std::string& tables) {
  return reference_check(log).run(tables);
}

} // namespace dbengine::test
