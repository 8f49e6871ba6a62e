// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "serve/serve.hpp"

#include "cli/context.hpp"
#include "cli/exit_code.hpp"
#include "cli/interrupt.hpp"
#include "output/output_file.hpp"
#include "serve/database.hpp"
#include "serve/http/listener.hpp"
#include "serve/log.hpp"
#include "serve/notifier.hpp"
#include "serve/pages.hpp"
#include "serve/settings.hpp"

#include <dbengine/actors/publish.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/io/middleman.hpp>
#include <caf/logger.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <thread>

#include <unistd.h>

namespace dbengine::app::serve {

namespace {

using namespace std::chrono_literals;

struct system_config : caf::actor_system_config {
  explicit system_config(bool network) {
    if (network)
      load<caf::io::middleman>();
    // As in the engine's own actor system: an idle server causes no wake-ups.
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", 2);
    set("scheduler.max-throughput", dbengine::defaults::scheduler_throughput);
    actors::setup(*this);
  }
};

// A mailbox from the signal thread to the main thread.
class signal_mailbox {
public:
  explicit signal_mailbox(context& c) : signals_(*c.signals), stop_(c.cancel) {
    signals_.divert([this](int signal) {
      if (signal != SIGHUP)
        return false; // SIGTERM and SIGINT: the stop token
      const std::lock_guard lock(mutex_);
      reload_ = true;
      wake_.notify_one();
      return true;
    });
  }
  ~signal_mailbox() { signals_.divert({}); }
  signal_mailbox(const signal_mailbox&) = delete;
  signal_mailbox& operator=(const signal_mailbox&) = delete;

  enum class event { reload, stop, time };
  /// Waits for a signal's request, for `most` if given.
  event next(std::optional<std::chrono::milliseconds> most) {
    std::unique_lock lock(mutex_);
    const auto asked = [this] { return reload_; };
    if (most)
      wake_.wait_for(lock, stop_, *most, asked);
    else
      wake_.wait(lock, stop_, asked);
    if (stop_.stop_requested())
      return event::stop;
    return std::exchange(reload_, false) ? event::reload : event::time;
  }

private:
  interrupt& signals_;
  std::stop_token stop_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  bool reload_ = false;
};

std::string count_text(std::size_t n) {
  return std::to_string(n) + (n == 1 ? " database" : " databases");
}

// Applies the settings that can change at run time and logs those that cannot.
void reload(context& c) {
  if (c.config.file.empty()) {
    log_warning("reload: there is no configuration file; nothing was changed");
    return;
  }
  try {
    const auto fresh = read_config(c.config.file);
    set_up_log(log_level_of(c, fresh), log_format_of(c, fresh));
    log_info("reload: " + c.config.file.string() + ": log level " + log_level_of(c, fresh) +
             ", log format " + log_format_of(c, fresh));
    for (const auto& key : differing_keys(c.config, fresh))
      if (key != "serve.log_level" && key != "serve.log_format")
        log_warning("reload: " + key +
                    " was changed in the file; it takes effect at the next start");
  } catch (const config_error& e) {
    log_error(std::string("reload: nothing was changed: ") + e.what());
  }
}

class server {
public:
  server(const settings& s, caf::actor_system& system) {
    for (const auto& d : s.databases) {
      all_.databases.push_back(std::make_unique<database>(system, d.name, d.url, d.engine));
      log_info("database " + d.name + ": " + d.url + (d.engine.read_only ? ", read-only" : ""));
    }
    for (std::size_t i = 0; i < s.databases.size(); ++i)
      if (s.databases[i].publish)
        all_.databases[i]->publish(*s.databases[i].publish);
    if (s.http) {
      if (!s.http->loopback())
        log_warning("http: " + s.http->text() +
                    " is not loopback: every client that reaches it can read the statistics");
      http_ = std::make_unique<http::listener>(*s.http, make_pages(all_));
      log_info("http: http://" + http_->where().text());
    }
  }

  void ready() { all_.state = server_state::ready; }

  bool answers() const {
    const auto why = reasons_to_restart(all_);
    for (const auto& text : why)
      log_error(text);
    return why.empty();
  }

  /// Shuts all databases down concurrently, each within its own timeout. Meanwhile the pages report
  /// that the server is not ready. Returns false if a worker was abandoned.
  bool drain() {
    all_.state = server_state::draining;
    std::atomic<bool> all_ended{true};
    std::vector<std::jthread> threads;
    for (const auto& d : all_.databases)
      threads.emplace_back([&d, &all_ended] {
        if (!d->drain().empty())
          all_ended = false;
      });
    threads.clear();
    http_.reset();
    return all_ended;
  }

private:
  served_databases all_;
  std::unique_ptr<http::listener> http_;
};

int serve(context& c, const settings& s) {
  const notifier manager;
  signal_mailbox requests(c);
  const bool network = std::any_of(s.databases.begin(), s.databases.end(),
                                   [](const auto& d) { return d.publish.has_value(); });
  system_config config(network);
  caf::actor_system system(config);
  // Otherwise this thread refers to a logger that is destroyed before it.
  caf::logger::set_current_actor_system(nullptr);
  {
    server all(s, system);
    all.ready();
    log_info("ready: " + count_text(s.databases.size()) + ", process " +
             std::to_string(::getpid()));
    manager.ready("serving " + count_text(s.databases.size()));
    for (;;) {
      const auto event = requests.next(manager.interval());
      if (event == signal_mailbox::event::stop)
        break;
      if (event == signal_mailbox::event::reload) {
        manager.reloading();
        reload(c);
        manager.ready("serving " + count_text(s.databases.size()));
      }
      if (manager.interval() && all.answers())
        manager.alive();
    }
    log_info("stopping: draining");
    manager.stopping(c.config.engine.shutdown_timeout + 20s);
    if (!all.drain()) {
      // The abandoned workers were logged by name above. The actor system would wait for them,
      // perhaps forever.
      log_info("stopped");
      ::_exit(0);
    }
  }
  log_info("stopped");
  return 0;
}

} // namespace

int run(context& c) {
  needs_files(c, "serve");
  const settings s = settings_of(c);
  for (const auto& d : s.databases) // a log line in one of these files would destroy it
    refuse_standard_streams_of(database_files(file_of_database(d.url)));
  set_up_log(s.log_level, s.log_format);
  if (s.log_format != "json")
    return serve(c, s);
  // A reader of JSON lines gets the error as such a line, too, and the same exit code.
  try {
    return serve(c, s);
  } catch (const dbengine::error& e) {
    log_error(e.message());
    if (e.code() == errc::invalid_option && !c.config.file.empty())
      return static_cast<int>(exit_code::configuration);
    return static_cast<int>(to_exit_code(e.code()));
  } catch (const std::exception& e) {
    log_error(e.what());
    return static_cast<int>(exit_code::data);
  }
}

} // namespace dbengine::app::serve
