// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Clients of `engine_load` over the typed handle.

#include "support/engine/engine_load_client.hpp"

#include "support/engine/answer_box.hpp"

#include <deque>

namespace dbengine::test {

struct engine_load::message_client : client {
  message_client(engine_load& l, int number, caf::actor_system& sys)
      : client(l, number), box(answer_box::make(sys)) {}

  struct asked {
    kind what;
    std::size_t entry;
    std::int64_t key;
    std::uint64_t number;
    std::int64_t expected_there; // of a read: the key whose row must exist, or 0
    bool unknown_before;
    int tries;
  };

  void run() override {
    std::deque<asked> under_way;
    for (;;) {
      const bool stop = load->stop_.load(std::memory_order_relaxed);
      if (stop && under_way.empty())
        break;
      while (!stop && under_way.size() < static_cast<std::size_t>(load->settings_.window)) {
        auto k = pick(load->settings_, random);
        if (k == kind::lambda || k == kind::stream)
          k = kind::insert;
        asked a{k, 0, 0, 0, last_done, false, 0};
        if (keys_of(k) > 0) {
          a.entry = enter(k);
          a.key = book.first(a.entry);
        }
        a.number = ask(a);
        under_way.push_back(a);
      }
      auto a = under_way.front();
      under_way.pop_front();
      caf::message m;
      if (!box->wait(a.number, patience, m)) {
        load->note_wrong("client " + std::to_string(book.client()) + ": no answer to request " +
                         std::to_string(a.number));
        continue;
      }
      if (finish(a, m)) {
        a.number = ask(a);
        under_way.push_back(a);
      }
    }
    if (box->surplus() != 0)
      load->note_wrong("client " + std::to_string(book.client()) + ": " +
                       std::to_string(box->surplus()) + " answers too many");
  }

  // Returns true if the request is to be sent again.
  bool finish(asked& a, const caf::message& m) {
    const bool writes = keys_of(a.what) > 0;
    const auto failure = failure_in(m);
    if (failure.code == errc::none) {
      check_result(a, m);
      if (writes && a.what != kind::steps) {
        book.answer(a.entry, verdict::done);
        if (a.what != kind::deferred)
          last_done = a.key;
      }
      good();
      return false;
    }
    load->failed(a.what, failure);
    auto v = verdict_of(failure);
    a.unknown_before = a.unknown_before || v == verdict::either;
    v = a.unknown_before ? verdict::either : v;
    if (writes)
      answer(a.what, a.entry, v);
    if (a.what == kind::refused || a.what == kind::rollback || a.what == kind::deferred)
      good();
    return a.what == kind::once && v == verdict::either && ++a.tries < 20;
  }

  std::uint64_t ask(const asked& a) {
    const call_options o{.timeout = load->settings_.timeout};
    const auto& to = load->handle_;
    const auto key = a.key;
    switch (a.what) {
    case kind::batch:
      return box->send(
          to, batch_request{
                  insert_one, {params::of(key), params::of(key + 1), params::of(key + 2)}, o});
    case kind::transaction:
      return box->send(to, transaction_request{{operation::execute(insert_one, key),
                                                operation::fetch(count_key, key),
                                                operation::execute(insert_one, key + 1)},
                                               o});
    case kind::script:
      return box->send(to, script_request{script_of(key), script_mode::all_or_nothing, o});
    case kind::steps:
      return box->send(to, script_request{script_of(key), script_mode::continue_on_error, o});
    case kind::returning: return box->send(to, fetch_request{insert_returning, params::of(key), o});
    case kind::once: {
      auto with_id = o;
      with_id.id = id_of(key);
      return box->send(to, execute_request{insert_one, params::of(key), with_id});
    }
    case kind::refused: return box->send(to, execute_request{insert_bad, params::of(key), o});
    case kind::rollback:
      return box->send(to, execute_request{insert_bad_rollback, params::of(key), o});
    case kind::deferred: return box->send(to, execute_request{insert_orphan, params::of(key), o});
    case kind::read:
      return box->send(to, fetch_request{count_key, params::of(a.expected_there), o});
    case kind::maintenance:
      return box->send(to, maintenance_request{maintenance_kind::checkpoint, "passive", {}, o});
    case kind::backup: return box->send(to, backup_request{o});
    case kind::report: return box->send(to, statistics_request{});
    default: return box->send(to, execute_request{insert_one, params::of(key), o});
    }
  }

  void check_result(const asked& a, const caf::message& m) {
    switch (a.what) {
    case kind::insert:
    case kind::once:
      check(m.match_elements<write_result>() && m.get_as<write_result>(0).changes == 1,
            "an insert's answer");
      break;
    case kind::batch:
      check(m.match_elements<batch_result>() && m.get_as<batch_result>(0).changes == 3,
            "a bulk insert's answer");
      break;
    case kind::transaction:
      check(m.match_elements<transaction_result>() &&
                m.get_as<transaction_result>(0).results.size() == 3,
            "a transaction's answer");
      break;
    case kind::script:
      check(m.match_elements<script_result>() && m.get_as<script_result>(0).steps.size() == 2,
            "a script's answer");
      break;
    case kind::steps:
      if (m.match_elements<script_result>())
        answer_steps(a.entry, m.get_as<script_result>(0));
      else
        load->note_wrong("the answer to a script of steps is no script's");
      break;
    case kind::returning:
      check(m.match_elements<rows>() && m.get_as<rows>(0).size() == 1, "RETURNING over the handle");
      break;
    case kind::read:
      check(m.match_elements<rows>() && m.get_as<rows>(0).size() == 1 &&
                (a.expected_there == 0 || m.get_as<rows>(0)[0][0].as<int>() == 1),
            "its own write was not read over the handle");
      break;
    default: break;
    }
  }

  answer_box_ptr box;
};

std::unique_ptr<engine_load::client> engine_load::make_message_client(engine_load& l, int number,
                                                                      caf::actor_system& sys) {
  return std::make_unique<message_client>(l, number, sys);
}

} // namespace dbengine::test
